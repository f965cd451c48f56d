//! `log`: prints the log as text, JSON or CSV, and follows it.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Local};

use crate::cli::args::LogArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::EventLine;
use crate::cli::output::Output;
use crate::cli::request::{identify, parse};
use crate::cli::{moment, table};
use crate::domain::event::{Event, EventFilter, EventId, EventPage, LATE_COMMIT_OVERLAP};
use crate::domain::outcome::Outcome;
use crate::domain::time::Timestamp;
use crate::domain::time_range::{InvalidTime, TimeExpression};
use crate::service::api::DeskClient;
use crate::service::audit::calls::ReadLog;
use crate::service::csv_record::csv_record;
use crate::service::upkeep::calls::ReadClock;

/// Entries per read.
const PAGE: u32 = 500;

/// Default for `--limit`.
const DEFAULT_ENTRIES: u32 = 50;

/// Polling interval of `--follow`, in case a change signal is missed.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Column widths of the text output. They are fixed, since `--follow` cannot know later entries.
const WIDTHS: [usize; 8] = [19, 26, 12, 8, 18, 10, 26, 0];

const HEADINGS: [&str; 8] =
    ["TIME", "WHAT", "OUTCOME", "CHANNEL", "CONTACT", "REQUEST", "CUSTOMER", "WHO"];

/// Runs `log`.
pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: LogArgs,
) -> Result<Exit, Failure> {
    let filter = filter(desk, &arguments).await?;
    let writing = match (arguments.json, arguments.csv) {
        (true, _) => Writing::Json,
        (_, true) => Writing::Csv,
        _ => Writing::Lines,
    };
    // Subscribe before the first read, so that no change is missed in between.
    let mut changes = desk.signals().changes;
    let usual = if arguments.since.is_some() { LogArgs::MAX_ENTRIES } else { DEFAULT_ENTRIES };
    let limit = arguments.limit.unwrap_or(usual);
    if !arguments.follow {
        let events = newest(desk, &filter, limit).await?;
        if events.is_empty() && writing == Writing::Lines {
            output.note("Nothing is in the log that fits.");
            return Ok(Exit::DONE);
        }
        head(output, writing)?;
        write(output, writing, &events)?;
        if events.len() >= LogArgs::MAX_ENTRIES as usize {
            output.note("There may be older ones: these are the newest million.");
        }
        return Ok(Exit::DONE);
    }
    head(output, writing)?;
    // Read at least the overlap, so that no entry older than the first one shown appears as new.
    let mut events = newest(desk, &filter, limit.max(LATE_COMMIT_OVERLAP)).await?;
    let mut seen = Seen::default();
    seen.keep_new(&mut events);
    let asked = usize::try_from(limit).unwrap_or(usize::MAX);
    write(output, writing, &events[events.len().saturating_sub(asked)..])?;
    loop {
        output.flush()?;
        // A closed channel means that the store is gone for good; the next read returns the error.
        if tokio::time::timeout(POLL_INTERVAL, changes.changed()).await.is_ok_and(|it| it.is_err())
        {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        loop {
            let page = EventPage::following(seen.newest());
            let mut events = read(desk, &filter, page, PAGE).await?;
            let full = events.len() >= PAGE as usize;
            seen.keep_new(&mut events);
            write(output, writing, &events)?;
            if !full {
                break;
            }
        }
    }
}

/// The newest entries already seen: as many as are read again while following, since an older entry
/// may be committed late.
#[derive(Default)]
struct Seen(BTreeSet<EventId>);

impl Seen {
    fn newest(&self) -> EventId {
        self.0.last().copied().unwrap_or(EventId(0))
    }

    /// Keeps the entries not seen before, and marks them as seen.
    fn keep_new(&mut self, events: &mut Vec<Event>) {
        events.retain(|event| self.0.insert(event.id));
        while self.0.len() > LATE_COMMIT_OVERLAP as usize {
            self.0.pop_first();
        }
    }
}

async fn read(
    desk: &DeskClient,
    filter: &EventFilter,
    page: EventPage,
    limit: u32,
) -> Result<Vec<Event>, Failure> {
    Ok(desk.call(ReadLog { filter: filter.clone(), page, limit }).await?.events)
}

/// The newest entries that match the filter, oldest first.
async fn newest(
    desk: &DeskClient,
    filter: &EventFilter,
    limit: u32,
) -> Result<Vec<Event>, Failure> {
    let mut events: Vec<Event> = Vec::new();
    let mut page = EventPage::Newest;
    let mut left = limit;
    while left > 0 {
        let asked = left.min(PAGE);
        let mut more = read(desk, filter, page, asked).await?;
        let found = u32::try_from(more.len()).unwrap_or(u32::MAX);
        events.append(&mut more);
        let Some(oldest) = events.last() else { break };
        page = EventPage::Before(oldest.id);
        left = if found < asked { 0 } else { left - asked };
    }
    events.reverse();
    Ok(events)
}

async fn filter(desk: &DeskClient, arguments: &LogArgs) -> Result<EventFilter, Failure> {
    let customer = match &arguments.customer {
        Some(name) => Some(identify(desk, name).await?.id),
        None => None,
    };
    let (from, before) = time_range(desk, arguments.since, arguments.until).await?;
    Ok(EventFilter {
        text: arguments.text.clone(),
        outcome: arguments.outcome,
        channel: arguments.channel,
        customer,
        request: arguments.request.as_deref().map(parse).transpose()?,
        kind: arguments.kind,
        patterns: Vec::new(),
        clerk: arguments.clerk.clone(),
        counter: arguments.counter.clone(),
        provider: arguments.provider.clone(),
        purpose: arguments.purpose.clone(),
        from,
        before,
    })
}

/// Resolves `--since` and `--until` in the reader's local time zone.
pub(super) async fn time_range(
    desk: &DeskClient,
    since: Option<TimeExpression>,
    until: Option<TimeExpression>,
) -> Result<(Option<Timestamp>, Option<Timestamp>), Failure> {
    let now = desk.call(ReadClock).await?.store.to_utc().with_timezone(&Local);
    let (from, before) = range(since, until, &now)
        .map_err(|error| Failure::usage(format!("No clock shows that time; {error}.")))?;
    if from.zip(before).is_some_and(|(from, before)| before <= from) {
        return Err(Failure::usage("--until is before --since; change the two."));
    }
    Ok((from, before))
}

fn range(
    since: Option<TimeExpression>,
    until: Option<TimeExpression>,
    now: &DateTime<Local>,
) -> Result<(Option<Timestamp>, Option<Timestamp>), InvalidTime> {
    let from = since.map(|it| it.stretch(now)).transpose()?.map(|it| it.from);
    let end = until.map(|it| match from {
        Some(from) => it.stretch_after(from, now),
        None => it.stretch(now),
    });
    Ok((from, end.transpose()?.map(|it| it.before)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    Lines,
    Json,
    Csv,
}

/// Writes the header line.
fn head(output: &mut Output, writing: Writing) -> Result<(), Failure> {
    match writing {
        Writing::Lines => output.line(&table::line(&HEADINGS.map(str::to_owned), &WIDTHS))?,
        Writing::Json => {}
        Writing::Csv => output.line(&csv_record(EventLine::COLUMNS)?)?,
    }
    Ok(())
}

fn write(output: &mut Output, writing: Writing, events: &[Event]) -> Result<(), Failure> {
    for event in events {
        match writing {
            Writing::Lines => output.line(&line(event))?,
            Writing::Json => output.object(&EventLine::new(event))?,
            Writing::Csv => output.line(&csv_record(EventLine::new(event).cells())?)?,
        }
    }
    Ok(())
}

fn line(event: &Event) -> String {
    let customer = event.customer.as_ref();
    let detail = event.detail.as_deref().map(|it| format!(" · {it}")).unwrap_or_default();
    let cells = [
        moment::long(event.at),
        event.label().to_owned(),
        event.outcome.map_or("", Outcome::word).to_owned(),
        event.channel.map_or("", |channel| channel.label()).to_owned(),
        event.contact.clone().unwrap_or_default(),
        event.request.as_ref().map_or("", |id| id.as_str()).to_owned(),
        customer.map(|it| format!("{} {}", it.account_no, it.name)).unwrap_or_default(),
        format!("{} at {}{detail}", event.actor.clerk, event.actor.counter),
    ];
    table::line(&cells, &WIDTHS)
}
