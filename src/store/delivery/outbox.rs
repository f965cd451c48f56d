//! The outbox: a table of the messages that are still to be sent or asked about, and of
//! nothing else, so that it stays small.
//!
//! A message belongs to the owner of its lease ([`crate::store::delivery::lease`]) until it is
//! due, and then to whoever claims it. A message with a send claim
//! ([`crate::store::delivery::send_claim`]) that becomes due again was completed by nobody: its
//! terminal died, and the provider must be asked what became of it.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::ProviderSlot;
use crate::domain::code_binding::BindingVersion;
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::customer::CustomerId;
use crate::domain::delivery::{DeliveryId, DeliveryState};
use crate::domain::delivery_retry::OutboxTask;
use crate::domain::event::Actor;
use crate::domain::explanation::Explanation;
use crate::domain::representative::RepresentativeId;
use crate::domain::request::{Reference, Request, RequestId};
use crate::domain::seal::Sealed;
use crate::domain::time::{Timestamp, millis_of};
use crate::domain::timing::{CLAIM_LEASE, TAKEOVER_GRACE};
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::OutboxMessage;
use crate::store::database::batch::Write;
use crate::store::database::columns::requests::{account_no_of_code, binding_version, stands_here};
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::delivery::state;

row_type! {
    /// An outbox message with its delivery, its request and its customer. The external table
    /// may hold texts that cannot be read.
    pub(super) struct MessageColumns from "core_outbox b \
        JOIN core_delivery d ON d.id = b.delivery_id \
        JOIN core_otp o ON o.id = d.otp_id \
        LEFT JOIN core_customer_view c ON c.id = o.customer_id" {
        delivery_id: i64 = int "b.delivery_id",
        task: OutboxTask = word "b.task",
        request: RequestId = word "o.public_id",
        generation: u32 = count "d.generation",
        newest_generation: u32 = count "o.generation",
        purpose: String = text "o.purpose",
        binding: u32 = count "o.binding",
        otp_type: Channel = word "o.otp_type",
        otp_contact: Option<String> = maybe_text "COALESCE(o.email, o.phone)",
        expires_at: Timestamp = time "o.expires_at",
        bound_since: Option<Timestamp> = maybe_time bound_since,
        is_production: bool = flag is_production,
        reference: String = text "o.reference",
        representative: Option<RepresentativeId> = maybe_word "o.representative",
        representative_name: Option<String> = maybe_text "(SELECT r.name \
            FROM core_representative r WHERE r.public_id = o.representative)",
        customer_id: i64 = int "o.customer_id",
        channel: Channel = word "d.channel",
        contact: String = text "d.contact",
        provider: String = text "d.provider",
        fingerprint: String = text "COALESCE(d.fingerprint, d.provider)",
        fallback: bool = flag "d.fallback",
        provider_id: Option<String> = maybe_text "d.provider_id",
        counter: String = text "d.counter",
        created_at: Timestamp = time "d.created_at",
        sealed: Option<String> = maybe_text "b.sealed",
        key_id: String = text "b.key_id",
        tries: u32 = count "b.tries",
        begun_at: Option<Timestamp> = maybe_time "b.begun_at",
        useful_until: Timestamp = time "b.useful_until",
        due_at: Timestamp = time "b.due_at",
        account_no: Option<String> = shown_text "c.account_no",
        customer_name: Option<String> = readable_text "c.name",
        email: Option<String> = readable_text "c.email",
        phone: Option<String> = readable_text "c.phone",
        locale: Option<String> = readable_text "c.locale",
        read_at: Timestamp = time now,
    }
}

statements! {
    ENQUEUE {
        (insert "core_outbox" {
            delivery_id: "d.id",
            task: "'send'",
            sealed: "$3",
            key_id: "$4",
            useful_until: "o.expires_at",
            due_at: "o.sent_at + $5",
            holder: "$6",
            tries: "0",
        } select "FROM core_delivery d JOIN core_otp o ON o.id = d.otp_id \
            WHERE d.otp_id = $1 AND d.generation = $2")
    }
    OWNED {
        (select MessageColumns) "WHERE b.delivery_id = $1 AND b.holder = $2 \
         AND b.begun_at IS NULL AND b.task = 'send'"
    }
    /// Messages that were rescheduled or failed before.
    MAKE_DUE {
        "UPDATE core_outbox SET due_at = " now " WHERE task = 'send' AND begun_at IS NULL \
         AND due_at > " now " AND (SELECT d.detail FROM core_delivery d \
         WHERE d.id = core_outbox.delivery_id AND d.channel = $1) IS NOT NULL"
    }
    /// When the first message is due for this terminal. The table is small.
    NEXT_DUE {
        "SELECT MIN(CASE WHEN b.holder = $1 THEN b.due_at ELSE b.due_at + $2 END) - " now
        " AS due_in FROM core_outbox b \
         WHERE (SELECT COALESCE(d.fingerprint, d.provider) FROM core_delivery d \
         WHERE d.id = b.delivery_id) " (among_texts "$3") " \
         OR (b.useful_until <= " now " AND b.task = 'send' AND b.begun_at IS NULL)"
    }
    RESCHEDULE {
        "UPDATE core_outbox SET due_at = " now " + $3 \
         WHERE delivery_id = $1 AND holder = $2 AND begun_at IS NULL"
    }
    /// Without a send claim it need not be sent any more.
    WITHDRAW { "DELETE FROM core_outbox WHERE delivery_id = $1 AND begun_at IS NULL" }
    UNSEAL {
        (each
            ("UPDATE core_outbox SET sealed = NULL WHERE delivery_id " (among "$1"))
            ("UPDATE core_outbox SET sealed = NULL WHERE delivery_id " (among "$1"))
            ("UPDATE " (numbers "$1") " STRAIGHT_JOIN core_outbox ON delivery_id = value \
              SET sealed = NULL"))
    }
    /// The messages of a customer's open requests.
    OPEN_OF {
        "SELECT d.id AS delivery_id FROM core_otp o \
         JOIN core_delivery d ON d.otp_id = o.id AND d.generation = o.generation \
         JOIN core_outbox b ON b.delivery_id = d.id \
         WHERE o.customer_id = $1 AND o.open_purpose IS NOT NULL ORDER BY d.id"
    }
    /// Codes that have expired without a terminal that sent them or gave them up.
    EXPIRED {
        "SELECT delivery_id FROM core_outbox WHERE useful_until <= " now
        " AND sealed IS NOT NULL" skip_locked
    }
}

/// Puts a delivery that was just queued into the outbox, leased to the terminal that asked
/// for the code.
pub(in crate::store) async fn enqueue(
    tx: &mut Tx,
    otp: i64,
    generation: u32,
    (sealed, key_id): (&Sealed, &str),
    owner: &str,
) -> Result<(), StoreError> {
    let arguments = args![otp, generation, sealed.as_str(), key_id, millis_of(CLAIM_LEASE), owner];
    tx.write(&ENQUEUE, arguments).await.map(drop)
}

/// Erases the code of a request that cannot be verified any more, and removes its message
/// unless its send was claimed. Once a provider has the message, the outbox holds nothing
/// of it.
pub(in crate::store) async fn withdraw(tx: &mut Tx, request: &Request) -> Result<(), StoreError> {
    let has_row = matches!(request.delivery.state, DeliveryState::Queued | DeliveryState::Unknown);
    if has_row { withdraw_message(tx, request.delivery.id).await } else { Ok(()) }
}

/// As [`withdraw`], for all open requests of a customer.
pub(in crate::store) async fn withdraw_all(
    tx: &mut Tx,
    customer: CustomerId,
) -> Result<(), StoreError> {
    for row in tx.all(&OPEN_OF, args![customer.0]).await? {
        withdraw_message(tx, DeliveryId(row.int("delivery_id")?)).await?;
    }
    Ok(())
}

async fn withdraw_message(tx: &mut Tx, id: DeliveryId) -> Result<(), StoreError> {
    if tx.write(&WITHDRAW, args![id.0]).await? == 0 {
        tx.write(&UNSEAL, args![&list([id.0])]).await?;
    }
    Ok(())
}

/// Erases the codes of these messages, a JSON list of numbers.
pub(in crate::store) fn unseal(messages: &str) -> Write<'_> {
    Write { sql: &UNSEAL, args: args![messages].to_vec() }
}

/// Erases expired codes that were never sent, but for those that others hold.
pub(in crate::store) async fn erase_expired(tx: &mut Tx) -> Result<(), StoreError> {
    let rows = tx.all(&EXPIRED, args![]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let ids = rows.iter().map(|row| row.int("delivery_id")).collect::<Result<Vec<_>, _>>()?;
    tx.write(&UNSEAL, args![&list(ids)]).await.map(drop)
}

/// The message of a delivery whose lease a terminal owns.
pub(in crate::store) async fn message(
    db: &Database,
    delivery: DeliveryId,
    owner: &str,
) -> Result<Option<OutboxMessage>, StoreError> {
    db.maybe(&OWNED, args![delivery.0, owner]).await?.map(|row| read(&row)).transpose()
}

/// How long until a message is due.
pub(in crate::store) async fn next_due(
    db: &Database,
    owner: &str,
    providers: &[&str],
) -> Result<Option<Duration>, StoreError> {
    let providers = list(providers.iter().copied());
    let Some(row) =
        db.maybe(&NEXT_DUE, args![owner, millis_of(TAKEOVER_GRACE), &providers]).await?
    else {
        return Ok(None);
    };
    row.maybe_wait("due_in")
}

/// Makes messages of a channel due that wait for its provider.
pub(in crate::store) async fn make_due(tx: &mut Tx, slot: ProviderSlot) -> Result<(), StoreError> {
    tx.write(&MAKE_DUE, args![slot.channel.word()]).await.map(drop)
}

/// Sets when the message is due, with the reason.
pub(in crate::store) async fn reschedule(
    db: &Database,
    message: &OutboxMessage,
    owner: &str,
    wait: Duration,
    reason: &Explanation,
    actor: &Actor,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    if tx.write(&RESCHEDULE, args![message.delivery.0, owner, millis_of(wait)]).await? == 1 {
        state::write_delay(&mut tx, message, reason, actor).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Reads [`MessageColumns`].
pub(super) fn read(row: &Row) -> Result<OutboxMessage, StoreError> {
    let it = MessageColumns::read(row)?;
    let contact = Contact::parse(it.channel, &it.contact)
        .map_err(|error| StoreError::Failed(format!("a queued message: {error}")))?;
    let version = binding_version(it.binding, it.useful_until, it.bound_since);
    // Only of the newest code does the request say where it went and until when it works.
    let is_consistent = version.is_some()
        && (it.generation < it.newest_generation
            || it.otp_type == it.channel
                && it.otp_contact.as_deref() == Some(it.contact.as_str())
                && it.expires_at == it.useful_until);
    Ok(OutboxMessage {
        delivery: DeliveryId(it.delivery_id),
        contact_on_file: match contact.kind() {
            ContactKind::Email => it.email,
            ContactKind::Phone => it.phone,
        },
        provider: it.provider,
        fingerprint: it.fingerprint,
        binding_version: version.unwrap_or(BindingVersion::Two),
        account_no: account_no_of_code(it.account_no.as_deref()),
        representative: stands_here(it.representative, it.representative_name),
        is_consistent,
        is_production: it.is_production,
        task: it.task,
        request: it.request,
        generation: it.generation,
        purpose: it.purpose,
        reference: Reference::from_store(&it.reference),
        customer: CustomerId(it.customer_id),
        contact,
        slot: ProviderSlot { channel: it.channel, fallback: it.fallback },
        provider_id: it.provider_id,
        counter: it.counter,
        sealed: it.sealed.map(Sealed::from_store),
        key_id: it.key_id,
        tries: it.tries,
        begun_at: it.begun_at,
        useful_until: it.useful_until,
        wait: it.due_at.since(it.read_at),
        customer_name: it.customer_name.unwrap_or_default(),
        locale: it.locale,
        asked_at: it.created_at,
        is_superseded: it.generation < it.newest_generation,
        now: it.read_at,
    })
}
