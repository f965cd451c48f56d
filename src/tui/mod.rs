//! The interface for counter staff: a pure machine with a thin shell.
//!
//! [`update`](machine::update::update) turns what happened into a new [`model`](machine::model) and
//! effects; [`view`](view::view) draws the model and changes nothing;
//! [`deadlines`](machine::deadlines::next_wake) says when the picture changes by itself. Only the
//! runtime awaits, reads the terminal and carries effects out, so every flow
//! can be tested as keys in, picture out.

pub mod color;
pub mod deliveries;
pub mod enter_code;
pub mod executor;
pub mod find;
pub mod layout;
pub mod log;
pub mod machine;
pub mod overlays;
pub mod palettes;
pub mod runtime;
pub mod send;
pub mod symbols;
pub mod terminal;
pub mod theme;
pub mod tray;
pub mod verified;
pub mod view;
pub mod widgets;

pub use crate::tui::runtime::{End, Opening, RunError, run};
