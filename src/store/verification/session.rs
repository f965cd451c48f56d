//! Sessions: opened by a right code or another factor, prolonged by use, ended by people or by time.

use std::time::Duration;

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventFacts, EventKind};
use crate::domain::flag::Standing;
use crate::domain::key::Keyring;
use crate::domain::level::FactorSet;
use crate::domain::policy::OtpPolicy;
use crate::domain::purpose::{self as domain, Purpose};
use crate::domain::representative::StandsHere;
use crate::domain::request::{Reference, RequestId};
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::session_record::{SessionProof, SessionRecord};
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::session::{Serving, SessionFilter};
use crate::service::ports::verification::NewSession;
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::columns::sessions::{self, SessionColumns};
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;
use crate::store::verification::told_afterwards::{self, Telling};
use crate::store::verification::{customer_guard, flags, representatives};

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
            factors: "$15",
            level: "$16",
            is_reached: "$17",
            shared_contact: "$18",
            representative: "$19",
        })
    }
    /// Unless it was changed or ended since it was read: its proof is another one then.
    RAISE {
        "UPDATE core_session SET factors = $3, level = $4, purpose = $5, is_reached = $6, \
         also_for = $7, shared_contact = $8, expires_at = $9, \
         idle_at = " least "(idle_at, $9), key_id = $10, mac = $11 \
         WHERE public_id = $1 AND mac = $2 AND ended_at IS NULL \
         AND expires_at > " now " AND idle_at > " now
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
    NOW { "SELECT " now " AS read_at FROM core_lock WHERE name = 'issue'" }
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
    /// The word in its message.
    pub(in crate::store) reference: Option<&'a Reference>,
    /// Who stands here in the place of the holder.
    pub(in crate::store) representative: Option<&'a StandsHere>,
    pub(in crate::store) factor: Factor,
    pub(in crate::store) purpose: &'a Purpose,
    /// When, by the store's clock.
    pub(in crate::store) at: Timestamp,
}

/// With what a session is opened or raised.
pub(in crate::store) struct Proving<'a> {
    pub(in crate::store) new: &'a NewSession,
    pub(in crate::store) policy: &'a OtpPolicy,
    pub(in crate::store) policy_version: &'a str,
    pub(in crate::store) keyring: &'a Keyring,
    pub(in crate::store) telling: Telling<'a>,
    pub(in crate::store) actor: &'a Actor,
}

/// The session of a customer who was just verified.
fn new(new: &NewSession, policy: &OtpPolicy, proven: &Proven<'_>, actor: &Actor) -> Session {
    let created_at = proven.at;
    let purpose = proven.purpose;
    let expires_at = created_at.plus(purpose.session.unwrap_or(policy.session));
    let factors = FactorSet::default().with(proven.factor);
    let shared_contact = new.shared_contact;
    let is_reached = purpose.is_served_by(domain::Proven { factors: &factors, shared_contact });
    let level = factors.level();
    Session {
        id: new.id.clone(),
        customer: proven.customer,
        account_no: proven.account_no.to_owned(),
        customer_name: proven.customer_name.to_owned(),
        request: proven.request.cloned(),
        factor: proven.factor,
        level: if is_reached { level.max(purpose.level) } else { level },
        factors,
        purpose: purpose.name.clone(),
        is_reached,
        also_for: Vec::new(),
        shared_contact,
        representative: proven.representative.cloned(),
        clerk: actor.clerk.clone(),
        counter: actor.counter.clone(),
        created_at,
        expires_at,
        idle_at: created_at.plus(policy.session_idle).min(expires_at),
        ended: None,
    }
}

/// What was proven, in its session.
pub(in crate::store) struct Proved {
    pub(in crate::store) session: Session,
    /// What the log says of who is told afterwards; none where nobody is to be.
    pub(in crate::store) told: Option<String>,
    /// The proof of one that is opened by it, and its factors in words.
    opened: Option<(SessionProof, String)>,
}

impl Proved {
    /// The write that opens the session under the digest of its token, with its proof and the
    /// policy of the attempt; none where it was opened before.
    pub(in crate::store) fn write<'a>(&'a self, it: &'a Proving<'_>) -> Option<Write<'a>> {
        let (proof, factors) = self.opened.as_ref()?;
        let session = &self.session;
        let args = args![
            session.id.as_str(),
            &it.new.token_digest,
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
            it.policy_version,
            factors,
            session.level.word(),
            i64::from(session.is_reached),
            i64::from(session.shared_contact),
            session.representative.as_ref().map(|it| it.id.as_str()),
        ];
        Some(Write { sql: &OPEN, args: args.to_vec() })
    }
}

/// Adds what was proven to the session that was named, or to a new one where none was, or that
/// one is over or another customer's. The rows of the customer are locked. A billing program is
/// notified after the commit.
pub(in crate::store) async fn prove(
    tx: &mut Tx,
    it: &Proving<'_>,
    proven: &Proven<'_>,
) -> Result<Proved, StoreError> {
    // One that was set since the proof was begun counts as well.
    let who = Standing::of(proven.representative);
    let flags = flags::of_proof(tx, proven.customer, (who, proven.factor)).await?;
    let purpose = &flags.raise(proven.purpose);
    if let Some(digest) = &it.new.further
        && let Some(before) = usable(tx, digest, it.keyring).await?
        && before.session.customer == proven.customer
        && before.session.representative.as_ref() == proven.representative
    {
        let factor = (proven.factor, it.new.shared_contact);
        let session = before.session.raised(purpose, Some(factor), proven.at);
        raise(tx, &before, &session, it.keyring, (it.actor, None)).await?;
        let (from, word) = (Some(&before.session), proven.reference);
        let told =
            told_afterwards::of_session(tx, it.telling, (from, &session), purpose, word).await?;
        return Ok(Proved { session, told, opened: None });
    }
    tx.changed_session();
    let mut session = new(it.new, it.policy, &Proven { purpose, ..*proven }, it.actor);
    if let Some(who) = proven.representative
        && let Some(until) = representatives::until(tx, &who.id).await?
    {
        // Who may act no more has no session; a further proof never prolongs one.
        session.expires_at = session.expires_at.min(until);
        session.idle_at = session.idle_at.min(session.expires_at);
    }
    let proof = SessionProof::of(&session, &it.new.token_digest, it.keyring);
    let opened = Some((proof, session.factors.to_string()));
    let told =
        told_afterwards::of_session(tx, it.telling, (None, &session), purpose, proven.reference)
            .await?;
    Ok(Proved { session, told, opened })
}

/// The session that the same attempt opened or raised before.
pub(in crate::store) async fn proved_before(
    tx: &mut Tx,
    customer: CustomerId,
    new: &NewSession,
    keyring: &Keyring,
) -> Result<Option<Session>, StoreError> {
    for digest in [Some(&new.token_digest), new.further.as_ref()].into_iter().flatten() {
        let found = held(tx, digest).await?.filter(|it| it.is_genuine(keyring));
        if let Some(found) = found.filter(|it| it.session.customer == customer) {
            return Ok(Some(found.session));
        }
    }
    Ok(None)
}

/// A session that is alive, and was opened by the desk. One that was opened when it had one
/// factor is not raised.
async fn usable(
    tx: &mut Tx,
    token_digest: &str,
    keyring: &Keyring,
) -> Result<Option<SessionRecord>, StoreError> {
    let held = held(tx, token_digest).await?;
    let is_usable = |it: &SessionRecord| {
        it.session.ended.is_none()
            && it.proof.is_some()
            && !it.has_one_factor
            && it.is_genuine(keyring)
    };
    Ok(held.filter(is_usable))
}

/// Writes a session that got a further proof or serves for another purpose, with its event and
/// what is said there beside. A billing program is notified after the commit.
async fn raise(
    tx: &mut Tx,
    before: &SessionRecord,
    session: &Session,
    keyring: &Keyring,
    (actor, said): (&Actor, Option<&str>),
) -> Result<(), StoreError> {
    let proof = SessionProof::of(session, &before.token_digest, keyring);
    let also_for = match session.also_for.as_slice() {
        [] => None,
        purposes => Some(serde_json::json!(purposes).to_string()),
    };
    let factors = session.factors.to_string();
    let arguments = args![
        session.id.as_str(),
        before.proof.as_ref().map_or("", |it| it.mac.as_str()),
        &factors,
        session.level.word(),
        &session.purpose,
        i64::from(session.is_reached),
        also_for.as_deref(),
        i64::from(session.shared_contact),
        session.expires_at.millis(),
        &proof.key_id,
        &proof.mac,
    ];
    if tx.write(&RAISE, arguments).await? == 0 {
        return Err(StoreError::Conflict("the session was changed meanwhile".into()));
    }
    let detail = format!("session {}, for {}: {}", session.id, session.purpose, session.factors);
    let detail = said.map_or_else(|| detail.clone(), |said| format!("{detail}; {said}"));
    let event = NewEvent {
        customer: Some(session.customer),
        facts: EventFacts { purpose: Some(&session.purpose), ..EventFacts::default() },
        ..NewEvent::of_office(EventKind::SessionRaised, detail, actor)
    };
    events::write(tx, &event).await?;
    tx.changed_session();
    Ok(())
}

/// Lets a session serve for another purpose, if what was proven is enough for it. The customer's
/// contacts hear of it as of a verification: what proved who it is for the one was not told for
/// the other.
pub(in crate::store) async fn serve_for(
    db: &Database,
    country: &str,
    it: &Serving<'_>,
) -> Result<Option<Session>, StoreError> {
    let Serving { token_digest, purpose, keyring, .. } = *it;
    let mut tx = db.begin().await?;
    let Some(before) = usable(&mut tx, token_digest, keyring).await? else { return Ok(None) };
    let now = tx.one(&NOW, args![]).await?.time("read_at")?;
    let session = before.session.raised(purpose, None, now);
    if session == before.session || !session.serves(&purpose.name) {
        return Ok(Some(before.session));
    }
    customer_guard::take(&mut tx, session.customer).await?;
    let telling = Telling {
        notices: it.notices,
        quarantine: it.policy.contact_quarantine,
        country,
        actor: it.actor,
    };
    let change = (Some(&before.session), &session);
    let said = told_afterwards::of_session(&mut tx, telling, change, purpose, None).await?;
    raise(&mut tx, &before, &session, keyring, (it.actor, said.as_deref())).await?;
    tx.commit().await?;
    Ok(Some(session))
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
    row.map(|row| sessions::read(&row)).transpose()
}

pub(in crate::store) async fn session(
    db: &Database,
    id: &SessionId,
) -> Result<Option<SessionRecord>, StoreError> {
    let row = db.maybe(&BY_ID, args![id.as_str()]).await?;
    row.map(|row| sessions::read(&row)).transpose()
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
    db.all(sql, args![limit]).await?.iter().map(sessions::read).collect()
}

/// The sessions of a customer that are alive, newest first.
pub(in crate::store) async fn alive_of(
    db: &Database,
    customer: CustomerId,
) -> Result<Vec<SessionRecord>, StoreError> {
    db.all(&ALIVE_OF, args![customer.0]).await?.iter().map(sessions::read).collect()
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
    let Some(record) = row.map(|row| sessions::read(&row)).transpose()? else {
        return Ok(None);
    };
    if ended {
        write_end(&mut tx, &record.session, how, actor).await?;
        tx.commit().await?;
    }
    Ok(Some(record))
}

/// Ends the living sessions of a customer whose guard is taken, that are meant; returns them.
pub(in crate::store) async fn end_all(
    tx: &mut Tx,
    customer: CustomerId,
    how: SessionEnd,
    actor: &Actor,
    is_meant: impl Fn(&Session) -> bool + Send,
) -> Result<Vec<Session>, StoreError> {
    let mut ended = Vec::new();
    for row in tx.all(&ALIVE_OF, args![customer.0]).await? {
        let session = sessions::read(&row)?.session;
        if is_meant(&session) && tx.write(&END, args![session.id.as_str(), how.word()]).await? == 1
        {
            write_end(tx, &session, how, actor).await?;
            ended.push(session);
        }
    }
    Ok(ended)
}

/// Writes that a session was ended. A billing program is notified after the commit.
async fn write_end(
    tx: &mut Tx,
    session: &Session,
    how: SessionEnd,
    actor: &Actor,
) -> Result<(), StoreError> {
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
    events::write(tx, &event).await?;
    tx.changed_session();
    Ok(())
}
