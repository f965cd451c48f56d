//! Emails that came back after a provider had taken them.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::customer::CustomerId;
use crate::domain::delivery::DeliveryState;
use crate::domain::event::{EventFacts, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::request::RequestId;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::bounces::{BounceFound, StoredBounce};
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::engine::{Database, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::delivery::contact_state::{self, StateRows};

row_type! {
    struct EmailColumns from "core_otp o JOIN core_delivery d ON d.otp_id = o.id" {
        delivery_id: i64 = int "d.id",
        request: RequestId = word "o.public_id",
        customer_id: i64 = int "d.customer_id",
        purpose: String = text "o.purpose",
        channel: Channel = word "d.channel",
        contact: String = text "d.contact",
        provider: String = text "d.provider",
        created_at: Timestamp = time "d.created_at",
        updated_at: Timestamp = time "d.updated_at",
    }
}

statements! {
    EMAIL { (select EmailColumns) "WHERE o.public_id = $1 AND d.generation = $2 AND d.channel = 'email'" }
    /// Only what a provider took, or may have taken, and of which nothing better is known. Its
    /// row is locked by that, so that of many who tell of it one writes.
    CAME_BACK {
        "UPDATE core_delivery SET state = $2, progress = 5, detail = $3, clerk_detail = $4, \
         updated_at = " now " WHERE id = $1 AND state IN ('sent', 'forwarded', 'unknown')"
    }
}

/// The state of a delivery and what it says of its contact are written within this time.
const SAME_MESSAGE: Duration = Duration::from_secs(5);

/// Marks an email as undeliverable. Of the contact it says so only where nothing arrived there
/// since.
pub(in crate::store) async fn record(
    db: &Database,
    bounce: StoredBounce<'_>,
) -> Result<BounceFound, StoreError> {
    let mut tx = db.begin().await?;
    let arguments = args![bounce.request.as_str(), bounce.generation];
    let Some(row) = tx.maybe(&EMAIL, arguments).await? else { return Ok(BounceFound::Nothing) };
    let it = EmailColumns::read(&row)?;
    // What was erased cannot be read.
    let Ok(contact) = Contact::parse(it.channel, &it.contact) else {
        return Ok(BounceFound::Nothing);
    };
    let (state, detail) = (DeliveryState::Undeliverable, bounce.detail);
    let arguments = args![it.delivery_id, state.word(), &*detail.for_admin, &*detail.for_clerk];
    if tx.write(&CAME_BACK, arguments).await? == 0 {
        return Ok(BounceFound::Known);
    }
    let customer = CustomerId(it.customer_id);
    let event = NewEvent {
        kind: EventKind::NotSent,
        outcome: Some(Outcome::Undeliverable),
        request: Some(&it.request),
        customer: Some(customer),
        channel: Some(it.channel),
        contact: Some(contact.masked()),
        detail: Some(detail.for_admin.clone()),
        actor: bounce.actor,
        facts: EventFacts {
            purpose: Some(&it.purpose),
            provider: Some(&it.provider),
            asked_at: Some(it.created_at),
        },
    };
    // What arrived since says more of the contact than an old mail.
    let since = it.updated_at.plus(SAME_MESSAGE);
    let is_outdated =
        contact_state::has_arrived_after(&mut tx, it.channel, &contact, since).await?;
    let of_contact = StateRows::failed(it.channel, &contact, customer, bounce.failure);
    let writes = if is_outdated { Vec::new() } else { of_contact.writes().collect() };
    let act = format!("{} came back", it.delivery_id);
    events::write_with(&mut tx, writes, &event, Some(&act)).await?;
    tx.commit().await?;
    Ok(BounceFound::Recorded)
}
