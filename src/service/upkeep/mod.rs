//! Maintenance tasks.

pub mod calls;
pub mod maintenance;
mod owner_events;
