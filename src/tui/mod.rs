//! The interface for counter staff: a pure machine with a thin shell.
//!
//! [`update`](update::update) turns what happened into a new [`model`] and
//! effects; [`view`](view::view) draws the model and changes nothing;
//! [`wake`](wake::next_wake) says when the picture changes by itself. Only the
//! runtime awaits, reads the terminal and carries effects out, so every flow
//! can be tested as keys in, picture out.

pub mod clock;
pub mod color;
pub mod decode;
pub mod effect;
pub mod examples;
pub mod executor;
pub mod input;
pub mod kept;
pub mod keymap;
pub mod layout;
pub mod model;
pub mod msg;
pub mod overlays;
pub mod palettes;
pub mod runtime;
pub mod screen;
pub mod screens;
pub mod suit;
pub mod symbols;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod view;
pub mod wake;
pub mod widgets;
mod writer;

pub use runtime::{End, Opening, RunError, run};
