//! What a sender is given to send: a message with a code, or one that holds none
//! and tells of a change or only shows that messages arrive. Senders treat all
//! alike.

use crate::delivery::error::{DeliveryError, FailureKind};
use crate::delivery::redact::Secrets;
use crate::delivery::templates::{EmailText, SmsText, Templates, test_message};
use crate::domain::contact::{Contact, EmailAddress, PhoneNumber};
use crate::domain::message::{ChangeNotice, MessageFacts, Outgoing, TestMessage};
use crate::domain::time::Timestamp;

/// The words of messages that have no request.
const TEST: &str = "TEST";
const NOTICE: &str = "NOTICE";

/// A message to be sent.
#[derive(Clone, Copy)]
pub(super) enum MessageKind<'a> {
    /// With a code.
    Code(&'a Outgoing),
    /// To try the provider out.
    Test(&'a TestMessage),
    /// To tell a contact that it was changed.
    Notice(&'a ChangeNotice),
}

impl<'a> MessageKind<'a> {
    /// Where to.
    pub(super) const fn to(self) -> &'a Contact {
        match self {
            Self::Code(message) => &message.to,
            Self::Test(test) => &test.to,
            Self::Notice(notice) => &notice.to,
        }
    }

    /// The email address that it goes to.
    pub(super) fn email_address(self) -> Result<&'a EmailAddress, DeliveryError> {
        match self.to() {
            Contact::Email(address) => Ok(address),
            Contact::Phone(_) => Err(DeliveryError::new(
                FailureKind::Message,
                "This contact is no email address. Use another channel.",
            )),
        }
    }

    /// The phone number that it goes to.
    pub(super) fn phone_number(self) -> Result<&'a PhoneNumber, DeliveryError> {
        match self.to() {
            Contact::Phone(number) => Ok(number),
            Contact::Email(_) => Err(DeliveryError::new(
                FailureKind::Message,
                "This contact is no phone number. Use another channel.",
            )),
        }
    }

    /// The name of this very message.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Code(message) => &message.idempotency,
            Self::Test(test) => &test.name,
            Self::Notice(notice) => &notice.name,
        }
    }

    /// When it was asked for.
    pub(super) const fn at(self) -> Timestamp {
        match self {
            Self::Code(message) => message.at,
            Self::Test(test) => test.at,
            Self::Notice(notice) => notice.at,
        }
    }

    /// Whom to, as far as a name is known.
    pub(super) fn customer(self) -> &'a str {
        match self {
            Self::Code(message) => &message.facts.customer,
            Self::Test(_) => "",
            Self::Notice(notice) => &notice.customer,
        }
    }

    /// The word that the counter's screen shows too.
    pub(super) fn reference(self) -> &'a str {
        match self {
            Self::Code(message) => message.facts.reference.as_str(),
            Self::Test(_) => TEST,
            Self::Notice(_) => NOTICE,
        }
    }

    /// What there is to say; nothing where it holds no code.
    pub(super) const fn facts(self) -> Option<&'a MessageFacts> {
        match self {
            Self::Code(message) => Some(&message.facts),
            Self::Test(_) | Self::Notice(_) => None,
        }
    }

    /// Its words as an email.
    pub(super) fn email(self, templates: &Templates) -> Result<EmailText, DeliveryError> {
        match self {
            Self::Code(message) => templates.email(&message.facts),
            Self::Test(test) => Ok(test_message::email(test)),
            Self::Notice(notice) => templates.notice_email(notice),
        }
    }

    /// Its words as a text message.
    pub(super) fn sms(self, templates: &Templates) -> Result<String, DeliveryError> {
        match self {
            Self::Code(message) => templates.sms(&message.facts),
            Self::Test(test) => test_message::sms(test),
            Self::Notice(notice) => templates.notice_sms(notice),
        }
    }

    /// The same with the language of the words.
    pub(super) fn sms_text(self, templates: &Templates) -> Result<SmsText, DeliveryError> {
        match self {
            Self::Code(message) => templates.sms_text(&message.facts),
            Self::Test(test) => test_message::sms_text(test),
            Self::Notice(notice) => templates.notice_sms_text(notice),
        }
    }

    /// What kind it is, in one word.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Test(_) => "test",
            Self::Notice(_) => "notice",
        }
    }

    /// The office's name.
    pub(super) fn office(self) -> &'a str {
        match self {
            Self::Code(message) => &message.facts.office,
            Self::Test(test) => &test.office,
            Self::Notice(notice) => &notice.office,
        }
    }

    /// `secrets` and what no sentence about this message may repeat.
    pub(super) fn hidden(self, secrets: Secrets) -> Secrets {
        let code = self.facts().map_or("", |facts| facts.code.reveal());
        secrets.with(code).with_contact(self.to())
    }
}
