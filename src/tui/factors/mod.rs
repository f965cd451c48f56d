//! What a verified customer has enrolled: an authenticator, backup codes. It lies over the
//! customer's account.

pub mod state;
pub(super) mod update;
pub mod view;
