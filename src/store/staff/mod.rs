//! The staff: who, how they sign in, and where they sit.

pub(super) mod credentials;
mod port;
pub(super) mod records;
pub(super) mod sittings;
