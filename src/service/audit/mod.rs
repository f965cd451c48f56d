//! The log of events, and the tree over it that proves that nothing was changed.

pub mod calls;
pub mod export;
pub mod log;
mod receipt;
pub mod seal;
pub mod ship;
mod subtrees;
pub mod trail;
pub mod verify;
