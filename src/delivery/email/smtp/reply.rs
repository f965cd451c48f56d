//! What a mail server's answer means: for the message, and in words.
//!
//! A reply that begins with 5 is final, one with 4 is not (RFC 5321, 4.2.1). Whose
//! fault it is, [`status`] reads from its codes. Where the server turned this office
//! away and not the message, the message failed: once an admin has put that right, the
//! same message goes through.

use std::error::Error as _;
use std::time::Duration;

use lettre::transport::smtp::Error;

use crate::delivery::email::smtp::status::{self, Class, Matter, Pause};
use crate::delivery::error::DeliveryError;
use crate::delivery::redact::Secrets;
use crate::domain::text;

/// How far the conversation was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The server's first words, and its EHLO.
    Greeting,
    /// The login.
    Login,
    /// The sender's address.
    Sender,
    /// The recipient's address.
    Recipient,
    /// Before the letter.
    Data,
    /// The letter: from here on the server may have it.
    Letter,
}

/// Judges what one server says.
pub(super) struct Verdicts {
    /// `smtp`, `gmail`, `office365` or `sendgrid`.
    pub(super) provider: &'static str,
    /// The server's name and port.
    pub(super) place: String,
    /// Whether the login is by a token, not by a password.
    pub(super) by_token: bool,
    /// What must not be repeated.
    pub(super) secrets: Secrets,
}

impl Verdicts {
    /// What an error of lettre's means.
    pub(super) fn of(&self, stage: Stage, error: &Error) -> DeliveryError {
        if let Some(code) = error.status() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            return self.refused(stage, code.into(), &text);
        }
        if stage == Stage::Letter {
            return self.uncertain();
        }
        DeliveryError::Failed(format!(
            "The connection to the mail server {} broke off. Nothing was sent.",
            self.place
        ))
    }

    /// What a refusal means.
    pub(super) fn refused(&self, stage: Stage, code: u16, text: &str) -> DeliveryError {
        if let Some(sentence) = self.turned_away(stage, code, text) {
            return DeliveryError::Settings(format!("{sentence} ({code} {})", self.said(text)));
        }
        let told = |sentence: &str| format!("{sentence} ({code} {})", self.said(text));
        match status::classify(stage, code, text) {
            Class::Recipient => DeliveryError::Recipient(told(
                "The mail server refuses the customer's address. Correct it, or use another \
                 channel.",
            )),
            Class::Message => DeliveryError::Message(told(
                "The mail server refuses what the message says or its size. Use another channel, \
                 and tell an admin.",
            )),
            Class::Office(matter) => DeliveryError::Settings(told(&self.of_the_office(matter))),
            Class::Passing(pause) => DeliveryError::Deferred(told(of_a_pause(pause))),
            Class::Provider if code >= 500 => {
                DeliveryError::Busy(told("The mail server has a fault of its own."), RECOVERY)
            }
            Class::Provider => {
                DeliveryError::Failed(told("The mail server did not take the message this time."))
            }
            Class::Unclassified if stage == Stage::Recipient => DeliveryError::Unclassified(told(
                "The mail server refuses the customer's address, and does not say whether the \
                 address is wrong or this office may not send to it. Correct it if it is wrong, or \
                 use another channel and tell an admin.",
            )),
            Class::Unclassified => DeliveryError::Unclassified(told(
                "The mail server refuses the message, and does not say whether because of what is \
                 in it or because of who sends it. Use another channel, and tell an admin.",
            )),
        }
    }

    /// What is refused of the office's, and what an admin can do.
    fn of_the_office(&self, matter: Matter) -> String {
        match matter {
            Matter::Policy => format!(
                "The mail server {} takes no mail from this office. Check the login and from in \
                 [email], whether the server relays for this machine, and whether its address is \
                 on a blocklist.",
                self.place
            ),
            Matter::Protocol => format!(
                "The mail server {} turns this office away for how it introduces itself. Set \
                 ehlo_name in [email] to a full name that stands in the DNS.",
                self.place
            ),
            Matter::Sender => "The mail server does not let this office's address send. Check \
                               from in [email], and that the provider has verified it."
                .into(),
            Matter::Limit => "This office has sent as much as its mail provider allows for now. \
                              Raise the account's limit, or set a second provider in \
                              [email.fallback]."
                .into(),
        }
    }

    /// Nothing was heard in time.
    pub(super) fn silence(&self, stage: Stage) -> DeliveryError {
        if stage == Stage::Letter {
            return self.uncertain();
        }
        DeliveryError::Failed(format!(
            "The mail server {} did not answer in time. Nothing was sent.",
            self.place
        ))
    }

    /// The letter is on its way, or not.
    pub(super) fn uncertain(&self) -> DeliveryError {
        DeliveryError::Uncertain(format!(
            "The mail server {} did not confirm the message: it may arrive or not.",
            self.place
        ))
    }

    /// What answers there is no mail server.
    pub(super) fn nonsense(&self) -> DeliveryError {
        DeliveryError::Settings(format!(
            "What answers at {} does not speak like a mail server. Check host and port in [email].",
            self.place
        ))
    }

    fn said(&self, text: &str) -> String {
        self.secrets.quote(text)
    }

    /// Where it is the office that was turned away: what to do about it.
    fn turned_away(&self, stage: Stage, code: u16, text: &str) -> Option<String> {
        let has = |status: &str| text.split_whitespace().any(|word| word == status);
        let permanent = (500..600).contains(&code);
        if has("5.7.30") {
            return Some(
                "Microsoft 365 no longer takes a login by password here. Set auth = \"xoauth2\" in \
                 [email], with a program that your Microsoft 365 administrator registers in \
                 Microsoft Entra."
                    .into(),
            );
        }
        if has("5.7.139") {
            return Some(
                "Microsoft 365 refused the login: SMTP AUTH is switched off for the mailbox or \
                 the organisation, or a security policy blocks it. An administrator can allow \
                 \"Authenticated SMTP\" for the mailbox."
                    .into(),
            );
        }
        if stage == Stage::Login && permanent {
            return Some(self.login_refused(has("5.7.9")));
        }
        // 530: a login is wanted (RFC 4954, 6).
        (code == 530 || has("5.7.57")).then(|| {
            "The mail server wants a login first. Set username and password in [email].".into()
        })
    }

    fn login_refused(&self, wants_app_password: bool) -> String {
        match self.provider {
            "gmail" if self.by_token => {
                "Gmail refused the token. Check that username in [email] is the mailbox that \
                 agreed, and that it agreed to https://mail.google.com/."
                    .into()
            }
            "office365" if self.by_token => {
                "Microsoft 365 refused the token. The program needs the permission \
                 SMTP.SendAsApp with an administrator's consent, a service principal in Exchange, \
                 and full access to the mailbox that username in [email] names."
                    .into()
            }
            _ if self.by_token => "The mail server refused the token. Check username and scope in \
                                   [email]."
                .into(),
            "gmail" => "Gmail refused the login. It needs an app password, not the password of \
                        the account: switch on 2-step verification, then make one at \
                        https://myaccount.google.com/apppasswords."
                .into(),
            "sendgrid" => "SendGrid refused the login. The username is the word apikey, and the \
                           password an API key that may send mail."
                .into(),
            "office365" => "Microsoft 365 refused the login. Check username and password in \
                            [email], and that the mailbox is allowed Authenticated SMTP."
                .into(),
            _ if wants_app_password => {
                "The mail server refused the login: it wants a password made for this program (an \
                 app password)."
                    .into()
            }
            _ => {
                "The mail server refused the login. Check username and password in [email].".into()
            }
        }
    }
}

/// How long a server that refuses for good by a fault of its own is left alone.
const RECOVERY: Duration = Duration::from_mins(1);

const fn of_a_pause(pause: Pause) -> &'static str {
    match pause {
        Pause::Mailbox => "The customer's mailbox takes no email at the moment.",
        Pause::Policy => "The mail server lets this email wait before it takes it.",
    }
}

/// The longest name of a message that is kept.
const LONGEST_ID: usize = 100;

/// What the server calls the message, where its answer says so: `queued as X`
/// (Postfix, Exim's `id=X`, SendGrid), `InternalId=X` (Exchange).
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
        .take(LONGEST_ID)
        .collect();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::DeliveryState::{Failed, Undeliverable};
    use crate::domain::delivery::FailureClass;

    fn verdicts(provider: &'static str) -> Verdicts {
        Verdicts {
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
        for (stage, code, text, state, fault) in [
            (Stage::Recipient, 550, "5.1.1 so be it", Undeliverable, FailureClass::Recipient),
            (Stage::Recipient, 554, "5.7.1 so be it", Failed, office),
            (Stage::Recipient, 504, "5.5.2 so be it", Failed, office),
            (Stage::Recipient, 550, "so be it", Undeliverable, FailureClass::Unclassified),
            (Stage::Recipient, 450, "so be it", Failed, FailureClass::Passing),
            (Stage::Recipient, 451, "so be it", Failed, again),
            (Stage::Letter, 554, "5.7.1 so be it", Undeliverable, FailureClass::Message),
            (Stage::Letter, 550, "5.4.5 so be it", Failed, office),
            (Stage::Letter, 451, "so be it", Failed, again),
            (Stage::Letter, 421, "so be it", Failed, again),
            (Stage::Sender, 553, "so be it", Failed, office),
            (Stage::Greeting, 554, "so be it", Failed, office),
            (Stage::Greeting, 421, "so be it", Failed, again),
            (Stage::Login, 535, "so be it", Failed, office),
            (Stage::Login, 454, "so be it", Failed, again),
            (Stage::Sender, 530, "so be it", Failed, office),
        ] {
            let verdict = verdicts("smtp").refused(stage, code, text);
            assert_eq!((verdict.state(), verdict.fault()), (state, fault), "{stage:?} {code}");
            assert!(verdict.to_string().contains("so be it"));
            let is_customers = verdict.to_string().contains("the customer's address");
            let may_be = matches!(fault, FailureClass::Recipient | FailureClass::Unclassified);
            assert!(may_be || !is_customers, "{stage:?} {code}: {verdict}");
        }
        let broken = verdicts("smtp").refused(Stage::Letter, 554, "5.3.0 broken");
        assert_eq!(broken.fault(), FailureClass::Provider { retry_after: Some(RECOVERY) });
    }

    #[test]
    fn only_the_letter_can_be_uncertain() {
        let verdicts = verdicts("smtp");
        assert!(matches!(verdicts.silence(Stage::Letter), DeliveryError::Uncertain(_)));
        for stage in [Stage::Greeting, Stage::Login, Stage::Sender, Stage::Recipient, Stage::Data] {
            assert!(matches!(verdicts.silence(stage), DeliveryError::Failed(_)), "{stage:?}");
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
            let verdict = verdicts(provider).refused(Stage::Login, code, text);
            assert!(verdict.to_string().contains(expected), "{provider} {text}: {verdict}");
            assert!(matches!(verdict, DeliveryError::Settings(_)));
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
}
