//! Step two: choose how the code reaches the customer, and send it.

pub mod state;
pub(super) mod update;
pub mod view;
