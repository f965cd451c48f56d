//! The state of a delivery, and the events about it.

use crate::domain::delivery::{DeliveryId, DeliveryState};
use crate::domain::event::{Actor, EventFacts, EventKind};
use crate::domain::explanation::Explanation;
use crate::domain::outcome::Outcome;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::{MessageOutcome, OutboxMessage};
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Tx, args, list};
use crate::store::database::statement::statements;

statements! {
    /// Locks the deliveries, and reads their states.
    PROGRESS {
        "SELECT id, state FROM "
        (rows_among "core_delivery" "id" "$1")
        " ORDER BY id" for_update
    }
    /// Those rows, each with what is known now: state, the provider's id, the detail, the
    /// provider slot, whether it was accepted and delivered, and the clerk's detail.
    ADVANCE {
        (each
            ("UPDATE core_delivery SET state = value ->> 1, progress = value ->> 2, \
              provider_id = COALESCE(value ->> 3, provider_id), detail = value ->> 4, \
              provider = COALESCE(value ->> 5, provider), \
              fallback = COALESCE(value ->> 6, fallback), \
              accepted_at = CASE value ->> 7 WHEN 1 THEN COALESCE(accepted_at, " now ") \
              ELSE accepted_at END, \
              delivered_at = CASE value ->> 8 WHEN 1 THEN COALESCE(delivered_at, " now ") \
              ELSE delivered_at END, clerk_detail = value ->> 9, \
              updated_at = " now " FROM json_each($1) WHERE core_delivery.id = value ->> 0")
            ("UPDATE core_delivery SET state = value ->> 1, \
              progress = CAST(value ->> 2 AS BIGINT), \
              provider_id = COALESCE(value ->> 3, provider_id), detail = value ->> 4, \
              provider = COALESCE(value ->> 5, provider), \
              fallback = COALESCE(CAST(value ->> 6 AS BIGINT), fallback), \
              accepted_at = CASE value ->> 7 WHEN '1' THEN COALESCE(accepted_at, " now ") \
              ELSE accepted_at END, \
              delivered_at = CASE value ->> 8 WHEN '1' THEN COALESCE(delivered_at, " now ") \
              ELSE delivered_at END, clerk_detail = value ->> 9, \
              updated_at = " now " FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value) \
              WHERE core_delivery.id = CAST(value ->> 0 AS BIGINT)")
            ("UPDATE JSON_TABLE($1, '$[*]' COLUMNS (a BIGINT PATH '$[0]', " (cell "b" "1")
             ", c BIGINT PATH '$[2]', " (cell "d" "3") ", " (cell "e" "4") ", " (cell "f" "5")
             ", g BIGINT PATH '$[6]', h BIGINT PATH '$[7]', i BIGINT PATH '$[8]', " (cell "j" "9")
             ")) list \
              STRAIGHT_JOIN core_delivery ON core_delivery.id = a SET state = b, progress = c, \
              provider_id = COALESCE(d, provider_id), detail = e, \
              provider = COALESCE(f, provider), fallback = COALESCE(g, fallback), \
              accepted_at = CASE h WHEN 1 THEN COALESCE(accepted_at, " now ") \
              ELSE accepted_at END, \
              delivered_at = CASE i WHEN 1 THEN COALESCE(delivered_at, " now ") \
              ELSE delivered_at END, clerk_detail = j, \
              updated_at = " now))
    }
    DETAIL { "SELECT detail FROM core_delivery WHERE id = $1" }
    /// Back to queued, which is possible only before a provider took it.
    SET_DELAYED {
        "UPDATE core_delivery SET state = 'queued', progress = 0, detail = $2, \
         clerk_detail = $3, updated_at = " now
        " WHERE id = $1 AND progress < 2"
    }
}

/// The order of states. A sent message can still turn out to be undeliverable; a queued or
/// unknown one can turn out to be anything; nothing else goes back.
const fn rank(state: DeliveryState) -> u32 {
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
pub(in crate::store) const fn is_accepted(state: DeliveryState) -> bool {
    matches!(
        state,
        DeliveryState::Sent
            | DeliveryState::Forwarded
            | DeliveryState::Delivered
            | DeliveryState::Read
    )
}

/// The event of a state.
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

/// What is to be written: rows of [`ADVANCE`], and events.
#[derive(Default)]
pub(in crate::store) struct StateChange {
    messages: Vec<serde_json::Value>,
    entries: Vec<serde_json::Value>,
    deliveries: Vec<DeliveryId>,
}

impl StateChange {
    /// Whether something is new of this delivery.
    pub(in crate::store) fn is_about(&self, delivery: DeliveryId) -> bool {
        self.deliveries.contains(&delivery)
    }

    /// The rows as JSON lists; `None` where nothing is new.
    pub(in crate::store) fn lists(self) -> Option<(String, String)> {
        (!self.messages.is_empty()).then(|| (list(self.messages), list(self.entries)))
    }
}

/// The write of the first of [`StateChange::lists`].
pub(in crate::store) fn advance(messages: &str) -> Write<'_> {
    Write { sql: &ADVANCE, args: args![messages].to_vec() }
}

/// What outcomes, each of another message, say that is not known yet.
pub(in crate::store) async fn progress(
    tx: &mut Tx,
    outcomes: &[&MessageOutcome<'_>],
) -> Result<StateChange, StoreError> {
    let mut new = StateChange::default();
    let ids = list(outcomes.iter().map(|it| it.message.delivery.0));
    for row in tx.all(&PROGRESS, args![&ids]).await? {
        let (id, known) = (row.int("id")?, row.word("state")?);
        let Some(outcome) = outcomes.iter().find(|it| it.message.delivery.0 == id) else {
            continue;
        };
        if is_news(outcome.step.report.state, known) {
            new.messages.push(advance_row(outcome));
            new.entries.push(event_row(outcome));
            new.deliveries.push(outcome.message.delivery);
        }
    }
    Ok(new)
}

/// Whether a state adds to the known one. Only a message that no provider took can be
/// queued again.
const fn is_news(state: DeliveryState, known: DeliveryState) -> bool {
    let enough = match state {
        DeliveryState::Queued => rank(DeliveryState::Failed),
        state => rank(state),
    };
    rank(known) < enough
}

fn advance_row(outcome: &MessageOutcome<'_>) -> serde_json::Value {
    let MessageOutcome { message, slot, provider, step, .. } = *outcome;
    let report = &step.report;
    // A queued message has no provider slot.
    let was_sent = report.state != DeliveryState::Queued;
    let detail = report.detail.as_ref();
    let arrived = matches!(report.state, DeliveryState::Delivered | DeliveryState::Read);
    serde_json::json!([
        message.delivery.0,
        report.state.word(),
        rank(report.state),
        report.provider_id,
        detail.map(|it| &it.for_admin),
        was_sent.then_some(provider),
        was_sent.then_some(i64::from(slot.fallback)),
        i64::from(is_accepted(report.state)),
        i64::from(arrived),
        detail.map(|it| &it.for_clerk),
    ])
}

fn event_row(outcome: &MessageOutcome<'_>) -> serde_json::Value {
    let MessageOutcome { message, provider, step, actor, .. } = *outcome;
    let (kind, ended) = event(step.report.state);
    let about = entry(message, kind, event_detail(outcome), actor);
    // A queued message has no provider slot.
    let was_sent = step.report.state != DeliveryState::Queued;
    let provider = was_sent.then_some(provider).or(about.facts.provider);
    let facts = EventFacts { provider, ..about.facts };
    let event = NewEvent { outcome: ended, facts, ..about };
    // A delay may be reported twice; every other state is reached once.
    let act = format!("{} {} {}", message.delivery.0, message.tries, step.report.state.word());
    events::row(&event, Some(&act))
}

/// The detail of the event, which names a fallback.
fn event_detail(outcome: &MessageOutcome<'_>) -> Option<String> {
    let detail = outcome.step.report.detail.as_ref().map(|it| it.for_admin.clone());
    if !outcome.slot.fallback {
        return detail;
    }
    let by = format!("By the fallback, {}.", outcome.provider);
    Some(detail.map_or_else(|| by.clone(), |detail| format!("{by} {detail}")))
}

/// Writes that a message has to wait without an attempt; the event is written once, however
/// often it is rescheduled.
pub(in crate::store) async fn write_delay(
    tx: &mut Tx,
    message: &OutboxMessage,
    reason: &Explanation,
    actor: &Actor,
) -> Result<(), StoreError> {
    let before = tx.maybe(&DETAIL, args![message.delivery.0]).await?;
    let is_logged = before.map(|row| row.maybe_text("detail")).transpose()?.flatten().is_some();
    tx.write(&SET_DELAYED, args![message.delivery.0, &*reason.for_admin, &*reason.for_clerk])
        .await?;
    if is_logged {
        return Ok(());
    }
    events::write(tx, &entry(message, EventKind::Delayed, Some(reason.for_admin.clone()), actor))
        .await
}

/// An event about a message, without an outcome.
fn entry<'a>(
    message: &'a OutboxMessage,
    kind: EventKind,
    detail: Option<String>,
    actor: &'a Actor,
) -> NewEvent<'a> {
    NewEvent {
        kind,
        outcome: None,
        request: Some(&message.request),
        customer: Some(message.customer),
        channel: Some(message.slot.channel),
        contact: Some(message.contact.masked()),
        detail,
        actor,
        facts: EventFacts {
            purpose: Some(&message.purpose),
            provider: Some(&message.provider),
            asked_at: Some(message.asked_at),
        },
    }
}
