//! Senders: email, text messages, and the tray that stands in for both.
//!
//! A sender takes a committed message, writes it from the templates, hands it
//! to one provider once, and reports how far it came. Whether a message that
//! was not taken is sent again is never decided here: a blind second message
//! is a second code in the customer's hand, or a bill.

mod build;
mod collector;
mod email;
mod error;
mod http;
pub(super) mod message;
mod provider;
pub(super) mod redact;
mod sms;
mod templates;
pub(super) mod timeouts;
mod tls;
mod tray;

pub use crate::delivery::build::{
    email_fallback, email_sender, sms_fallback, sms_sender, tray, whatsapp_sender,
};
pub use crate::delivery::collector::collector;
pub use crate::delivery::error::{DeliveryError, FailureKind};
pub use crate::delivery::templates::{Finding, Sample, State, Templates};
pub use crate::delivery::timeouts::SendTimeouts;
