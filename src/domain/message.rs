//! What is said to the customer.

use super::code::Code;
use super::contact::Contact;
use super::request::Reference;
use super::time::Timestamp;

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

/// A message to be sent, with its code, on its way between the commit and the
/// provider. It lives in memory only.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub to: Contact,
    /// A name of this very message, so that a provider that can tell a
    /// repeated hand-over apart does (request and generation).
    pub idempotency: String,
    /// When its code was stored, by the store's clock.
    pub at: Timestamp,
    /// What to say.
    pub facts: MessageFacts,
}
