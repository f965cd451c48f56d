//! Step four: serve the verified customer.

pub mod state;
pub(super) mod update;
pub mod view;
