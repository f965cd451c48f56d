//! What senders send: a code, a test message, a notice of what was done, or alarms for the staff.
//! Senders treat all alike.

use crate::delivery::error::{DeliveryError, FailureKind};
use crate::delivery::redact::Secrets;
use crate::delivery::templates::{EmailText, SmsText, Templates, alarm_mail, test_message};
use crate::domain::contact::{Contact, EmailAddress, PhoneNumber};
use crate::domain::message::{AlarmMail, ContactNotice, MessageFacts, Outgoing, TestMessage};
use crate::domain::time::Timestamp;

/// The references of messages without a request.
const TEST: &str = "TEST";
const NOTICE: &str = "NOTICE";
const ALARMS: &str = "ALARMS";

const EMAIL_ALONE: &str = "Alarms are told by email alone.";

/// A message to send.
#[derive(Clone, Copy)]
pub(super) enum MessageKind<'a> {
    /// A code of a request.
    Code(&'a Outgoing),
    /// A test message of `doctor`.
    Test(&'a TestMessage),
    /// A notice to a contact of what was done.
    Notice(&'a ContactNotice),
    /// Alarms for one of the staff, by email alone.
    Alarms(&'a AlarmMail),
}

impl<'a> MessageKind<'a> {
    pub(super) const fn to(self) -> &'a Contact {
        match self {
            Self::Code(message) => &message.to,
            Self::Test(test) => &test.to,
            Self::Notice(notice) => &notice.to,
            Self::Alarms(mail) => &mail.to,
        }
    }

    /// The recipient's email address; an error if the contact is a phone number.
    pub(super) fn email_address(self) -> Result<&'a EmailAddress, DeliveryError> {
        match self.to() {
            Contact::Email(address) => Ok(address),
            Contact::Phone(_) => Err(DeliveryError::new(
                FailureKind::Message,
                "This contact is no email address. Use another channel.",
            )),
        }
    }

    /// The recipient's phone number; an error if the contact is an email address.
    pub(super) fn phone_number(self) -> Result<&'a PhoneNumber, DeliveryError> {
        match self.to() {
            Contact::Phone(number) => Ok(number),
            Contact::Email(_) => Err(DeliveryError::new(
                FailureKind::Message,
                "This contact is no phone number. Use another channel.",
            )),
        }
    }

    /// The idempotency key of this message.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Code(message) => &message.idempotency,
            Self::Test(test) => &test.name,
            Self::Notice(notice) => &notice.name,
            Self::Alarms(mail) => &mail.name,
        }
    }

    /// The part of its Message-ID before the @.
    pub(super) fn message_id(self) -> &'a str {
        match self {
            Self::Code(message) => &message.message_id,
            Self::Test(_) | Self::Notice(_) | Self::Alarms(_) => self.name(),
        }
    }

    /// When it was asked for.
    pub(super) const fn at(self) -> Timestamp {
        match self {
            Self::Code(message) => message.at,
            Self::Test(test) => test.at,
            Self::Notice(notice) => notice.at,
            Self::Alarms(mail) => mail.at,
        }
    }

    /// The customer's name, if known.
    pub(super) fn customer(self) -> &'a str {
        match self {
            Self::Code(message) => &message.facts.customer,
            Self::Test(_) | Self::Alarms(_) => "",
            Self::Notice(notice) => &notice.customer,
        }
    }

    /// The reference that the counter's screen shows too.
    pub(super) fn reference(self) -> &'a str {
        match self {
            Self::Code(message) => message.facts.reference.as_str(),
            Self::Test(_) => TEST,
            Self::Notice(_) => NOTICE,
            Self::Alarms(_) => ALARMS,
        }
    }

    /// The facts of a code message; `None` for the others.
    pub(super) const fn facts(self) -> Option<&'a MessageFacts> {
        match self {
            Self::Code(message) => Some(&message.facts),
            Self::Test(_) | Self::Notice(_) | Self::Alarms(_) => None,
        }
    }

    /// Renders it as an email.
    pub(super) fn email(self, templates: &Templates) -> Result<EmailText, DeliveryError> {
        match self {
            Self::Code(message) => templates.email(&message.facts),
            Self::Test(test) => Ok(test_message::email(test)),
            Self::Notice(notice) => templates.notice_email(notice),
            Self::Alarms(mail) => Ok(alarm_mail::email(mail)),
        }
    }

    /// Renders it as a text message.
    pub(super) fn sms(self, templates: &Templates) -> Result<String, DeliveryError> {
        match self {
            Self::Code(message) => templates.sms(&message.facts),
            Self::Test(test) => test_message::sms(test),
            Self::Notice(notice) => templates.notice_sms(notice),
            Self::Alarms(_) => Err(DeliveryError::unusable(EMAIL_ALONE)),
        }
    }

    /// The same with the language of the words.
    pub(super) fn sms_text(self, templates: &Templates) -> Result<SmsText, DeliveryError> {
        match self {
            Self::Code(message) => templates.sms_text(&message.facts),
            Self::Test(test) => test_message::sms_text(test),
            Self::Notice(notice) => templates.notice_sms_text(notice),
            Self::Alarms(_) => Err(DeliveryError::unusable(EMAIL_ALONE)),
        }
    }

    /// What kind it is, in one word.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Test(_) => "test",
            Self::Notice(_) => "notice",
            Self::Alarms(_) => "alarms",
        }
    }

    /// The office's name.
    pub(super) fn office(self) -> &'a str {
        match self {
            Self::Code(message) => &message.facts.office,
            Self::Test(test) => &test.office,
            Self::Notice(notice) => &notice.office,
            Self::Alarms(mail) => &mail.office,
        }
    }

    /// Adds to `secrets` what error texts about this message must not repeat: the code and the
    /// contact.
    pub(super) fn hidden(self, secrets: Secrets) -> Secrets {
        let code = self.facts().map_or("", |facts| facts.code.reveal());
        secrets.with(code).with_contact(self.to())
    }
}
