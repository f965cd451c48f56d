//! The senders against a real mail server, against doubles of the providers,
//! and against hostile ones.

#[path = "../support/certificates.rs"]
mod certificates;
#[path = "../support/closed_port.rs"]
mod closed_port;
mod collector;
mod exec;
mod gateway;
mod http_double;
mod mail_server;
#[path = "../support/message.rs"]
mod message;
mod oauth;
mod send_claim;
mod sendgrid;
mod smtp;
mod smtp_reuse;
mod templates;
mod test_message;
mod tray;
mod twilio;
mod twilio_ask;
mod twilio_double;
mod twilio_records;
