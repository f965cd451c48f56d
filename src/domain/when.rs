//! Moments as people name them: `10:42`, `2026-11-24`, or both.
//!
//! What is named is a stretch, the whole minute or the whole day, since nobody who
//! asks what happened at 10:42 means its first millisecond. A minute without a day
//! is the last one that there was: at nine in the morning 16:30 is yesterday's.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};

use super::time::Timestamp;

/// A minute or a day, as it was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    day: Option<NaiveDate>,
    minute: Option<NaiveTime>,
}

/// From one moment until before another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub before: Timestamp,
}

/// The text names neither a minute nor a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a time such as 10:42, a day such as 2026-11-24, or both: \"2026-11-24 10:42\"")]
pub struct NotATime;

impl FromStr for When {
    type Err = NotATime;

    /// Reads what nothing else can be: a time with a colon, a day with two hyphens.
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let mut when = Self { day: None, minute: None };
        for word in text.split_whitespace() {
            if let (None, Ok(day)) = (when.day, NaiveDate::parse_from_str(word, "%Y-%m-%d")) {
                when.day = Some(day);
            } else if let (None, Ok(minute)) =
                (when.minute, NaiveTime::parse_from_str(word, "%H:%M"))
            {
                when.minute = Some(minute);
            } else {
                return Err(NotATime);
            }
        }
        if when.day.is_none() && when.minute.is_none() { Err(NotATime) } else { Ok(when) }
    }
}

impl When {
    /// Takes the words that name a time out of a text; what is left, if any.
    pub fn among(text: &str) -> (Option<Self>, Option<String>) {
        let is_time = |word: &&str| word.parse::<Self>().is_ok();
        let (times, others): (Vec<_>, Vec<_>) = text.split_whitespace().partition(is_time);
        match times.join(" ").parse() {
            Ok(when) => (Some(when), Some(others.join(" ")).filter(|it| !it.is_empty())),
            Err(NotATime) => (None, Some(text.to_owned())),
        }
    }

    /// The stretch it names to somebody whose clock shows `now`.
    ///
    /// # Errors
    /// That clock never shows such a time: it is set forward over it, or the day is
    /// at the end of the calendar.
    pub fn stretch<Z: TimeZone>(self, now: &DateTime<Z>) -> Result<Stretch, NotATime> {
        let today = now.date_naive();
        let day = self.day.unwrap_or(today);
        let Some(minute) = self.minute else {
            let next = day.checked_add_days(Days::new(1)).ok_or(NotATime)?;
            let midnight = |day: NaiveDate| moment(day.and_time(NaiveTime::MIN), now);
            return Ok(Stretch { from: midnight(day)?, before: midnight(next)? });
        };
        let ahead = self.day.is_none() && day.and_time(minute) > now.naive_local();
        let day = if ahead { day.checked_sub_days(Days::new(1)).ok_or(NotATime)? } else { day };
        let from = day.and_time(minute);
        let before = from.checked_add_signed(TimeDelta::minutes(1)).ok_or(NotATime)?;
        Ok(Stretch { from: moment(from, now)?, before: moment(before, now)? })
    }
}

/// The first moment at which the clock shows this.
fn moment<Z: TimeZone>(shown: NaiveDateTime, now: &DateTime<Z>) -> Result<Timestamp, NotATime> {
    let moment = now.timezone().from_local_datetime(&shown).earliest().ok_or(NotATime)?;
    Ok(Timestamp::from_millis(moment.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stretch(text: &str) -> Result<String, NotATime> {
        let now =
            DateTime::parse_from_rfc3339("2026-11-25T09:00:30+01:00").map_err(|_| NotATime)?;
        let Stretch { from, before } = text.parse::<When>()?.stretch(&now)?;
        Ok(format!("{from} {before}"))
    }

    #[test]
    fn a_minute_and_a_day_are_meant_as_a_whole() {
        for (text, meant) in [
            ("8:42", "2026-11-25T07:42:00.000Z 2026-11-25T07:43:00.000Z"),
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
    fn what_names_no_time_is_refused() {
        for text in ["", "10", "24:00", "10:60", "10:42 10:43", "2026-02-30", "WB-1", "dana 10:42"]
        {
            assert_eq!(stretch(text), Err(NotATime), "{text}");
        }
    }

    #[test]
    fn words_beside_the_time_stay() {
        let minute = "10:42".parse().ok();
        assert_eq!(When::among("dana 10:42 rivera"), (minute, Some("dana rivera".into())));
        assert_eq!(When::among("10:42"), (minute, None));
        assert_eq!(When::among("dana rivera"), (None, Some("dana rivera".into())));
        assert_eq!(When::among("10:42 10:43"), (None, Some("10:42 10:43".into())));
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_is_refused(text in any::<String>()) {
            if let Ok(said) = stretch(&text) {
                prop_assert!(said.len() > 40);
            }
            let _ = When::among(&text);
        }
    }
}
