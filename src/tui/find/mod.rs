//! Step one: find the customer.

pub mod examples;
pub mod state;
pub(super) mod update;
pub mod view;
