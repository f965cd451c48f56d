//! Completing outbox messages: writing what came of each attempt, and what is next.

use std::collections::HashMap;

use crate::domain::time::millis_of;
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::MessageOutcome;
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Tx, args, list};
use crate::store::database::statement::statements;
use crate::store::delivery::contact_state::StateRows;
use crate::store::delivery::{circuit_breaker, outbox, state};

statements! {
    /// Locks messages whose outcomes are written.
    HELD {
        "SELECT delivery_id, holder, task, tries, begun_at FROM "
        (rows_among "core_outbox" "delivery_id" "$1")
        " ORDER BY delivery_id" for_update
    }
    DONE {
        (each
            ("DELETE FROM core_outbox WHERE delivery_id " (among "$1"))
            ("DELETE FROM core_outbox WHERE delivery_id " (among "$1"))
            ("DELETE b FROM " (numbers "$1") " STRAIGHT_JOIN core_outbox b \
              ON b.delivery_id = list.value"))
    }
    /// The code is erased as soon as it need not be sent any more.
    NEXT_TASK {
        (each
            ("UPDATE core_outbox SET task = value ->> 1, due_at = " now " + (value ->> 2), \
              begun_at = CASE value ->> 1 WHEN 'send' THEN NULL ELSE begun_at END, \
              sealed = CASE value ->> 1 WHEN 'follow' THEN NULL ELSE sealed END, \
              tries = tries + CASE value ->> 1 WHEN 'send' THEN 1 ELSE 0 END \
              FROM json_each($1) WHERE delivery_id = value ->> 0")
            ("UPDATE core_outbox SET task = value ->> 1, \
              due_at = " now " + CAST(value ->> 2 AS BIGINT), \
              begun_at = CASE value ->> 1 WHEN 'send' THEN NULL ELSE begun_at END, \
              sealed = CASE value ->> 1 WHEN 'follow' THEN NULL ELSE sealed END, \
              tries = tries + CASE value ->> 1 WHEN 'send' THEN 1 ELSE 0 END \
              FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value) \
              WHERE delivery_id = CAST(value ->> 0 AS BIGINT)")
            ("UPDATE JSON_TABLE($1, '$[*]' COLUMNS (a BIGINT PATH '$[0]', " (cell "b" "1")
             ", c BIGINT PATH '$[2]')) list STRAIGHT_JOIN core_outbox ON delivery_id = a \
              SET task = b, due_at = " now " + c, \
              begun_at = CASE b WHEN 'send' THEN NULL ELSE begun_at END, \
              sealed = CASE b WHEN 'follow' THEN NULL ELSE sealed END, \
              tries = tries + CASE b WHEN 'send' THEN 1 ELSE 0 END"))
    }
}

/// Writes what came of messages; repeated, it is written once. All outcomes are one
/// transaction; where that fails, each is one by itself.
pub(in crate::store) async fn complete(
    db: &Database,
    outcomes: &[MessageOutcome<'_>],
) -> Result<(), StoreError> {
    let mut outcomes: Vec<_> = outcomes.iter().collect();
    // Rows are locked in this order by everybody.
    outcomes.sort_by_key(|it| it.message.delivery);
    // A terminal may hold two outcomes of one message, of which the second builds on the
    // first.
    let is_once = outcomes.array_windows().all(|[a, b]| a.message.delivery != b.message.delivery);
    if outcomes.len() > 1 && is_once {
        match write(db, &outcomes).await {
            Err(error) if !error.is_break() => {
                tracing::debug!(%error, "outcomes of messages are written one by one");
            }
            done => return done,
        }
    }
    let mut all = Ok(());
    for outcome in outcomes {
        match write(db, &[outcome]).await {
            Ok(()) | Err(StoreError::Taken(_)) => {}
            Err(error) if error.is_break() => return Err(error),
            // It must not keep the others from being written.
            Err(error) => all = all.and(Err(error)),
        }
    }
    all
}

/// Writes outcomes, each of another message, in one transaction.
async fn write(db: &Database, outcomes: &[&MessageOutcome<'_>]) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let (owned, lost) = owned(&mut tx, outcomes).await?;
    let counts: Vec<_> = owned.iter().chain(&lost).copied().collect();
    let new = state::progress(&mut tx, &counts).await?;
    // A message whose lease was lost may be one of a customer who was erased meanwhile.
    let of_contacts: Vec<_> =
        owned.iter().filter(|it| new.is_about(it.message.delivery)).copied().collect();
    let of_contacts = StateRows::of(&of_contacts);
    let new = new.lists();
    let (done, next): (Vec<_>, Vec<_>) = owned.iter().partition(|it| it.step.next.is_none());
    let done = ids(&done);
    let next = list(next.iter().filter_map(|it| {
        let (task, wait) = it.step.next?;
        Some(serde_json::json!([it.message.delivery.0, task.word(), millis_of(wait)]))
    }));
    let lost = ids(&lost);
    let mut writes = Vec::new();
    for (sql, rows) in [(&DONE, &done), (&NEXT_TASK, &next)] {
        if rows.as_str() != "[]" {
            writes.push(Write { sql, args: args![rows].to_vec() });
        }
    }
    if lost.as_str() != "[]" {
        writes.push(outbox::unseal(&lost));
    }
    if let Some((messages, entries)) = &new {
        writes.push(state::advance(messages));
        writes.extend(of_contacts.writes());
        events::write_rows_with(&mut tx, writes, entries).await?;
    } else {
        tx.write_all(&writes).await?;
    }
    let sends = owned.iter().filter_map(|it| Some((*it, it.experience?)));
    circuit_breaker::record(&mut tx, &sends.collect::<Vec<_>>()).await?;
    tx.commit().await
}

/// Divides the outcomes into those whose sender still owns the message, as it was claimed
/// or with its own send claim, and the lost ones. Of the lost ones only those that report a
/// success are kept: the message was taken over or withdrawn, and a success means that
/// nobody must send it again. A terminal may work on one message twice, where connecting
/// takes longer than the lease: the run without the send claim must not undo what the other
/// one began.
async fn owned<'a, 'b>(
    tx: &mut Tx,
    outcomes: &[&'a MessageOutcome<'b>],
) -> Result<(Vec<&'a MessageOutcome<'b>>, Vec<&'a MessageOutcome<'b>>), StoreError> {
    let mut rows = HashMap::new();
    for row in tx.all(&HELD, args![&ids(outcomes)]).await? {
        let has_claim = row.maybe_int("begun_at")?.is_some();
        let state_of_row = (row.text("holder")?, row.word("task")?, row.count("tries")?, has_claim);
        rows.insert(row.int("delivery_id")?, state_of_row);
    }
    let is_owned = |it: &&MessageOutcome<'_>| {
        let begun = it.has_claim || it.message.begun_at.is_some();
        let as_claimed = (it.owner, it.message.task, it.message.tries, begun);
        rows.get(&it.message.delivery.0).is_some_and(|(owner, task, tries, begun)| {
            (&**owner, *task, *tries, *begun) == as_claimed
        })
    };
    let (owned, mut lost): (Vec<_>, Vec<_>) = outcomes.iter().copied().partition(is_owned);
    lost.retain(|it: &&MessageOutcome<'_>| state::is_accepted(it.step.report.state));
    Ok((owned, lost))
}

fn ids(outcomes: &[&MessageOutcome<'_>]) -> String {
    list(outcomes.iter().map(|it| it.message.delivery.0))
}
