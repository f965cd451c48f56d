//! The store, on real files: what every store must do, what holds when many
//! terminals act at once, and what its files and statements are like.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod account_lists;
mod added_contacts;
mod authenticator_at_pad;
mod binding;
mod bounces;
mod change_feed;
mod contact_state;
mod contact_verification;
mod contacts;
mod contract;
mod expiry;
mod factors;
mod faults;
mod files;
mod flags;
mod galera;
mod gate;
mod grants;
mod isolation;
mod life_cycle;
mod lifetimes;
mod maintenance;
mod notices;
mod office;
mod outage;
mod outbox;
mod pads;
mod plans;
mod pooler;
mod races;
mod rehearsal;
mod representatives;
mod requirements;
mod schema_check;
mod schemas;
mod search_index;
mod secrets;
#[path = "../support/servers/mod.rs"]
mod servers;
mod sign_in;
#[path = "../support/signed_notices.rs"]
mod signed_notices;
mod stats;
mod support;
mod time;
mod told;
mod trail;
mod trust;
mod version_one;
mod version_seven;
mod website;
