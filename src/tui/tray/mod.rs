//! The tray panel: messages kept on this machine in development.

pub mod state;
pub(super) mod update;
pub mod view;
