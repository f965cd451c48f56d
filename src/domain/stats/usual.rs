//! What is usual at an hour of a weekday: the median of the weeks before.

use chrono::{DateTime, Days, TimeZone};

use crate::domain::stats::quarter::Quarter;
use crate::domain::stats::query::StatsSpan;
use crate::domain::time::Timestamp;
use crate::domain::time_range::first_moment;

/// How many weeks are looked back.
pub const USUAL_WEEKS: u64 = 8;

/// The same hours of the same weekday in the weeks before, the last week first. By the clock
/// of the zone: nine o'clock is nine o'clock, whether the clocks were set between or not.
pub fn weeks_before<Z: TimeZone>(span: StatsSpan, now: &DateTime<Z>) -> Vec<StatsSpan> {
    let before = |quarter: Quarter, weeks: u64| {
        let shown = quarter.began_at().to_utc().with_timezone(&now.timezone()).naive_local();
        let then = shown.checked_sub_days(Days::new(7 * weeks))?;
        first_moment(then, now).ok().map(Quarter::of)
    };
    let week = |weeks| {
        let (from, before) = (before(span.from, weeks)?, before(span.before, weeks)?);
        Some(StatsSpan { from, before })
    };
    (1..=USUAL_WEEKS).filter_map(week).collect()
}

/// The median, rounded down; weeks without anything, before the office began or in which it
/// was closed, are left out. None where no week is left.
pub fn median(weeks: impl IntoIterator<Item = u64>) -> Option<u64> {
    let mut weeks: Vec<u64> = weeks.into_iter().filter(|it| *it > 0).collect();
    weeks.sort_unstable();
    let upper = *weeks.get(weeks.len() / 2)?;
    let lower = *weeks.get((weeks.len() - 1) / 2)?;
    Some(lower.midpoint(upper))
}

/// The day until now: from midnight by the clock of the zone.
pub fn today<Z: TimeZone>(now: &DateTime<Z>) -> StatsSpan {
    let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN);
    let until = Timestamp::from_millis(now.timestamp_millis());
    let from = first_moment(midnight, now).unwrap_or(until);
    StatsSpan { from: Quarter::of(from), before: Quarter::of(until).next() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time_range::tests::Berlin;

    fn at(text: &str) -> DateTime<Berlin> {
        let now = DateTime::parse_from_rfc3339(text).expect("a moment");
        now.with_timezone(&Berlin { later_first: false })
    }

    fn told(span: StatsSpan) -> String {
        let at = |it: Quarter| it.began_at().to_string()[..16].to_owned();
        format!("{} {}", at(span.from), at(span.before))
    }

    #[test]
    fn the_same_hours_of_the_weeks_before_are_those_by_the_clock() {
        // A Wednesday; the clocks were set back on 25 October.
        let now = at("2026-10-28T10:05:00+01:00");
        let today = today(&now);
        assert_eq!(told(today), "2026-10-27T23:00 2026-10-28T09:15");
        let weeks = weeks_before(today, &now);
        assert_eq!(weeks.len(), 8);
        assert_eq!(told(weeks[0]), "2026-10-20T22:00 2026-10-21T08:15", "an hour more away");
        assert_eq!(told(weeks[7]), "2026-09-01T22:00 2026-09-02T08:15");
    }

    #[test]
    fn a_day_that_begins_with_the_clock_being_set_has_a_beginning() {
        let today = today(&at("2026-03-29T12:00:00+02:00"));
        assert_eq!(told(today), "2026-03-28T23:00 2026-03-29T10:15");
    }

    #[test]
    fn the_median_leaves_out_weeks_without_anything() {
        assert_eq!(median([]), None);
        assert_eq!(median([0, 0]), None);
        assert_eq!(median([0, 7]), Some(7));
        assert_eq!(median([9, 1, 5]), Some(5));
        assert_eq!(median([9, 1, 5, 6, 0]), Some(5));
    }
}
