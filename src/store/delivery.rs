//! How far a message has come.

use super::db::{Db, args};
use super::events;
use super::sql::statements;
use crate::domain::channel::Channel;
use crate::domain::contact::mask;
use crate::domain::customer::CustomerId;
use crate::domain::delivery::{DeliveryId, DeliveryState, Report};
use crate::domain::event::{Actor, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::request::RequestId;
use crate::service::ports::{NewEvent, StoreError};

statements! {
    ADVANCE {
        "UPDATE core_delivery SET state = $2, progress = $3, \
         provider_id = COALESCE($4, provider_id), detail = $5, updated_at = " now " \
         WHERE id = $1 AND progress < $3"
    }
    OF {
        "SELECT o.public_id, d.customer_id, d.channel, d.contact \
         FROM core_delivery d JOIN core_otp o ON o.id = d.otp_id WHERE d.id = $1"
    }
}

/// How far each state is on the way. What was sent can still turn out to be
/// undeliverable; what failed can be tried again; nothing else goes back.
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

/// What the log says of a state.
const fn event(state: DeliveryState) -> Option<(EventKind, Option<Outcome>)> {
    match state {
        DeliveryState::Queued => None,
        DeliveryState::Sent => Some((EventKind::Sent, None)),
        DeliveryState::Forwarded => Some((EventKind::Forwarded, None)),
        DeliveryState::Delivered => Some((EventKind::Delivered, None)),
        DeliveryState::Read => Some((EventKind::Read, None)),
        DeliveryState::Undeliverable => Some((EventKind::NotSent, Some(Outcome::Undeliverable))),
        DeliveryState::Failed => Some((EventKind::NotSent, Some(Outcome::Unavailable))),
        DeliveryState::Unknown => Some((EventKind::Unsure, None)),
    }
}

/// Writes down a report, unless more is known already.
pub(super) async fn report(
    db: &Db,
    id: DeliveryId,
    report: &Report,
    actor: &Actor,
) -> Result<(), StoreError> {
    let Some((kind, outcome)) = event(report.state) else { return Ok(()) };
    let mut tx = db.begin().await?;
    let arguments = args![
        id.0,
        report.state.word(),
        progress(report.state),
        report.provider_id.as_deref(),
        report.detail.as_deref(),
    ];
    if tx.write(&ADVANCE, arguments).await? == 0 {
        return Ok(());
    }
    let row = tx.one(&OF, args![id.0]).await?;
    let request: RequestId = row.word(0)?;
    let channel: Channel = row.word(2)?;
    let event = NewEvent {
        kind,
        outcome,
        request: Some(&request),
        customer: Some(CustomerId(row.int(1)?)),
        channel: Some(channel),
        contact: Some(mask(channel, &row.text(3)?)),
        detail: report.detail.clone(),
        actor,
    };
    events::write(&mut tx, &event).await?;
    tx.commit().await
}
