//! What customers have enrolled to prove who they are.

pub(super) mod attempt;
pub(super) mod attest;
mod port;
pub(super) mod records;
