//! countersign verifies the customer at an office's counter by a one-time code.

pub mod cli;
pub mod config;
pub mod delivery;
pub mod domain;
pub mod lifecycle;
pub mod random;
pub mod remote;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod tui;
pub mod wiring;
