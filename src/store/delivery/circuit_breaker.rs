//! How the providers do, as all terminals have met them.

use std::time::Duration;

use crate::domain::circuit_breaker::{
    BreakerRecord, BreakerState, FAILURES_TO_OPEN, ProviderSlot, SendExperience,
};
use crate::domain::event::EventKind;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::MessageOutcome;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::statement::statements;
use crate::store::delivery::outbox;

statements! {
    ALL {
        "SELECT " now ", name, failures, down_until, slow_until, detail FROM core_line \
         ORDER BY name LIMIT 20"
    }
    ONE {
        "SELECT " now ", name, failures, down_until, slow_until, detail FROM core_line \
         WHERE name = $1"
    }
    /// Failures are counted one after the other.
    ONE_ALONE {
        "SELECT " now ", name, failures, down_until, slow_until, detail FROM core_line \
         WHERE name = $1" for_update
    }
    TRY {
        "UPDATE core_line SET down_until = " now " + $2 \
         WHERE name = $1 AND failures >= $3 AND down_until <= " now
    }
    WRITE {
        "UPDATE core_line SET failures = $2, down_until = $3, slow_until = $4, detail = $5 \
         WHERE name = $1"
    }
}

/// How the providers do, and the store's clock.
pub(in crate::store) async fn all(
    db: &Database,
) -> Result<(Timestamp, Vec<BreakerRecord>), StoreError> {
    let rows = db.all(&ALL, args![]).await?;
    let now = rows.first().map_or(Ok(Timestamp::default()), |row| row.time(0))?;
    Ok((now, rows.iter().map(read).collect::<Result<_, _>>()?))
}

/// How long the one message has that finds out whether a line works again, before
/// another one may: longer than most senders take to fail.
const TRIAL: Duration = Duration::from_secs(30);

/// Lets one message find out whether a line works again.
pub(in crate::store) async fn try_one(
    db: &Database,
    line: ProviderSlot,
) -> Result<bool, StoreError> {
    let name = line.to_string();
    Ok(db.write_alone(&TRY, args![&name, millis_of(TRIAL), FAILURES_TO_OPEN]).await? == 1)
}

/// Writes down what hand-overs tell of their providers. Where all is well, as
/// nearly always, each line is only read.
pub(in crate::store) async fn experienced(
    tx: &mut Tx,
    told: &[(&MessageOutcome<'_>, SendExperience)],
) -> Result<(), StoreError> {
    // Everybody takes the lines in this order.
    for line in ProviderSlot::ALL {
        let of_line: Vec<_> = told.iter().filter(|(outcome, _)| outcome.line == line).collect();
        if !of_line.is_empty() {
            of_one(tx, line, &of_line).await?;
        }
    }
    Ok(())
}

async fn of_one(
    tx: &mut Tx,
    line: ProviderSlot,
    told: &[&(&MessageOutcome<'_>, SendExperience)],
) -> Result<(), StoreError> {
    let name = line.to_string();
    let is_well = |(_, experience): &&(_, _)| matches!(experience, SendExperience::Answered(_));
    let read_one = if told.iter().all(is_well) { &ONE } else { &ONE_ALONE };
    let Some(row) = tx.maybe(read_one, args![&name]).await? else { return Ok(()) };
    let (now, before) = (row.time(0)?, read(&row)?);
    let mut last = before.clone();
    for (outcome, experience) in told {
        let detail = outcome.step.report.detail.as_deref();
        let after = last.after(*experience, detail, now);
        if let Some(turned) = last.turned(&after) {
            tell(tx, outcome, turned, after.detail.as_deref()).await?;
            if turned == BreakerState::Ok {
                outbox::hurry(tx, line).await?;
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
        last.detail.as_deref(),
    ];
    tx.write(&WRITE, arguments).await.map(drop)
}

/// A provider that goes down or comes back is an entry of the log.
async fn tell(
    tx: &mut Tx,
    outcome: &MessageOutcome<'_>,
    turned: BreakerState,
    why: Option<&str>,
) -> Result<(), StoreError> {
    let ProviderSlot { channel, fallback } = outcome.line;
    let kind = match turned {
        BreakerState::Down => EventKind::ProviderDown,
        BreakerState::Ok | BreakerState::Fallback | BreakerState::Slow => EventKind::ProviderUp,
    };
    let stands_in = if fallback { " (fallback)" } else { "" };
    let name = format!("{}{stands_in}", outcome.provider);
    let event = NewEvent {
        kind,
        outcome: None,
        request: None,
        customer: None,
        channel: Some(channel),
        contact: None,
        detail: Some(why.map_or_else(|| name.clone(), |why| format!("{name}: {why}"))),
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
        detail: row.maybe_text(5)?,
    })
}
