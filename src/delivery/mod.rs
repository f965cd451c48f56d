//! Senders: email, SMS, WhatsApp, and the tray that replaces them in development.
//!
//! A sender takes a committed message, renders it from the templates, sends it through one provider
//! once, and reports the result. It never decides on a retry: a blind retry is a second code for
//! the customer, or a second charge.

mod collector;
mod email;
mod error;
mod http;
pub(super) mod message;
mod provider;
mod provider_choice;
pub(super) mod redact;
mod sms;
mod templates;
pub(super) mod timeouts;
mod tls;
mod tray;

pub use crate::delivery::collector::collector;
pub use crate::delivery::error::{DeliveryError, FailureKind};
pub use crate::delivery::provider_choice::{
    email_fallback, email_sender, sms_fallback, sms_sender, tray, whatsapp_sender,
};
pub use crate::delivery::templates::{Finding, Sample, State, Templates};
pub use crate::delivery::timeouts::SendTimeouts;
