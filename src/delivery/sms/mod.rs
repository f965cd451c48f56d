//! SMS: Twilio (also for WhatsApp), an HTTP gateway, and a program of the office's own.

pub(super) mod exec;
mod facts;
pub(super) mod gateway;
pub(super) mod twilio;
