//! Text messages: Twilio (WhatsApp too), an HTTP gateway, and the alphabet of a text message.

pub(super) mod gateway;
pub(super) mod gsm7;
pub(super) mod twilio;
