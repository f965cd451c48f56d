//! Maintenance tasks.

pub mod maintenance;
