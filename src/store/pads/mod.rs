//! Pads that are paired with counters.

pub(super) mod claim;
pub(super) mod pairings;
mod port;
