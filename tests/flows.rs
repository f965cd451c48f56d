//! Every flow of the interface as keys in, state and effects out, on a desk
//! that answers from memory: no terminal, no store, no waiting.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "flows/any.rs"]
mod any;
#[path = "flows/counter.rs"]
mod counter;
#[path = "flows/customer_acts.rs"]
mod customer_acts;
#[path = "flows/dashboard.rs"]
mod dashboard;
#[path = "flows/desk.rs"]
mod desk;
#[path = "flows/enter_code.rs"]
mod enter_code;
#[path = "flows/factors.rs"]
mod factors;
#[path = "flows/find.rs"]
mod find;
#[path = "flows/incident.rs"]
mod incident;
#[path = "flows/known_before.rs"]
mod known_before;
#[path = "flows/overlays.rs"]
mod overlays;
#[path = "flows/overseen.rs"]
mod overseen;
#[path = "flows/pads.rs"]
mod pads;
#[path = "flows/panels.rs"]
mod panels;
#[path = "flows/providers.rs"]
mod providers;
#[path = "flows/purposes.rs"]
mod purposes;
#[path = "flows/second_person.rs"]
mod second_person;
#[path = "flows/send.rs"]
mod send;
#[path = "flows/sign_in.rs"]
mod sign_in;
#[path = "flows/sign_up.rs"]
mod sign_up;
#[path = "flows/store_lost.rs"]
mod store_lost;
#[path = "flows/time.rs"]
mod time;
#[path = "flows/unattended_keys.rs"]
mod unattended_keys;
#[path = "flows/verified.rs"]
mod verified;
