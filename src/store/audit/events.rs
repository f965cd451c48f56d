//! The log: writing an event in the transaction of its act, and reading pages of events.
//!
//! A page starts from the number of an event, never from a count of rows, and each
//! combination of filters has an index that leads to its rows; the remaining conditions are
//! tested on the few rows that the index yields. Events are numbered in the order of time,
//! so that a point in time is translated to a number by a binary search over the key, and
//! no index on the time is needed. Where the store's clock was set back, events of that
//! time may be missing from a time range or be wrongly in it.

use std::ops::Range;

use crate::domain::channel::Channel;
use crate::domain::event::{Event, EventFilter, EventId, EventPage, EventPattern};
use crate::domain::outcome::Outcome;
use crate::domain::query::Query;
use crate::domain::request::{Reference, RequestId};
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::store::database::batch::Write;
use crate::store::database::columns::events::{self, EventColumns};
use crate::store::database::engine::{Arg, Database, Tx, args, list};
use crate::store::database::statement::statements;
use crate::store::search_index::search;

/// How many customers a text may match; the events of further ones are not shown.
const MAX_CUSTOMERS: u32 = 50;

statements! {
    WRITE {
        (insert "core_event" {
            at: now,
            kind: "$1",
            outcome: "$2",
            request: "$3",
            customer_id: "$4",
            channel: "$5",
            contact: "$6",
            clerk: "$7",
            counter: "$8",
            detail: "$9",
            act: "$10",
            purpose: "$11",
            provider: "$12",
            asked_at: "$13",
        })
    }
    /// Any number of events in one statement.
    WRITE_MANY {
        (insert_rows "core_event" {
            at: now,
            kind: text,
            outcome: text,
            request: text,
            customer_id: int,
            channel: text,
            contact: text,
            clerk: text,
            counter: text,
            detail: text,
            act: text,
            purpose: text,
            provider: text,
            asked_at: int,
        })
    }
    LAST { "SELECT id FROM core_event WHERE id >= $1 ORDER BY id DESC LIMIT 1" }
    NEXT { "SELECT id, at FROM core_event WHERE id >= $1 ORDER BY id LIMIT 1" }
    ANY_BEFORE {
        (select EventColumns) "WHERE e.id < $1 ORDER BY e.id DESC LIMIT $2"
    }
    ANY_AFTER {
        (select EventColumns) "WHERE e.id > $1 ORDER BY e.id LIMIT $2"
    }
    OUTCOME_BEFORE {
        (select EventColumns) (before "e.outcome" "$3" "e.outcome DESC") "LIMIT $2"
    }
    OUTCOME_AFTER {
        (select EventColumns) (after "e.outcome" "$3") "LIMIT $2"
    }
    CHANNEL_BEFORE {
        (select EventColumns) (before "e.channel" "$3" "e.channel DESC") "LIMIT $2"
    }
    CHANNEL_AFTER {
        (select EventColumns) (after "e.channel" "$3") "LIMIT $2"
    }
    BOTH_BEFORE {
        (select EventColumns) (before "e.outcome, e.channel" "$3, $4" "e.outcome DESC, e.channel DESC") "LIMIT $2"
    }
    BOTH_AFTER {
        (select EventColumns) (after "e.outcome, e.channel" "$3, $4") "LIMIT $2"
    }
    /// Events are kept for longer than their request.
    IS_REQUEST { "SELECT id FROM core_event WHERE request = $1 LIMIT 1" }
    /// The newest request before a point in time whose message has this reference, among
    /// the last 2,000: there are 3,872 references, so that they repeat.
    OF_REFERENCE {
        "SELECT few.public_id AS public_id FROM (SELECT id, public_id, reference, created_at FROM core_otp \
         WHERE id >= $3 ORDER BY id DESC LIMIT 2000) few \
         WHERE few.reference = $1 AND few.created_at < $2 ORDER BY few.id DESC LIMIT 1"
    }
    /// A request has few events, so that the other conditions are tested row by row.
    REQUEST_BEFORE {
        (select EventColumns) "WHERE e.request = $3 AND e.id < $1 \
         AND ($4 IS NULL OR e.outcome = $4) AND ($5 IS NULL OR e.channel = $5) \
         AND ($6 IS NULL OR e.customer_id " (among "$6") ") \
         ORDER BY e.id DESC LIMIT $2"
    }
    REQUEST_AFTER {
        (select EventColumns) "WHERE e.request = $3 AND e.id > $1 \
         AND ($4 IS NULL OR e.outcome = $4) AND ($5 IS NULL OR e.channel = $5) \
         AND ($6 IS NULL OR e.customer_id " (among "$6") ") \
         ORDER BY e.id LIMIT $2"
    }
    /// By number, within a range.
    NARROW_BEFORE {
        (select EventColumns) "WHERE e.id < $1 AND e.id >= $3 AND "
        (event_is "$4" "$5" "$6" "$7" "$8" "$9" "$10" "$11") " ORDER BY e.id DESC LIMIT $2"
    }
    NARROW_AFTER {
        (select EventColumns) "WHERE e.id > $1 AND e.id < $3 AND "
        (event_is "$4" "$5" "$6" "$7" "$8" "$9" "$10" "$11") " ORDER BY e.id LIMIT $2"
    }
    /// Of one clerk. The order is one that only the right index has, as elsewhere.
    CLERK_BEFORE {
        (select EventColumns) "WHERE e.clerk = $12 AND e.id < $1 AND e.id >= $3 AND "
        (event_is "$4" "$5" "$6" "$7" "$8" "$9" "$10" "$11")
        " ORDER BY " (each ("") ("e.clerk DESC, ") ("")) "e.id DESC LIMIT $2"
    }
    CLERK_AFTER {
        (select EventColumns) "WHERE e.clerk = $12 AND e.id > $1 AND e.id < $3 AND "
        (event_is "$4" "$5" "$6" "$7" "$8" "$9" "$10" "$11")
        " ORDER BY " (each ("") ("e.clerk, ") ("")) "e.id LIMIT $2"
    }
    /// A customer has few events too. COALESCE keeps the planner from indexes that lead to
    /// the events of all customers.
    CUSTOMERS_BEFORE {
        (select EventColumns) "WHERE e.customer_id " (among "$3") " AND e.id < $1 \
         AND ($4 IS NULL OR COALESCE(e.outcome, '') = $4) \
         AND ($5 IS NULL OR COALESCE(e.channel, '') = $5) \
         ORDER BY e.id DESC LIMIT $2"
    }
    CUSTOMERS_AFTER {
        (select EventColumns) "WHERE e.customer_id " (among "$3") " AND e.id > $1 \
         AND ($4 IS NULL OR COALESCE(e.outcome, '') = $4) \
         AND ($5 IS NULL OR COALESCE(e.channel, '') = $5) \
         ORDER BY e.id LIMIT $2"
    }
}

/// Writes an event in the transaction of its act.
pub(in crate::store) async fn write(tx: &mut Tx, event: &NewEvent<'_>) -> Result<(), StoreError> {
    write_once(tx, event, None).await
}

/// As [`write`], with an idempotency key: repeated, it fails with [`StoreError::Taken`].
pub(in crate::store) async fn write_once(
    tx: &mut Tx,
    event: &NewEvent<'_>,
    act: Option<&str>,
) -> Result<(), StoreError> {
    write_with(tx, Vec::new(), event, act).await
}

/// Writes an event together with other writes of its act.
pub(in crate::store) async fn write_with<'a>(
    tx: &mut Tx,
    mut writes: Vec<Write<'a>>,
    event: &'a NewEvent<'_>,
    act: Option<&'a str>,
) -> Result<(), StoreError> {
    let args = args![
        event.kind.word(),
        event.outcome.map(Outcome::word),
        event.request.map(RequestId::as_str),
        event.customer.map(|it| it.0),
        event.channel.map(Channel::word),
        event.contact.as_deref(),
        &event.actor.clerk,
        &event.actor.counter,
        event.detail.as_deref(),
        act,
        event.facts.purpose,
        event.facts.provider,
        event.facts.asked_at.map(Timestamp::millis),
    ];
    writes.push(Write { sql: &WRITE, args: args.to_vec() });
    tx.write_all(&writes).await?;
    tx.wrote_event();
    Ok(())
}

/// Writes any number of events by one statement.
pub(in crate::store) async fn write_many(
    tx: &mut Tx,
    events: &[NewEvent<'_>],
) -> Result<(), StoreError> {
    let rows = list(events.iter().map(|it| row(it, None)));
    write_rows_with(tx, Vec::new(), &rows).await
}

/// Writes a list of events made by [`row`], together with other writes of their act.
pub(in crate::store) async fn write_rows_with<'a>(
    tx: &mut Tx,
    mut writes: Vec<Write<'a>>,
    rows: &'a str,
) -> Result<(), StoreError> {
    writes.push(Write { sql: &WRITE_MANY, args: args![rows].to_vec() });
    tx.write_all(&writes).await?;
    tx.wrote_event();
    Ok(())
}

/// An event as a row of [`WRITE_MANY`], with its idempotency key if it has one.
pub(in crate::store) fn row(event: &NewEvent<'_>, act: Option<&str>) -> serde_json::Value {
    serde_json::json!([
        event.kind.word(),
        event.outcome.map(Outcome::word),
        event.request.map(RequestId::as_str),
        event.customer.map(|it| it.0),
        event.channel.map(Channel::word),
        event.contact,
        event.actor.clerk,
        event.actor.counter,
        event.detail,
        act,
        event.facts.purpose,
        event.facts.provider,
        event.facts.asked_at.map(Timestamp::millis),
    ])
}

/// Writes an event that belongs to no other act; repeated, it is written once.
pub(in crate::store) async fn record(
    db: &Database,
    act: &str,
    event: &NewEvent<'_>,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    match write_once(&mut tx, event, Some(act)).await {
        Err(StoreError::Taken(_)) => Ok(()),
        Err(error) => Err(error),
        Ok(()) => tx.commit().await,
    }
}

/// A filter whose text and times have been looked up.
struct ResolvedFilter<'a> {
    request: Option<RequestId>,
    /// A JSON list of customers.
    customers: Option<String>,
    outcome: Option<&'a str>,
    channel: Option<&'a str>,
    /// The range of event numbers in which its times lie.
    numbers: Range<i64>,
}

/// A page of events.
pub(in crate::store) async fn events(
    db: &Database,
    filter: &EventFilter,
    page: EventPage,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let Some(resolved) = resolve(db, filter).await? else { return Ok(Vec::new()) };
    let (backwards, from) = match page {
        EventPage::Newest => (true, resolved.numbers.end),
        EventPage::Before(EventId(id)) => (true, id.min(resolved.numbers.end)),
        EventPage::After(EventId(id)) => (false, id.max(resolved.numbers.start - 1)),
    };
    let pick = |before, after| if backwards { before } else { after };
    let (outcome, channel) = (Arg::from(resolved.outcome), Arg::from(resolved.channel));
    let customers = Arg::from(resolved.customers.as_deref());
    if filter.is_narrow() {
        let page = if backwards { PageOf::Before(from) } else { PageOf::After(from) };
        let mut events = narrow(db, filter, &resolved, page, limit).await?;
        events.retain(|event| resolved.numbers.contains(&event.id.0));
        return Ok(events);
    }
    let (from, limit) = (Arg::from(from), Arg::from(limit));
    let rows = match (&resolved.request, &resolved.customers, resolved.outcome, resolved.channel) {
        (Some(request), ..) => {
            let arguments = [from, limit, request.as_str().into(), outcome, channel, customers];
            db.all(pick(&REQUEST_BEFORE, &REQUEST_AFTER), &arguments).await?
        }
        (None, Some(_), ..) => {
            let arguments = [from, limit, customers, outcome, channel];
            db.all(pick(&CUSTOMERS_BEFORE, &CUSTOMERS_AFTER), &arguments).await?
        }
        (None, None, Some(_), Some(_)) => {
            db.all(pick(&BOTH_BEFORE, &BOTH_AFTER), &[from, limit, outcome, channel]).await?
        }
        (None, None, Some(_), None) => {
            db.all(pick(&OUTCOME_BEFORE, &OUTCOME_AFTER), &[from, limit, outcome]).await?
        }
        (None, None, None, Some(_)) => {
            db.all(pick(&CHANNEL_BEFORE, &CHANNEL_AFTER), &[from, limit, channel]).await?
        }
        (None, None, None, None) => db.all(pick(&ANY_BEFORE, &ANY_AFTER), &[from, limit]).await?,
    };
    let mut events: Vec<Event> = rows.iter().map(events::read).collect::<Result<_, _>>()?;
    events.retain(|event| resolved.numbers.contains(&event.id.0));
    Ok(events)
}

/// Below or above a number.
#[derive(Clone, Copy)]
enum PageOf {
    Before(i64),
    After(i64),
}

/// So many of the newest entries are looked at where neither a clerk nor a beginning is named.
const NARROW_RANGE: i64 = 200_000;

/// A page of events that are picked from among others: of one clerk by an index, of anything
/// else one after the other.
async fn narrow(
    db: &Database,
    filter: &EventFilter,
    resolved: &ResolvedFilter<'_>,
    page: PageOf,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let bound = match page {
        PageOf::After(_) => resolved.numbers.end,
        PageOf::Before(_) if filter.clerk.is_some() || filter.from.is_some() => {
            resolved.numbers.start
        }
        PageOf::Before(_) => {
            let last = db.maybe(&LAST, args![0_i64]).await?;
            last.map_or(Ok(0), |row| row.int("id"))?.saturating_sub(NARROW_RANGE)
        }
    };
    let (PageOf::Before(from) | PageOf::After(from)) = page;
    let patterns = patterns(filter);
    let mut arguments = args![
        from,
        limit,
        bound,
        patterns.as_deref(),
        filter.counter.as_deref(),
        filter.provider.as_deref(),
        filter.purpose.as_deref(),
        resolved.outcome,
        resolved.channel,
        resolved.request.as_ref().map(RequestId::as_str),
        resolved.customers.as_deref(),
    ]
    .to_vec();
    let sql = match (page, &filter.clerk) {
        (PageOf::Before(_), None) => &NARROW_BEFORE,
        (PageOf::After(_), None) => &NARROW_AFTER,
        (PageOf::Before(_), Some(_)) => &CLERK_BEFORE,
        (PageOf::After(_), Some(_)) => &CLERK_AFTER,
    };
    arguments.extend(filter.clerk.as_deref().map(Arg::from));
    db.all(sql, &arguments).await?.iter().map(events::read).collect()
}

/// The kinds and outcomes that a filter lets through, as a JSON list; none where it lets all.
fn patterns(filter: &EventFilter) -> Option<String> {
    let wanted: Vec<EventPattern> = match filter.kind {
        None if filter.patterns.is_empty() => return None,
        None => filter.patterns.clone(),
        Some(kind) => EventPattern::of_kind(kind)
            .filter(|it| filter.patterns.is_empty() || filter.patterns.contains(it))
            .collect(),
    };
    Some(list(wanted.iter().map(EventPattern::text)))
}

/// The number of the first event at or after a point in time; where there is none yet, the
/// number after the last event.
pub(in crate::store) async fn number_at(
    db: &Database,
    moment: Timestamp,
) -> Result<i64, StoreError> {
    let Some(last) = db.maybe(&LAST, args![0_i64]).await? else { return Ok(0) };
    let (mut low, mut high) = (0, last.int("id")? + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match db.maybe(&NEXT, args![middle]).await? {
            Some(row) if row.time("at")? < moment => low = row.int("id")? + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The request that a text names, or whose reference it is. Names and account numbers can
/// look like either, so the request must exist.
async fn request_of_text(
    db: &Database,
    text: &str,
    before: Option<Timestamp>,
) -> Result<Option<RequestId>, StoreError> {
    if let Ok(request) = text.parse::<RequestId>()
        && db.maybe(&IS_REQUEST, args![request.as_str()]).await?.is_some()
    {
        return Ok(Some(request));
    }
    let Some(reference) = Reference::typed(text) else { return Ok(None) };
    let before = before.map_or(i64::MAX, Timestamp::millis);
    let row = db.maybe(&OF_REFERENCE, args![reference.as_str(), before, 0_i64]).await?;
    row.map(|row| row.word("public_id")).transpose()
}

/// Looks up the filter's text and times; `None` where nothing can match.
async fn resolve<'a>(
    db: &Database,
    filter: &'a EventFilter,
) -> Result<Option<ResolvedFilter<'a>>, StoreError> {
    let mut resolved = ResolvedFilter {
        request: filter.request.clone(),
        customers: filter.customer.map(|it| format!("[{}]", it.0)),
        outcome: filter.outcome.map(Outcome::word),
        channel: filter.channel.map(Channel::word),
        numbers: 0..i64::MAX,
    };
    if let Some(from) = filter.from {
        resolved.numbers.start = number_at(db, from).await?;
    }
    if let Some(before) = filter.before {
        resolved.numbers.end = number_at(db, before).await?;
    }
    let Some(text) = &filter.text else { return Ok(Some(resolved)) };
    if let Some(request) = request_of_text(db, text, filter.before).await? {
        let agrees = resolved.request.replace(request.clone()).is_none_or(|it| it == request);
        return Ok(agrees.then_some(resolved));
    }
    let Some(query) = Query::parse(text) else { return Ok(Some(resolved)) };
    let found = search::find(db, &query, MAX_CUSTOMERS).await?;
    let ids: Vec<i64> = found
        .iter()
        .map(|it| it.id.0)
        .filter(|id| filter.customer.is_none_or(|it| it.0 == *id))
        .collect();
    resolved.customers = Some(list(ids.iter().copied()));
    Ok((!ids.is_empty()).then_some(resolved))
}
