//! The columns that several tasks read, a file a table: each list makes both what a statement
//! selects and what reads the row. A new column of `core_otp` is a line of `requests.rs`.

pub(in crate::store) mod customers;
pub(in crate::store) mod events;
pub(in crate::store) mod requests;
pub(in crate::store) mod sessions;
