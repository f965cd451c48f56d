//! Messages to customers before they are rendered.

use crate::domain::code::Code;
use crate::domain::contact::Contact;
use crate::domain::contact_notice::NoticeAbout;
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;

/// The values that a template may use.
#[derive(Clone, Debug)]
pub struct MessageFacts {
    pub office: String,
    pub counter: String,
    pub customer: String,
    pub purpose: String,
    pub reference: Reference,
    pub code: Code,
    /// The validity of the code in whole minutes.
    pub minutes: u64,
    /// The customer's language (BCP 47), if known.
    pub locale: Option<String>,
}

/// One of the values by name, for a template that the provider stores and this program only fills
/// in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum Fact {
    Code,
    /// The reference that the counter's screen shows too.
    Reference,
    Office,
    Counter,
    Customer,
    Purpose,
    /// The validity of the code in whole minutes.
    Minutes,
}

impl MessageFacts {
    /// One of the values as text.
    pub fn value(&self, fact: Fact) -> String {
        match fact {
            Fact::Code => self.code.reveal().to_owned(),
            Fact::Reference => self.reference.to_string(),
            Fact::Office => self.office.clone(),
            Fact::Counter => self.counter.clone(),
            Fact::Customer => self.customer.clone(),
            Fact::Purpose => self.purpose.clone(),
            Fact::Minutes => self.minutes.to_string(),
        }
    }
}

/// A test message, without a code.
#[derive(Clone, Debug)]
pub struct TestMessage {
    pub to: Contact,
    /// The idempotency key.
    pub name: String,
    /// When it was asked for, by the store's clock.
    pub at: Timestamp,
    pub office: String,
    pub counter: String,
}

/// Tells a contact what was done: that it is the customer's no longer, that a factor was changed,
/// that somebody was verified. It holds no code, nothing of another contact and nothing of the
/// account.
#[derive(Clone, Debug)]
pub struct ContactNotice {
    /// What it is about.
    pub about: NoticeAbout,
    /// The contact that is told.
    pub to: Contact,
    /// The idempotency key, the same for each attempt.
    pub name: String,
    /// When it happened, by the store's clock.
    pub at: Timestamp,
    pub office: String,
    pub customer: String,
    /// What somebody was verified for; none where nobody was.
    pub purpose: Option<String>,
    /// The word in the message with the code, where there was one.
    pub reference: Option<Reference>,
    /// The customer's language (BCP 47), if known.
    pub locale: Option<String>,
}

/// Tells one of the staff of new alarms. It names staff, providers, requests and blocks of phone
/// numbers, and no customer.
#[derive(Clone, Debug)]
pub struct AlarmMail {
    pub to: Contact,
    /// The idempotency key, the same for each attempt with the same alarms.
    pub name: String,
    /// When the newest of them was raised, by the store's clock.
    pub at: Timestamp,
    pub office: String,
    /// Those that are named.
    pub alarms: Vec<MailedAlarm>,
    /// How many more there are.
    pub more: usize,
}

/// One alarm as an email tells it.
#[derive(Clone, Debug)]
pub struct MailedAlarm {
    pub id: i64,
    pub what: &'static str,
    pub subject: String,
    pub found: String,
    /// When it was raised, as the service's host writes times.
    pub since: String,
    /// The command that shows the entries behind it.
    pub log: String,
}

/// A code message between the commit and the provider; it exists only in memory.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub to: Contact,
    /// The idempotency key (request and generation), for providers that detect a repeated send.
    pub idempotency: String,
    /// The part of an email's Message-ID before the @ ([`crate::domain::message_id`]).
    pub message_id: String,
    /// The how-manieth code of its request it holds, from 1.
    pub generation: u32,
    /// When the code was stored, by the store's clock.
    pub at: Timestamp,
    pub facts: MessageFacts,
}
