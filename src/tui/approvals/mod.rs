//! The acts that wait for a second admin, to be approved or refused.

pub mod state;
pub(super) mod update;
pub mod view;
