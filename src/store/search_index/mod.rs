//! The search index: the tables by which customers, and through them the entries of the
//! log, are found.

pub(super) mod incremental;
pub(super) mod index;
mod port;
pub(super) mod reindex;
pub(super) mod search;
