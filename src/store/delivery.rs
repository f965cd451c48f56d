//! How far a message has come.

use super::db::{Tx, args};
use super::events;
use super::sql::statements;
use crate::domain::delivery::DeliveryState;
use crate::domain::event::{Actor, EventKind};
use crate::domain::outcome::Outcome;
use crate::service::ports::outbox::{self, Errand};
use crate::service::ports::{NewEvent, StoreError};

statements! {
    ADVANCE {
        "UPDATE core_delivery SET state = $2, progress = $3, \
         provider_id = COALESCE($4, provider_id), detail = $5, provider = $6, fallback = $7, \
         accepted_at = CASE WHEN $9 = 1 THEN COALESCE(accepted_at, " now ") ELSE accepted_at END, \
         delivered_at = CASE WHEN $8 = 1 THEN COALESCE(delivered_at, " now ") \
         ELSE delivered_at END, \
         updated_at = " now " WHERE id = $1 AND progress < $3"
    }
    REASON { "SELECT detail FROM core_delivery WHERE id = $1" }
    /// Back among those that wait, which only what was not taken can be.
    DELAY {
        "UPDATE core_delivery SET state = 'queued', progress = 0, detail = $2, updated_at = " now
        " WHERE id = $1 AND progress < 2"
    }
}

/// How far each state is on the way. What was sent can still turn out to be
/// undeliverable; what waits or is unknown can turn out to be anything; nothing
/// else goes back.
const fn progress(state: DeliveryState) -> u32 {
    match state {
        DeliveryState::Queued => 0,
        DeliveryState::Unknown => 1,
        DeliveryState::Failed => 2,
        DeliveryState::Sent => 3,
        DeliveryState::Forwarded => 4,
        DeliveryState::Delivered | DeliveryState::Undeliverable => 5,
        DeliveryState::Read => 6,
    }
}

/// Whether the provider took the message.
pub(super) const fn is_with_the_provider(state: DeliveryState) -> bool {
    matches!(
        state,
        DeliveryState::Sent
            | DeliveryState::Forwarded
            | DeliveryState::Delivered
            | DeliveryState::Read
    )
}

/// What the log says of a state.
const fn event(state: DeliveryState) -> (EventKind, Option<Outcome>) {
    match state {
        DeliveryState::Queued => (EventKind::Delayed, None),
        DeliveryState::Sent => (EventKind::Sent, None),
        DeliveryState::Forwarded => (EventKind::Forwarded, None),
        DeliveryState::Delivered => (EventKind::Delivered, None),
        DeliveryState::Read => (EventKind::Read, None),
        DeliveryState::Undeliverable => (EventKind::NotSent, Some(Outcome::Undeliverable)),
        DeliveryState::Failed => (EventKind::NotSent, Some(Outcome::Unavailable)),
        DeliveryState::Unknown => (EventKind::Unsure, None),
    }
}

/// Writes down how far a message has come, unless more is known already.
pub(super) async fn progressed(
    tx: &mut Tx,
    outcome: &outbox::Outcome<'_>,
) -> Result<(), StoreError> {
    let outbox::Outcome { errand, line, provider, step, actor, .. } = *outcome;
    let (id, report) = (errand.delivery, &step.report);
    let detail = report.detail.as_deref();
    let written = if report.state == DeliveryState::Queued {
        tx.write(&DELAY, args![id.0, detail]).await?
    } else {
        let arrived = matches!(report.state, DeliveryState::Delivered | DeliveryState::Read);
        let arguments = args![
            id.0,
            report.state.word(),
            progress(report.state),
            report.provider_id.as_deref(),
            detail,
            provider,
            i64::from(line.fallback),
            i64::from(arrived),
            i64::from(is_with_the_provider(report.state)),
        ];
        tx.write(&ADVANCE, arguments).await?
    };
    if written == 0 {
        return Ok(());
    }
    let (kind, ended) = event(report.state);
    let event = NewEvent { outcome: ended, ..entry(errand, kind, said(outcome), actor) };
    // A delay can be told twice; every other state is reached once.
    let act = format!("{} {} {}", id.0, errand.tries, report.state.word());
    events::write_once(tx, &event, Some(&act)).await
}

/// What the log adds: a message that went by the provider that stands in says so.
fn said(outcome: &outbox::Outcome<'_>) -> Option<String> {
    let detail = outcome.step.report.detail.clone();
    if !outcome.line.fallback {
        return detail;
    }
    let by = format!("By the fallback, {}.", outcome.provider);
    Some(detail.map_or_else(|| by.clone(), |detail| format!("{by} {detail}")))
}

/// A message waits, and nobody has tried to hand it over. The log says so once,
/// however often it is put off.
pub(super) async fn put_off(
    tx: &mut Tx,
    errand: &Errand,
    reason: &str,
    actor: &Actor,
) -> Result<(), StoreError> {
    let before = tx.maybe(&REASON, args![errand.delivery.0]).await?;
    let is_told = before.map(|row| row.maybe_text(0)).transpose()?.flatten().is_some();
    tx.write(&DELAY, args![errand.delivery.0, reason]).await?;
    if is_told {
        return Ok(());
    }
    events::write(tx, &entry(errand, EventKind::Delayed, Some(reason.to_owned()), actor)).await
}

/// An entry of the log about a message, without an outcome.
fn entry<'a>(
    errand: &'a Errand,
    kind: EventKind,
    detail: Option<String>,
    actor: &'a Actor,
) -> NewEvent<'a> {
    NewEvent {
        kind,
        outcome: None,
        request: Some(&errand.request),
        customer: Some(errand.customer),
        channel: Some(errand.line.channel),
        contact: Some(errand.contact.masked()),
        detail,
        actor,
    }
}
