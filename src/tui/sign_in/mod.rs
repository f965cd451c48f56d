//! Who sits here: signing in, setting a password, enrolling an authenticator, and the lock of
//! a terminal that was left alone. It covers everything else.

pub mod state;
pub(super) mod update;
pub mod view;
