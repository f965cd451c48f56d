//! The form of an incident: what somebody of the staff saw, filed from any screen.

pub mod state;
pub(super) mod update;
pub mod view;
