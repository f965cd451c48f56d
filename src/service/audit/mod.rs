//! Reading the log of events.

pub mod log;
