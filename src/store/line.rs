//! How the providers do, as all terminals have met them.

use super::db::{Db, Row, Tx, args};
use super::events;
use super::sql::statements;
use crate::domain::event::EventKind;
use crate::domain::line::{Condition, Experience, Health, Line};
use crate::domain::time::Timestamp;
use crate::service::ports::outbox::Outcome;
use crate::service::ports::{NewEvent, StoreError};

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
    WRITE {
        "UPDATE core_line SET failures = $2, down_until = $3, slow_until = $4, detail = $5 \
         WHERE name = $1"
    }
}

/// How the providers do, and the store's clock.
pub(super) async fn all(db: &Db) -> Result<(Timestamp, Vec<Health>), StoreError> {
    let rows = db.all(&ALL, args![]).await?;
    let now = rows.first().map_or(Ok(Timestamp::default()), |row| row.time(0))?;
    Ok((now, rows.iter().map(read).collect::<Result<_, _>>()?))
}

/// Writes down what a hand-over tells of its provider. Where all is well, as
/// nearly always, it is only read.
pub(super) async fn experienced(
    tx: &mut Tx,
    outcome: &Outcome<'_>,
    experience: Experience,
) -> Result<(), StoreError> {
    let name = outcome.line.to_string();
    let read_one = if experience == Experience::Failed { &ONE_ALONE } else { &ONE };
    let Some(row) = tx.maybe(read_one, args![&name]).await? else { return Ok(()) };
    let (now, before) = (row.time(0)?, read(&row)?);
    let after = before.after(experience, outcome.step.report.detail.as_deref(), now);
    if after == before {
        return Ok(());
    }
    let arguments = args![
        &name,
        after.failures,
        after.down_until.millis(),
        after.slow_until.millis(),
        after.detail.as_deref(),
    ];
    tx.write(&WRITE, arguments).await?;
    match before.turned(&after) {
        Some(turned) => tell(tx, outcome, turned, after.detail.as_deref()).await,
        None => Ok(()),
    }
}

/// A provider that goes down or comes back is an entry of the log.
async fn tell(
    tx: &mut Tx,
    outcome: &Outcome<'_>,
    turned: Condition,
    why: Option<&str>,
) -> Result<(), StoreError> {
    let Line { channel, fallback } = outcome.line;
    let kind = match turned {
        Condition::Down => EventKind::ProviderDown,
        Condition::Ok | Condition::Slow => EventKind::ProviderUp,
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

fn read(row: &Row) -> Result<Health, StoreError> {
    Ok(Health {
        line: row.word(1)?,
        failures: row.count(2)?,
        down_until: row.time(3)?,
        slow_until: row.time(4)?,
        detail: row.maybe_text(5)?,
    })
}
