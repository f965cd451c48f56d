//! Superseded codes: never accepted, but kept to be recognised for as long as they would have
//! worked.

use crate::domain::code::{Digest, StoredCode};
use crate::domain::request::{Reference, Request};
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{Attempt, SupersededCode};
use crate::store::database::engine::{Tx, args};
use crate::store::database::statement::statements;

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
}

pub(in crate::store) async fn keep(tx: &mut Tx, row: i64) -> Result<(), StoreError> {
    tx.write(&KEEP, args![row]).await?;
    Ok(())
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
