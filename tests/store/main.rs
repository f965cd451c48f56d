//! The store, on real files: what every store must do, what holds when many
//! terminals act at once, and what its files and statements are like.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod account_lists;
mod binding;
mod contacts;
mod contract;
mod expiry;
mod faults;
mod files;
mod galera;
mod gone;
mod grants;
mod indexing;
mod isolation;
mod life_cycle;
mod maintain;
mod mapping;
mod office;
mod outbox;
mod plans;
mod pooler;
mod races;
mod requirements;
mod schemas;
mod secrets;
#[path = "../support/servers/mod.rs"]
mod servers;
mod support;
mod time;
mod trail;
mod trust;
mod version_one;
mod version_seven;
mod watch;
mod website;
