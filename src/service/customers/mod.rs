//! Finding customers, importing them, and keeping the search index up to date.

pub mod calls;
pub mod contact_history;
pub mod csv_import;
pub mod disown;
pub mod flags;
pub mod import;
pub mod lookup;
pub mod personal_data;
pub mod reindex;
pub mod representatives;
pub mod reveal;
pub mod sign_up;
