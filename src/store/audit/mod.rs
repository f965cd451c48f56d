//! The log of events, and the tree over it.

pub(super) mod events;
mod port;
pub(super) mod prefixes;
pub(super) mod removals;
pub(super) mod roll_up;
pub(super) mod shipping;
pub(super) mod trail;
