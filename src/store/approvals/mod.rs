//! Acts that wait for a second admin.

mod port;
pub(super) mod records;
