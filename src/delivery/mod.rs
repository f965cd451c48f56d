//! Senders: email, text messages, and the tray that stands in for both.
//!
//! A sender takes a committed message, writes it from the templates, hands it
//! to one provider once, and reports how far it came. Whether a message that
//! was not taken is sent again is never decided here: a blind second message
//! is a second code in the customer's hand, or a bill.

mod build;
mod error;
mod gateway;
mod gsm7;
mod http;
mod oauth;
mod piece;
mod placed;
mod scrub;
mod sendgrid;
mod smtp;
mod templates;
mod times;
mod tls;
mod tray;
mod twilio;

pub use build::{email_fallback, email_sender, sms_fallback, sms_sender, tray, whatsapp_sender};
pub use error::DeliveryError;
pub use templates::{Finding, Sample, State, Templates};
pub use times::Times;
