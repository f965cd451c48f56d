//! What a mail server's answer means: for the message, and in words.
//!
//! A reply that begins with 5 is final, one with 4 is not (RFC 5321, 4.2.1).
//! Where the server turned this office away and not the message (a login, a
//! sender it does not allow to log in), the message failed: once an admin has
//! put that right, the same message goes through.

use std::error::Error as _;

use lettre::transport::smtp::Error;

use crate::delivery::error::DeliveryError;
use crate::delivery::scrub::Secrets;
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
        let said = self.said(text);
        let told = |sentence: &str| format!("{sentence} ({code} {said})");
        if !(500..600).contains(&code) {
            let deferral = (stage == Stage::Recipient).then(|| deferral(code, text)).flatten();
            return match deferral {
                Some(sentence) => DeliveryError::Deferred(told(sentence)),
                None => DeliveryError::Failed(told(
                    "The mail server did not take the message this time.",
                )),
            };
        }
        match stage {
            Stage::Greeting => DeliveryError::Settings(told(&format!(
                "The mail server {} turns this terminal away.",
                self.place
            ))),
            Stage::Sender => DeliveryError::Refused(told(
                "The mail server does not let this office's address send. Use another channel. \
                 Check from in [email].",
            )),
            Stage::Recipient => DeliveryError::Refused(told(
                "The mail server refuses the customer's address. Correct it, or use another \
                 channel.",
            )),
            Stage::Login | Stage::Data | Stage::Letter => DeliveryError::Refused(told(
                "The mail server refuses the message. Use another channel.",
            )),
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

/// What a passing refusal of a recipient means where it does not tell that the
/// server is unwell. The enhanced status decides (RFC 3463): X.1 the recipient's
/// address and X.2 the mailbox, but X.1.7 and X.1.8 the sender's address; X.7 a
/// policy, such as greylisting. Without one, 450 is the mailbox (RFC 5321, 4.2.3).
/// 421 ends the conversation, whatever follows it.
fn deferral(code: u16, text: &str) -> Option<&'static str> {
    const MAILBOX: &str = "The customer's mailbox takes no email at the moment.";
    let status = text.split_whitespace().next().filter(|it| it.starts_with("4."));
    match status.unwrap_or_default() {
        _ if code == 421 => None,
        "4.1.7" | "4.1.8" => None,
        it if it.starts_with("4.1.") || it.starts_with("4.2.") => Some(MAILBOX),
        it if it.starts_with("4.7.") => {
            Some("The mail server lets this email wait before it takes it.")
        }
        "" if code == 450 => Some(MAILBOX),
        _ => None,
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
    use crate::domain::delivery::Fault;

    fn verdicts(provider: &'static str) -> Verdicts {
        Verdicts {
            provider,
            place: "mail.example.org:465".into(),
            by_token: false,
            secrets: Secrets::new(),
        }
    }

    #[test]
    fn a_five_is_final_and_a_four_is_not() {
        let verdicts = verdicts("smtp");
        let again = Fault::Transient { retry_after: None };
        for (stage, code, state, fault) in [
            (Stage::Recipient, 550, Undeliverable, Fault::Permanent),
            (Stage::Recipient, 450, Failed, Fault::Deferred),
            (Stage::Recipient, 451, Failed, again),
            (Stage::Letter, 554, Undeliverable, Fault::Permanent),
            (Stage::Letter, 451, Failed, again),
            (Stage::Letter, 421, Failed, again),
            (Stage::Sender, 553, Undeliverable, Fault::Permanent),
            (Stage::Greeting, 554, Failed, Fault::Permanent),
            (Stage::Greeting, 421, Failed, again),
            (Stage::Login, 535, Failed, Fault::Permanent),
            (Stage::Login, 454, Failed, again),
            (Stage::Sender, 530, Failed, Fault::Permanent),
        ] {
            let verdict = verdicts.refused(stage, code, "5.1.1 so be it");
            assert_eq!((verdict.state(), verdict.fault()), (state, fault), "{stage:?} {code}");
            assert!(verdict.to_string().contains("so be it"));
        }
    }

    #[test]
    fn a_recipient_who_gets_nothing_now_says_nothing_about_the_server() {
        let verdicts = verdicts("smtp");
        for (stage, code, text, deferred) in [
            (Stage::Recipient, 450, "mailbox busy", true),
            (Stage::Recipient, 451, "4.7.1 greylisted, come back later", true),
            (Stage::Recipient, 452, "4.2.2 mailbox full", true),
            (Stage::Recipient, 452, "4.3.1 no room on the disk", false),
            (Stage::Recipient, 450, "4.3.2 overloaded, 4.2.2.2 is full", false),
            (Stage::Recipient, 450, "4.1.8 no such domain of the sender", false),
            (Stage::Recipient, 421, "4.7.0 too many of you", false),
            (Stage::Greeting, 450, "4.7.1 too many of you", false),
        ] {
            let verdict = verdicts.refused(stage, code, text);
            assert_eq!(verdict.fault() == Fault::Deferred, deferred, "{code} {text}: {verdict}");
        }
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
