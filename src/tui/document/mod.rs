//! A document that the clerk has in hand: its kind, whether name and picture match, its last day.

pub mod state;
pub(super) mod update;
pub mod view;
