//! Cutting a time into the days or hours of an office's time zone.

use chrono::{DateTime, Offset as _, TimeZone, Timelike as _};

use crate::domain::stats::quarter::Quarter;
use crate::domain::stats::query::StatsSpan;

/// How long the pieces are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatsUnit {
    /// A quarter of an hour.
    Quarter,
    /// An hour by the clock.
    Hour,
    /// A day of the calendar, which has 23 or 25 hours where the clocks are set.
    Day,
}

impl StatsUnit {
    /// What stays the same within a piece.
    fn piece<Z: TimeZone>(self, quarter: Quarter, zone: &Z) -> (i64, i64) {
        let shown: DateTime<Z> = quarter.began_at().to_utc().with_timezone(zone);
        let day = i64::from(chrono::Datelike::num_days_from_ce(&shown.date_naive()));
        match self {
            Self::Quarter => (quarter.0, 0),
            // Where the clocks are set back, the hour that comes twice is two.
            Self::Hour => {
                let offset = i64::from(shown.offset().fix().local_minus_utc());
                (day * 24 + i64::from(shown.hour()), offset)
            }
            Self::Day => (day, 0),
        }
    }
}

/// The days or hours of a span; the first and the last may be parts of one.
pub fn cut<Z: TimeZone>(span: StatsSpan, unit: StatsUnit, zone: &Z) -> Vec<StatsSpan> {
    let mut pieces: Vec<StatsSpan> = Vec::new();
    let mut last = None;
    let mut quarter = span.from;
    while quarter < span.before {
        let piece = unit.piece(quarter, zone);
        match pieces.last_mut() {
            Some(open) if last == Some(piece) => open.before = quarter.next(),
            _ => pieces.push(StatsSpan { from: quarter, before: quarter.next() }),
        }
        last = Some(piece);
        quarter = quarter.next();
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::domain::time_range::tests::Berlin;

    const BERLIN: Berlin = Berlin { later_first: false };

    fn told(from: &str, before: &str, unit: StatsUnit) -> Vec<(String, i64)> {
        let at = |text: &str| Timestamp::from_rfc3339(text).expect("a moment");
        let pieces = cut(StatsSpan::touched(at(from), at(before)), unit, &BERLIN);
        let first = |it: &StatsSpan| it.from.began_at().to_string()[..16].to_owned();
        pieces.iter().map(|it| (first(it), it.before.0 - it.from.0)).collect()
    }

    #[test]
    fn a_day_on_which_the_clocks_are_set_has_23_or_25_hours() {
        let told = |from, before| told(from, before, StatsUnit::Day);
        assert_eq!(
            told("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"),
            [
                ("2026-03-27T23:00".to_owned(), 96),
                ("2026-03-28T23:00".to_owned(), 92),
                ("2026-03-29T22:00".to_owned(), 96),
            ]
        );
        assert_eq!(
            told("2026-10-24T22:00:00Z", "2026-10-26T10:07:00Z"),
            [("2026-10-24T22:00".to_owned(), 100), ("2026-10-25T23:00".to_owned(), 45)]
        );
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_and_the_one_that_is_left_out_is_none() {
        let told = |from, before| told(from, before, StatsUnit::Hour);
        let hours = told("2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z");
        assert_eq!(hours.iter().map(|it| it.1).collect::<Vec<_>>(), [2, 4, 4, 2]);
        let hours = told("2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z");
        assert_eq!(hours.iter().map(|it| it.1).collect::<Vec<_>>(), [4, 4]);
    }

    #[test]
    fn quarters_are_cut_one_by_one() {
        let quarters = told("2026-10-25T00:10:00Z", "2026-10-25T00:50:00Z", StatsUnit::Quarter);
        assert_eq!(quarters.iter().map(|it| it.1).collect::<Vec<_>>(), [1, 1, 1, 1]);
    }
}
