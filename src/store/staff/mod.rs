//! The staff table.

mod port;
pub(super) mod records;
