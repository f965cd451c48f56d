//! How messages fare, by provider and hour.

pub mod state;
pub(super) mod update;
pub mod view;
