//! The columns of a log entry (`core_event`), as a person reads it and as the log seals it.

use crate::domain::audit::leaf::StoredEvent;
use crate::domain::channel::Channel;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, Event, EventCustomer, EventId, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::request::RequestId;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::store::database::columns::customers::CustomerOnFile;
use crate::store::database::engine::Row;
use crate::store::database::row_type::row_type;

row_type! {
    pub(in crate::store) struct EventColumns from "core_event e \
        LEFT JOIN core_customer_view c ON c.id = e.customer_id"
        with (customer: CustomerOnFile)
    {
        id: i64 = int "e.id",
        at: Timestamp = time "e.at",
        kind: EventKind = word "e.kind",
        outcome: Option<Outcome> = maybe_word "e.outcome",
        request: Option<RequestId> = maybe_word "e.request",
        customer_id: Option<i64> = maybe_int "e.customer_id",
        channel: Option<Channel> = maybe_word "e.channel",
        contact: Option<String> = maybe_text "e.contact",
        clerk: String = text "e.clerk",
        counter: String = text "e.counter",
        detail: Option<String> = maybe_text "e.detail",
    }
}

/// Reads [`EventColumns`].
pub(in crate::store) fn read(row: &Row) -> Result<Event, StoreError> {
    let it = EventColumns::read(row)?;
    let customer = it.customer_id.map(|id| {
        let (account_no, name) = it.customer.shown();
        EventCustomer { id: CustomerId(id), account_no, name }
    });
    Ok(Event {
        id: EventId(it.id),
        at: it.at,
        kind: it.kind,
        outcome: it.outcome,
        request: it.request,
        customer,
        channel: it.channel,
        contact: it.contact,
        actor: Actor { clerk: it.clerk, counter: it.counter },
        detail: it.detail,
    })
}

/// Reads `stored_event_columns`, word for word.
pub(in crate::store) fn read_stored(row: &Row) -> Result<StoredEvent, StoreError> {
    Ok(StoredEvent {
        id: EventId(row.int("id")?),
        at: row.time("at")?,
        kind: row.maybe_raw("kind")?.unwrap_or_default(),
        outcome: row.maybe_raw("outcome")?,
        request: row.maybe_raw("request")?,
        customer: row.maybe_int("customer_id")?,
        channel: row.maybe_raw("channel")?,
        contact: row.maybe_raw("contact")?,
        clerk: row.maybe_raw("clerk")?.unwrap_or_default(),
        counter: row.maybe_raw("counter")?.unwrap_or_default(),
        detail: row.maybe_raw("detail")?,
        purpose: row.maybe_raw("purpose")?,
        provider: row.maybe_raw("provider")?,
        asked_at: row.maybe_time("asked_at")?,
    })
}
