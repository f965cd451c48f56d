//! One file for each panel: what it says, from the model to lines.

pub mod entry;
pub mod find;
pub mod log;
pub mod send;
pub mod story;
pub mod tray;
pub mod verified;
