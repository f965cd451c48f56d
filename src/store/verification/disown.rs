//! "It was not me": what was proven for a customer ends, nobody is verified for the account any
//! more, and an incident is filed, in one transaction.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::domain::customer::CustomerId;
use crate::domain::event::{EventFacts, EventKind};
use crate::domain::flag::{Flag, IncidentKind};
use crate::domain::request::{Reference, RequestId};
use crate::domain::session::Session;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::flags::{Disowning, EndedByDisowning, NewFlag};
use crate::store::audit::events;
use crate::store::database::columns::sessions::{self, SessionColumns};
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;
use crate::store::verification::{customer_guard, flags};

/// How long the word of a message names its request. There are 3,872 words, so that they repeat.
const NAMED_WITHIN: Duration = Duration::from_hours(30 * 24);

/// What one act ended, ended within this time before its event.
const OF_ONE_ACT: i64 = 60_000;

statements! {
    /// By the word of any of its messages: a code that is sent again has another one. Messages of
    /// earlier releases have it at their request.
    NAMED {
        "SELECT o.public_id AS public_id FROM core_otp o WHERE o.customer_id = $1 \
         AND o.created_at > " now " - $4 AND (o.reference = $2 OR EXISTS (SELECT d.id \
         FROM core_delivery d WHERE d.otp_id = o.id AND d.reference = $2)) \
         ORDER BY o.created_at DESC, o.id DESC LIMIT $3"
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

/// The requests of a customer of which a message has this reference, the newest first.
pub(in crate::store) async fn named(
    db: &Database,
    customer: CustomerId,
    reference: &Reference,
    most: u32,
) -> Result<Vec<RequestId>, StoreError> {
    let named = args![customer.0, reference.as_str(), most, millis_of(NAMED_WITHIN)];
    let rows = db.all(&NAMED, named).await?;
    rows.iter().map(|row| row.word("public_id")).collect()
}

/// The newest session that the code of a request opened.
pub(in crate::store) async fn session_of_request(
    db: &Database,
    customer: CustomerId,
    request: &RequestId,
) -> Result<Option<Session>, StoreError> {
    let rows = db.all(&OF_REQUEST, args![customer.0, request.as_str()]).await?;
    let newest = rows.first().map(sessions::read).transpose()?;
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
    let mark = mark(it);
    let is_marked = tx.maybe(&WRITTEN, args![&mark]).await?.is_some();
    let held = flags::held(&mut tx, customer).await?;
    let is_held = held.get(Flag::Hold).is_some_and(|it| it.until.is_none());
    let is_done = is_held && (is_marked || is_filed(&mut tx, it.request).await?);
    let reason = format!("it was not the customer ({named}): {reason}");
    let flag = NewFlag { customer, flag: Flag::Hold, reason: &reason, until: None, actor };
    let (codes, sessions) = flags::put(&mut tx, &flag).await?;
    if is_done && codes == 0 && sessions.is_empty() {
        return Ok(EndedByDisowning { sessions, codes, is_repeated: true });
    }
    let set = flags::event(EventKind::FlagSet, (customer, Flag::Hold), &reason, actor);
    events::write_once(&mut tx, &set, (!is_marked).then_some(mark.as_str())).await?;
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

/// The name under which the first disowning of a verification is in the log, whoever says it again.
fn mark(it: &Disowning<'_>) -> String {
    let named = it.request.map_or(it.named, RequestId::as_str);
    hex::encode(Sha256::digest(format!("disowned\n{}\n{named}", it.customer.0)))
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
    let sessions = rows.iter().map(|row| Ok(sessions::read(row)?.session));
    let sessions = sessions.collect::<Result<Vec<_>, StoreError>>()?;
    let codes = tx.one(&CANCELLED, args![customer.0, from, until]).await?.int("cancelled")?;
    Ok(EndedByDisowning { sessions, codes: codes.unsigned_abs(), is_repeated: false })
}
