//! Rows of `core_lock` that more than one task takes.

/// What the sealer holds, and whoever removes something from the log or makes the stats anew.
pub(in crate::store) const SEAL_LOCK: &str = "audit";
