//! Pairing a pad with this counter: the number, the pad that asks, and the one that is paired.

pub mod state;
pub(super) mod update;
pub mod view;
