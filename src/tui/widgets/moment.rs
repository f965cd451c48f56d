//! Moments and spans as people read them.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::domain::account::RecordedDate;
use crate::domain::time::Timestamp;

/// Whole seconds, rounded up: a countdown reads `0:00` only when time is over.
pub fn seconds_up(span: Duration) -> u64 {
    u64::try_from(span.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// `4:12`, or `1:04:12` from an hour on.
pub fn clock_span(span: Duration) -> String {
    let seconds = seconds_up(span);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// `2 s ago`, `3 min ago`.
pub fn age(span: Duration) -> String {
    match span.as_secs() {
        0 => "just now".into(),
        seconds @ 1..60 => format!("{seconds} s ago"),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3_600),
    }
}

fn local(moment: Timestamp, zone: FixedOffset) -> DateTime<FixedOffset> {
    moment.to_utc().with_timezone(&zone)
}

/// `14:32`
pub fn minute(moment: Timestamp, zone: FixedOffset) -> String {
    local(moment, zone).format("%H:%M").to_string()
}

/// `14:32:05`
pub fn second(moment: Timestamp, zone: FixedOffset) -> String {
    local(moment, zone).format("%H:%M:%S").to_string()
}

/// `21 Nov 2026`
pub fn day(moment: Timestamp, zone: FixedOffset) -> String {
    day_of(local(moment, zone).date_naive())
}

fn day_of(date: NaiveDate) -> String {
    date.format("%d %b %Y").to_string()
}

/// `21 Nov 2026`, or the month or quarter that the office's table says.
pub fn recorded(date: &RecordedDate, zone: FixedOffset) -> String {
    match date {
        RecordedDate::Moment(moment) => day(*moment, zone),
        RecordedDate::Day { year, month, day } => {
            NaiveDate::from_ymd_opt(*year, *month, *day).map_or_else(String::new, day_of)
        }
        RecordedDate::Period(text) => text.clone(),
    }
}

/// `14:32:05` on the day of `now`, `21 Nov 14:32` on another.
pub fn second_or_day(moment: Timestamp, now: Timestamp, zone: FixedOffset) -> String {
    if same_day(moment, now, zone) {
        second(moment, zone)
    } else {
        local(moment, zone).format("%d %b %H:%M").to_string()
    }
}

/// `14:32` on the day of `now`, `21 Nov 14:32` on another.
pub fn minute_or_day(moment: Timestamp, now: Timestamp, zone: FixedOffset) -> String {
    if same_day(moment, now, zone) {
        minute(moment, zone)
    } else {
        second_or_day(moment, now, zone)
    }
}

/// `14:32` on the day of `now`, `2026-11-21 14:32` on another: as people type it.
pub fn minute_or_date(moment: Timestamp, now: Timestamp, zone: FixedOffset) -> String {
    if same_day(moment, now, zone) {
        minute(moment, zone)
    } else {
        local(moment, zone).format("%Y-%m-%d %H:%M").to_string()
    }
}

/// `21 Nov`
pub fn short_day(moment: Timestamp, zone: FixedOffset) -> String {
    local(moment, zone).format("%d %b").to_string()
}

/// Whether two moments are of one day.
pub fn same_day(one: Timestamp, other: Timestamp, zone: FixedOffset) -> bool {
    local(one, zone).date_naive() == local(other, zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_clocks_and_ages() {
        assert_eq!(clock_span(Duration::from_millis(251_001)), "4:12");
        assert_eq!(clock_span(Duration::from_secs(251)), "4:11");
        assert_eq!(clock_span(Duration::ZERO), "0:00");
        assert_eq!(clock_span(Duration::from_secs(3_852)), "1:04:12");
        assert_eq!(age(Duration::from_millis(900)), "just now");
        assert_eq!(age(Duration::from_secs(59)), "59 s ago");
        assert_eq!(age(Duration::from_secs(7_300)), "2 h ago");
    }
}
