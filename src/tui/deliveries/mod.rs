//! How messages fare, by provider and hour.

pub mod state;
pub mod view;
