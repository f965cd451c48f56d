//! Step three, where nothing is sent: the code of an authenticator, or a backup code.

pub mod state;
pub(super) mod update;
pub mod view;
