//! The senders against a real mail server, against doubles of the providers,
//! and against hostile ones.

#[path = "../support/closed_port.rs"]
mod closed_port;
mod consent;
mod double;
mod gateway;
mod mail_server;
#[path = "../support/message.rs"]
mod message;
mod oauth;
mod sendgrid;
mod smtp;
mod smtp_kept;
mod trial;
mod twilio;
mod twilio_ask;
mod twilio_books;
mod twilio_double;
