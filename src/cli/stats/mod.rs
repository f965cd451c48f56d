//! `stats`: what the log comes to, for admins and auditors.

mod alarms;
mod prometheus;
mod written;

use std::time::Duration;

use chrono::{DateTime, Local};

use crate::cli::args::{StatsArgs, StatsCommand};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{RebuildReply, UsualLine};
use crate::cli::log;
use crate::cli::output::Output;
use crate::domain::stats::cut::{StatsUnit, cut};
use crate::domain::stats::figures::{Figure, StatsCounts};
use crate::domain::stats::quarter::Quarter;
use crate::domain::stats::query::{SpanStats, Stats, StatsDimension, StatsFilter, StatsSpan};
use crate::domain::stats::usual;
use crate::service::api::DeskClient;
use crate::service::stats::SPANS_MAX;
use crate::service::stats::calls::{ReadStats, RebuildStats, RecordStatsExport};
use crate::service::upkeep::calls::ReadClock;

/// A longer time is told by days.
const BY_HOURS: Duration = Duration::from_hours(49);

/// `stats`
pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: StatsArgs,
) -> Result<Exit, Failure> {
    match arguments.command {
        Some(StatsCommand::Rebuild(_)) => rebuild(desk, output).await,
        Some(StatsCommand::Acknowledge(arguments)) => {
            alarms::acknowledge(desk, output, arguments).await
        }
        None if arguments.alarms => alarms::list(desk, output).await,
        None => read(desk, output, &arguments).await,
    }
}

/// What was asked for, and what is usual.
struct StatsRead {
    whole: StatsSpan,
    stats: Stats,
    usual: Option<UsualLine>,
}

async fn read(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &StatsArgs,
) -> Result<Exit, Failure> {
    let now = desk.call(ReadClock).await?.store.to_utc().with_timezone(&Local);
    let whole = whole(desk, arguments, &now).await?;
    let spans = spans(whole, arguments)?;
    let only = StatsFilter::default();
    let stats = desk.call(ReadStats { spans, by: arguments.by, only }).await?;
    let is_today = arguments.since.is_none() && arguments.until.is_none();
    let usual = if is_today { usual(desk, whole, &now).await? } else { None };
    let found = StatsRead { whole, stats, usual };
    if arguments.prometheus {
        prometheus::write(output, &found, arguments.by)?;
    } else if arguments.csv {
        let lines = found.stats.spans.iter().map(|it| it.groups.len()).sum::<usize>();
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        let part = arguments.by.map_or("by time", StatsDimension::word).to_owned();
        desk.call(RecordStatsExport { part, lines, key: desk.idempotency_key() }).await?;
        written::csv(output, &found, arguments.by)?;
    } else if output.json() {
        written::json(output, &found, arguments.by)?;
    } else {
        written::table(output, &found, arguments.by)?;
    }
    tell_of_uncounted(output, &found.stats);
    Ok(Exit::DONE)
}

/// From midnight until now, or what was named; without a beginning, the day of the end.
async fn whole(
    desk: &DeskClient,
    arguments: &StatsArgs,
    now: &DateTime<Local>,
) -> Result<StatsSpan, Failure> {
    let (since, until) = log::time_range(desk, arguments.since, arguments.until).await?;
    let instant = Duration::from_millis(1);
    let last = match until {
        Some(until) => until.minus(instant).to_utc().with_timezone(&Local),
        None => *now,
    };
    let day = usual::today(&last);
    Ok(since.map_or(day, |since| StatsSpan { from: Quarter::of(since), ..day }))
}

/// One for each hour or day, or all of it for groups.
fn spans(whole: StatsSpan, arguments: &StatsArgs) -> Result<Vec<StatsSpan>, Failure> {
    if arguments.by.is_some() || arguments.prometheus {
        return Ok(vec![whole]);
    }
    let length = whole.before.began_at().since(whole.from.began_at());
    let unit = if length <= BY_HOURS { StatsUnit::Hour } else { StatsUnit::Day };
    let spans = cut(whole, unit, &Local);
    if spans.len() > SPANS_MAX {
        let most = format!("Ask for {SPANS_MAX} days at most, or for one line by clerk: --by.");
        return Err(Failure::usage(most));
    }
    Ok(spans)
}

/// The median of the weeks before, at this part of this weekday.
async fn usual(
    desk: &DeskClient,
    today: StatsSpan,
    now: &DateTime<Local>,
) -> Result<Option<UsualLine>, Failure> {
    let spans = usual::weeks_before(today, now);
    let weeks = desk.call(ReadStats { spans, by: None, only: StatsFilter::default() }).await?;
    let weeks: Vec<StatsCounts> = weeks.spans.iter().map(SpanStats::counts).collect();
    let median = |of: fn(&StatsCounts) -> u64| usual::median(weeks.iter().map(of));
    let asked = median(|it| it.of(Figure::Asked));
    Ok(asked.map(|_| UsualLine {
        asked,
        verified: median(|it| it.of(Figure::Verified)),
        failures: median(StatsCounts::failures),
    }))
}

fn tell_of_uncounted(output: &mut Output, stats: &Stats) {
    if stats.uncounted > 0 {
        let command = output.command(&["stats", "rebuild"]);
        output.note(&format!(
            "The first {} sealed entries of the log are not counted: {command}",
            stats.uncounted
        ));
    }
    if stats.unsealed > 0 {
        output.note(&format!(
            "{} entries are not sealed yet, and counted when they are.",
            stats.unsealed
        ));
    }
    if stats.more {
        output.note("There was more than an answer takes; ask for less at once.");
    }
}

async fn rebuild(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    loop {
        let step = desk.call(RebuildStats).await?;
        if step.is_over {
            output.progress("");
            let message = format!("The stats were made anew from {} sealed entries.", step.of);
            if output.json() {
                let reply = RebuildReply { outcome: "rebuilt", message, entries: step.of };
                output.object(&reply)?;
            } else {
                output.line(&message)?;
            }
            return Ok(Exit::DONE);
        }
        output.progress(&format!("{} of {} entries counted", step.done, step.of));
    }
}
