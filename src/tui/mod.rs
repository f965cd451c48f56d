//! The interface for counter staff: a pure machine with a thin shell.
//!
//! [`update`](app::update::update) turns what happened into a new [`model`](app::model) and
//! effects; [`view`](app::view::view) draws the model and changes nothing;
//! [`deadlines`](app::deadlines::next_wake) says when the picture changes by itself. Only the
//! runtime awaits, reads the terminal and carries effects out, so every flow
//! can be tested as keys in, picture out.
//!
//! ```text
//! runtime, pad_runtime, executor the shell: waits, reads the terminal, carries effects out
//!  └ app                         puts the features together: model, dispatch, replies, view
//!     └ find, send, sign_up, enter_code, enter_factor, document, second_person, verified,
//!        │  factors, log, tray, deliveries, overlays, sign_in, customer_acts, approvals, dashboard,
//!        │  incident, pairing
//!        │                       a feature each: state, update and view; none knows another
//!        ├ machine               what features stand on: keys, effects, clock, messages
//!        └ widgets               lines and boxes from values
//!           └ theme              what things look like
//!              └ terminal        bytes to keys, frames to bytes, what the terminal can do
//! ```
//!
//! `pad` is the customer's own screen: a machine of its own at the height of the features, with
//! `pad_runtime` as its shell.
//!
//! Each sees what is below it. `machine` sees `theme` and `terminal`, and no widget.

pub mod app;
pub mod approvals;
pub mod customer_acts;
pub mod dashboard;
pub mod deliveries;
pub mod document;
pub mod enter_code;
pub mod enter_factor;
pub mod executor;
pub mod factors;
pub mod find;
pub mod incident;
pub mod log;
pub mod machine;
pub mod overlays;
pub mod pad;
pub mod pad_runtime;
pub mod pairing;
pub mod runtime;
pub mod second_person;
pub mod send;
pub mod sign_in;
pub mod sign_up;
pub mod terminal;
pub mod theme;
pub mod tray;
pub mod verified;
pub mod widgets;

pub use crate::tui::pad_runtime::run_pad;
pub use crate::tui::runtime::{End, Opening, RunError, run};
