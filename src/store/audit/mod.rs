//! The log of events.

pub(super) mod events;
mod port;
