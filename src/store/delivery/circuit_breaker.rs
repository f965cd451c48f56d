//! The circuit breakers, one row for each provider slot, which all terminals share.

use crate::domain::circuit_breaker::{
    BreakerRecord, BreakerState, FAILURES_TO_OPEN, ProviderSlot, SendExperience,
};
use crate::domain::event::EventKind;
use crate::domain::explanation::Explanation;
use crate::domain::time::{Timestamp, millis_of};
use crate::domain::timing::PROBE_LEASE;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::MessageOutcome;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::statement::statements;
use crate::store::delivery::outbox;

statements! {
    ALL {
        "SELECT " now ", name, failures, down_until, slow_until, detail, clerk_detail, late \
         FROM core_line ORDER BY name LIMIT 20"
    }
    ONE {
        "SELECT " now ", name, failures, down_until, slow_until, detail, clerk_detail, late \
         FROM core_line WHERE name = $1"
    }
    /// Locked, since failures are counted one after the other.
    ONE_LOCKED {
        "SELECT " now ", name, failures, down_until, slow_until, detail, clerk_detail, late \
         FROM core_line WHERE name = $1" for_update
    }
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
    let now = rows.first().map_or(Ok(Timestamp::default()), |row| row.time(0))?;
    Ok((now, rows.iter().map(read).collect::<Result<_, _>>()?))
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
    let (now, before) = (row.time(0)?, read(&row)?);
    let mut last = before.clone();
    for (outcome, experience) in sends {
        let detail = outcome.step.report.detail.as_ref();
        let after = last.after(*experience, detail, now);
        if let Some(turned) = last.turned(&after) {
            write_event(tx, outcome, turned, after.detail.as_ref()).await?;
            if turned == BreakerState::Ok {
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
        last.down_until.millis(),
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
    turned: BreakerState,
    why: Option<&Explanation>,
) -> Result<(), StoreError> {
    let ProviderSlot { channel, fallback } = outcome.slot;
    let kind = match turned {
        BreakerState::Down => EventKind::ProviderDown,
        BreakerState::Ok | BreakerState::Fallback | BreakerState::Slow => EventKind::ProviderUp,
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
    };
    events::write(tx, &event).await
}

fn read(row: &Row) -> Result<BreakerRecord, StoreError> {
    Ok(BreakerRecord {
        line: row.word(1)?,
        failures: row.count(2)?,
        down_until: row.time(3)?,
        slow_until: row.time(4)?,
        detail: Explanation::stored(row.maybe_text(5)?, row.maybe_text(6)?),
        late: row.int(7)? != 0,
    })
}
