//! What goes on right now. Everything is read by an index and is bounded.
//!
//! The failure counts have no index: every attempt would pay for it. A customer is locked by an
//! attempt whose entry says so in its detail, and the log has an index on outcomes. So the newest
//! entries of wrong codes name the customers, and their guards say who of them is still locked.

use std::collections::BTreeMap;

use crate::domain::channel::Channel;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Event, EventCustomer};
use crate::domain::outcome::Outcome;
use crate::domain::oversight::{
    Lockouts, Oversight, ServedAt, ServedCustomer, WaitingMessage, counters_at_work,
};
use crate::domain::request::RequestId;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::store::database::columns::customers::CustomerOnFile;
use crate::store::database::columns::events::{self, EventColumns};
use crate::store::database::engine::{Database, Row, args, list};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::delivery::stats as delivery_stats;
use crate::store::staff::sittings;
use crate::store::verification::lockout::CUSTOMER_LOCKED_DETAIL;

/// The outcomes of attempts whose entries may say that the customer is locked.
const LOCKING: [Outcome; 3] = [Outcome::Wrong, Outcome::Superseded, Outcome::Locked];

/// How many entries of each are looked at.
const LOCK_ENTRIES: u32 = 2_000;

/// How many of anything an answer has at most.
const MOST: u32 = 200;

row_type! {
    struct VerifiedColumns from "core_session s \
        LEFT JOIN core_customer_view c ON c.id = s.customer_id"
        with (customer: CustomerOnFile)
    {
        customer_id: i64 = int "s.customer_id",
        request: Option<RequestId> = maybe_word "NULLIF(s.request, '')",
        clerk: String = text "s.clerk",
        counter: String = text "s.counter",
        since: Timestamp = time "s.created_at",
    }
}

row_type! {
    struct OpenColumns from "core_otp o \
        LEFT JOIN core_customer_view c ON c.id = o.customer_id"
        with (customer: CustomerOnFile)
    {
        customer_id: i64 = int "o.customer_id",
        request: RequestId = word "o.public_id",
        clerk: String = text "o.clerk",
        counter: String = text "o.counter",
        since: Timestamp = time "o.sent_at",
    }
}

row_type! {
    struct WaitingColumns from "(SELECT delivery_id, tries FROM core_outbox \
        WHERE task = 'send' ORDER BY delivery_id LIMIT $1) b \
        JOIN core_delivery d ON d.id = b.delivery_id \
        JOIN core_otp o ON o.id = d.otp_id \
        LEFT JOIN core_customer_view c ON c.id = o.customer_id"
        with (customer: CustomerOnFile)
    {
        customer_id: i64 = int "o.customer_id",
        request: RequestId = word "o.public_id",
        channel: Channel = word "d.channel",
        provider: String = text "d.provider",
        asked_at: Timestamp = time "d.created_at",
        tries: u32 = count "b.tries",
        detail: Option<String> = maybe_text "d.detail",
    }
}

statements! {
    NOW { "SELECT " now " AS read_at, sealed_at FROM core_audit_tree WHERE id = 1" }
    /// Of the newest entries of an outcome, by customer: the last one with this detail.
    LOCKED_ONCE {
        "SELECT few.customer_id AS customer_id, COUNT(*) AS entries, MIN(few.at) AS since, \
         MAX(CASE WHEN few.detail LIKE $4 THEN few.id END) AS event_id \
         FROM (SELECT e.id AS id, e.customer_id AS customer_id, e.at AS at, e.detail AS detail \
         FROM core_event e " (before "e.outcome" "$3" "e.outcome DESC")
        "LIMIT $2) few GROUP BY few.customer_id" unsorted
    }
    STILL_LOCKED {
        "SELECT core_guard.customer_id AS customer_id FROM "
        (rows_among "core_guard" "core_guard.customer_id" "$1") " AND core_guard.failures >= $2"
    }
    /// $2 is how many numbers there are: with it PostgreSQL looks each customer up, and does not
    /// read them in order beside the entries.
    ENTRIES {
        (select EventColumns) "WHERE e.id " (among "$1") " ORDER BY e.id DESC LIMIT $2"
    }
    /// There are few: those whose time is not over.
    VERIFIED {
        (select VerifiedColumns) "WHERE s.expires_at > " now " AND s.idle_at > " now " \
         AND s.ended_at IS NULL AND (s.is_reached = 1 OR s.also_for IS NOT NULL) \
         ORDER BY s.expires_at DESC LIMIT $1"
    }
    CODES_OPEN {
        (select OpenColumns) "WHERE o.digest_until > " now " AND o.status = 'open' \
         ORDER BY o.digest_until DESC LIMIT $1"
    }
    WAITING { (select WaitingColumns) "ORDER BY b.delivery_id" }
}

/// What goes on right now.
pub(in crate::store) async fn oversight(
    db: &Database,
    failure_cap: u32,
) -> Result<Oversight, StoreError> {
    let now = db.maybe(&NOW, args![]).await?;
    let now = now.ok_or_else(|| StoreError::Failed("the audit trail has no state".into()))?;
    let sittings = sittings::online(db, MOST).await?;
    let (verified, open) =
        (db.all(&VERIFIED, args![MOST]).await?, db.all(&CODES_OPEN, args![MOST]).await?);
    let is_full = |length: usize| length >= MOST as usize;
    let more_counters = [sittings.len(), verified.len(), open.len()].into_iter().any(is_full);
    let verified = verified.iter().map(verified_at).collect::<Result<Vec<_>, _>>()?;
    let open = open.iter().map(open_at).collect::<Result<Vec<_>, _>>()?;
    Ok(Oversight {
        read_at: now.time("read_at")?,
        sealed_at: now.maybe_time("sealed_at")?,
        queue: delivery_stats::queue(db).await?,
        waiting: db
            .all(&WAITING, args![MOST])
            .await?
            .iter()
            .map(waiting)
            .collect::<Result<_, _>>()?,
        lockouts: lockouts(db, failure_cap).await?,
        counters: counters_at_work(&sittings, [verified, open].concat()),
        more_counters,
    })
}

async fn lockouts(db: &Database, failure_cap: u32) -> Result<Lockouts, StoreError> {
    // Behind the factor, where it was not a code to a contact.
    let detail = format!("%{CUSTOMER_LOCKED_DETAIL}");
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    let mut since = None;
    for outcome in LOCKING {
        let arguments = args![i64::MAX, LOCK_ENTRIES, outcome.word(), &detail];
        let rows = db.all(&LOCKED_ONCE, arguments).await?;
        let (mut looked_at, mut oldest) = (0, None);
        for row in &rows {
            looked_at += row.count("entries")?;
            let first = row.time("since")?;
            oldest = Some(oldest.map_or(first, |it: Timestamp| it.min(first)));
            if let (Some(customer), Some(event)) =
                (row.maybe_int("customer_id")?, row.maybe_int("event_id")?)
            {
                let newest = last.entry(customer).or_insert(event);
                *newest = (*newest).max(event);
            }
        }
        if looked_at >= LOCK_ENTRIES {
            since = since.max(oldest);
        }
    }
    let customers = list(last.keys().copied());
    let locked = db.all(&STILL_LOCKED, args![&customers, failure_cap]).await?;
    let locked = locked.iter().map(|row| row.int("customer_id")).collect::<Result<Vec<_>, _>>()?;
    let mut ids: Vec<i64> = locked.iter().filter_map(|it| last.get(it).copied()).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.truncate(MOST as usize);
    let count = u32::try_from(ids.len()).unwrap_or(MOST);
    let entries = db.all(&ENTRIES, args![&list(ids), count]).await?;
    let entries = entries.iter().map(events::read).collect::<Result<Vec<Event>, _>>()?;
    // Where they were too many, the oldest that is told is how far they go back.
    if entries.len() >= MOST as usize {
        since = since.max(entries.last().map(|it| it.at));
    }
    Ok(Lockouts { entries, since })
}

fn shown(customer_id: i64, on_file: CustomerOnFile) -> EventCustomer {
    let (account_no, name) = on_file.shown();
    EventCustomer { id: CustomerId(customer_id), account_no, name }
}

fn verified_at(row: &Row) -> Result<ServedAt, StoreError> {
    let VerifiedColumns { customer, customer_id, request, clerk, counter, since } =
        VerifiedColumns::read(row)?;
    let customer = shown(customer_id, customer);
    let served = ServedCustomer { customer, is_verified: true, since, request };
    Ok(ServedAt { counter, clerk, served })
}

fn open_at(row: &Row) -> Result<ServedAt, StoreError> {
    let OpenColumns { customer, customer_id, request, clerk, counter, since } =
        OpenColumns::read(row)?;
    let customer = shown(customer_id, customer);
    let request = Some(request);
    let served = ServedCustomer { customer, is_verified: false, since, request };
    Ok(ServedAt { counter, clerk, served })
}

fn waiting(row: &Row) -> Result<WaitingMessage, StoreError> {
    let it = WaitingColumns::read(row)?;
    Ok(WaitingMessage {
        request: it.request,
        customer: shown(it.customer_id, it.customer),
        channel: it.channel,
        provider: it.provider,
        asked_at: it.asked_at,
        tries: it.tries,
        detail: it.detail,
    })
}
