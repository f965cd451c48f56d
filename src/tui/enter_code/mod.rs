//! Step three: enter the code, with countdown, attempts and delivery state.

pub(super) mod refresh;
pub mod state;
pub(super) mod typing;
pub(super) mod update;
pub mod view;
