//! From a number on the clerk's screen to a pad that is paired: offered, typed, confirmed.
//!
//! Offers and typed numbers are judged one after the other, under a lock of their own: so a wrong
//! number is counted before another one is looked at, and of many pads that type the right one at
//! once one gets it.

use std::time::Duration;

use crate::domain::event::{Actor, EventKind};
use crate::domain::key::Keyring;
use crate::domain::pad::{
    CONFIRM_TIME, NUMBER_TIME, OfferedNumber, PAIRING_LEASE, PAIRING_TIME, PairingEnd, PairingId,
    PairingProof, PairingState, WrongNumberScope, WrongNumbers,
};
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::pads::{NewOffer, PadClaim, PadClaimed};
use crate::store::audit::events;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::pads::pairings;

/// The row of `core_lock` under which numbers are offered and judged.
const PAD_LOCK: &str = "pad";

/// How long a row stays after its beginning.
const KEPT: Duration = Duration::from_hours(48);

row_type! {
    struct OfferColumns from "core_pad" {
        public_id: PairingId = word "public_id",
        clerk: String = text "clerk",
        counter: String = text "counter",
        number_key_id: String = text "number_key_id",
        number_mac: String = text "number_mac",
    }
}

statements! {
    FORGET { "DELETE FROM core_pad WHERE created_at < " now " - $1" }
    /// Numbers of this counter that nobody typed.
    WITHDRAW {
        "UPDATE core_pad SET ended_at = " now ", ended_how = 'replaced', number_mac = '' \
         WHERE clerk = $1 AND counter = $2 AND token_digest IS NULL AND ended_at IS NULL"
    }
    OFFER {
        (insert "core_pad" {
            public_id: "$1",
            clerk: "$2",
            counter: "$3",
            number_key_id: "$4",
            number_mac: "$5",
            created_at: now,
            expires_at: (sql now " + $6"),
        })
    }
    EXPIRY { "SELECT expires_at FROM core_pad WHERE public_id = $1" }
    /// A counter has one at a time.
    OFFERED {
        (select OfferColumns) "WHERE token_digest IS NULL AND ended_at IS NULL \
         AND expires_at > " now
    }
    CLAIM {
        "UPDATE core_pad SET pad_account = $2, pad_place = $3, token_digest = $4, \
         number_mac = '', expires_at = " clock " + $5, version = version + 1 \
         WHERE public_id = $1 AND token_digest IS NULL AND ended_at IS NULL \
         AND expires_at > " clock
    }
    CLAIMED { "SELECT public_id FROM core_pad WHERE token_digest = $1" }
    CREATE_COUNT {
        "INSERT INTO core_pad_guard (scope, failures, since) VALUES ($1, 0, 0)"
        (or_leave "scope")
    }
    READ_COUNT {
        "SELECT failures, since, " now " AS read_at FROM core_pad_guard WHERE scope = $1"
    }
    WRITE_COUNT { "UPDATE core_pad_guard SET failures = $2, since = $3 WHERE scope = $1" }
    CONFIRM {
        "UPDATE core_pad SET key_id = $2, mac = $3, expires_at = $4, \
         counter_until = " clock " + $5, pad_until = " clock " + $5, version = version + 1 \
         WHERE public_id = $1 AND token_digest IS NOT NULL AND mac IS NULL \
         AND ended_at IS NULL AND expires_at > " clock
    }
    NOW { "SELECT " now " AS read_at FROM core_lock WHERE name = 'pad'" }
}

/// Stores a number; until when it can be typed.
pub(in crate::store) async fn offer(
    db: &Database,
    offer: &NewOffer<'_>,
) -> Result<Timestamp, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(PAD_LOCK).await?;
    let Actor { clerk, counter } = offer.actor;
    tx.write(&FORGET, args![millis_of(KEPT)]).await?;
    tx.write(&WITHDRAW, args![clerk, counter]).await?;
    let arguments = args![
        offer.id.as_str(),
        clerk,
        counter,
        offer.key_id,
        offer.number_digest,
        millis_of(NUMBER_TIME),
    ];
    tx.write(&OFFER, arguments).await?;
    let until = tx.one(&EXPIRY, args![offer.id.as_str()]).await?.time("expires_at")?;
    let detail = format!("pairing {}", offer.id);
    let event = NewEvent::of_office(EventKind::PadOffered, detail, offer.actor);
    events::write(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(until)
}

/// Judges a number that was typed.
pub(in crate::store) async fn claim(
    db: &Database,
    claim: &PadClaim<'_>,
) -> Result<PadClaimed, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(PAD_LOCK).await?;
    if tx.maybe(&CLAIMED, args![claim.token_digest]).await?.is_some() {
        return Ok(PadClaimed::Asking);
    }
    let account = format!("pad {}", claim.pad.clerk);
    let scopes = [(account.as_str(), WrongNumberScope::Pad), ("office", WrongNumberScope::Office)];
    let mut counts = Vec::with_capacity(scopes.len());
    for (name, scope) in scopes {
        let (wrong, now) = count(&mut tx, name).await?;
        if let Some(until) = wrong.waits_until(scope, now) {
            return Ok(PadClaimed::Limited { until });
        }
        counts.push((name, wrong.counted(now)));
    }
    if let Some(found) = found(&mut tx, claim).await? {
        return ask(tx, claim, &found).await;
    }
    let mut wrong = 0;
    for (name, count) in counts {
        wrong = wrong.max(count.count);
        tx.write(&WRITE_COUNT, args![name, count.count, count.since.millis()]).await?;
    }
    let detail = format!("{wrong} within ten minutes");
    let event = NewEvent::of_office(EventKind::PadRefused, detail, claim.pad);
    events::write(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(PadClaimed::Wrong)
}

/// The wrong numbers of a scope, and the time.
async fn count(tx: &mut Tx, scope: &str) -> Result<(WrongNumbers, Timestamp), StoreError> {
    tx.write(&CREATE_COUNT, args![scope]).await?;
    let row = tx.one(&READ_COUNT, args![scope]).await?;
    let wrong = WrongNumbers { count: row.count("failures")?, since: row.time("since")? };
    Ok((wrong, row.time("read_at")?))
}

/// The offer whose number it is.
async fn found(tx: &mut Tx, claim: &PadClaim<'_>) -> Result<Option<OfferedNumber>, StoreError> {
    let Some(number) = claim.number else { return Ok(None) };
    let mut found = None;
    for row in tx.all(&OFFERED, args![]).await? {
        let it = OfferColumns::read(&row)?;
        let offer = OfferedNumber {
            id: it.public_id,
            of: Actor { clerk: it.clerk, counter: it.counter },
            key_id: it.number_key_id,
            digest: it.number_mac,
        };
        // Each is compared, so that how long it takes says nothing.
        if number.matches(&offer, claim.keyring) && found.is_none() {
            found = Some(offer);
        }
    }
    Ok(found)
}

/// Asks the clerk of a number that was typed.
async fn ask(
    mut tx: Tx,
    claim: &PadClaim<'_>,
    offer: &OfferedNumber,
) -> Result<PadClaimed, StoreError> {
    let arguments = args![
        offer.id.as_str(),
        &claim.pad.clerk,
        &claim.pad.counter,
        claim.token_digest,
        millis_of(CONFIRM_TIME),
    ];
    if tx.write(&CLAIM, arguments).await? == 0 {
        return Err(StoreError::Conflict("the number ran out just now".into()));
    }
    let Actor { clerk, counter } = &offer.of;
    let detail = format!("pairing {} of {clerk} at counter {counter}", offer.id);
    let event = NewEvent::of_office(EventKind::PadAsked, detail, claim.pad);
    events::write(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(PadClaimed::Asking)
}

/// Confirms the pad that asks.
pub(in crate::store) async fn confirm(
    db: &Database,
    id: &PairingId,
    keyring: &Keyring,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(PAD_LOCK).await?;
    let Some(pairing) = pairings::held(&mut tx, id).await? else { return Ok(false) };
    if pairing.of != *actor {
        return Ok(false);
    }
    if pairing.state != PairingState::Asking {
        return Ok(pairing.state == PairingState::Paired);
    }
    let expires_at = tx.one(&NOW, args![]).await?.time("read_at")?.plus(PAIRING_TIME);
    let Some(confirmed) = pairing.confirmed(expires_at) else { return Ok(false) };
    let proof = PairingProof::of(&confirmed, keyring);
    let arguments = args![
        id.as_str(),
        &proof.key_id,
        &proof.mac,
        expires_at.millis(),
        millis_of(PAIRING_LEASE),
    ];
    if tx.write(&CONFIRM, arguments).await? == 0 {
        return Ok(false);
    }
    pairings::end_others(&mut tx, actor, Some(id), PairingEnd::Replaced).await?;
    let detail = format!("{}, pairing {id}", pairings::name(&confirmed.pad));
    let event = NewEvent::of_office(EventKind::PadPaired, detail, actor);
    events::write(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(true)
}
