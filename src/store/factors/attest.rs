//! What the staff attests: a document that was seen, a colleague's approval. Nothing is guessed, so
//! nothing is counted; it is written once, with its event, and opens or raises a session as a
//! code does.

use crate::domain::event::{EventFacts, session_detail};
use crate::domain::outcome::Outcome;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::factors::Attestation;
use crate::store::audit::events;
use crate::store::database::columns::customers::CustomerOnFile;
use crate::store::database::engine::{Database, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::verification::customer_guard;
use crate::store::verification::session::{self, Proven, Proving};
use crate::store::verification::told_afterwards::Telling;

row_type! {
    struct AttestedColumns from "core_customer_view c" with (customer: CustomerOnFile) {
        read_at: Timestamp = time now,
    }
}

statements! {
    ON_FILE { (select AttestedColumns) "WHERE c.id = $1" }
}

/// Writes what is attested, or repeats the answer to it; none where there is no such customer.
pub(in crate::store) async fn attest(
    db: &Database,
    country: &str,
    it: &Attestation<'_>,
) -> Result<Option<Session>, StoreError> {
    match write(db, country, it).await {
        Err(StoreError::Taken(why)) => {
            let mut tx = db.begin().await?;
            let before =
                session::proved_before(&mut tx, it.customer, &it.session, it.keyring).await?;
            before.map(Some).ok_or(StoreError::Failed(why))
        }
        written => written,
    }
}

async fn write(
    db: &Database,
    country: &str,
    it: &Attestation<'_>,
) -> Result<Option<Session>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(row) = tx.maybe(&ON_FILE, args![it.customer.0]).await? else { return Ok(None) };
    let on_file = AttestedColumns::read(&row)?;
    customer_guard::take(&mut tx, it.customer).await?;
    let (account_no, customer_name) = on_file.customer.shown();
    let proving = Proving {
        new: &it.session,
        policy: it.policy,
        policy_version: it.policy_version,
        keyring: it.keyring,
        telling: Telling {
            notices: it.notices,
            quarantine: it.policy.contact_quarantine,
            country,
            actor: it.actor,
        },
        actor: it.actor,
    };
    let proven = Proven {
        customer: it.customer,
        account_no: &account_no,
        customer_name: &customer_name,
        request: None,
        reference: None,
        representative: None,
        factor: it.factor,
        purpose: it.purpose,
        at: on_file.read_at,
    };
    let result = session::prove(&mut tx, &proving, &proven).await?;
    let detail = session_detail(&result.session.id, it.detail);
    let said = [Some(detail.as_str()), result.told.as_deref()];
    let said: Vec<&str> = said.into_iter().flatten().collect();
    let event = NewEvent {
        outcome: Some(Outcome::Verified),
        customer: Some(it.customer),
        facts: EventFacts {
            purpose: Some(&it.purpose.name),
            provider: Some(it.factor.word()),
            asked_at: None,
        },
        ..NewEvent::of_office(it.event, said.join("; "), it.actor)
    };
    events::write_with(&mut tx, result.write(&proving).into_iter().collect(), &event, Some(it.act))
        .await?;
    tx.commit().await?;
    Ok(Some(result.session))
}
