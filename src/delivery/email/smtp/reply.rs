//! Classifies a mail server's replies and words the error.
//!
//! A 5xx reply is permanent, a 4xx reply is transient (RFC 5321, 4.2.1). [`status`] tells whose
//! fault it is. If the server refused the office and not the message, the message can be sent once
//! an admin has corrected that.

use std::error::Error as _;
use std::time::Duration;

use lettre::transport::smtp::Error;

use crate::config::keys::{EMAIL_FALLBACK, EmailKeys, KeyPath};
use crate::delivery::email::smtp::status::{self, Class, Matter, Pause};
use crate::delivery::error::{DeliveryError, FailureKind};
use crate::delivery::redact::Secrets;
use crate::domain::text;

/// The stage of the SMTP conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SmtpStage {
    /// The greeting and EHLO.
    Greeting,
    /// AUTH.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, before the letter.
    Data,
    /// The letter: from here on the server may have accepted it.
    Letter,
}

/// Classifies the replies of one server.
pub(super) struct Verdicts {
    /// The keys that configure it.
    pub(super) keys: &'static EmailKeys,
    /// `smtp`, `gmail`, `office365` or `sendgrid`.
    pub(super) provider: &'static str,
    /// Host and port.
    pub(super) place: String,
    /// Whether the login is by token instead of password.
    pub(super) by_token: bool,
    /// What error texts must not repeat.
    pub(super) secrets: Secrets,
}

impl Verdicts {
    /// Classifies an error of lettre.
    pub(super) fn of(&self, stage: SmtpStage, error: &Error) -> DeliveryError {
        if let Some(code) = error.status() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            return self.refused(stage, code.into(), &text);
        }
        if stage == SmtpStage::Letter {
            return self.uncertain();
        }
        let what = format!(
            "The connection to the mail server {} broke off. Nothing was sent.",
            self.place
        );
        DeliveryError::new(FailureKind::FAILED, what)
    }

    /// Classifies a refusal.
    pub(super) fn refused(&self, stage: SmtpStage, code: u16, text: &str) -> DeliveryError {
        let error = self
            .turned_away(stage, code, text)
            .unwrap_or_else(|| self.classified(stage, code, text));
        error.quoting(format!("{code} {}", self.secrets.quote(text)))
    }

    fn classified(&self, stage: SmtpStage, code: u16, text: &str) -> DeliveryError {
        let (kind, what) = match status::classify(stage, code, text) {
            Class::Recipient => (
                FailureKind::Recipient(status::failure(code, text)),
                "The mail server refuses the customer's address. Correct it, or use another \
                 channel.",
            ),
            Class::Message => (
                FailureKind::Message,
                "The mail server refuses what the message says or its size. Use another channel, \
                 and tell an admin.",
            ),
            Class::Office(matter) => return self.of_the_office(matter),
            Class::Passing(pause) => (FailureKind::Deferred, of_a_pause(pause)),
            Class::Provider if code >= 500 => (
                FailureKind::Failed { retry_after: Some(RECOVERY) },
                "The mail server has a fault of its own.",
            ),
            Class::Provider => {
                (FailureKind::FAILED, "The mail server did not take the message this time.")
            }
            Class::Unclassified if stage == SmtpStage::Recipient => (
                FailureKind::Unclassified,
                "The mail server refuses this email and does not say why: this office may not be \
                 allowed to send there, or the address may be wrong. Ask the customer whether it \
                 is right, use another channel, and tell an admin.",
            ),
            Class::Unclassified => (
                FailureKind::Unclassified,
                "The mail server refuses the message, and does not say whether because of what is \
                 in it or because of who sends it. Use another channel, and tell an admin.",
            ),
        };
        DeliveryError::new(kind, what)
    }

    /// The error for a refusal that is the office's fault, with advice for the admin.
    fn of_the_office(&self, matter: Matter) -> DeliveryError {
        let at = self.keys.section();
        match matter {
            Matter::Policy => settings(
                format!("The mail server {} takes no mail from this office.", self.place),
                format!(
                    "Check the login and from in {at}, whether the server relays for this machine, \
                     and whether its address is on a blocklist."
                ),
                self.keys.from.path(),
            ),
            Matter::Protocol => settings(
                format!(
                    "The mail server {} turns this office away for how it introduces itself.",
                    self.place
                ),
                format!("Set ehlo_name in {at} to a full name that stands in the DNS."),
                self.keys.ehlo_name.path(),
            ),
            Matter::Sender => settings(
                "The mail server does not let this office's address send.",
                format!("Check from in {at}, and that the provider has verified it."),
                self.keys.from.path(),
            ),
            Matter::Limit => {
                let second = if self.keys.is_fallback() {
                    String::new()
                } else {
                    format!(", or set a second provider in {}", EMAIL_FALLBACK.section())
                };
                DeliveryError::new(
                    FailureKind::Settings,
                    "This office has sent as much as its mail provider allows for now.",
                )
                .advising(format!("Raise the account's limit{second}."))
            }
        }
    }

    /// The error for a timeout.
    pub(super) fn silence(&self, stage: SmtpStage) -> DeliveryError {
        if stage == SmtpStage::Letter {
            return self.uncertain();
        }
        let what =
            format!("The mail server {} did not answer in time. Nothing was sent.", self.place);
        DeliveryError::new(FailureKind::FAILED, what)
    }

    /// The error if the server may or may not have accepted the letter.
    pub(super) fn uncertain(&self) -> DeliveryError {
        let what = format!(
            "The mail server {} did not confirm the message: it may arrive or not.",
            self.place
        );
        DeliveryError::new(FailureKind::Uncertain, what)
    }

    /// The error if the peer is not a mail server.
    pub(super) fn nonsense(&self) -> DeliveryError {
        settings(
            format!("What answers at {} does not speak like a mail server.", self.place),
            format!("Check host and port in {}.", self.keys.section()),
            self.keys.host.path(),
        )
    }

    /// The errors of authentication and of other office settings that have specific advice.
    fn turned_away(&self, stage: SmtpStage, code: u16, text: &str) -> Option<DeliveryError> {
        let at = self.keys.section();
        let has = |status: &str| text.split_whitespace().any(|word| word == status);
        let permanent = (500..600).contains(&code);
        if has("5.7.30") {
            return Some(settings(
                "Microsoft 365 no longer takes a login by password here.",
                format!(
                    "Set auth = \"xoauth2\" in {at}, with a program that your Microsoft 365 \
                     administrator registers in Microsoft Entra."
                ),
                self.keys.auth.path(),
            ));
        }
        if has("5.7.139") {
            return Some(settings(
                "Microsoft 365 refused the login: SMTP AUTH is switched off for the mailbox or \
                 the organisation, or a security policy blocks it.",
                "An administrator can allow \"Authenticated SMTP\" for the mailbox.",
                self.keys.username.path(),
            ));
        }
        if stage == SmtpStage::Login && permanent {
            return Some(self.login_refused(has("5.7.9")));
        }
        // 530: authentication required (RFC 4954, 6).
        (code == 530 || has("5.7.57")).then(|| {
            settings(
                "The mail server wants a login first.",
                format!("Set username and password in {at}."),
                self.keys.username.path(),
            )
        })
    }

    fn login_refused(&self, wants_app_password: bool) -> DeliveryError {
        let at = self.keys.section();
        let (what, advice) = match self.provider {
            "gmail" if self.by_token => (
                "Gmail refused the token.",
                format!(
                    "Check that username in {at} is the mailbox that agreed, and that it agreed to \
                     https://mail.google.com/."
                ),
            ),
            "office365" if self.by_token => (
                "Microsoft 365 refused the token.",
                format!(
                    "The program needs the permission SMTP.SendAsApp with an administrator's \
                     consent, a service principal in Exchange, and full access to the mailbox that \
                     username in {at} names."
                ),
            ),
            _ if self.by_token => {
                ("The mail server refused the token.", format!("Check username and scope in {at}."))
            }
            "gmail" => (
                "Gmail refused the login.",
                "It needs an app password, not the password of the account: switch on 2-step \
                 verification, then make one at https://myaccount.google.com/apppasswords."
                    .into(),
            ),
            "sendgrid" => (
                "SendGrid refused the login.",
                "The username is the word apikey, and the password an API key that may send mail."
                    .into(),
            ),
            "office365" => (
                "Microsoft 365 refused the login.",
                format!(
                    "Check username and password in {at}, and that the mailbox is allowed \
                     Authenticated SMTP."
                ),
            ),
            _ if wants_app_password => (
                "The mail server refused the login: it wants a password made for this program (an \
                 app password).",
                format!("Set it as password in {at}."),
            ),
            _ => (
                "The mail server refused the login.",
                format!("Check username and password in {at}."),
            ),
        };
        let keys = self.keys;
        let key = if self.by_token { keys.username.path() } else { keys.password.path() };
        settings(what, advice, key)
    }
}

/// A `Settings` error with advice for the admin and the key that it is about.
fn settings(what: impl Into<String>, advice: impl Into<String>, key: KeyPath) -> DeliveryError {
    DeliveryError::new(FailureKind::Settings, what).advising(advice).about(key)
}

/// Retry delay after a permanent refusal that is the server's own fault.
const RECOVERY: Duration = Duration::from_mins(1);

const fn of_a_pause(pause: Pause) -> &'static str {
    match pause {
        Pause::Mailbox => "The customer's mailbox takes no email at the moment.",
        Pause::Policy => "The mail server lets this email wait before it takes it.",
    }
}

/// Length limit of a message id.
const ID_MAX: usize = 100;

/// The server's queue id, if its reply has one: `queued as X` (Postfix, SendGrid), `id=X` (Exim),
/// `InternalId=X` (Exchange).
pub(super) fn queue_id(answer: &str) -> Option<String> {
    let answer = text::clean(answer);
    let lower = answer.to_ascii_lowercase();
    let at = ["queued as ", "internalid=", " id="]
        .into_iter()
        .find_map(|mark| lower.find(mark).map(|at| at + mark.len()))?;
    let id: String = answer
        .get(at..)?
        .chars()
        .take_while(|char| char.is_ascii_alphanumeric() || "-_.@".contains(*char))
        .take(ID_MAX)
        .collect();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::EMAIL;
    use crate::delivery::error::tests::assert_is_told_well;
    use crate::domain::contact_state::ContactFailure;
    use crate::domain::delivery::DeliveryState::{Failed, Undeliverable};
    use crate::domain::delivery::FailureClass;

    fn verdicts(provider: &'static str) -> Verdicts {
        Verdicts {
            keys: &EMAIL,
            provider,
            place: "mail.example.org:465".into(),
            by_token: false,
            secrets: Secrets::new(),
        }
    }

    #[test]
    fn a_refusal_is_told_by_whose_fault_it_is() {
        let office = FailureClass::Office { every: true };
        let again = FailureClass::Provider { retry_after: None };
        let unknown = FailureClass::Recipient(ContactFailure::UnknownMailbox);
        for (stage, code, text, state, fault) in [
            (SmtpStage::Recipient, 550, "5.1.1 so be it", Undeliverable, unknown),
            (SmtpStage::Recipient, 554, "5.7.1 so be it", Failed, office),
            (SmtpStage::Recipient, 504, "5.5.2 so be it", Failed, office),
            (SmtpStage::Recipient, 550, "so be it", Undeliverable, FailureClass::Unclassified),
            (SmtpStage::Recipient, 450, "so be it", Failed, FailureClass::Passing),
            (SmtpStage::Recipient, 451, "so be it", Failed, again),
            (SmtpStage::Letter, 554, "5.7.1 so be it", Undeliverable, FailureClass::Message),
            (SmtpStage::Letter, 550, "5.4.5 so be it", Failed, office),
            (SmtpStage::Letter, 451, "so be it", Failed, again),
            (SmtpStage::Letter, 421, "so be it", Failed, again),
            (SmtpStage::Sender, 553, "so be it", Failed, office),
            (SmtpStage::Greeting, 554, "so be it", Failed, office),
            (SmtpStage::Greeting, 421, "so be it", Failed, again),
            (SmtpStage::Login, 535, "so be it", Failed, office),
            (SmtpStage::Login, 454, "so be it", Failed, again),
            (SmtpStage::Sender, 530, "so be it", Failed, office),
        ] {
            let verdict = verdicts("smtp").refused(stage, code, text);
            assert_eq!((verdict.state(), verdict.fault()), (state, fault), "{stage:?} {code}");
            assert!(verdict.to_string().contains("so be it"));
            let is_customers = verdict.to_string().contains("the customer's address");
            assert_eq!(
                is_customers,
                matches!(fault, FailureClass::Recipient(_)),
                "{stage:?} {code}: {verdict}"
            );
        }
        let broken = verdicts("smtp").refused(SmtpStage::Letter, 554, "5.3.0 broken");
        assert_eq!(broken.fault(), FailureClass::Provider { retry_after: Some(RECOVERY) });
    }

    #[test]
    fn only_the_letter_can_be_uncertain() {
        let verdicts = verdicts("smtp");
        assert_eq!(verdicts.silence(SmtpStage::Letter).kind(), FailureKind::Uncertain);
        for stage in [
            SmtpStage::Greeting,
            SmtpStage::Login,
            SmtpStage::Sender,
            SmtpStage::Recipient,
            SmtpStage::Data,
        ] {
            assert_eq!(verdicts.silence(stage).kind(), FailureKind::FAILED, "{stage:?}");
        }
    }

    #[test]
    fn a_refused_login_says_what_to_do() {
        for (provider, code, text, expected) in [
            ("gmail", 535, "5.7.8 Username and Password not accepted.", "app password"),
            ("sendgrid", 535, "Authentication failed: Bad username / password", "apikey"),
            ("office365", 535, "5.7.3 Authentication unsuccessful", "Authenticated SMTP"),
            ("office365", 535, "5.7.139 Authentication unsuccessful, off", "switched off"),
            ("smtp", 550, "5.7.30 Basic authentication is not supported", "no longer takes"),
            ("smtp", 534, "5.7.9 Application-specific password required", "app password"),
            ("smtp", 535, "5.7.8 no", "Check username and password"),
        ] {
            let verdict = verdicts(provider).refused(SmtpStage::Login, code, text);
            assert!(verdict.to_string().contains(expected), "{provider} {text}: {verdict}");
            assert_eq!(verdict.kind(), FailureKind::Settings);
        }
    }

    #[test]
    fn a_queue_id_is_found_where_the_server_names_one() {
        for (answer, id) in [
            ("2.0.0 Ok: queued as 4Yx1Zk3qz", Some("4Yx1Zk3qz")),
            ("Ok: queued as -mcVvAQeSJ2PYA", Some("-mcVvAQeSJ2PYA")),
            ("OK id=1rT0aB-000000001-ab12", Some("1rT0aB-000000001-ab12")),
            ("2.0.0 OK <a@b> [InternalId=123, Hostname=x] Queued mail", Some("123")),
            ("2.0.0 OK  1700000000 abc.12 - gsmtp", None),
            ("OK", None),
            ("queued as \u{1b}[2J", None),
        ] {
            assert_eq!(queue_id(answer).as_deref(), id, "{answer}");
        }
        assert_eq!(
            queue_id(&format!("queued as {}", "x".repeat(999))).map(|id| id.len()),
            Some(100)
        );
    }

    #[test]
    fn no_refusal_tells_a_clerk_what_only_an_admin_can_do() {
        use SmtpStage::{Data, Greeting, Letter, Login, Recipient, Sender};
        let at = EMAIL_FALLBACK.section();
        for provider in ["smtp", "gmail", "office365", "sendgrid"] {
            for by_token in [false, true] {
                let verdicts = Verdicts { keys: &EMAIL_FALLBACK, by_token, ..verdicts(provider) };
                for stage in [Greeting, Login, Sender, Recipient, Data, Letter] {
                    for code in [421, 450, 451, 454, 500, 504, 530, 535, 550, 552, 554] {
                        for status in ["", "5.7.30", "5.7.139", "5.7.9", "5.7.57", "5.1.1", "5.4.5"]
                        {
                            assert_is_told_well(&verdicts.refused(stage, code, status), at);
                        }
                    }
                    assert_is_told_well(&verdicts.silence(stage), at);
                }
                assert_is_told_well(&verdicts.nonsense(), at);
            }
        }
    }
}
