//! SMS: Twilio (also for WhatsApp) and an HTTP gateway.

pub(super) mod gateway;
pub(super) mod twilio;
