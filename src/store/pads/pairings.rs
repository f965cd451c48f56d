//! Pairings that go on: what the pad shows, how many digits are typed at it, and the end.
//!
//! Each statement tests that the pairing goes on by the store's clock, so that neither side acts
//! in one that is over. One that ended by time or silence gets its end, and its event, from
//! whoever reads it next.

use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::pad::{
    PAIRING_KEEP_INTERVAL, PAIRING_LEASE, PadMark, PairingEnd, PairingId, PairingProof,
    PairingState, PairingTimes, TYPED_FLOOR,
};
use crate::domain::request::RequestId;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::pads::{PairingSide, ShownAuthenticator, ShownRequest, StoredPairing};
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

row_type! {
    struct PairingColumns from "core_pad" {
        public_id: PairingId = word "public_id",
        clerk: String = text "clerk",
        counter: String = text "counter",
        expires_at: Timestamp = time "expires_at",
        pad_account: Option<String> = maybe_text "pad_account",
        pad_place: Option<String> = maybe_text "pad_place",
        token_digest: Option<String> = maybe_text "token_digest",
        key_id: Option<String> = maybe_text "key_id",
        mac: Option<String> = maybe_text "mac",
        counter_until: Timestamp = time "counter_until",
        pad_until: Timestamp = time "pad_until",
        request: Option<RequestId> = maybe_word "request",
        session_digest: Option<String> = maybe_text "session_digest",
        customer_id: Option<i64> = maybe_int "customer_id",
        purpose: Option<String> = maybe_text "purpose",
        typed: u32 = count "typed",
        outcome: Option<Outcome> = maybe_word "outcome",
        ended_at: Option<Timestamp> = maybe_time "ended_at",
        ended_how: Option<PairingEnd> = maybe_word "ended_how",
        read_at: Timestamp = time now,
    }
}

statements! {
    BY_ID { (select PairingColumns) "WHERE public_id = $1" }
    BY_TOKEN { (select PairingColumns) "WHERE token_digest = $1" }
    END {
        "UPDATE core_pad SET ended_at = " now ", ended_how = $2, request = NULL, \
         session_digest = NULL, customer_id = NULL, purpose = NULL, number_mac = '', mac = '', \
         version = version + 1 \
         WHERE public_id = $1 AND ended_at IS NULL"
    }
    /// There are few.
    OF_COUNTER {
        (select PairingColumns) "WHERE clerk = $1 AND counter = $2 AND ended_at IS NULL"
    }
    OF_CLERK { (select PairingColumns) "WHERE clerk = $1 AND ended_at IS NULL" }
    KEEP_COUNTER {
        "UPDATE core_pad SET counter_until = " now " + $2 WHERE public_id = $1 \
         AND ended_at IS NULL AND mac <> '' AND counter_until > " now " AND counter_until < " now " + $3"
    }
    KEEP_PAD {
        "UPDATE core_pad SET pad_until = " now " + $2 WHERE public_id = $1 \
         AND ended_at IS NULL AND mac <> '' AND pad_until > " now " AND pad_until < " now " + $3"
    }
    /// What is shown again is as it was. MySQL sets one column after the other.
    SHOW {
        "UPDATE core_pad SET outcome = CASE WHEN request = $4 THEN outcome END, request = $4, \
         session_digest = $5, customer_id = $6, purpose = $7, typed = 0, \
         version = version + 1 WHERE public_id = $1 AND clerk = $2 AND counter = $3 \
         AND ended_at IS NULL AND mac <> '' AND expires_at > " clock " \
         AND counter_until > " clock " AND pad_until > " clock
    }
    TYPED {
        "UPDATE core_pad SET typed = $3, typed_at = " clock ", outcome = NULL, version = version + 1 \
         WHERE token_digest = $1 AND request = $2 AND typed <> $3 \
         AND typed_at <= " clock " - $5 AND COALESCE(outcome, '') <> 'verified' \
         AND (customer_id IS NOT NULL \
         OR EXISTS (SELECT 1 FROM core_otp WHERE public_id = $2 AND generation = $4)) \
         AND ended_at IS NULL AND mac <> '' AND expires_at > " clock " \
         AND counter_until > " clock " AND pad_until > " clock
    }
    TOO_SOON {
        "SELECT 1 AS it FROM core_pad WHERE token_digest = $1 AND typed <> $2 \
         AND typed_at > " now " - $3"
    }
    /// Takes the pairing for an entry: until the transaction ends, nobody ends it or lets the
    /// pad show something else.
    TAKE {
        "UPDATE core_pad SET typed = 0, version = version + 1 \
         WHERE token_digest = $1 AND request = $2 AND customer_id IS NULL \
         AND ended_at IS NULL AND mac <> '' AND expires_at > " clock " \
         AND counter_until > " clock " AND pad_until > " clock
    }
    /// The same for the entry of a code of the authenticator of the customer $3, which proves
    /// once.
    TAKE_AUTHENTICATOR {
        "UPDATE core_pad SET typed = 0, version = version + 1 \
         WHERE token_digest = $1 AND request = $2 AND customer_id = $3 \
         AND COALESCE(outcome, '') <> 'verified' \
         AND ended_at IS NULL AND mac <> '' AND expires_at > " clock " \
         AND counter_until > " clock " AND pad_until > " clock
    }
    SAY_OUTCOME { "UPDATE core_pad SET outcome = $2 WHERE token_digest = $1" }
}

/// One pairing.
pub(in crate::store) async fn pairing(
    db: &Database,
    id: &PairingId,
) -> Result<Option<StoredPairing>, StoreError> {
    let row = db.maybe(&BY_ID, args![id.as_str()]).await?;
    settled(db, row).await
}

/// The pairing of a pad.
pub(in crate::store) async fn of_pad(
    db: &Database,
    token_digest: &str,
) -> Result<Option<StoredPairing>, StoreError> {
    let row = db.maybe(&BY_TOKEN, args![token_digest]).await?;
    settled(db, row).await
}

/// One pairing, in the transaction of an act.
pub(super) async fn held(tx: &mut Tx, id: &PairingId) -> Result<Option<StoredPairing>, StoreError> {
    let row = tx.maybe(&BY_ID, args![id.as_str()]).await?;
    row.map(|row| read(&row).map(|(pairing, _)| pairing)).transpose()
}

/// A pairing that was read; one that is over gets its end.
async fn settled(db: &Database, row: Option<Row>) -> Result<Option<StoredPairing>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let (pairing, is_open) = read(&row)?;
    if let (PairingState::Ended(how), true) = (pairing.state, is_open) {
        let mut tx = db.begin().await?;
        end_in(&mut tx, &pairing, how, &pairing.of).await?;
        tx.commit().await?;
    }
    Ok(Some(pairing))
}

/// Ends a pairing.
pub(in crate::store) async fn end(
    db: &Database,
    id: &PairingId,
    how: PairingEnd,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let Some(pairing) = held(&mut tx, id).await? else { return Ok(false) };
    let has_ended = end_in(&mut tx, &pairing, how, actor).await?;
    tx.commit().await?;
    Ok(has_ended)
}

/// Ends a pairing in the transaction of an act. A number that nobody typed ends without an
/// event: nothing happened.
async fn end_in(
    tx: &mut Tx,
    pairing: &StoredPairing,
    how: PairingEnd,
    actor: &Actor,
) -> Result<bool, StoreError> {
    if tx.write(&END, args![pairing.id.as_str(), how.word()]).await? == 0 {
        return Ok(false);
    }
    tx.notify_others();
    if let Some(pad) = &pairing.pad {
        let counter = &pairing.of.counter;
        let detail = format!("{} at counter {counter}: {}", name(pad), how.sentence());
        events::write(tx, &NewEvent::of_office(EventKind::PadEnded, detail, actor)).await?;
    }
    Ok(true)
}

/// Ends the pairings of a counter but one, in the transaction of the act that says why.
pub(in crate::store) async fn end_others(
    tx: &mut Tx,
    of: &Actor,
    kept: Option<&PairingId>,
    how: PairingEnd,
) -> Result<(), StoreError> {
    for row in tx.all(&OF_COUNTER, args![&of.clerk, &of.counter]).await? {
        let (pairing, _) = read(&row)?;
        if Some(&pairing.id) != kept {
            end_in(tx, &pairing, how, of).await?;
        }
    }
    Ok(())
}

/// Ends all pairings of a clerk, wherever they sit.
pub(in crate::store) async fn end_all_of(
    tx: &mut Tx,
    clerk: &str,
    how: PairingEnd,
) -> Result<(), StoreError> {
    for row in tx.all(&OF_CLERK, args![clerk]).await? {
        let (pairing, _) = read(&row)?;
        end_in(tx, &pairing, how, &pairing.of).await?;
    }
    Ok(())
}

/// Prolongs one side's lease once a third of it is over. No screen shows that.
pub(in crate::store) async fn keep(
    db: &Database,
    id: &PairingId,
    side: PairingSide,
) -> Result<(), StoreError> {
    let sql = match side {
        PairingSide::Counter => &KEEP_COUNTER,
        PairingSide::Pad => &KEEP_PAD,
    };
    let due = PAIRING_LEASE.saturating_sub(PAIRING_KEEP_INTERVAL / 2);
    let arguments = args![id.as_str(), millis_of(PAIRING_LEASE), millis_of(due)];
    db.write_alone(sql, arguments).await.map(drop)
}

/// Sets what the pad shows.
pub(in crate::store) async fn show(
    db: &Database,
    id: &PairingId,
    shown: Option<&ShownRequest>,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let authenticator = shown.and_then(|it| it.authenticator.as_ref());
    let arguments = args![
        id.as_str(),
        &actor.clerk,
        &actor.counter,
        shown.map(|it| it.request.as_str()),
        shown.and_then(|it| it.session_digest.as_deref()),
        authenticator.map(|it| it.customer.0),
        authenticator.map(|it| it.purpose.as_str()),
    ];
    let is_shown = tx.write(&SHOW, arguments).await? == 1;
    tx.notify_others();
    tx.commit().await?;
    Ok(is_shown)
}

/// Says how many digits are typed; whether that came too soon after the last time. However fast
/// a pad says so, it changes few rows and wakes few terminals.
pub(in crate::store) async fn say_typed(
    db: &Database,
    token_digest: &str,
    mark: &PadMark,
    typed: u32,
) -> Result<bool, StoreError> {
    let floor = millis_of(TYPED_FLOOR);
    if db.maybe(&TOO_SOON, args![token_digest, typed, floor]).await?.is_some() {
        return Ok(true);
    }
    let mut tx = db.begin().await?;
    let arguments = args![token_digest, mark.request.as_str(), typed, mark.generation, floor];
    if tx.write(&TYPED, arguments).await? == 1 {
        tx.notify_others();
        tx.commit().await?;
        return Ok(false);
    }
    Ok(tx.maybe(&TOO_SOON, args![token_digest, typed, floor]).await?.is_some())
}

/// Takes the pairing in the transaction of an attempt; whether the pad may enter it.
pub(in crate::store) async fn take(
    tx: &mut Tx,
    token_digest: &str,
    request: &RequestId,
) -> Result<bool, StoreError> {
    Ok(tx.write(&TAKE, args![token_digest, request.as_str()]).await? == 1)
}

/// Takes the pairing in the transaction of an attempt by a customer's authenticator; whether the
/// pad may enter it.
pub(in crate::store) async fn take_authenticator(
    tx: &mut Tx,
    token_digest: &str,
    entry: &RequestId,
    customer: CustomerId,
) -> Result<bool, StoreError> {
    let arguments = args![token_digest, entry.as_str(), customer.0];
    Ok(tx.write(&TAKE_AUTHENTICATOR, arguments).await? == 1)
}

/// Says how the attempt ended, in the same transaction.
pub(in crate::store) async fn say_outcome(
    tx: &mut Tx,
    token_digest: &str,
    outcome: Outcome,
) -> Result<(), StoreError> {
    tx.write(&SAY_OUTCOME, args![token_digest, outcome.word()]).await.map(drop)
}

/// A pad as the log names it.
pub(in crate::store) fn name(pad: &Actor) -> String {
    format!("{} ({})", pad.clerk, pad.counter)
}

/// That the customer typed it, and where, as the log says it.
pub(in crate::store) fn typed_at(pad: &Actor, counter: &Actor) -> String {
    format!("typed by the customer at the pad of counter {}, {}", counter.counter, name(pad))
}

/// A pairing, and whether its end is still to be written.
fn read(row: &Row) -> Result<(StoredPairing, bool), StoreError> {
    let it = PairingColumns::read(row)?;
    let is_open = it.ended_at.is_none();
    // A row that was ended without a word is over all the same.
    let ended = it.ended_at.map(|_| it.ended_how.unwrap_or(PairingEnd::TimedOut));
    let proof = it.key_id.zip(it.mac).map(|(key_id, mac)| PairingProof { key_id, mac });
    let of = Actor { clerk: it.clerk, counter: it.counter };
    let pad = it.pad_account.zip(it.pad_place).map(|(clerk, counter)| Actor { clerk, counter });
    let times = PairingTimes {
        has_pad: pad.is_some(),
        is_confirmed: proof.is_some(),
        expires_at: it.expires_at,
        pad_until: it.pad_until,
        counter_until: it.counter_until,
        ended,
    };
    let session_digest = it.session_digest;
    let authenticator = it.customer_id.zip(it.purpose);
    let authenticator = authenticator
        .map(|(customer, purpose)| ShownAuthenticator { customer: CustomerId(customer), purpose });
    let pairing = StoredPairing {
        id: it.public_id,
        of,
        pad,
        state: times.state(it.read_at),
        expires_at: it.expires_at,
        token_digest: it.token_digest,
        proof,
        shown: it.request.map(|request| ShownRequest { request, session_digest, authenticator }),
        typed: it.typed,
        outcome: it.outcome,
    };
    Ok((pairing, is_open))
}
