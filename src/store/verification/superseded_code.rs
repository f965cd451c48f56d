//! Superseded codes: never accepted, but kept to be recognised for as long as they would have
//! worked.

use crate::domain::channel::Channel;
use crate::domain::code::{Digest, StoredCode};
use crate::domain::code_binding::{BindingVersion, CodeBinding};
use crate::domain::request::{Reference, RequestId};
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{Attempt, SupersededCode};
use crate::store::database::columns::requests::{RequestRow, binding_version};
use crate::store::database::engine::{Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

row_type! {
    struct SupersededColumns from "core_otp_retired" {
        public_id: RequestId = word "public_id",
        generation: u32 = count "generation",
        otp_code: String = text "otp_code",
        key_id: String = text "key_id",
        reference: String = text "reference",
        sent_at: Timestamp = time "sent_at",
        expires_at: Timestamp = time "expires_at",
        binding: u32 = count "binding",
        channel: Option<Channel> = maybe_word "channel",
        contact: Option<String> = maybe_text "contact",
        bound_since: Option<Timestamp> = maybe_time bound_since,
    }
}

statements! {
    /// Keeps a code that is about to be superseded, for as long as it would have worked.
    KEEP {
        (insert "core_otp_retired" {
            customer_id: "customer_id",
            purpose: "purpose",
            public_id: "public_id",
            generation: "generation",
            otp_code: "otp_code",
            key_id: "key_id",
            reference: "reference",
            sent_at: "sent_at",
            expires_at: "expires_at",
            binding: "binding",
            channel: "otp_type",
            contact: "COALESCE(email, phone)",
        } select (sql "FROM core_otp WHERE id = $1 AND status = 'open' AND expires_at > " now))
    }
    LIVE {
        (select SupersededColumns) "WHERE customer_id = $1 AND purpose = $2 AND expires_at > " now
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
    held: &RequestRow,
) -> Result<Option<SupersededCode>, StoreError> {
    let request = &held.request;
    for row in tx.all(&LIVE, args![request.customer.0, &request.purpose]).await? {
        let it = SupersededColumns::read(&row)?;
        let version = binding_version(it.binding, it.expires_at, it.bound_since);
        let code = StoredCode {
            key_id: it.key_id,
            digest: version.and(Digest::from_hex(&it.otp_code)),
            version: version.unwrap_or(BindingVersion::Two),
            binding: CodeBinding {
                customer: request.customer,
                account_no: held.account_no_of_code().to_owned(),
                purpose: request.purpose.clone(),
                request: it.public_id,
                generation: it.generation,
                channel: it.channel.unwrap_or(request.channel),
                contact: it.contact.unwrap_or_default(),
                expires_at: it.expires_at,
                representative: request.representative.as_ref().map(|it| it.id.clone()),
            },
        };
        // Without its key an old code cannot be recognised and counts as wrong.
        if let Ok(true) = attempt.guess.matches(&code) {
            let reference = Reference::from_store(&it.reference);
            return Ok(Some(SupersededCode { reference, sent_at: it.sent_at }));
        }
    }
    Ok(None)
}
