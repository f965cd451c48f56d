//! The log of events, and the tree over it that proves that nothing was changed.

pub mod calls;
pub mod log;
pub mod seal;
pub mod trail;
pub mod verify;
