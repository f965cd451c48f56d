//! Rows as the domain's types. The ordinals are those of the lists of columns in
//! [`crate::store::database::fragment`].

use std::collections::HashMap;

use crate::domain::channel::Channel;
use crate::domain::code::{Digest, StoredCode};
use crate::domain::contact::mask;
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::delivery::{Delivery, DeliveryId, DeliveryState};
use crate::domain::event::{Actor, Event, EventCustomer, EventId};
use crate::domain::explanation::Explanation;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Reference, Request, Status};
use crate::domain::session::Session;
use crate::domain::text::clean_optional;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::Row;

/// A request with what only the store needs to know of it.
pub(in crate::store) struct RequestRow {
    /// The number of its row.
    pub(in crate::store) row: i64,
    pub(in crate::store) request: Request,
    digest: String,
    key_id: String,
    /// The customer's failure count.
    pub(in crate::store) failures: u32,
    pub(in crate::store) account_no: String,
    pub(in crate::store) customer_name: String,
    /// The store's clock when this was read.
    pub(in crate::store) now: Timestamp,
}

impl RequestRow {
    /// Reads `request_columns`.
    pub(in crate::store) fn read(row: &Row) -> Result<Self, StoreError> {
        let channel: Channel = row.word(4)?;
        let request = Request {
            id: row.word(1)?,
            customer: CustomerId(row.int(2)?),
            purpose: row.text(3)?,
            channel,
            contact: mask(channel, &row.text(5)?),
            reference: Reference::from_store(&row.text(6)?),
            generation: row.count(7)?,
            status: row.word(8)?,
            created_at: row.time(9)?,
            sent_at: row.time(10)?,
            expires_at: row.time(11)?,
            resend_at: row.time(12)?,
            attempts: row.count(13)?,
            max_attempts: row.count(14)?,
            delivery: Delivery {
                id: DeliveryId(row.int(15)?),
                provider: row.text(16)?,
                by_fallback: row.int(27)? != 0,
                state: row.word(17)?,
                provider_id: row.maybe_text(18)?,
                detail: Explanation::stored(row.maybe_text(19)?, row.maybe_text(28)?),
                updated_at: row.time(20)?,
            },
        };
        let (account_no, customer_name) = on_file(row, 24);
        Ok(Self {
            row: row.int(0)?,
            request,
            digest: row.text(21)?,
            key_id: row.text(22)?,
            failures: row.count(23)?,
            account_no,
            customer_name,
            now: row.time(26)?,
        })
    }

    /// The stored code, to compare a guess with.
    pub(in crate::store) fn code(&self) -> StoredCode {
        StoredCode {
            key_id: self.key_id.clone(),
            digest: Digest::from_hex(&self.digest),
            purpose: self.request.purpose.clone(),
            request: self.request.id.clone(),
            generation: self.request.generation,
        }
    }

    /// Why no code can be entered; `None` where one can.
    pub(in crate::store) fn refusal(&self, failure_cap: u32) -> Option<Outcome> {
        let request = &self.request;
        let exhausted = request.status == Status::Open
            && (request.attempts_left() == 0 || self.failures >= failure_cap);
        request.status.refusal().or(exhausted.then_some(Outcome::Locked))
    }
}

/// Reads a row of the archive, whose contact is masked.
pub(in crate::store) fn archived(row: &Row) -> Result<Request, StoreError> {
    let (created_at, expires_at) = (row.time(8)?, row.time(9)?);
    Ok(Request {
        id: row.word(0)?,
        customer: CustomerId(row.int(1)?),
        purpose: row.text(2)?,
        channel: row.word(3)?,
        contact: row.text(4)?,
        reference: Reference::from_store(&row.text(5)?),
        generation: row.count(6)?,
        status: row.word(7)?,
        created_at,
        sent_at: created_at,
        expires_at,
        resend_at: expires_at,
        attempts: row.count(10)?,
        max_attempts: row.count(11)?,
        delivery: Delivery {
            id: DeliveryId(row.int(12)?),
            provider: row.maybe_text(13)?.unwrap_or_default(),
            by_fallback: false,
            state: row.maybe_word(14)?.unwrap_or(DeliveryState::Unknown),
            provider_id: row.maybe_text(15)?,
            detail: Explanation::stored(row.maybe_text(16)?, None),
            updated_at: row.time(17)?,
        },
    })
}

/// Reads `customer_columns`. An external table may hold blanks for nothing, and nothing for
/// a name.
pub(in crate::store) fn customer(row: &Row) -> Result<Customer, StoreError> {
    let written = |at| Ok::<_, StoreError>(row.maybe_text(at)?.as_deref().and_then(clean_optional));
    Ok(Customer {
        id: CustomerId(row.whole(0)?),
        account_no: written(1)?.unwrap_or_default(),
        name: written(2)?.unwrap_or_default(),
        email: written(3)?,
        phone: written(4)?,
        address: written(5)?,
        locale: written(6)?,
    })
}

/// The columns of a customer, as they are called in messages.
const COLUMN_LABELS: [&str; 7] =
    ["key", "account number", "name", "email address", "phone number", "address", "language"];

/// Why a row cannot be used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowFault {
    /// Another row has the same key.
    SharedKey,
    /// What is in this column cannot be read.
    Unreadable(&'static str),
}

/// Rows of customers from a table that others write.
#[derive(Default)]
pub(in crate::store) struct Rows {
    pub(in crate::store) customers: Vec<Customer>,
    /// Rows that cannot be used: the number, where there is one, and why.
    pub(in crate::store) unreadable: Vec<(Option<i64>, String)>,
    /// The number of the last row that has one.
    pub(in crate::store) last: Option<i64>,
}

/// Reads `customer_columns` of several rows. A row that cannot be read does not keep the
/// others from being found; of several rows with the same number, none is.
pub(in crate::store) fn customers(rows: &[Row]) -> Rows {
    let numbers: Vec<Option<i64>> = rows.iter().map(|row| row.whole(0).ok()).collect();
    let mut times = HashMap::new();
    for number in numbers.iter().flatten() {
        *times.entry(*number).or_insert(0_u32) += 1;
    }
    let mut read =
        Rows { last: numbers.iter().rev().find_map(|number| *number), ..Rows::default() };
    for (row, number) in rows.iter().zip(numbers) {
        let shared = number.is_some_and(|number| times.get(&number) != Some(&1));
        match customer(row) {
            Ok(customer) if !shared => read.customers.push(customer),
            found => {
                let fault = match found {
                    Ok(_) => RowFault::SharedKey,
                    Err(_) => RowFault::Unreadable(unreadable_column(row)),
                };
                let why = described(row, number, fault);
                tracing::warn!(row = why, "a customer was left out");
                read.unreadable.push((number, why));
            }
        }
    }
    read
}

/// The first column of a row that cannot be read.
fn unreadable_column(row: &Row) -> &'static str {
    let is_wrong = |at: &usize| match at {
        0 => row.whole(0).is_err(),
        at => row.maybe_text(*at).is_err(),
    };
    (0..COLUMN_LABELS.len()).find(is_wrong).map_or("row", |at| COLUMN_LABELS[at])
}

/// Describes a row that cannot be used by what can be read of it.
fn described(row: &Row, number: Option<i64>, fault: RowFault) -> String {
    let why = match fault {
        RowFault::SharedKey => "another row has the same key".to_owned(),
        RowFault::Unreadable(column) => format!("its {column} cannot be read"),
    };
    match (number, row.maybe_text(1)) {
        (Some(number), Ok(Some(account_no))) if fault == RowFault::SharedKey => {
            format!("key {number} of account number {account_no}: {why}")
        }
        (Some(number), _) => format!("key {number}: {why}"),
        (None, Ok(Some(account_no))) => format!("account number {account_no}: {why}"),
        (None, _) => format!("one without a key: {why}"),
    }
}

/// The account number and the name of a customer. Both may be missing: the customer may
/// have left the external table since, and a row there may have no name, or none that can
/// be read.
fn on_file(row: &Row, at: usize) -> (String, String) {
    let read = |at| row.maybe_text(at).unwrap_or_else(|_| Some("(cannot be read)".into()));
    match (read(at), read(at + 1)) {
        (None, None) => ("-".into(), "(no longer on file)".into()),
        (account_no, name) => (account_no.unwrap_or_default(), name.unwrap_or_default()),
    }
}

/// Reads `session_columns`.
pub(in crate::store) fn session(row: &Row) -> Result<Session, StoreError> {
    let ended = match row.maybe_int(12)? {
        Some(at) => Some((Timestamp::from_millis(at), row.word(13)?)),
        None => None,
    };
    let (account_no, customer_name) = on_file(row, 2);
    Ok(Session {
        id: row.word(0)?,
        customer: CustomerId(row.int(1)?),
        account_no,
        customer_name,
        request: row.word(4)?,
        factor: row.word(5)?,
        purpose: row.text(6)?,
        clerk: row.text(7)?,
        counter: row.text(8)?,
        created_at: row.time(9)?,
        expires_at: row.time(10)?,
        idle_at: row.time(11)?,
        ended,
    })
}

/// Reads `event_columns`.
pub(in crate::store) fn event(row: &Row) -> Result<Event, StoreError> {
    let customer = match row.maybe_int(5)? {
        Some(id) => {
            let (account_no, name) = on_file(row, 6);
            Some(EventCustomer { id: CustomerId(id), account_no, name })
        }
        None => None,
    };
    Ok(Event {
        id: EventId(row.int(0)?),
        at: row.time(1)?,
        kind: row.word(2)?,
        outcome: row.maybe_word(3)?,
        request: row.maybe_word(4)?,
        customer,
        channel: row.maybe_word(8)?,
        contact: row.maybe_text(9)?,
        actor: Actor { clerk: row.text(10)?, counter: row.text(11)? },
        detail: row.maybe_text(12)?,
    })
}
