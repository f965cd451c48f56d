//! What customers have enrolled to prove who they are.

pub(super) mod attempt;
mod port;
pub(super) mod records;
