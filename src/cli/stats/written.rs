//! The stats as a table, as CSV and as JSON.

use std::time::Duration;

use chrono::Local;

use crate::cli::exit::Failure;
use crate::cli::json::{StatsLine, StatsReply, UsualLine};
use crate::cli::output::Output;
use crate::cli::stats::StatsRead;
use crate::cli::table::Table;
use crate::domain::delivery_stats::Percentiles;
use crate::domain::stats::figures::{Figure, StatsCounts};
use crate::domain::stats::query::{GroupStats, StatsDimension, StatsSpan};
use crate::service::csv_record::csv_record;
use crate::service::messages;

/// The figures of the table, with their headings.
const SHOWN: [(Figure, &str); 7] = [
    (Figure::Asked, "ASKED"),
    (Figure::Sent, "SENT"),
    (Figure::Delivered, "DELIVERED"),
    (Figure::NotSent, "NOT SENT"),
    (Figure::Verified, "VERIFIED"),
    (Figure::Wrong, "WRONG"),
    (Figure::Expired, "EXPIRED"),
];

impl StatsRead {
    /// A group for each line, with its span.
    fn lines(&self) -> impl Iterator<Item = (StatsSpan, &GroupStats)> {
        let spans = self.stats.spans.iter();
        spans.flat_map(|it| it.groups.iter().map(move |group| (it.span, group)))
    }
}

pub(super) fn json(
    output: &mut Output,
    found: &StatsRead,
    by: Option<StatsDimension>,
) -> Result<(), Failure> {
    let StatsRead { whole, stats, usual } = found;
    output.object(&StatsReply {
        outcome: "read",
        read_at: stats.read_at,
        since: whole.from.began_at(),
        until: whole.before.began_at(),
        by,
        uncounted: stats.uncounted,
        unsealed: stats.unsealed,
        more: stats.more,
        usual: *usual,
        rows: found
            .lines()
            .map(|(span, group)| StatsLine::new(span, by.map(|_| &*group.name), group))
            .collect(),
    })?;
    Ok(())
}

pub(super) fn csv(
    output: &mut Output,
    found: &StatsRead,
    by: Option<StatsDimension>,
) -> Result<(), Failure> {
    let figures = Figure::ALL.map(Figure::word).map(str::to_owned);
    let times = ["accepted", "delivered", "verified"];
    let ends = ["count", "p50_ms", "p95_ms"];
    let mut head = vec!["since".to_owned(), "until".to_owned()];
    head.extend(by.map(|by| by.word().to_owned()));
    head.extend(figures);
    head.extend(times.iter().flat_map(|it| ends.map(|end| format!("{it}_{end}"))));
    output.own(format!("{}\n", head.join(",")).as_bytes())?;
    for (span, group) in found.lines() {
        let line = StatsLine::new(span, None, group);
        let mut cells = vec![line.since.to_string(), line.until.to_string()];
        cells.extend(by.map(|_| group.name.clone()));
        cells.extend(Figure::ALL.map(|it| group.counts.of(it).to_string()));
        for times in [line.accepted, line.delivered, line.verified] {
            cells.extend(match times {
                Some(it) => [it.count.to_string(), it.p50_ms.to_string(), it.p95_ms.to_string()],
                None => ["0".into(), String::new(), String::new()],
            });
        }
        output.own(format!("{}\n", csv_record(cells)?).as_bytes())?;
    }
    Ok(())
}

pub(super) fn table(
    output: &mut Output,
    found: &StatsRead,
    by: Option<StatsDimension>,
) -> Result<(), Failure> {
    let mut all = StatsCounts::default();
    for span in &found.stats.spans {
        all.merge(&span.counts());
    }
    output.line(&headline(found, &all))?;
    if all.is_empty() {
        output.line("Nothing was done.")?;
        return Ok(());
    }
    output.line("")?;
    let first = by.map_or("FROM", |by| match by {
        StatsDimension::Counter => "COUNTER",
        StatsDimension::Clerk => "CLERK",
        StatsDimension::Channel => "CHANNEL",
        StatsDimension::Provider => "PROVIDER",
        StatsDimension::Purpose => "PURPOSE",
    });
    let [h1, h2, h3, h4, h5, h6, h7] = SHOWN.map(|(_, heading)| heading);
    let mut table =
        Table::new([first, h1, h2, h3, h4, h5, h6, h7, "SUCCESS", "SENT IN", "VERIFIED IN"]);
    let is_by_day = found.stats.spans.iter().any(|it| is_longer_than_an_hour(it.span));
    for (span, group) in found.lines() {
        let name = match by {
            Some(_) if group.name.is_empty() => "-".to_owned(),
            Some(_) => group.name.clone(),
            None => shown(span, is_by_day),
        };
        let [c1, c2, c3, c4, c5, c6, c7] =
            SHOWN.map(|(figure, _)| group.counts.of(figure).to_string());
        let success = group.counts.success_percent();
        let success = success.map_or_else(|| "-".to_owned(), |it| format!("{it} %"));
        let times = [times(group.accepted), times(group.verified)];
        let [accepted, verified] = times;
        table.row([name, c1, c2, c3, c4, c5, c6, c7, success, accepted, verified]);
    }
    table.print(output)?;
    Ok(())
}

fn headline(found: &StatsRead, all: &StatsCounts) -> String {
    let usual = |of: fn(&UsualLine) -> Option<u64>| {
        let usual = found.usual.as_ref().and_then(of);
        usual.map_or_else(String::new, |it| format!(" (usually {it} by now)"))
    };
    let success = all.success_percent().map_or_else(String::new, |it| format!(", {it} of 100"));
    format!(
        "Asked for: {}{}. Verified: {}{success}{}. Went wrong: {}{}.",
        all.of(Figure::Asked),
        usual(|it| it.asked),
        all.of(Figure::Verified),
        usual(|it| it.verified),
        all.failures(),
        usual(|it| it.failures),
    )
}

fn is_longer_than_an_hour(span: StatsSpan) -> bool {
    span.before.began_at().since(span.from.began_at()) > Duration::from_hours(1)
}

/// When a span began, by the clock on the reader's wall.
fn shown(span: StatsSpan, is_by_day: bool) -> String {
    let form = if is_by_day { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" };
    span.from.began_at().to_utc().with_timezone(&Local).format(form).to_string()
}

/// Half of them within, 95 of 100 within.
fn times(times: Option<Percentiles>) -> String {
    times.map_or_else(
        || "-".to_owned(),
        |it| format!("{} / {}", messages::span(it.p50), messages::span(it.p95)),
    )
}
