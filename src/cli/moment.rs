//! Moments as the clock on the reader's wall shows them.

use chrono::Local;

use crate::domain::time::Timestamp;

/// What this machine's clock says, where the store's cannot be asked.
pub fn own() -> Timestamp {
    Timestamp::from_millis(Local::now().timestamp_millis())
}

/// `10:42`
pub fn short(at: Timestamp) -> String {
    at.to_utc().with_timezone(&Local).format("%H:%M").to_string()
}

/// `2026-11-22 10:42:07`
pub fn long(at: Timestamp) -> String {
    at.to_utc().with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}
