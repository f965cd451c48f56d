//! Reading the stats. What is read are the rows of the quarters that are asked about, however
//! many events they count.

use std::collections::BTreeMap;

use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;
use crate::domain::stats::figures::{Figure, StatsCounts};
use crate::domain::stats::histogram::{Bucket, Histogram};
use crate::domain::stats::query::{GroupStats, SpanStats, StatsDimension, StatsFilter, StatsSpan};
use crate::service::ports::error::StoreError;
use crate::service::ports::stats::{StatsFound, StatsQuery};
use crate::store::database::engine::{Arg, Database, Row, args, list};
use crate::store::database::statement::statements;

/// How many rows an answer is made of at most.
const MAX_ROWS: u32 = 50_000;

statements! {
    /// $1 is a JSON list of spans, each with its place, its first quarter and the one after
    /// its last; $2 the dimension, $3 to $7 the filter.
    COUNTS {
        "SELECT spans.place AS place, " (stats_name "$2") " AS name, named.kind AS kind, \
         named.outcome AS outcome, \
         CASE WHEN named.channel = '' THEN '' ELSE 'channel' END AS by_what, " (stats_sum "s.events") " AS events FROM "
        (stats_spans "$1" "core_stats" "series")
        " WHERE " (stats_filter "$3" "$4" "$5" "$6" "$7")
        " GROUP BY place, name, kind, outcome, by_what" unsorted " LIMIT $8"
    }
    TIMES {
        "SELECT spans.place AS place, " (stats_name "$2") " AS name, named.kind AS kind, \
         s.bucket AS bucket, " (stats_sum "s.events") " AS events FROM "
        (stats_spans "$1" "core_stats_time" "series, bucket")
        " WHERE named.clerk = '' AND " (stats_filter "$3" "$4" "$5" "$6" "$7")
        " GROUP BY place, name, kind, bucket" unsorted " LIMIT $8"
    }
    STATE { "SELECT " now " AS read_at, since FROM core_stats_state WHERE id = 1" }
}

/// The figures of spans.
pub(in crate::store) async fn stats(
    db: &Database,
    query: &StatsQuery,
) -> Result<StatsFound, StoreError> {
    let spans = query.spans.iter().enumerate();
    let spans = list(spans.map(|(at, it)| serde_json::json!([at, it.from.0, it.before.0])));
    let by = query.by.map_or("", StatsDimension::word);
    let arguments = arguments(&spans, by, &query.only);
    let mut groups = Groups::default();
    let counted = db.all(&COUNTS, &arguments).await?;
    for row in &counted {
        groups.count(row)?;
    }
    let mut timed = Vec::new();
    if query.by.is_none_or(StatsDimension::is_timed) && query.only.is_timed() {
        timed = db.all(&TIMES, &arguments).await?;
    }
    for row in &timed {
        groups.time(row)?;
    }
    let state = db.maybe(&STATE, args![]).await?;
    let state = state.ok_or_else(|| StoreError::Failed("the stats have no state".into()))?;
    Ok(StatsFound {
        read_at: state.time("read_at")?,
        spans: groups.spans(&query.spans),
        uncounted: u64::try_from(state.int("since")?).unwrap_or_default(),
        more: counted.len().max(timed.len()) >= MAX_ROWS as usize,
    })
}

fn arguments<'a>(spans: &'a str, by: &'a str, only: &'a StatsFilter) -> [Arg<'a>; 8] {
    [
        spans.into(),
        by.into(),
        only.counter.as_deref().into(),
        only.clerk.as_deref().into(),
        only.channel.as_deref().into(),
        only.provider.as_deref().into(),
        only.purpose.as_deref().into(),
        MAX_ROWS.into(),
    ]
}

/// The groups of each span, by the place of the span.
#[derive(Default)]
struct Groups(BTreeMap<(i64, String), Group>);

#[derive(Default)]
struct Group {
    counts: StatsCounts,
    accepted: Histogram,
    delivered: Histogram,
    verified: Histogram,
}

impl Groups {
    fn of(&mut self, row: &Row) -> Result<&mut Group, StoreError> {
        Ok(self.0.entry((row.int("place")?, row.text("name")?)).or_default())
    }

    fn count(&mut self, row: &Row) -> Result<(), StoreError> {
        let outcome: Option<Outcome> = row.text("outcome")?.parse().ok();
        let by_factor = row.text("by_what")?.is_empty();
        // An event of a later version counts for nothing that this one knows.
        let kind: Option<EventKind> = row.text("kind")?.parse().ok();
        if let Some(figure) = kind.and_then(|kind| Figure::of(kind, outcome, by_factor)) {
            let events = events(row)?;
            self.of(row)?.counts.add(figure, events);
        }
        Ok(())
    }

    fn time(&mut self, row: &Row) -> Result<(), StoreError> {
        let (kind, bucket, events) = (row.text("kind")?, row.count("bucket")?, events(row)?);
        let group = self.of(row)?;
        let times = match kind.parse() {
            Ok(EventKind::Sent) => &mut group.accepted,
            Ok(EventKind::Delivered) => &mut group.delivered,
            Ok(EventKind::Attempt) => &mut group.verified,
            _ => return Ok(()),
        };
        times.add(Bucket(bucket), events);
        Ok(())
    }

    fn spans(self, asked: &[StatsSpan]) -> Vec<SpanStats> {
        let mut spans: Vec<_> =
            asked.iter().map(|span| SpanStats { span: *span, groups: Vec::new() }).collect();
        for ((place, name), group) in self.0 {
            let span = usize::try_from(place).ok().and_then(|at| spans.get_mut(at));
            if let Some(span) = span {
                span.groups.push(GroupStats {
                    name,
                    counts: group.counts,
                    accepted: group.accepted.percentiles(),
                    delivered: group.delivered.percentiles(),
                    verified: group.verified.percentiles(),
                });
            }
        }
        spans
    }
}

fn events(row: &Row) -> Result<u64, StoreError> {
    Ok(u64::try_from(row.int("events")?).unwrap_or_default())
}
