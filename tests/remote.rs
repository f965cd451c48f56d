//! The desk service as it runs: `countersign serve` under one account of the host, and
//! counters under others. The tests run as root, as CI does, and drop to other accounts;
//! without that right they say so and stop.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "remote/attacks.rs"]
mod attacks;
#[path = "remote/commands.rs"]
mod commands;
#[path = "remote/counters.rs"]
mod counters;
#[path = "remote/frames.rs"]
mod frames;
#[path = "remote/pads.rs"]
mod pads;
#[path = "remote/passwords.rs"]
mod passwords;
#[expect(dead_code, reason = "the tests of the outbox plan more of its conversations")]
#[path = "outbox/post_office.rs"]
mod post_office;
#[path = "remote/restarts.rs"]
mod restarts;
#[path = "remote/roles.rs"]
mod roles;
#[path = "remote/service.rs"]
mod service;
#[path = "remote/service_manager.rs"]
mod service_manager;
#[path = "remote/ssh.rs"]
mod ssh;
#[expect(dead_code, reason = "the tests of the interface do more at a terminal")]
#[path = "pty/terminal.rs"]
mod terminal;
