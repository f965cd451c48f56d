//! The columns of a session (`core_session`).

use std::time::Duration;

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::level::{FactorSet, Level};
use crate::domain::representative::RepresentativeId;
use crate::domain::request::RequestId;
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::session_record::{SessionProof, SessionRecord};
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::store::database::columns::customers::CustomerOnFile;
use crate::store::database::columns::requests::stands_here;
use crate::store::database::engine::Row;
use crate::store::database::row_type::row_type;

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

/// How long a session without a proof lasts at most after the store learned of proofs: as
/// long as any session does.
const OLD_SESSIONS: Duration = Duration::from_hours(8);

/// Reads [`SessionColumns`].
pub(in crate::store) fn read(row: &Row) -> Result<SessionRecord, StoreError> {
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
