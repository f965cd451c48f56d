//! What the interface looks like: every screen in every state, in every theme,
//! at every size.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod any_size;
mod chrome;
mod dashboards;
mod models;
mod no_color;
mod pads;
mod picture;
mod pictures;
mod qr;
mod snapshots;
mod states;
mod svg;
mod words;
