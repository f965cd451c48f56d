//! The staff table.

mod port;
mod records;
