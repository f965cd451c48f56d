//! Parses times as people name them: `10:42`, `10:42:07`, `2026-11-24`, or day and time.
//!
//! An expression means a range, the whole second, minute or day, since nobody who asks about 10:42
//! means its first millisecond. A time without a day is the most recent one: at nine in the morning
//! 16:30 means yesterday.

use std::str::FromStr;
use std::time::Duration;

use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
    Timelike as _,
};

use crate::domain::time::Timestamp;

/// A time, a day, or both, as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeExpression {
    day: Option<NaiveDate>,
    time: Option<Time>,
}

/// A minute or a second of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Time {
    begin: NaiveTime,
    length: Duration,
}

/// A half-open range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The inclusive start.
    pub from: Timestamp,
    /// The exclusive end.
    pub before: Timestamp,
}

/// The text is neither a time nor a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a time such as 10:42, a day such as 2026-11-24, or both: \"2026-11-24 10:42\"")]
pub struct InvalidTime;

impl FromStr for TimeExpression {
    type Err = InvalidTime;

    /// Parses a time with colons and a day with hyphens, in either order.
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let mut when = Self { day: None, time: None };
        for word in text.split_whitespace() {
            match (day(word), time(word)) {
                (Some(day), _) if when.day.is_none() => when.day = Some(day),
                (_, Some(time)) if when.time.is_none() => when.time = Some(time),
                _ => return Err(InvalidTime),
            }
        }
        if when.day.is_none() && when.time.is_none() { Err(InvalidTime) } else { Ok(when) }
    }
}

impl TimeExpression {
    /// Extracts the words of a text that name a time; returns the rest, if any.
    pub fn among(text: &str) -> (Option<Self>, Option<String>) {
        let is_time = |word: &&str| word.parse::<Self>().is_ok();
        let (times, others): (Vec<_>, Vec<_>) = text.split_whitespace().partition(is_time);
        match times.join(" ").parse() {
            Ok(when) => (Some(when), Some(others.join(" ")).filter(|it| !it.is_empty())),
            Err(InvalidTime) => (None, Some(text.to_owned())),
        }
    }

    /// The range for a reader whose clock shows `now`.
    ///
    /// # Errors
    /// At the limits of the calendar.
    pub fn stretch<Z: TimeZone>(self, now: &DateTime<Z>) -> Result<TimeRange, InvalidTime> {
        let today = now.date_naive();
        let Some(time) = self.time else { return whole_day(self.day.unwrap_or(today), now) };
        let of_day = |day: NaiveDate| whole_time(day, time, now);
        let Some(day) = self.day else {
            let stretch = of_day(today)?;
            if stretch.from.millis() <= now.timestamp_millis() {
                return Ok(stretch);
            }
            return of_day(today.checked_sub_days(Days::new(1)).ok_or(InvalidTime)?);
        };
        of_day(day)
    }

    /// Like [`Self::stretch`], for the end of a range that starts at `from`: a time without a day
    /// is the next one from there, even if it is after `now`.
    ///
    /// # Errors
    /// Like there.
    pub fn stretch_after<Z: TimeZone>(
        self,
        from: Timestamp,
        now: &DateTime<Z>,
    ) -> Result<TimeRange, InvalidTime> {
        let (None, Some(time)) = (self.day, self.time) else { return self.stretch(now) };
        let day = from.to_utc().with_timezone(&now.timezone()).date_naive();
        let stretch = whole_time(day, time, now)?;
        if stretch.before > from {
            return Ok(stretch);
        }
        let next = day.checked_add_days(Days::new(1)).ok_or(InvalidTime)?;
        whole_time(next, time, now)
    }
}

/// `2026-11-24`, a day of this century; account numbers have hyphens too.
fn day(word: &str) -> Option<NaiveDate> {
    let is_date = word.len() == 10 && word.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    let day = NaiveDate::parse_from_str(word, "%Y-%m-%d").ok();
    day.filter(|day| is_date && day.year() / 100 == 20)
}

/// `9:05`, `10:42` or `10:42:07`.
fn time(word: &str) -> Option<Time> {
    let is_time = word.bytes().all(|it| it.is_ascii_digit() || it == b':');
    let read = |form, length| {
        let begin = NaiveTime::parse_from_str(word, form).ok().filter(|_| is_time)?;
        Some(Time { begin, length })
    };
    let (minute, second) = (Duration::from_mins(1), Duration::from_secs(1));
    read("%H:%M", minute).or_else(|| read("%H:%M:%S", second))
}

fn whole_day<Z: TimeZone>(day: NaiveDate, now: &DateTime<Z>) -> Result<TimeRange, InvalidTime> {
    let next = day.checked_add_days(Days::new(1)).ok_or(InvalidTime)?;
    let midnight = |day: NaiveDate| first(day.and_time(NaiveTime::MIN), now);
    Ok(TimeRange { from: midnight(day)?, before: midnight(next)? })
}

/// The range of a local time; if the clock is set back over it, from the first to the end of the
/// second occurrence.
fn whole_time<Z: TimeZone>(
    day: NaiveDate,
    time: Time,
    now: &DateTime<Z>,
) -> Result<TimeRange, InvalidTime> {
    let shown = day.and_time(time.begin);
    let from = first(shown, now)?;
    let last = moments(shown, now).map_or(from, |(_, last)| last);
    Ok(TimeRange { from, before: last.plus(time.length) })
}

/// The first and the last timestamp at which the local clock shows this; `None` if the clock is set
/// forward over it. A time zone may return the two in either order: `chrono::Local` returns the
/// later one first when the clock is set back.
fn moments<Z: TimeZone>(shown: NaiveDateTime, now: &DateTime<Z>) -> Option<(Timestamp, Timestamp)> {
    let found = now.timezone().from_local_datetime(&shown);
    let at = |it: DateTime<Z>| Timestamp::from_millis(it.timestamp_millis());
    let (one, other) = (found.clone().earliest().map(at)?, found.latest().map(at)?);
    Some((one.min(other), one.max(other)))
}

/// The first timestamp at which the local clock shows this; if the clock is set forward over it,
/// the first one after.
fn first<Z: TimeZone>(shown: NaiveDateTime, now: &DateTime<Z>) -> Result<Timestamp, InvalidTime> {
    let at = |shown: NaiveDateTime| moments(shown, now).map(|(first, _)| first);
    // Clocks change at whole quarters of an hour, and by a day at most.
    let past_quarter = i64::from(shown.minute() % 15 * 60 + shown.second());
    let moment = at(shown).or_else(|| {
        let quarter = shown.checked_sub_signed(TimeDelta::seconds(past_quarter))?;
        (1..=96).find_map(|more| at(quarter.checked_add_signed(TimeDelta::minutes(15 * more))?))
    });
    moment.ok_or(InvalidTime)
}

#[cfg(test)]
mod tests {
    use chrono::{FixedOffset, MappedLocalTime};
    use proptest::prelude::*;

    use super::*;

    fn stretch(text: &str) -> Result<String, InvalidTime> {
        let now =
            DateTime::parse_from_rfc3339("2026-11-25T09:00:30+01:00").map_err(|_| InvalidTime)?;
        let TimeRange { from, before } = text.parse::<TimeExpression>()?.stretch(&now)?;
        Ok(format!("{from} {before}"))
    }

    #[test]
    fn a_minute_and_a_day_are_meant_as_a_whole() {
        for (text, meant) in [
            ("8:42", "2026-11-25T07:42:00.000Z 2026-11-25T07:43:00.000Z"),
            ("8:42:07", "2026-11-25T07:42:07.000Z 2026-11-25T07:42:08.000Z"),
            ("09:00", "2026-11-25T08:00:00.000Z 2026-11-25T08:01:00.000Z"),
            ("16:30", "2026-11-24T15:30:00.000Z 2026-11-24T15:31:00.000Z"),
            ("23:59", "2026-11-24T22:59:00.000Z 2026-11-24T23:00:00.000Z"),
            ("2026-11-24", "2026-11-23T23:00:00.000Z 2026-11-24T23:00:00.000Z"),
            ("2026-11-24 16:30", "2026-11-24T15:30:00.000Z 2026-11-24T15:31:00.000Z"),
            (" 16:30  2026-11-25 ", "2026-11-25T15:30:00.000Z 2026-11-25T15:31:00.000Z"),
        ] {
            assert_eq!(stretch(text).as_deref(), Ok(meant), "{text}");
        }
    }

    #[test]
    fn an_end_is_after_its_beginning() {
        let now = DateTime::parse_from_rfc3339("2026-11-25T10:42:30+01:00").expect("a time");
        let range = |since: &str, until: &str| {
            let from = since.parse::<TimeExpression>()?.stretch(&now)?.from;
            let before = until.parse::<TimeExpression>()?.stretch_after(from, &now)?.before;
            Ok::<_, InvalidTime>(format!("{from} {before}"))
        };
        for (since, until, meant) in [
            ("10:40", "10:45", "2026-11-25T09:40:00.000Z 2026-11-25T09:46:00.000Z"),
            ("10:42", "10:42", "2026-11-25T09:42:00.000Z 2026-11-25T09:43:00.000Z"),
            ("22:00", "6:00", "2026-11-24T21:00:00.000Z 2026-11-25T05:01:00.000Z"),
            ("2026-11-20", "6:00", "2026-11-19T23:00:00.000Z 2026-11-20T05:01:00.000Z"),
            ("10:40", "2026-11-25", "2026-11-25T09:40:00.000Z 2026-11-25T23:00:00.000Z"),
        ] {
            assert_eq!(range(since, until).as_deref(), Ok(meant), "{since} {until}");
        }
    }

    /// Summer time from 29 March 2026 at 2:00 until 25 October at 3:00, one hour.
    #[derive(Clone, Copy, Debug)]
    struct Berlin {
        /// Whether it returns the later of two timestamps first, as `chrono::Local` does.
        later_first: bool,
    }

    const SUMMER: std::ops::Range<&str> = "2026-03-29 01:00".."2026-10-25 01:00";

    fn berlin(utc: &NaiveDateTime) -> FixedOffset {
        let is_summer = SUMMER.contains(&utc.format("%Y-%m-%d %H:%M").to_string().as_str());
        FixedOffset::east_opt(if is_summer { 7_200 } else { 3_600 }).expect("an offset")
    }

    impl TimeZone for Berlin {
        type Offset = FixedOffset;

        fn from_offset(_: &FixedOffset) -> Self {
            Self { later_first: false }
        }

        fn offset_from_local_date(&self, day: &NaiveDate) -> MappedLocalTime<FixedOffset> {
            self.offset_from_local_datetime(&day.and_time(NaiveTime::MIN))
        }

        fn offset_from_local_datetime(
            &self,
            shown: &NaiveDateTime,
        ) -> MappedLocalTime<FixedOffset> {
            let offsets = [7_200, 3_600].map(|it| FixedOffset::east_opt(it).expect("an offset"));
            let fits = |it: &FixedOffset| berlin(&(*shown - *it)) == *it;
            match offsets.map(|it| Some(it).filter(fits)) {
                [Some(first), Some(second)] if self.later_first => {
                    MappedLocalTime::Ambiguous(second, first)
                }
                [Some(first), Some(second)] => MappedLocalTime::Ambiguous(first, second),
                [Some(one), None] | [None, Some(one)] => MappedLocalTime::Single(one),
                [None, None] => MappedLocalTime::None,
            }
        }

        fn offset_from_utc_date(&self, day: &NaiveDate) -> FixedOffset {
            berlin(&day.and_time(NaiveTime::MIN))
        }

        fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> FixedOffset {
            berlin(utc)
        }
    }

    #[test]
    fn clocks_that_are_set_forward_or_back_lose_nothing() {
        let told = |text: &str, utc: &str, later_first: bool| {
            let now = DateTime::parse_from_rfc3339(utc).expect("a time");
            let now = now.with_timezone(&Berlin { later_first });
            let TimeRange { from, before } = text.parse::<TimeExpression>()?.stretch(&now)?;
            Ok::<_, InvalidTime>(format!("{from} {before}"))
        };
        let (spring, autumn) = ("2026-03-29T08:00:00Z", "2026-10-25T01:10:00Z");
        for (text, now, meant) in [
            ("1:59", spring, "2026-03-29T00:59:00.000Z 2026-03-29T01:00:00.000Z"),
            ("2:30", spring, "2026-03-29T01:00:00.000Z 2026-03-29T01:01:00.000Z"),
            ("2:40:07", spring, "2026-03-29T01:00:00.000Z 2026-03-29T01:00:01.000Z"),
            ("2026-03-29", spring, "2026-03-28T23:00:00.000Z 2026-03-29T22:00:00.000Z"),
            // At the second 2:10, 2:30 has been once and comes again.
            ("2:30", autumn, "2026-10-25T00:30:00.000Z 2026-10-25T01:31:00.000Z"),
            ("2026-10-25 2:30", autumn, "2026-10-25T00:30:00.000Z 2026-10-25T01:31:00.000Z"),
            ("3:30", autumn, "2026-10-24T01:30:00.000Z 2026-10-24T01:31:00.000Z"),
            ("2026-10-25", autumn, "2026-10-24T22:00:00.000Z 2026-10-25T23:00:00.000Z"),
        ] {
            for later_first in [false, true] {
                let told = told(text, now, later_first);
                assert_eq!(told.as_deref(), Ok(meant), "{text} at {now}, {later_first}");
            }
        }
    }

    #[test]
    fn what_names_no_time_is_refused() {
        for text in [
            "",
            "10",
            "24:00",
            "10:60",
            "10:42 10:43",
            "2026-02-30",
            "WB-1",
            "dana 10:42",
            "24-11-26",
            "4711-10-12",
            "+2026-11-24",
            "2026-1-1",
            "+9:05",
        ] {
            assert_eq!(stretch(text), Err(InvalidTime), "{text}");
        }
    }

    #[test]
    fn words_beside_the_time_stay() {
        let minute = "10:42".parse().ok();
        assert_eq!(
            TimeExpression::among("dana 10:42 rivera"),
            (minute, Some("dana rivera".into()))
        );
        assert_eq!(TimeExpression::among("10:42"), (minute, None));
        assert_eq!(TimeExpression::among("dana rivera"), (None, Some("dana rivera".into())));
        assert_eq!(TimeExpression::among("10:42 10:43"), (None, Some("10:42 10:43".into())));
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_is_refused(text in "[-0-9:+ ]{0,20}|[0-9]{4}-[01][0-9]-[0-3][0-9]|\\PC*") {
            if let Ok(said) = stretch(&text) {
                prop_assert!(said.len() > 40);
            }
            let _ = TimeExpression::among(&text);
        }
    }
}
