//! Customers: the search index, the CSV import, and the external table where the office has one.

pub(super) mod contact_binding;
pub(super) mod external_writer;
pub(super) mod import;
pub(super) mod incremental;
pub(super) mod index;
pub(super) mod lookup;
mod port;
pub(super) mod reindex;
pub(super) mod sample;
pub(super) mod schema_check;
pub(super) mod search;
pub(super) mod source;
