//! What lies on top of everything: a box in the middle that takes the keys.

pub mod help;
pub mod palette;
pub mod state;
pub(super) mod update;
