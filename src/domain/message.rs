//! What is said to the customer.

use crate::domain::code::Code;
use crate::domain::contact::Contact;
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;

/// Everything a template may say.
#[derive(Clone, Debug)]
pub struct MessageFacts {
    /// The office's name.
    pub office: String,
    /// The counter's name.
    pub counter: String,
    /// The customer's name.
    pub customer: String,
    /// What the verification is for.
    pub purpose: String,
    /// The word the counter's screen shows too.
    pub reference: Reference,
    /// The code.
    pub code: Code,
    /// Whole minutes the code works.
    pub minutes: u64,
    /// The customer's language (BCP 47), if known.
    pub locale: Option<String>,
}

/// One of the facts by name, for a template that lies with the provider and is
/// only filled in here.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum Fact {
    /// The code.
    Code,
    /// The word the counter's screen shows too.
    Reference,
    /// The office's name.
    Office,
    /// The counter's name.
    Counter,
    /// The customer's name.
    Customer,
    /// What the verification is for.
    Purpose,
    /// Whole minutes the code works.
    Minutes,
}

impl MessageFacts {
    /// One of the facts as it is said.
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

/// A message without a code, to find out whether messages arrive.
#[derive(Clone, Debug)]
pub struct TestMessage {
    /// Where to.
    pub to: Contact,
    /// A name of this very message.
    pub name: String,
    /// When it was asked for, by the store's clock.
    pub at: Timestamp,
    /// The office's name.
    pub office: String,
    /// The counter's name.
    pub counter: String,
}

/// Tells a contact that it is the customer's no longer. It holds no code and
/// nothing of the contact that took its place.
#[derive(Clone, Debug)]
pub struct ChangeNotice {
    /// The contact that was changed.
    pub to: Contact,
    /// A name of this very message, the same for each try.
    pub name: String,
    /// When the change was noticed, by the store's clock.
    pub at: Timestamp,
    /// The office's name.
    pub office: String,
    /// The customer's name.
    pub customer: String,
    /// The customer's language (BCP 47), if known.
    pub locale: Option<String>,
}

/// A message to be sent, with its code, on its way between the commit and the
/// provider. It lives in memory only.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub to: Contact,
    /// A name of this very message, so that a provider that can tell a
    /// repeated hand-over apart does (request and generation).
    pub idempotency: String,
    /// The how-manieth code of its request it holds, from 1.
    pub generation: u32,
    /// When its code was stored, by the store's clock.
    pub at: Timestamp,
    /// What to say.
    pub facts: MessageFacts,
}
