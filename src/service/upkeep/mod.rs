//! Maintenance tasks.

pub mod calls;
pub mod maintenance;
