//! Text messages: Twilio (WhatsApp too), and an HTTP gateway.

pub(super) mod gateway;
pub(super) mod twilio;
