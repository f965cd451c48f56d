//! Reading the log of events.

pub mod calls;
pub mod log;
