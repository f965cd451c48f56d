//! Sessions: opened by a right code or another factor, prolonged by use, ended by people or by time.

use std::time::Duration;

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventFacts, EventKind};
use crate::domain::policy::OtpPolicy;
use crate::domain::request::RequestId;
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::session_record::{SessionProof, SessionRecord};
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::session::SessionFilter;
use crate::service::ports::verification::NewSession;
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::rows::{self, SessionColumns};
use crate::store::database::statement::statements;

statements! {
    OPEN {
        (insert "core_session" {
            public_id: "$1",
            token_digest: "$2",
            customer_id: "$3",
            request: "$4",
            factor: "$5",
            purpose: "$6",
            clerk: "$7",
            counter: "$8",
            created_at: "$9",
            expires_at: "$10",
            idle_at: "$11",
            key_id: "$12",
            mac: "$13",
            policy_version: "$14",
        })
    }
    /// Never beyond its absolute end.
    TOUCH {
        "UPDATE core_session SET idle_at = " least "(expires_at, " now " + $2) \
         WHERE token_digest = $1 AND ended_at IS NULL \
         AND expires_at > " now " AND idle_at > " now
    }
    /// Its proof goes, so that it is none any more if its end is taken back.
    END {
        "UPDATE core_session SET ended_at = " now ", ended_how = $2, mac = '' \
         WHERE public_id = $1 AND ended_at IS NULL \
         AND expires_at > " now " AND idle_at > " now
    }
    BY_TOKEN { (select SessionColumns) "WHERE s.token_digest = $1" }
    BY_ID { (select SessionColumns) "WHERE s.public_id = $1" }
    /// There are few: those whose time is not over.
    ALIVE {
        (select SessionColumns) "WHERE s.expires_at > " now " AND s.idle_at > " now " \
         AND s.ended_at IS NULL ORDER BY s.created_at DESC, s.id DESC LIMIT $1"
    }
    /// A customer has few.
    ALIVE_OF {
        (select SessionColumns) "WHERE s.customer_id = $1 AND s.ended_at IS NULL \
         AND s.expires_at > " now " AND s.idle_at > " now " ORDER BY s.id DESC"
    }
    ALL { (select SessionColumns) "WHERE s.id > 0 ORDER BY s.id DESC LIMIT $1" }
}

/// Who was verified, and by what.
pub(in crate::store) struct Proven<'a> {
    pub(in crate::store) customer: CustomerId,
    pub(in crate::store) account_no: &'a str,
    pub(in crate::store) customer_name: &'a str,
    /// The request whose code was right; none where it was another factor.
    pub(in crate::store) request: Option<&'a RequestId>,
    pub(in crate::store) factor: Factor,
    pub(in crate::store) purpose: &'a str,
    /// When, by the store's clock.
    pub(in crate::store) at: Timestamp,
}

/// The session of a customer who was just verified.
pub(in crate::store) fn new(
    new: &NewSession,
    policy: &OtpPolicy,
    proven: &Proven<'_>,
    actor: &Actor,
) -> Session {
    let created_at = proven.at;
    let expires_at = created_at.plus(policy.session);
    Session {
        id: new.id.clone(),
        customer: proven.customer,
        account_no: proven.account_no.to_owned(),
        customer_name: proven.customer_name.to_owned(),
        request: proven.request.cloned(),
        factor: proven.factor,
        purpose: proven.purpose.to_owned(),
        clerk: actor.clerk.clone(),
        counter: actor.counter.clone(),
        created_at,
        expires_at,
        idle_at: created_at.plus(policy.session_idle).min(expires_at),
        ended: None,
    }
}

/// The write that opens a session under the digest of its token, with its proof and the
/// policy of the attempt. A billing program is notified after the commit.
pub(in crate::store) fn open<'a>(
    tx: &mut Tx,
    session: &'a Session,
    token_digest: &'a str,
    proof: &'a SessionProof,
    policy_version: &'a str,
) -> Write<'a> {
    let args = args![
        session.id.as_str(),
        token_digest,
        session.customer.0,
        session.request.as_ref().map_or("", RequestId::as_str),
        session.factor.word(),
        &session.purpose,
        &session.clerk,
        &session.counter,
        session.created_at.millis(),
        session.expires_at.millis(),
        session.idle_at.millis(),
        &proof.key_id,
        &proof.mac,
        policy_version,
    ];
    tx.changed_session();
    Write { sql: &OPEN, args: args.to_vec() }
}

/// Prolongs the session of a token, or returns it as ended.
pub(in crate::store) async fn touch(
    db: &Database,
    token_digest: &str,
    idle: Duration,
) -> Result<Option<SessionRecord>, StoreError> {
    let mut tx = db.begin().await?;
    let alive = tx.write(&TOUCH, args![token_digest, millis_of(idle)]).await? == 1;
    let session = held(&mut tx, token_digest).await?;
    if alive {
        tx.commit().await?;
    }
    Ok(session)
}

/// The session of a token in a transaction.
pub(in crate::store) async fn held(
    tx: &mut Tx,
    token_digest: &str,
) -> Result<Option<SessionRecord>, StoreError> {
    let row = tx.maybe(&BY_TOKEN, args![token_digest]).await?;
    row.map(|row| rows::session(&row)).transpose()
}

pub(in crate::store) async fn session(
    db: &Database,
    id: &SessionId,
) -> Result<Option<SessionRecord>, StoreError> {
    let row = db.maybe(&BY_ID, args![id.as_str()]).await?;
    row.map(|row| rows::session(&row)).transpose()
}

/// Sessions, newest first.
pub(in crate::store) async fn sessions(
    db: &Database,
    filter: SessionFilter,
    limit: u32,
) -> Result<Vec<SessionRecord>, StoreError> {
    let sql = match filter {
        SessionFilter::Alive => &ALIVE,
        SessionFilter::All => &ALL,
    };
    db.all(sql, args![limit]).await?.iter().map(rows::session).collect()
}

/// The sessions of a customer that are alive, newest first.
pub(in crate::store) async fn alive_of(
    db: &Database,
    customer: CustomerId,
) -> Result<Vec<SessionRecord>, StoreError> {
    db.all(&ALIVE_OF, args![customer.0]).await?.iter().map(rows::session).collect()
}

/// Ends a living session.
pub(in crate::store) async fn end(
    db: &Database,
    id: &SessionId,
    how: SessionEnd,
    actor: &Actor,
) -> Result<Option<SessionRecord>, StoreError> {
    let mut tx = db.begin().await?;
    let ended = tx.write(&END, args![id.as_str(), how.word()]).await? == 1;
    let row = tx.maybe(&BY_ID, args![id.as_str()]).await?;
    let Some(record) = row.map(|row| rows::session(&row)).transpose()? else {
        return Ok(None);
    };
    if ended {
        let session = &record.session;
        let event = NewEvent {
            kind: EventKind::SessionEnded,
            outcome: None,
            request: session.request.as_ref(),
            customer: Some(session.customer),
            channel: None,
            contact: None,
            detail: Some(how.word().to_owned()),
            actor,
            facts: EventFacts { purpose: Some(&session.purpose), ..EventFacts::default() },
        };
        events::write(&mut tx, &event).await?;
        tx.changed_session();
        tx.commit().await?;
    }
    Ok(Some(record))
}
