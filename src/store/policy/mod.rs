//! The policies that held, and the messages by which another one is tried.

mod port;
pub(super) mod records;
