//! The built binary at a shell: what it prints, what it reads, and how it ends.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/bounce.rs"]
mod bounce;
#[path = "support/closed_port.rs"]
mod closed_port;
#[path = "cli/connection.rs"]
mod connection;
#[path = "cli/contacts.rs"]
mod contacts;
#[path = "cli/customers.rs"]
mod customers;
#[path = "cli/desk.rs"]
mod desk;
#[path = "cli/disown.rs"]
mod disown;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/factors.rs"]
mod factors;
#[path = "cli/fallback.rs"]
mod fallback;
#[path = "cli/flow.rs"]
mod flow;
#[path = "cli/interface.rs"]
mod interface;
#[path = "cli/log.rs"]
mod log;
#[path = "cli/maintain.rs"]
mod maintain;
#[path = "cli/migrate.rs"]
mod migrate;
#[path = "cli/next.rs"]
mod next;
#[path = "cli/outcomes.rs"]
mod outcomes;
#[path = "cli/pages.rs"]
mod pages;
#[path = "cli/places.rs"]
mod places;
#[path = "cli/prompt.rs"]
mod prompt;
#[path = "cli/purposes.rs"]
mod purposes;
#[path = "support/servers/mod.rs"]
mod servers;
#[path = "cli/signup.rs"]
mod signup;
#[path = "cli/stats.rs"]
mod stats;
#[path = "cli/store.rs"]
mod store;
#[path = "cli/templates.rs"]
mod templates;
#[path = "cli/whatsapp.rs"]
mod whatsapp;
