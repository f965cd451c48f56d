//! The circuit breakers, one row for each provider slot, which all terminals share.

use crate::domain::circuit_breaker::{
    BreakerRecord, FAILURES_TO_OPEN, ProviderHealth, ProviderSlot, SendExperience,
};
use crate::domain::event::{EventFacts, EventKind};
use crate::domain::explanation::Explanation;
use crate::domain::time::{Timestamp, millis_of};
use crate::domain::timing::PROBE_LEASE;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::MessageOutcome;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::delivery::outbox;

row_type! {
    struct BreakerColumns from "core_line" {
        name: ProviderSlot = word "name",
        failures: u32 = count "failures",
        down_until: Timestamp = time "down_until",
        slow_until: Timestamp = time "slow_until",
        detail: Option<String> = maybe_text "detail",
        clerk_detail: Option<String> = maybe_text "clerk_detail",
        late: bool = flag "late",
        read_at: Timestamp = time now,
    }
}

statements! {
    ALL { (select BreakerColumns) "ORDER BY name LIMIT 20" }
    ONE { (select BreakerColumns) "WHERE name = $1" }
    /// Locked, since failures are counted one after the other.
    ONE_LOCKED { (select BreakerColumns) "WHERE name = $1" for_update }
    CLAIM_PROBE {
        "UPDATE core_line SET down_until = " now " + $2 \
         WHERE name = $1 AND failures >= $3 AND down_until <= " now
    }
    WRITE {
        "UPDATE core_line SET failures = $2, down_until = $3, slow_until = $4, detail = $5, \
         clerk_detail = $6, late = $7 WHERE name = $1"
    }
}

/// All circuit breakers, and the store's clock.
pub(in crate::store) async fn all(
    db: &Database,
) -> Result<(Timestamp, Vec<BreakerRecord>), StoreError> {
    let rows = db.all(&ALL, args![]).await?;
    let read: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
    let now = read.first().map(|(read_at, _)| *read_at).unwrap_or_default();
    Ok((now, read.into_iter().map(|(_, breaker)| breaker).collect()))
}

/// Claims the probe of a half-open circuit breaker.
pub(in crate::store) async fn claim_probe(
    db: &Database,
    slot: ProviderSlot,
) -> Result<bool, StoreError> {
    let name = slot.to_string();
    Ok(db.write_alone(&CLAIM_PROBE, args![&name, millis_of(PROBE_LEASE), FAILURES_TO_OPEN]).await?
        == 1)
}

/// Counts what sends say about their providers. Where all succeeded, as nearly always, each
/// circuit breaker is only read.
pub(in crate::store) async fn record(
    tx: &mut Tx,
    sends: &[(&MessageOutcome<'_>, SendExperience)],
) -> Result<(), StoreError> {
    // Rows are locked in this order by everybody.
    for slot in ProviderSlot::ALL {
        let of_slot: Vec<_> = sends.iter().filter(|(outcome, _)| outcome.slot == slot).collect();
        if !of_slot.is_empty() {
            record_one(tx, slot, &of_slot).await?;
        }
    }
    Ok(())
}

async fn record_one(
    tx: &mut Tx,
    slot: ProviderSlot,
    sends: &[&(&MessageOutcome<'_>, SendExperience)],
) -> Result<(), StoreError> {
    let name = slot.to_string();
    let is_well = |(_, experience): &&(_, _)| {
        matches!(experience, SendExperience::Answered(_) | SendExperience::Confirmed)
    };
    let read_one = if sends.iter().all(is_well) { &ONE } else { &ONE_LOCKED };
    let Some(row) = tx.maybe(read_one, args![&name]).await? else { return Ok(()) };
    let (now, before) = read(&row)?;
    let mut last = before.clone();
    for (outcome, experience) in sends {
        let detail = outcome.step.report.detail.as_ref();
        let after = last.after(*experience, detail, now);
        if let Some(state) = last.transition_to(&after) {
            write_event(tx, outcome, state, after.detail.as_ref()).await?;
            if state == ProviderHealth::Ok {
                outbox::make_due(tx, slot).await?;
            }
        }
        last = after;
    }
    if last == before {
        return Ok(());
    }
    let arguments = args![
        &name,
        last.failures,
        last.open_until.millis(),
        last.slow_until.millis(),
        last.detail.as_ref().map(|it| &*it.for_admin),
        last.detail.as_ref().map(|it| &*it.for_clerk),
        i64::from(last.late),
    ];
    tx.write(&WRITE, arguments).await.map(drop)
}

/// Writes the event of a circuit breaker that opened or closed.
async fn write_event(
    tx: &mut Tx,
    outcome: &MessageOutcome<'_>,
    state: ProviderHealth,
    why: Option<&Explanation>,
) -> Result<(), StoreError> {
    let ProviderSlot { channel, fallback } = outcome.slot;
    let kind = match state {
        ProviderHealth::Down => EventKind::ProviderDown,
        ProviderHealth::Ok | ProviderHealth::Fallback | ProviderHealth::Slow => {
            EventKind::ProviderUp
        }
    };
    let suffix = if fallback { " (fallback)" } else { "" };
    let name = format!("{}{suffix}", outcome.provider);
    let event = NewEvent {
        kind,
        outcome: None,
        request: None,
        customer: None,
        channel: Some(channel),
        contact: None,
        detail: Some(why.map_or_else(|| name.clone(), |why| format!("{name}: {}", why.for_admin))),
        actor: outcome.actor,
        facts: EventFacts::default(),
    };
    events::write(tx, &event).await
}

/// Reads a circuit breaker, and the store's clock.
fn read(row: &Row) -> Result<(Timestamp, BreakerRecord), StoreError> {
    let it = BreakerColumns::read(row)?;
    let breaker = BreakerRecord {
        slot: it.name,
        failures: it.failures,
        open_until: it.down_until,
        slow_until: it.slow_until,
        detail: Explanation::stored(it.detail, it.clerk_detail),
        late: it.late,
    };
    Ok((it.read_at, breaker))
}
