//! Adding to the stats, in the transaction that seals the events.
//!
//! A row is a few numbers: the quarter of an hour, the number of the series, the count. The
//! names of a series are written once. There are two sets of rows, one of which is read; the
//! other is where they are made anew (`store::stats::rebuild`).

use std::collections::BTreeMap;

use crate::domain::stats::roll_up::RollUp;
use crate::domain::stats::series::StatsSeries;
use crate::store::database::batch::Write;
use crate::store::database::engine::{args, list};
use crate::store::database::statement::statements;

statements! {
    NAME_SERIES {
        (insert_rows "core_stats_series" {
            id: int,
            counter: text,
            clerk: text,
            channel: text,
            provider: text,
            purpose: text,
            kind: text,
            outcome: text,
        })
        (or_leave "id")
    }
    COUNT_EVENTS {
        (insert_rows "core_stats" { run: int, quarter: int, series: int, events: int })
        (each
            (" ON CONFLICT (run, quarter, series) \
              DO UPDATE SET events = core_stats.events + excluded.events")
            (" ON CONFLICT (run, quarter, series) \
              DO UPDATE SET events = core_stats.events + excluded.events")
            (" ON DUPLICATE KEY UPDATE events = events + VALUES(events)"))
    }
    COUNT_TIMES {
        (insert_rows "core_stats_time" {
            run: int,
            quarter: int,
            series: int,
            bucket: int,
            events: int,
        })
        (each
            (" ON CONFLICT (run, quarter, series, bucket) \
              DO UPDATE SET events = core_stats_time.events + excluded.events")
            (" ON CONFLICT (run, quarter, series, bucket) \
              DO UPDATE SET events = core_stats_time.events + excluded.events")
            (" ON DUPLICATE KEY UPDATE events = events + VALUES(events)"))
    }
}

/// A roll-up as rows.
pub(in crate::store) struct RolledUp {
    series: String,
    events: String,
    times: Option<String>,
}

impl RolledUp {
    /// The rows for one of the two sets.
    pub(in crate::store) fn new(run: i64, roll_up: &RollUp) -> Self {
        let mut series: BTreeMap<i64, StatsSeries> = BTreeMap::new();
        let mut number = |it: &StatsSeries| {
            let number = it.number();
            series.entry(number).or_insert_with(|| it.clone());
            number
        };
        let (mut events, mut times) = (Vec::new(), Vec::new());
        for ((quarter, it), count) in &roll_up.events {
            events.push(serde_json::json!([run, quarter.0, number(it), count]));
        }
        for ((quarter, it, bucket), count) in &roll_up.times {
            times.push(serde_json::json!([run, quarter.0, number(it), bucket.0, count]));
        }
        let named = |(number, it): (&i64, &StatsSeries)| {
            serde_json::json!([
                number,
                it.counter,
                it.clerk,
                it.channel,
                it.provider,
                it.purpose,
                it.kind,
                it.outcome
            ])
        };
        Self {
            series: list(series.iter().map(named)),
            events: list(events),
            times: (!times.is_empty()).then(|| list(times)),
        }
    }

    /// The writes, each of another table.
    pub(in crate::store) fn writes(&self) -> impl Iterator<Item = Write<'_>> {
        let write = |sql, rows| Write { sql, args: args![rows].to_vec() };
        [write(&NAME_SERIES, &self.series), write(&COUNT_EVENTS, &self.events)]
            .into_iter()
            .chain(self.times.as_ref().map(move |it| write(&COUNT_TIMES, it)))
    }
}
