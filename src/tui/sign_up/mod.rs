//! Sign-up: the customer's contacts in full, to be read back, and a code to each that was not
//! verified yet.

pub mod state;
pub(super) mod update;
pub mod view;
