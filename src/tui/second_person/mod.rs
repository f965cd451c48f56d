//! A second person: a colleague is asked to approve that the customer is who they say, with a
//! reason, and the counter waits for it.

pub mod state;
pub(super) mod update;
pub mod view;
