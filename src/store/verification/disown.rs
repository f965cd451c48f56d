//! "It was not me": what was proven for a customer ends, nobody is verified for the account any
//! more, and an incident is filed, in one transaction.

use crate::domain::customer::CustomerId;
use crate::domain::event::{EventFacts, EventKind};
use crate::domain::flag::{Flag, IncidentKind};
use crate::domain::request::{Reference, RequestId};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::flags::{Disowning, EndedByDisowning, NewFlag};
use crate::store::audit::events;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::rows::{self, SessionColumns};
use crate::store::database::statement::statements;
use crate::store::verification::{customer_guard, flags};

/// What one act ended, ended within this time before its event.
const OF_ONE_ACT: i64 = 60_000;

statements! {
    /// Those of the last 2,000: there are 3,872 references, so that they repeat.
    NAMED {
        "SELECT few.public_id AS public_id FROM (SELECT id, public_id, reference FROM core_otp \
         WHERE id >= $3 ORDER BY id DESC LIMIT 2000) few \
         WHERE few.reference = $1 ORDER BY few.id DESC LIMIT $2"
    }
    OF_REQUEST {
        (select SessionColumns) "WHERE s.customer_id = $1 AND s.request = $2 ORDER BY s.id DESC"
    }
    /// Few entries are of one request.
    FILED { "SELECT COUNT(*) AS filed FROM core_event WHERE request = $1 AND kind = $2" }
    WRITTEN { "SELECT at FROM core_event WHERE act = $1" }
    ENDED {
        (select SessionColumns) "WHERE s.customer_id = $1 AND s.ended_how = 'revoked' \
         AND s.ended_at > $2 AND s.ended_at <= $3 ORDER BY s.id DESC"
    }
    CANCELLED {
        "SELECT COUNT(*) AS cancelled FROM core_otp WHERE customer_id = $1 \
         AND status = 'cancelled' AND closed_at > $2 AND closed_at <= $3"
    }
}

/// The requests whose message has this reference, the newest first.
pub(in crate::store) async fn named(
    db: &Database,
    reference: &Reference,
    most: u32,
) -> Result<Vec<RequestId>, StoreError> {
    let rows = db.all(&NAMED, args![reference.as_str(), most, 0_i64]).await?;
    rows.iter().map(|row| row.word("public_id")).collect()
}

/// The newest session that the code of a request opened.
pub(in crate::store) async fn session_of_request(
    db: &Database,
    customer: CustomerId,
    request: &RequestId,
) -> Result<Option<Session>, StoreError> {
    let rows = db.all(&OF_REQUEST, args![customer.0, request.as_str()]).await?;
    let newest = rows.first().map(rows::session).transpose()?;
    Ok(newest.map(|it| it.session))
}

/// Disowns a verification, or says what the same act ended before.
pub(in crate::store) async fn disown(
    db: &Database,
    act: &str,
    it: &Disowning<'_>,
) -> Result<EndedByDisowning, StoreError> {
    let Disowning { customer, named, reason, actor, .. } = *it;
    let mut tx = db.begin().await?;
    customer_guard::take(&mut tx, customer).await?;
    if let Some(row) = tx.maybe(&WRITTEN, args![act]).await? {
        return ended_before(&mut tx, customer, row.time("at")?).await;
    }
    let held = flags::held(&mut tx, customer).await?;
    let is_held = held.get(Flag::Hold).is_some_and(|it| it.until.is_none());
    let is_done = is_held && is_filed(&mut tx, it.request).await?;
    let reason = format!("it was not the customer ({named}): {reason}");
    let flag = NewFlag { customer, flag: Flag::Hold, reason: &reason, until: None, actor };
    let (codes, sessions) = flags::put(&mut tx, &flag).await?;
    if is_done && codes == 0 && sessions.is_empty() {
        return Ok(EndedByDisowning { sessions, codes, is_repeated: true });
    }
    let set = flags::event(EventKind::FlagSet, (customer, Flag::Hold), &reason, actor);
    events::write(&mut tx, &set).await?;
    let detail = format!(
        "{}: {}; sessions ended: {}, codes cancelled: {codes}; {reason}",
        IncidentKind::Impersonation.label(),
        it.was,
        sessions.len(),
    );
    let incident = NewEvent {
        customer: Some(customer),
        request: it.request,
        facts: EventFacts { purpose: it.purpose, ..EventFacts::default() },
        ..NewEvent::of_office(EventKind::IncidentFiled, detail, actor)
    };
    events::write_once(&mut tx, &incident, Some(act)).await?;
    tx.commit().await?;
    Ok(EndedByDisowning { sessions, codes, is_repeated: false })
}

/// Whether an incident was filed about a request: only a disowned one has an entry of that kind.
async fn is_filed(tx: &mut Tx, request: Option<&RequestId>) -> Result<bool, StoreError> {
    let Some(request) = request else { return Ok(false) };
    let filed = args![request.as_str(), EventKind::IncidentFiled.word()];
    Ok(tx.one(&FILED, filed).await?.int("filed")? > 0)
}

/// What an act ended whose answer was lost.
async fn ended_before(
    tx: &mut Tx,
    customer: CustomerId,
    at: Timestamp,
) -> Result<EndedByDisowning, StoreError> {
    let until = at.millis();
    let from = until - OF_ONE_ACT;
    let rows = tx.all(&ENDED, args![customer.0, from, until]).await?;
    let sessions = rows.iter().map(|row| Ok(rows::session(row)?.session));
    let sessions = sessions.collect::<Result<Vec<_>, StoreError>>()?;
    let codes = tx.one(&CANCELLED, args![customer.0, from, until]).await?.int("cancelled")?;
    Ok(EndedByDisowning { sessions, codes: codes.unsigned_abs(), is_repeated: false })
}
