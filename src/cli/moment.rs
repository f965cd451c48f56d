//! Formats timestamps in the local time zone.

use chrono::Local;

use crate::domain::time::Timestamp;

/// This machine's time, for use where the store's clock cannot be asked.
pub fn own() -> Timestamp {
    Timestamp::from_millis(Local::now().timestamp_millis())
}

/// Formats as `10:42`.
pub fn short(at: Timestamp) -> String {
    at.to_utc().with_timezone(&Local).format("%H:%M").to_string()
}

/// Formats as `2026-11-22 10:42:07`.
pub fn long(at: Timestamp) -> String {
    at.to_utc().with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Formats an end: a day that ends with it as that day, as it was typed.
pub fn end(at: Timestamp) -> String {
    let local = at.to_utc().with_timezone(&Local);
    if local.time() == chrono::NaiveTime::MIN {
        let last = at.minus(std::time::Duration::from_millis(1)).to_utc().with_timezone(&Local);
        return last.format("%Y-%m-%d").to_string();
    }
    long(at)
}
