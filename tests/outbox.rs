//! The way of a message from the clerk's Enter to the provider, whatever fails
//! and whoever dies: no code lost unnoticed, none sent twice.
//!
//! The tests print their tables; `--nocapture` shows them.

#![expect(clippy::print_stdout, reason = "a table is printed")]
#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]
#![expect(clippy::duplicate_mod, reason = "each kind of server brings its certificates along")]

#[expect(dead_code, reason = "the tests of the use cases break more of it")]
#[path = "support/breaking.rs"]
mod breaking;
#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/closed_port.rs"]
mod closed_port;
#[path = "outbox/faults.rs"]
mod faults;
#[path = "outbox/faulty_servers.rs"]
mod faulty_servers;
#[expect(dead_code, reason = "the tests of the senders use all of it")]
#[path = "delivery/http_double.rs"]
mod http_double;
#[path = "outbox/killed.rs"]
mod killed;
#[expect(dead_code, reason = "the tests of the senders use all of it")]
#[path = "delivery/mail_server.rs"]
mod mail_server;
#[path = "outbox/many.rs"]
mod many;
#[expect(dead_code, reason = "the tests of the senders use all of it")]
#[path = "support/message.rs"]
mod message;
#[path = "outbox/notices.rs"]
mod notices;
#[path = "outbox/office.rs"]
mod office;
#[path = "outbox/post_office.rs"]
mod post_office;
#[path = "outbox/process_office.rs"]
mod process_office;
#[path = "support/servers/mod.rs"]
mod servers;
#[path = "support/signed_notices.rs"]
mod signed_notices;
#[path = "outbox/stalled.rs"]
mod stalled;
#[path = "outbox/takeover.rs"]
mod takeover;
#[expect(dead_code, reason = "the tests of the senders use all of it")]
#[path = "delivery/twilio_double.rs"]
mod twilio_double;
#[expect(dead_code, reason = "the tests of the senders use all of it")]
#[path = "delivery/twilio_records.rs"]
mod twilio_records;
