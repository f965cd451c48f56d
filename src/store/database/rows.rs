//! Rows that several tasks read, as the domain's types.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::audit::leaf::StoredEvent;
use crate::domain::channel::{Channel, Factor};
use crate::domain::code::{Digest, StoredCode};
use crate::domain::code_binding::{BindingVersion, CodeBinding};
use crate::domain::contact::mask;
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::delivery::{Delivery, DeliveryId, DeliveryState};
use crate::domain::event::{Actor, Event, EventCustomer, EventId, EventKind};
use crate::domain::explanation::Explanation;
use crate::domain::flag::Flags;
use crate::domain::level::{FactorSet, Level};
use crate::domain::outcome::Outcome;
use crate::domain::representative::{RepresentativeId, StandsHere};
use crate::domain::request::{Reference, Request, RequestId, Status};
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::session_record::{SessionProof, SessionRecord};
use crate::domain::text::clean_optional;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::Row;
use crate::store::database::row_type::row_type;

row_type! {
    /// A customer as lists name them. Both are missing where the customer has left the external
    /// table since; a row there may also have no name, or none that can be read.
    pub(in crate::store) struct CustomerOnFile {
        account_no: Option<String> = shown_text "c.account_no",
        customer_name: Option<String> = shown_text "c.name",
    }
}

impl CustomerOnFile {
    /// The account number and the name, or what stands in their place.
    pub(in crate::store) fn shown(self) -> (String, String) {
        match (self.account_no, self.customer_name) {
            (None, None) => ("-".into(), "(no longer on file)".into()),
            (account_no, name) => (account_no.unwrap_or_default(), name.unwrap_or_default()),
        }
    }
}

row_type! {
    pub(in crate::store) struct DeliveryColumns {
        delivery_id: i64 = int "d.id",
        provider: String = text "d.provider",
        fallback: bool = flag "d.fallback",
        delivery_state: DeliveryState = word "d.state",
        provider_id: Option<String> = maybe_text "d.provider_id",
        detail: Option<String> = maybe_text "d.detail",
        clerk_detail: Option<String> = maybe_text "d.clerk_detail",
        delivery_updated_at: Timestamp = time "d.updated_at",
    }
}

impl DeliveryColumns {
    fn delivery(self) -> Delivery {
        Delivery {
            id: DeliveryId(self.delivery_id),
            provider: self.provider,
            by_fallback: self.fallback,
            state: self.delivery_state,
            provider_id: self.provider_id,
            detail: Explanation::stored(self.detail, self.clerk_detail),
            updated_at: self.delivery_updated_at,
        }
    }
}

row_type! {
    /// A request with the delivery of its newest code.
    pub(in crate::store) struct RequestColumns from "core_otp o \
        JOIN core_delivery d ON d.otp_id = o.id AND d.generation = o.generation \
        LEFT JOIN core_customer_view c ON c.id = o.customer_id \
        LEFT JOIN core_guard g ON g.customer_id = o.customer_id"
        with (customer: CustomerOnFile, delivery: DeliveryColumns)
    {
        otp_id: i64 = int "o.id",
        public_id: RequestId = word "o.public_id",
        customer_id: i64 = int "o.customer_id",
        purpose: String = text "o.purpose",
        channel: Channel = word "o.otp_type",
        contact: String = text "COALESCE(o.email, o.phone)",
        reference: String = text "o.reference",
        generation: u32 = count "o.generation",
        status: Status = word (sql "CASE WHEN o.status = 'open' AND o.expires_at <= " now
            " THEN 'expired' ELSE o.status END"),
        created_at: Timestamp = time "o.created_at",
        sent_at: Timestamp = time "o.sent_at",
        expires_at: Timestamp = time "o.expires_at",
        resend_at: Timestamp = time "o.resend_at",
        attempts: u32 = count "o.attempts",
        max_attempts: u32 = count "o.max_attempts",
        otp_code: String = text "o.otp_code",
        key_id: String = text "o.key_id",
        binding: u32 = count "o.binding",
        bound_since: Option<Timestamp> = maybe_time bound_since,
        is_production: bool = flag is_production,
        clerk: String = text "o.clerk",
        counter: String = text "o.counter",
        representative: Option<RepresentativeId> = maybe_word "o.representative",
        representative_name: Option<String> = maybe_text "(SELECT r.name \
            FROM core_representative r WHERE r.public_id = o.representative)",
        failures: u32 = count "COALESCE(g.failures, 0)",
        read_at: Timestamp = time now,
    }
}

row_type! {
    /// A request in the archive, whose contact is masked.
    pub(in crate::store) struct ArchivedColumns from "core_otp_archive a" {
        otp_id: i64 = int "a.id",
        public_id: RequestId = word "a.public_id",
        customer_id: i64 = int "a.customer_id",
        purpose: String = text "a.purpose",
        channel: Channel = word "a.otp_type",
        masked: String = text "a.masked",
        reference: String = text "a.reference",
        generation: u32 = count "a.generation",
        status: Status = word "a.status",
        created_at: Timestamp = time "a.created_at",
        expires_at: Timestamp = time "a.expires_at",
        attempts: u32 = count "a.attempts",
        max_attempts: u32 = count "a.max_attempts",
        provider: Option<String> = maybe_text "a.provider",
        delivery_state: Option<DeliveryState> = maybe_word "a.delivery_state",
        provider_id: Option<String> = maybe_text "a.provider_id",
        detail: Option<String> = maybe_text "a.detail",
        clerk: String = text "a.clerk",
        counter: String = text "a.counter",
        updated_at: Timestamp = time "COALESCE(a.closed_at, a.expires_at)",
    }
}

row_type! {
    /// A customer. The number is not cast: the cast of another table's key could be the
    /// number of another customer.
    pub(in crate::store) struct CustomerColumns {
        id: i64 = whole "c.id",
        account_no: Option<String> = maybe_text "c.account_no",
        name: Option<String> = maybe_text "c.name",
        email: Option<String> = maybe_text "c.email",
        phone: Option<String> = maybe_text "c.phone",
        address: Option<String> = maybe_text "c.address",
        locale: Option<String> = maybe_text "c.locale",
    }
}

row_type! {
    pub(in crate::store) struct SessionColumns from "core_session s \
        LEFT JOIN core_customer_view c ON c.id = s.customer_id"
        with (customer: CustomerOnFile)
    {
        public_id: SessionId = word "s.public_id",
        token_digest: String = text "s.token_digest",
        key_id: Option<String> = maybe_text "s.key_id",
        mac: Option<String> = maybe_text "s.mac",
        bound_since: Option<Timestamp> = maybe_time bound_since,
        customer_id: i64 = int "s.customer_id",
        request: Option<RequestId> = maybe_word "NULLIF(s.request, '')",
        factor: Factor = word "s.factor",
        factors: Option<String> = maybe_text "s.factors",
        level: Level = word "COALESCE(s.level, 'none')",
        purpose: String = text "s.purpose",
        is_reached: bool = flag "s.is_reached",
        also_for: Option<String> = maybe_text "s.also_for",
        shared_contact: bool = flag "s.shared_contact",
        representative: Option<RepresentativeId> = maybe_word "s.representative",
        representative_name: Option<String> = maybe_text "(SELECT r.name \
            FROM core_representative r WHERE r.public_id = s.representative)",
        clerk: String = text "s.clerk",
        counter: String = text "s.counter",
        created_at: Timestamp = time "s.created_at",
        expires_at: Timestamp = time "s.expires_at",
        idle_at: Timestamp = time "s.idle_at",
        ended_at: Option<Timestamp> = maybe_time (sql "CASE WHEN s.ended_at IS NOT NULL \
            THEN s.ended_at WHEN " least "(s.idle_at, s.expires_at) <= " now
            " THEN " least "(s.idle_at, s.expires_at) END"),
        ended_how: SessionEnd = word "CASE WHEN s.ended_at IS NOT NULL THEN s.ended_how \
            WHEN s.idle_at < s.expires_at THEN 'idle' ELSE 'timed_out' END",
    }
}

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

/// A request with what only the store needs to know of it.
pub(in crate::store) struct RequestRow {
    /// The number of its row.
    pub(in crate::store) row: i64,
    pub(in crate::store) request: Request,
    digest: String,
    key_id: String,
    /// The contact in clear.
    contact: String,
    account_no_of_code: String,
    version: Option<BindingVersion>,
    /// Whether the store is marked as one of real customers.
    pub(in crate::store) is_production: bool,
    /// The customer's failure count.
    pub(in crate::store) failures: u32,
    pub(in crate::store) account_no: String,
    pub(in crate::store) customer_name: String,
    /// The store's clock when this was read.
    pub(in crate::store) now: Timestamp,
}

impl RequestRow {
    pub(in crate::store) fn read(row: &Row) -> Result<Self, StoreError> {
        let it = RequestColumns::read(row)?;
        let account_no_of_code = account_no_of_code(it.customer.account_no.as_deref());
        let (account_no, customer_name) = it.customer.shown();
        Ok(Self {
            row: it.otp_id,
            request: Request {
                id: it.public_id,
                customer: CustomerId(it.customer_id),
                purpose: it.purpose,
                channel: it.channel,
                contact: mask(it.channel, &it.contact),
                reference: Reference::from_store(&it.reference),
                generation: it.generation,
                status: it.status,
                created_at: it.created_at,
                sent_at: it.sent_at,
                expires_at: it.expires_at,
                resend_at: it.resend_at,
                attempts: it.attempts,
                max_attempts: it.max_attempts,
                delivery: it.delivery.delivery(),
                asked_by: Actor { clerk: it.clerk, counter: it.counter },
                representative: stands_here(it.representative, it.representative_name),
            },
            digest: it.otp_code,
            key_id: it.key_id,
            contact: it.contact,
            account_no_of_code,
            version: binding_version(it.binding, it.expires_at, it.bound_since),
            is_production: it.is_production,
            failures: it.failures,
            account_no,
            customer_name,
            now: it.read_at,
        })
    }

    /// The stored code, to compare a guess with.
    pub(in crate::store) fn code(&self) -> StoredCode {
        let request = &self.request;
        StoredCode {
            key_id: self.key_id.clone(),
            digest: self.version.and(Digest::from_hex(&self.digest)),
            version: self.version.unwrap_or(BindingVersion::Two),
            binding: CodeBinding {
                customer: request.customer,
                account_no: self.account_no_of_code.clone(),
                purpose: request.purpose.clone(),
                request: request.id.clone(),
                generation: request.generation,
                channel: request.channel,
                contact: self.contact.clone(),
                expires_at: request.expires_at,
                representative: request.representative.as_ref().map(|it| it.id.clone()),
            },
        }
    }

    /// The contact in clear to which its code went.
    pub(in crate::store) fn contact(&self) -> &str {
        &self.contact
    }

    /// The account number to which its code is bound.
    pub(in crate::store) fn account_no_of_code(&self) -> &str {
        &self.account_no_of_code
    }

    /// Why no code can be entered; `None` where one can.
    pub(in crate::store) fn refusal(&self, failure_cap: u32) -> Option<Outcome> {
        let request = &self.request;
        let exhausted = request.status == Status::Open
            && (request.attempts_left() == 0 || self.failures >= failure_cap);
        request.status.refusal().or(exhausted.then_some(Outcome::Locked))
    }
}

/// Reads [`ArchivedColumns`].
pub(in crate::store) fn archived(row: &Row) -> Result<Request, StoreError> {
    let it = ArchivedColumns::read(row)?;
    Ok(Request {
        id: it.public_id,
        customer: CustomerId(it.customer_id),
        purpose: it.purpose,
        channel: it.channel,
        contact: it.masked,
        reference: Reference::from_store(&it.reference),
        generation: it.generation,
        status: it.status,
        created_at: it.created_at,
        sent_at: it.created_at,
        expires_at: it.expires_at,
        resend_at: it.expires_at,
        attempts: it.attempts,
        max_attempts: it.max_attempts,
        delivery: Delivery {
            id: DeliveryId(it.otp_id),
            provider: it.provider.unwrap_or_default(),
            by_fallback: false,
            state: it.delivery_state.unwrap_or(DeliveryState::Unknown),
            provider_id: it.provider_id,
            detail: Explanation::stored(it.detail, None),
            updated_at: it.updated_at,
        },
        asked_by: Actor { clerk: it.clerk, counter: it.counter },
        representative: None,
    })
}

/// Who stands at the counter in the place of the holder.
pub(in crate::store) fn stands_here(
    id: Option<RepresentativeId>,
    name: Option<String>,
) -> Option<StandsHere> {
    id.map(|id| StandsHere { id, name: name.unwrap_or_else(|| "(erased)".to_owned()) })
}

/// Reads [`CustomerColumns`]. An external table may hold blanks for nothing, and nothing for
/// a name.
pub(in crate::store) fn customer(row: &Row) -> Result<Customer, StoreError> {
    let it = CustomerColumns::read(row)?;
    let written = |text: Option<String>| text.as_deref().and_then(clean_optional);
    Ok(Customer {
        id: CustomerId(it.id),
        account_no: written(it.account_no).unwrap_or_default(),
        name: written(it.name).unwrap_or_default(),
        email: written(it.email),
        phone: written(it.phone),
        address: written(it.address),
        locale: written(it.locale),
        flags: Flags::default(),
    })
}

/// What the columns of [`CustomerColumns`] are called in messages, in the same order.
const COLUMN_LABELS: [&str; CustomerColumns::COLUMNS.names.len()] =
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

/// Reads [`CustomerColumns`] of several rows. A row that cannot be read does not keep the
/// others from being found; of several rows with the same number, none is.
pub(in crate::store) fn customers(rows: &[Row]) -> Rows {
    let numbers: Vec<Option<i64>> = rows.iter().map(|row| row.whole("id").ok()).collect();
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
    if row.whole("id").is_err() {
        return COLUMN_LABELS[0];
    }
    let mut texts = CustomerColumns::COLUMNS.names.iter().zip(COLUMN_LABELS).skip(1);
    texts.find(|(column, _)| row.maybe_text(column).is_err()).map_or("row", |(_, label)| label)
}

/// Describes a row that cannot be used by what can be read of it.
fn described(row: &Row, number: Option<i64>, fault: RowFault) -> String {
    let why = match fault {
        RowFault::SharedKey => "another row has the same key".to_owned(),
        RowFault::Unreadable(column) => format!("its {column} cannot be read"),
    };
    match (number, row.maybe_text("account_no")) {
        (Some(number), Ok(Some(account_no))) if fault == RowFault::SharedKey => {
            format!("key {number} of account number {account_no}: {why}")
        }
        (Some(number), _) => format!("key {number}: {why}"),
        (None, Ok(Some(account_no))) => format!("account number {account_no}: {why}"),
        (None, _) => format!("one without a key: {why}"),
    }
}

/// The account number to which a code is bound, as it is shown.
pub(in crate::store) fn account_no_of_code(account_no: Option<&str>) -> String {
    account_no.unwrap_or_default().trim().to_owned()
}

/// How long codes of the first version of the binding work after the store learned the second
/// one: as long as any code does.
const OLD_CODES: Duration = Duration::from_mins(10);

/// How long a session without a proof lasts at most after the store learned of proofs: as
/// long as any session does.
const OLD_SESSIONS: Duration = Duration::from_hours(8);

/// The version of a stored binding; `None` where it is one that does not count any more. A row
/// of the first version that was kept and put back later is none.
pub(in crate::store) fn binding_version(
    number: u32,
    expires_at: Timestamp,
    bound_since: Option<Timestamp>,
) -> Option<BindingVersion> {
    let version = BindingVersion::of(number);
    let counts = version == BindingVersion::Two
        || bound_since.is_some_and(|since| expires_at <= since.plus(OLD_CODES));
    counts.then_some(version)
}

/// Reads [`SessionColumns`].
pub(in crate::store) fn session(row: &Row) -> Result<SessionRecord, StoreError> {
    let it = SessionColumns::read(row)?;
    let (account_no, customer_name) = it.customer.shown();
    let is_older_than_proofs = it
        .bound_since
        .is_some_and(|since| it.created_at <= since && it.expires_at <= since.plus(OLD_SESSIONS));
    let proof = it.key_id.zip(it.mac).map(|(key_id, mac)| SessionProof { key_id, mac });
    let has_one_factor = it.factors.is_none();
    let factors = match &it.factors {
        Some(words) => FactorSet::parse(words).map_err(|it| StoreError::Failed(it.to_string()))?,
        None => FactorSet::default().with(it.factor),
    };
    let level = if has_one_factor { factors.level() } else { it.level };
    let also_for = it.also_for.as_deref().map_or(Ok(Vec::new()), serde_json::from_str);
    let also_for = also_for.map_err(|_| unreadable_purposes())?;
    let session = Session {
        id: it.public_id,
        customer: CustomerId(it.customer_id),
        account_no,
        customer_name,
        request: it.request,
        factor: it.factor,
        factors,
        level,
        purpose: it.purpose,
        is_reached: it.is_reached,
        also_for,
        shared_contact: it.shared_contact,
        representative: stands_here(it.representative, it.representative_name),
        clerk: it.clerk,
        counter: it.counter,
        created_at: it.created_at,
        expires_at: it.expires_at,
        idle_at: it.idle_at,
        ended: it.ended_at.map(|at| (at, it.ended_how)),
    };
    let token_digest = it.token_digest;
    Ok(SessionRecord { session, token_digest, proof, is_older_than_proofs, has_one_factor })
}

fn unreadable_purposes() -> StoreError {
    StoreError::Failed("the purposes of a session cannot be read".into())
}

/// Reads [`EventColumns`].
pub(in crate::store) fn event(row: &Row) -> Result<Event, StoreError> {
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
pub(in crate::store) fn stored_event(row: &Row) -> Result<StoredEvent, StoreError> {
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
