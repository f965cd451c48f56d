//! The log panel, and the timeline of one request.

pub mod state;
pub mod timeline;
pub(super) mod update;
pub mod view;
