//! Customers: the CSV import, and the external table where the office has one.

pub(super) mod external_writer;
pub(super) mod import;
pub(super) mod lookup;
mod port;
pub(super) mod sample;
pub(super) mod schema_check;
