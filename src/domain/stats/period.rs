//! The times that a dashboard shows, cut by the clock of a time zone.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, NaiveTime, TimeZone};

use crate::domain::stats::cut::StatsUnit;
use crate::domain::stats::quarter::Quarter;
use crate::domain::stats::query::StatsSpan;
use crate::domain::stats::usual;
use crate::domain::time::Timestamp;
use crate::domain::time_range::first_moment;

/// A time up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StatsPeriod {
    /// From midnight on.
    #[default]
    Today,
    /// The last 24 hours.
    Day,
    /// The last seven days, of 24 hours each.
    Week,
    /// The last thirty days.
    ThirtyDays,
    /// From the first of the month on.
    Month,
}

impl StatsPeriod {
    /// All, the shortest first.
    pub const ALL: [Self; 5] = [Self::Today, Self::Day, Self::Week, Self::ThirtyDays, Self::Month];

    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::ThirtyDays => "30 days",
            Self::Month => "This month",
        }
    }

    /// The one some steps further, round and round.
    #[must_use]
    pub fn turned(self, by: isize) -> Self {
        let place = Self::ALL.iter().position(|it| *it == self).unwrap_or(0);
        let turned = place.cast_signed() + by;
        let length = Self::ALL.len().cast_signed();
        Self::ALL[turned.rem_euclid(length).cast_unsigned()]
    }

    /// Its quarters, the current one included.
    pub fn span<Z: TimeZone>(self, now: &DateTime<Z>) -> StatsSpan {
        let until = Timestamp::from_millis(now.timestamp_millis());
        let before = Quarter::of(until).next();
        let last = |time: Duration| StatsSpan { from: Quarter::of(until.minus(time)), before };
        match self {
            Self::Today => usual::today(now),
            Self::Day => last(Duration::from_hours(24)),
            Self::Week => last(Duration::from_hours(7 * 24)),
            Self::ThirtyDays => last(Duration::from_hours(30 * 24)),
            Self::Month => {
                let first = now.date_naive().with_day(1).map(|it| it.and_time(NaiveTime::MIN));
                let from = first.and_then(|it| first_moment(it, now).ok()).unwrap_or(until);
                StatsSpan { from: Quarter::of(from), before }
            }
        }
    }

    /// How long its pieces are in a chart.
    pub const fn unit(self) -> StatsUnit {
        match self {
            Self::Today | Self::Day => StatsUnit::Hour,
            Self::Week | Self::ThirtyDays | Self::Month => StatsUnit::Day,
        }
    }

    /// Whether it can be compared with the same hours of the weeks before: it is not longer
    /// than a week.
    pub const fn has_usual(self) -> bool {
        matches!(self, Self::Today | Self::Day | Self::Week)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time_range::tests::Berlin;

    fn told(period: StatsPeriod, now: &str) -> String {
        let now = DateTime::parse_from_rfc3339(now).expect("a moment");
        let span = period.span(&now.with_timezone(&Berlin { later_first: false }));
        let at = |it: Quarter| it.began_at().to_string()[..16].to_owned();
        format!("{} {}", at(span.from), at(span.before))
    }

    #[test]
    fn periods_end_with_the_current_quarter_and_begin_by_the_clock() {
        // The clocks were set back on 25 October.
        let now = "2026-10-28T10:05:00+01:00";
        for (period, span) in [
            (StatsPeriod::Today, "2026-10-27T23:00 2026-10-28T09:15"),
            (StatsPeriod::Day, "2026-10-27T09:00 2026-10-28T09:15"),
            (StatsPeriod::Week, "2026-10-21T09:00 2026-10-28T09:15"),
            (StatsPeriod::ThirtyDays, "2026-09-28T09:00 2026-10-28T09:15"),
            (StatsPeriod::Month, "2026-09-30T22:00 2026-10-28T09:15"),
        ] {
            assert_eq!(told(period, now), span, "{period:?}");
        }
    }

    #[test]
    fn they_turn_round() {
        assert_eq!(StatsPeriod::Today.turned(-1), StatsPeriod::Month);
        assert_eq!(StatsPeriod::Month.turned(1), StatsPeriod::Today);
        assert_eq!(StatsPeriod::Day.turned(1), StatsPeriod::Week);
    }
}
