//! The outbox: what is still to be done for messages.
//!
//! Its table holds nothing else, so that it stays as small as what is under way.
//! A message belongs to its holder until it is due, then to whoever takes it. A
//! hand-over that was begun ([`crate::store::delivery::send_claim`]) and comes due again was reported
//! by nobody: its terminal died, and what became of the message has to be found out.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::ProviderSlot;
use crate::domain::contact::Contact;
use crate::domain::customer::CustomerId;
use crate::domain::delivery::{DeliveryId, DeliveryState};
use crate::domain::event::Actor;
use crate::domain::outbox::OutboxTask;
use crate::domain::request::{Reference, Request};
use crate::domain::seal::Sealed;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::{MessageOutcome, OutboxMessage};
use crate::service::ports::verification::NewCode;
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::statement::statements;
use crate::store::delivery::{circuit_breaker, state};

/// How long a message is left to who asked for the code or took it, to begin with.
const CLAIM_LEASE: Duration = Duration::from_secs(10);

/// How long it is held once somebody is at it: longer than a sender may take to
/// connect and the store to give its word.
const CONNECT_LEASE: Duration = Duration::from_secs(30);

/// How much later than its holder the others may take a message.
const TAKEOVER_GRACE: Duration = Duration::from_secs(2);

statements! {
    ENQUEUE {
        "INSERT INTO core_outbox (delivery_id, task, sealed, key_id, useful_until, due_at, \
         holder, tries) \
         SELECT d.id, 'send', $3, $4, o.expires_at, o.sent_at + $5, $6, 0 \
         FROM core_delivery d JOIN core_otp o ON o.id = d.otp_id \
         WHERE d.otp_id = $1 AND d.generation = $2"
    }
    MINE {
        "SELECT " message_columns "WHERE b.delivery_id = $1 AND b.holder = $2 \
         AND b.begun_at IS NULL AND b.task = 'send'"
    }
    /// Only through providers that this terminal has: another one may be set up
    /// otherwise, or for trying things out.
    DUE {
        "SELECT b.delivery_id FROM core_outbox b WHERE b.due_at <= " now " \
         AND (b.holder = $1 OR b.due_at <= " now " - $2) \
         AND (SELECT d.provider FROM core_delivery d WHERE d.id = b.delivery_id) "
        (among_texts "$4") " ORDER BY b.due_at LIMIT $3" skip_locked
    }
    /// For as long as connecting, logging in and the store's word may take.
    HOLD {
        "UPDATE core_outbox SET due_at = " now " + $4 WHERE delivery_id = $1 AND holder = $2 \
         AND tries = $3 AND task = 'send' AND begun_at IS NULL"
    }
    /// As it was taken: one that was begun meanwhile is under way.
    RELEASE {
        "UPDATE core_outbox SET holder = '', due_at = " now " WHERE delivery_id = $1 \
         AND holder = $2 AND tries = $3 AND task = $4 \
         AND CASE WHEN begun_at IS NULL THEN 0 ELSE 1 END = $5"
    }
    /// Those that were put off or failed before.
    HURRY {
        "UPDATE core_outbox SET due_at = " now " WHERE task = 'send' AND begun_at IS NULL \
         AND due_at > " now " AND (SELECT d.detail FROM core_delivery d \
         WHERE d.id = core_outbox.delivery_id AND d.channel = $1) IS NOT NULL"
    }
    TAKE {
        "UPDATE core_outbox SET holder = $2, due_at = " now " + $3 \
         WHERE delivery_id " (among "$1")
    }
    TAKEN { "SELECT " message_columns "WHERE b.delivery_id " (among "$1") }
    /// When the first message is this terminal's to take. The table is small.
    NEXT {
        "SELECT MIN(CASE WHEN b.holder = $1 THEN b.due_at ELSE b.due_at + $2 END) - " now
        " FROM core_outbox b \
         WHERE (SELECT d.provider FROM core_delivery d WHERE d.id = b.delivery_id) "
        (among_texts "$3")
    }
    POSTPONE {
        "UPDATE core_outbox SET due_at = " now " + $3 \
         WHERE delivery_id = $1 AND holder = $2 AND begun_at IS NULL"
    }
    /// Messages whose end is told; nobody else changes them meanwhile.
    ENDED {
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
    /// The code goes as soon as it need not be sent any more.
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
    /// What was not begun, and what now need not be.
    DROP_UNBEGUN { "DELETE FROM core_outbox WHERE delivery_id = $1 AND begun_at IS NULL" }
    UNSEAL {
        (each
            ("UPDATE core_outbox SET sealed = NULL WHERE delivery_id " (among "$1"))
            ("UPDATE core_outbox SET sealed = NULL WHERE delivery_id " (among "$1"))
            ("UPDATE " (numbers "$1") " STRAIGHT_JOIN core_outbox ON delivery_id = value \
              SET sealed = NULL"))
    }
    /// The messages of a customer's open requests.
    OPEN_OF {
        "SELECT d.id FROM core_otp o \
         JOIN core_delivery d ON d.otp_id = o.id AND d.generation = o.generation \
         JOIN core_outbox b ON b.delivery_id = d.id \
         WHERE o.customer_id = $1 AND o.open_purpose IS NOT NULL ORDER BY d.id"
    }
    /// Codes that no terminal came to send or to give up.
    FORGET { "UPDATE core_outbox SET sealed = NULL WHERE useful_until <= " now
             " AND sealed IS NOT NULL" }
}

/// Puts a message that was just queued into the outbox, in the hands of who
/// asked for it.
pub(in crate::store) async fn enqueue(
    tx: &mut Tx,
    otp: i64,
    generation: u32,
    code: &NewCode,
    holder: &str,
) -> Result<(), StoreError> {
    let arguments = args![
        otp,
        generation,
        code.sealed.as_str(),
        code.key_id.as_str(),
        millis_of(CLAIM_LEASE),
        holder
    ];
    tx.write(&ENQUEUE, arguments).await.map(drop)
}

/// Erases the code of a request that takes none any more, and withdraws its
/// message where that was not begun. Once a provider has the message nothing of
/// it lies here.
pub(in crate::store) async fn withdraw(tx: &mut Tx, request: &Request) -> Result<(), StoreError> {
    let lies_here =
        matches!(request.delivery.state, DeliveryState::Queued | DeliveryState::Unknown);
    if lies_here { withdraw_message(tx, request.delivery.id).await } else { Ok(()) }
}

/// As [`withdraw`], for all open requests of a customer.
pub(in crate::store) async fn withdraw_all(
    tx: &mut Tx,
    customer: CustomerId,
) -> Result<(), StoreError> {
    for row in tx.all(&OPEN_OF, args![customer.0]).await? {
        withdraw_message(tx, DeliveryId(row.int(0)?)).await?;
    }
    Ok(())
}

async fn withdraw_message(tx: &mut Tx, id: DeliveryId) -> Result<(), StoreError> {
    if tx.write(&DROP_UNBEGUN, args![id.0]).await? == 0 {
        tx.write(&UNSEAL, args![&list([id.0])]).await?;
    }
    Ok(())
}

/// Erases codes that can no longer be entered and were never sent.
pub(in crate::store) async fn forget(tx: &mut Tx) -> Result<(), StoreError> {
    tx.write(&FORGET, args![]).await.map(drop)
}

/// The message of a message that a terminal holds.
pub(in crate::store) async fn message(
    db: &Database,
    delivery: DeliveryId,
    holder: &str,
) -> Result<Option<OutboxMessage>, StoreError> {
    db.maybe(&MINE, args![delivery.0, holder]).await?.map(|row| read(&row)).transpose()
}

/// Takes messages that are due.
pub(in crate::store) async fn take(
    db: &Database,
    holder: &str,
    providers: &[&str],
    most: u32,
) -> Result<Vec<OutboxMessage>, StoreError> {
    let providers = list(providers.iter().copied());
    let mut tx = db.begin().await?;
    let due = tx.all(&DUE, args![holder, millis_of(TAKEOVER_GRACE), most, &providers]).await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids = due.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?;
    let ids = list(ids);
    let rows = tx.all(&TAKEN, args![&ids]).await?;
    // One that cannot be read shall not keep the others from being done.
    let readable = |row: &Row| {
        read(row).inspect_err(|error| tracing::warn!(%error, "a message is left alone")).ok()
    };
    let messages = rows.iter().filter_map(readable).collect();
    tx.write(&TAKE, args![&ids, holder, millis_of(CLAIM_LEASE)]).await?;
    tx.commit_quietly().await?;
    Ok(messages)
}

/// How long until there is a message to take.
pub(in crate::store) async fn next(
    db: &Database,
    holder: &str,
    providers: &[&str],
) -> Result<Option<Duration>, StoreError> {
    let providers = list(providers.iter().copied());
    let Some(row) = db.maybe(&NEXT, args![holder, millis_of(TAKEOVER_GRACE), &providers]).await?
    else {
        return Ok(None);
    };
    row.maybe_wait(0)
}

/// Holds a message while somebody is at it; false where it is not theirs any more.
pub(in crate::store) async fn hold(
    db: &Database,
    message: &OutboxMessage,
    holder: &str,
) -> Result<bool, StoreError> {
    let arguments = args![message.delivery.0, holder, message.tries, millis_of(CONNECT_LEASE)];
    Ok(db.write_alone(&HOLD, arguments).await? == 1)
}

/// Leaves a message to the other terminals.
pub(in crate::store) async fn release(
    db: &Database,
    message: &OutboxMessage,
    holder: &str,
) -> Result<(), StoreError> {
    let (task, begun) = (message.task.word(), i64::from(message.begun_at.is_some()));
    let arguments = args![message.delivery.0, holder, message.tries, task, begun];
    db.write_alone(&RELEASE, arguments).await.map(drop)
}

/// What waits for a line need not wait any longer.
pub(in crate::store) async fn hurry(tx: &mut Tx, line: ProviderSlot) -> Result<(), StoreError> {
    tx.write(&HURRY, args![line.channel.word()]).await.map(drop)
}

/// Leaves a message waiting, with the reason.
pub(in crate::store) async fn postpone(
    db: &Database,
    message: &OutboxMessage,
    holder: &str,
    wait: Duration,
    reason: &str,
    actor: &Actor,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    if tx.write(&POSTPONE, args![message.delivery.0, holder, millis_of(wait)]).await? == 1 {
        state::put_off(&mut tx, message, reason, actor).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Writes down what came of messages, once however often it is told: together, and
/// where that cannot be, each by itself.
pub(in crate::store) async fn conclude(
    db: &Database,
    outcomes: &[MessageOutcome<'_>],
) -> Result<(), StoreError> {
    let mut outcomes: Vec<_> = outcomes.iter().collect();
    // Who writes several messages writes them in this order.
    outcomes.sort_by_key(|it| it.message.delivery);
    // A terminal may be at one message twice: what that tells follows on itself.
    let is_once = outcomes.array_windows().all(|[a, b]| a.message.delivery != b.message.delivery);
    if outcomes.len() > 1 && is_once {
        match write_down(db, &outcomes).await {
            Err(error) if !error.is_break() => {
                tracing::debug!(%error, "what came of messages is written one by one");
            }
            done => return done,
        }
    }
    let mut all = Ok(());
    for outcome in outcomes {
        match write_down(db, &[outcome]).await {
            Ok(()) | Err(StoreError::Taken(_)) => {}
            Err(error) if error.is_break() => return Err(error),
            // It shall not keep the others from being written.
            Err(error) => all = all.and(Err(error)),
        }
    }
    all
}

/// Writes down what came of messages, each of another message.
async fn write_down(db: &Database, outcomes: &[&MessageOutcome<'_>]) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let (held, lost) = held(&mut tx, outcomes).await?;
    let counts: Vec<_> = held.iter().chain(&lost).copied().collect();
    let new = state::progress(&mut tx, &counts).await?.lists();
    let (done, next): (Vec<_>, Vec<_>) = held.iter().partition(|it| it.step.next.is_none());
    let done = ids(&done);
    let next = list(next.iter().filter_map(|it| {
        let (task, wait) = it.step.next?;
        Some(serde_json::json!([it.message.delivery.0, task.word(), millis_of(wait)]))
    }));
    let lost = ids(&lost);
    let mut writes = Vec::new();
    for (sql, rows) in [(&DONE, &done), (&NEXT_TASK, &next), (&UNSEAL, &lost)] {
        if rows.as_str() != "[]" {
            writes.push(Write { sql, args: args![rows].to_vec() });
        }
    }
    if let Some((messages, entries)) = &new {
        writes.push(state::advance(messages));
        events::write_rows_with(&mut tx, writes, entries).await?;
    } else {
        tx.write_all(&writes).await?;
    }
    let experienced = held.iter().filter_map(|it| Some((*it, it.experience?)));
    circuit_breaker::experienced(&mut tx, &experienced.collect::<Vec<_>>()).await?;
    tx.commit().await
}

/// The outcomes whose message is as its holder took or began it, and of the others
/// those that tell of a success: whose message was taken over, or withdrawn, can
/// tell nothing else, and then nobody else sends it. A terminal may be at one
/// message twice, where connecting takes longer than the lease: who did not begin
/// the hand-over must not undo it.
async fn held<'a, 'b>(
    tx: &mut Tx,
    outcomes: &[&'a MessageOutcome<'b>],
) -> Result<(Vec<&'a MessageOutcome<'b>>, Vec<&'a MessageOutcome<'b>>), StoreError> {
    let mut stands = HashMap::new();
    for row in tx.all(&ENDED, args![&ids(outcomes)]).await? {
        let stand = (row.text(1)?, row.word(2)?, row.count(3)?, row.maybe_int(4)?.is_some());
        stands.insert(row.int(0)?, stand);
    }
    let is_held = |it: &&MessageOutcome<'_>| {
        let begun = it.begun || it.message.begun_at.is_some();
        let as_taken = (it.holder, it.message.task, it.message.tries, begun);
        stands.get(&it.message.delivery.0).is_some_and(|(holder, task, tries, begun)| {
            (&**holder, *task, *tries, *begun) == as_taken
        })
    };
    let (held, mut lost): (Vec<_>, Vec<_>) = outcomes.iter().copied().partition(is_held);
    lost.retain(|it: &&MessageOutcome<'_>| state::is_with_the_provider(it.step.report.state));
    Ok((held, lost))
}

fn ids(outcomes: &[&MessageOutcome<'_>]) -> String {
    list(outcomes.iter().map(|it| it.message.delivery.0))
}

/// Reads `message_columns`.
fn read(row: &Row) -> Result<OutboxMessage, StoreError> {
    let channel: Channel = row.word(7)?;
    let contact = Contact::parse(channel, &row.text(8)?)
        .map_err(|error| StoreError::Failed(format!("a queued message: {error}")))?;
    let now = row.time(20)?;
    Ok(OutboxMessage {
        delivery: DeliveryId(row.int(0)?),
        task: row.word::<OutboxTask>(1)?,
        request: row.word(2)?,
        generation: row.count(3)?,
        purpose: row.text(4)?,
        reference: Reference::from_store(&row.text(5)?),
        customer: CustomerId(row.int(6)?),
        contact,
        line: ProviderSlot { channel, fallback: row.int(9)? != 0 },
        provider_id: row.maybe_text(10)?,
        counter: row.text(11)?,
        sealed: row.maybe_text(12)?.map(Sealed::from_store),
        key_id: row.text(13)?,
        tries: row.count(14)?,
        begun_at: row.maybe_int(15)?.map(Timestamp::from_millis),
        useful_until: row.time(16)?,
        wait: row.time(17)?.since(now),
        // The office may have written what cannot be read.
        customer_name: row.maybe_text(18).ok().flatten().unwrap_or_default(),
        locale: row.maybe_text(19).ok().flatten(),
        asked_at: row.time(21)?,
        is_outdated: row.count(3)? < row.count(22)?,
        now,
    })
}
