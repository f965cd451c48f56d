//! Codes that cannot be entered any more: superseded ones, kept to be recognised, and the
//! erasure of expired digests.

use crate::domain::code::{Digest, StoredCode};
use crate::domain::request::{Reference, Request};
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{Attempt, SupersededCode};
use crate::store::database::engine::{Tx, args};
use crate::store::database::statement::statements;
use crate::store::delivery::outbox;

statements! {
    /// Keeps a code that is about to be superseded, for as long as it would have worked.
    KEEP {
        "INSERT INTO core_otp_retired (customer_id, purpose, public_id, generation, otp_code, \
         key_id, reference, sent_at, expires_at) \
         SELECT customer_id, purpose, public_id, generation, otp_code, key_id, reference, \
         sent_at, expires_at FROM core_otp \
         WHERE id = $1 AND status = 'open' AND expires_at > " now
    }
    LIVE {
        "SELECT public_id, generation, otp_code, key_id, reference, sent_at \
         FROM core_otp_retired WHERE customer_id = $1 AND purpose = $2 AND expires_at > " now
        " ORDER BY id DESC"
    }
    /// Superseded codes that have expired. A counter's account may delete them, but not
    /// lock them first.
    DELETE_EXPIRED {
        (each
            ("DELETE FROM core_otp_retired WHERE id IN (SELECT id FROM core_otp_retired \
              WHERE expires_at <= " now " ORDER BY expires_at LIMIT $1)")
            ("DELETE FROM core_otp_retired WHERE id = ANY (ARRAY(SELECT id FROM core_otp_retired \
              WHERE expires_at <= " now " ORDER BY expires_at LIMIT $1))")
            ("DELETE FROM core_otp_retired WHERE expires_at <= " now
             " ORDER BY expires_at LIMIT $1"))
    }
    /// An expired request is closed, and its digest erased.
    ERASE_EXPIRED {
        (each
            ("UPDATE core_otp SET status = CASE WHEN status = 'open' THEN 'expired' ELSE status END, \
              closed_at = COALESCE(closed_at, expires_at), otp_code = '' \
              WHERE id IN (SELECT id FROM core_otp \
              WHERE digest_until <= " now " ORDER BY digest_until LIMIT $1)")
            ("UPDATE core_otp SET status = CASE WHEN status = 'open' THEN 'expired' ELSE status END, \
              closed_at = COALESCE(closed_at, expires_at), otp_code = '' \
              WHERE id = ANY (ARRAY(SELECT id FROM core_otp \
              WHERE digest_until <= " now " ORDER BY digest_until LIMIT $1" skip_locked "))")
            ("UPDATE core_otp SET status = CASE WHEN status = 'open' THEN 'expired' ELSE status END, \
              closed_at = COALESCE(closed_at, expires_at), otp_code = '' \
              WHERE digest_until <= " now " ORDER BY digest_until LIMIT $1"))
    }
}

pub(in crate::store) async fn keep(tx: &mut Tx, row: i64) -> Result<(), StoreError> {
    tx.write(&KEEP, args![row]).await?;
    Ok(())
}

/// Erases up to `most` digests each of requests and of superseded codes that have expired,
/// and their codes in the outbox (ASVS 14.2.6); returns how many digests.
pub(in crate::store) async fn erase_expired(tx: &mut Tx, most: u32) -> Result<u64, StoreError> {
    let superseded = tx.write(&DELETE_EXPIRED, args![most]).await?;
    let expired = tx.write(&ERASE_EXPIRED, args![most]).await?;
    // In the order of a verification: the request, then its message.
    outbox::erase_expired(tx).await?;
    Ok(superseded + expired)
}

/// The superseded code that was entered, if it is one. It is never accepted; the customer
/// can be told which message to look for.
pub(in crate::store) async fn entered(
    tx: &mut Tx,
    attempt: &Attempt<'_>,
    request: &Request,
) -> Result<Option<SupersededCode>, StoreError> {
    for row in tx.all(&LIVE, args![request.customer.0, &request.purpose]).await? {
        let code = StoredCode {
            key_id: row.text(3)?,
            digest: Digest::from_hex(&row.text(2)?),
            purpose: request.purpose.clone(),
            request: row.word(0)?,
            generation: row.count(1)?,
        };
        // Without its key an old code cannot be recognised and counts as wrong.
        if let Ok(true) = attempt.guess.matches(&code) {
            let reference = Reference::from_store(&row.text(4)?);
            return Ok(Some(SupersededCode { reference, sent_at: row.time(5)? }));
        }
    }
    Ok(None)
}
