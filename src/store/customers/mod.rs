//! Customers: the CSV import, and the external table where the office has one.

pub(super) mod account_lists;
pub(super) mod catalogue;
pub(super) mod erasure;
pub(super) mod external_writer;
pub(super) mod import;
pub(super) mod list_check;
pub(super) mod lookup;
pub(super) mod personal_data;
mod port;
pub(super) mod sample;
pub(super) mod schema_check;
