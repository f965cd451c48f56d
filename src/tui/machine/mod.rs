//! The pure machine: model, messages in, effects out, and the deadlines at which the picture changes by itself.

pub(super) mod clock_ticks;
pub mod deadlines;
pub(super) mod dispatch;
pub mod effect;
pub(super) mod field;
pub(super) mod input_gate;
pub mod keymap;
pub mod message;
pub mod model;
pub mod preview;
pub(super) mod providers;
pub(super) mod replies;
pub(super) mod step;
pub mod store_clock;
pub(super) mod store_lost;
pub mod update;
