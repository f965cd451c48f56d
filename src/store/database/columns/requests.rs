//! The columns of a request (`core_otp`), of its delivery and of an archived request.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::code::{Digest, StoredCode};
use crate::domain::code_binding::{BindingVersion, CodeBinding};
use crate::domain::contact::mask;
use crate::domain::customer::CustomerId;
use crate::domain::delivery::{Delivery, DeliveryId, DeliveryState};
use crate::domain::event::Actor;
use crate::domain::explanation::Explanation;
use crate::domain::outcome::Outcome;
use crate::domain::representative::{RepresentativeId, StandsHere};
use crate::domain::request::{Reference, Request, RequestId, Status};
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::store::database::columns::customers::CustomerOnFile;
use crate::store::database::engine::Row;
use crate::store::database::row_type::row_type;

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
pub(in crate::store) fn read_archived(row: &Row) -> Result<Request, StoreError> {
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

/// The account number to which a code is bound, as it is shown.
pub(in crate::store) fn account_no_of_code(account_no: Option<&str>) -> String {
    account_no.unwrap_or_default().trim().to_owned()
}

/// How long codes of the first version of the binding work after the store learned the second
/// one: as long as any code does.
const OLD_CODES: Duration = Duration::from_mins(10);

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
