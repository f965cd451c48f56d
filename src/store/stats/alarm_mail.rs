//! How far each address was told of alarms. An attempt is claimed by setting it due later and
//! counting it: where the service died it becomes due again, and one that comes back too late finds
//! another number of attempts.

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::{EventFacts, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::stats::alarm_mail::{MAIL_INTERVAL, MailStep};
use crate::domain::stats::alarms::Alarm;
use crate::domain::time::{Timestamp, millis_of};
use crate::domain::timing::NOTICE_LEASE;
use crate::service::ports::alarm_mail::{AlarmBatch, AlarmMailOutcome, AlarmMailStatus};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::stats::alarms::{AlarmColumns, read};

/// A longer text of a provider is cut.
const DETAIL_MAX: usize = 300;

row_type! {
    struct PlaceColumns from "core_alarm_mail m" {
        mailed_up_to: i64 = int "m.mailed_up_to",
        tries: u32 = count "m.tries",
        mailed_at: Option<Timestamp> = maybe_time "m.mailed_at",
        failed_at: Option<Timestamp> = maybe_time "m.failed_at",
        detail: Option<String> = maybe_text "m.detail",
    }
}

statements! {
    PLACE { (select PlaceColumns) "WHERE m.address = $1" }
    CREATE {
        (insert "core_alarm_mail" {
            address: "$1",
            mailed_up_to: "0",
            tries: "0",
            due_at: "0",
        })
    }
    CLAIM {
        "UPDATE core_alarm_mail SET tries = tries + 1, due_at = " now " + $2 \
         WHERE address = $1 AND due_at <= " now
    }
    /// Alarms after a place.
    NEW {
        (select AlarmColumns) "WHERE a.acknowledged_at IS NULL AND a.id > $1 ORDER BY a.id LIMIT $2"
    }
    WAITING {
        "SELECT " now " AS read_at, COUNT(*) AS waiting, MIN(few.raised_at) AS since FROM \
         (SELECT raised_at FROM core_alarm WHERE acknowledged_at IS NULL AND id > $1 LIMIT $2) few"
    }
    MAILED {
        "UPDATE core_alarm_mail SET mailed_up_to = $4, tries = 0, due_at = " now " + $5, \
         mailed_at = " now ", failed_at = NULL, detail = NULL \
         WHERE address = $1 AND mailed_up_to = $2 AND tries = $3"
    }
    FAILED {
        "UPDATE core_alarm_mail SET due_at = " now " + $4, failed_at = " now ", detail = $5 \
         WHERE address = $1 AND mailed_up_to = $2 AND tries = $3"
    }
}

/// Claims what an address was not told yet.
pub(in crate::store) async fn claim(
    db: &Database,
    to: &Contact,
    most: u32,
) -> Result<Option<AlarmBatch>, StoreError> {
    let place = db.maybe(&PLACE, args![to.as_str()]).await?;
    let from = place.map_or(Ok(0), |row| row.int("mailed_up_to"))?;
    // Nothing is written while there is nothing to tell.
    if db.maybe(&NEW, args![from, 1_u32]).await?.is_none() {
        return Ok(None);
    }
    let mut tx = db.begin().await?;
    if tx.maybe(&PLACE, args![to.as_str()]).await?.is_none() {
        match tx.write(&CREATE, args![to.as_str()]).await {
            // Another service made it just now, and goes on.
            Err(StoreError::Taken(_)) => return Ok(None),
            made => made?,
        };
    }
    if tx.write(&CLAIM, args![to.as_str(), millis_of(NOTICE_LEASE)]).await? == 0 {
        return Ok(None);
    }
    let place = PlaceColumns::read(&tx.one(&PLACE, args![to.as_str()]).await?)?;
    let rows = tx.all(&NEW, args![place.mailed_up_to, most]).await?;
    let alarms = rows.iter().map(read).collect::<Result<Vec<Alarm>, _>>()?;
    if alarms.is_empty() {
        // Acknowledged, or told by another service meanwhile: it is not claimed.
        return Ok(None);
    }
    tx.commit_quietly().await?;
    Ok(Some(AlarmBatch { from: place.mailed_up_to, tries: place.tries, alarms }))
}

/// Writes what came of an attempt. A failure is an entry of the log when it begins.
pub(in crate::store) async fn complete(
    db: &Database,
    outcome: &AlarmMailOutcome<'_>,
) -> Result<(), StoreError> {
    let AlarmMailOutcome { to, batch, report, next, .. } = *outcome;
    let mut tx = db.begin().await?;
    let Some(row) = tx.maybe(&PLACE, args![to.as_str()]).await? else { return Ok(()) };
    let has_failed = PlaceColumns::read(&row)?.failed_at.is_some();
    match next {
        MailStep::Told => {
            let up_to = batch.alarms.last().map_or(batch.from, |it| it.id);
            let arguments =
                args![to.as_str(), batch.from, batch.tries, up_to, millis_of(MAIL_INTERVAL)];
            if tx.write(&MAILED, arguments).await? == 0 {
                return Ok(());
            }
            write_event(&mut tx, EventKind::AlarmMailed, outcome).await?;
        }
        MailStep::Again(wait) => {
            let why = report.detail.as_ref().map_or("", |it| &it.for_admin);
            let why: String = why.chars().take(DETAIL_MAX).collect();
            let arguments = args![to.as_str(), batch.from, batch.tries, millis_of(wait), &why];
            if tx.write(&FAILED, arguments).await? == 0 {
                return Ok(());
            }
            if has_failed {
                return tx.commit_quietly().await;
            }
            write_event(&mut tx, EventKind::AlarmNotMailed, outcome).await?;
        }
    }
    tx.commit().await
}

async fn write_event(
    tx: &mut Tx,
    kind: EventKind,
    outcome: &AlarmMailOutcome<'_>,
) -> Result<(), StoreError> {
    let AlarmMailOutcome { to, batch, provider, report, actor, .. } = *outcome;
    let numbers: Vec<String> = batch.alarms.iter().take(10).map(|it| it.id.to_string()).collect();
    let rest = if batch.alarms.len() > numbers.len() { ", …" } else { "" };
    let by = provider.map(|it| format!(" by {it}")).unwrap_or_default();
    let why = report.detail.as_ref().map(|it| format!(": {}", it.for_admin)).unwrap_or_default();
    let event = NewEvent {
        kind,
        outcome: (kind == EventKind::AlarmNotMailed).then_some(Outcome::Unavailable),
        request: None,
        customer: None,
        channel: Some(Channel::Email),
        contact: Some(to.masked()),
        detail: Some(format!("alarms {}{rest}{by}{why}", numbers.join(", "))),
        actor,
        facts: EventFacts::default(),
    };
    events::write(tx, &event).await
}

/// How far an address was told.
pub(in crate::store) async fn status(
    db: &Database,
    to: &Contact,
    most: u32,
) -> Result<AlarmMailStatus, StoreError> {
    let place = db.maybe(&PLACE, args![to.as_str()]).await?;
    let place = place.as_ref().map(PlaceColumns::read).transpose()?;
    let from = place.as_ref().map_or(0, |it| it.mailed_up_to);
    let mut status = AlarmMailStatus::default();
    if let Some(row) = db.maybe(&WAITING, args![from, most]).await? {
        let count = row.count("waiting")?;
        status.waiting = row.maybe_time("since")?.map(|since| (count, since));
        status.now = row.time("read_at")?;
    }
    if let Some(place) = place {
        status.mailed_at = place.mailed_at;
        status.failure = place.failed_at.map(|at| (at, place.detail.unwrap_or_default()));
    }
    Ok(status)
}
