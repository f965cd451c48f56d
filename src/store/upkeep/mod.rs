//! Maintenance tasks and the archive.

pub(super) mod archive;
pub(super) mod event_purge;
pub(super) mod maintenance;
pub(super) mod partitions;
mod port;
pub(super) mod production;
pub(super) mod rehearsal;
