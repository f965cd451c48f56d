//! Every flow of the interface as keys in, state and effects out, on a desk
//! that answers from memory: no terminal, no store, no waiting.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "flows/any.rs"]
mod any;
#[path = "flows/counter.rs"]
mod counter;
#[path = "flows/desk.rs"]
mod desk;
#[path = "flows/entry.rs"]
mod entry;
#[path = "flows/find.rs"]
mod find;
#[path = "flows/lost.rs"]
mod lost;
#[path = "flows/machines.rs"]
mod machines;
#[path = "flows/over.rs"]
mod over;
#[path = "flows/panels.rs"]
mod panels;
#[path = "flows/providers.rs"]
mod providers;
#[path = "flows/send.rs"]
mod send;
#[path = "flows/time.rs"]
mod time;
#[path = "flows/verified.rs"]
mod verified;
