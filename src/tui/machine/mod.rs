//! What every feature of the interface stands on: the keys, the effects, the store's clock, the
//! message line, and what all features share.
//!
//! It knows no feature. A feature's `update` is given its own state and a `Step`;
//! [`app`](crate::tui::app) puts the features together.

pub mod circuit_breakers;
pub mod clock_reading;
pub(super) mod code_answer;
pub mod counter_info;
pub mod counter_pad;
pub(super) mod delivery_answer;
pub mod draw_context;
pub mod effect;
pub mod file_export;
pub(super) mod further_proof;
pub mod health;
pub mod idle_lock;
pub mod keyboard;
pub mod keymap;
pub mod loaded;
pub mod message;
pub mod navigation;
pub mod notice;
pub mod open_alarms;
pub mod pending;
pub mod permissions;
pub mod preview;
pub mod revealed;
pub mod scroll;
pub mod shared;
pub(super) mod step;
pub mod store_clock;
pub(super) mod store_lost;
pub mod text_field;
pub mod waiting_approvals;
pub mod why_ended;
