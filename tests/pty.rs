//! The built program on a real terminal: a PTY on one side, a terminal emulator
//! on the other. Tests wait for what they expect to see; nothing is timed but
//! what is about time.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "pty/background.rs"]
mod background;
#[expect(dead_code, reason = "other tests break single acts with it")]
#[path = "support/breaking.rs"]
mod breaking;
#[path = "pty/capabilities.rs"]
mod capabilities;
#[path = "pty/cost.rs"]
mod cost;
#[path = "pty/end.rs"]
mod end;
#[path = "pty/flow.rs"]
mod flow;
#[path = "pty/idle.rs"]
mod idle;
#[path = "pty/inside.rs"]
mod inside;
#[path = "pty/many.rs"]
mod many;
#[path = "pty/multiplexers.rs"]
mod multiplexers;
#[path = "pty/outage.rs"]
mod outage;
#[path = "pty/pad.rs"]
mod pad;
#[path = "pty/paste.rs"]
mod paste;
#[path = "support/servers/mod.rs"]
mod servers;
#[path = "pty/size.rs"]
mod size;
#[path = "pty/store_lost.rs"]
mod store_lost;
#[path = "pty/terminal.rs"]
mod terminal;
