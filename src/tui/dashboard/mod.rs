//! What goes on at all counters, for admins and auditors: figures, charts, alarms, and the log
//! entries behind each.

mod charts;
pub(super) mod reads;
pub mod rows;
pub mod state;
pub(super) mod update;
pub mod view;
