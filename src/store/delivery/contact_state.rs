//! What became of the last messages to each contact.
//!
//! A row is written with the state of the delivery, in its transaction. Its key is a digest of the
//! contact, so that a contact that several customers share has one row.

use std::collections::BTreeMap;

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::contact_state::{
    self, ContactFailure, ContactNews, ContactStanding, ContactState,
};
use crate::domain::customer::CustomerId;
use crate::domain::time::Timestamp;
use crate::service::ports::contact_state::{BadContactPlace, BadContactRow};
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::MessageOutcome;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

row_type! {
    struct StateColumns from "core_contact_state" {
        contact_name: String = text "contact_name",
        arrived: Option<String> = maybe_text "arrived",
        arrived_at: Option<Timestamp> = maybe_time "arrived_at",
        failure: Option<String> = maybe_text "failure",
        failed_at: Option<Timestamp> = maybe_time "failed_at",
        standing: ContactStanding = word "standing",
    }
}

statements! {
    ARRIVED {
        (insert_rows "core_contact_state" {
            contact_name: text,
            channel: text,
            customer_id: int,
            arrived: text,
            standing: text,
            arrived_at: now,
        })
        (each
            (" ON CONFLICT (contact_name) DO UPDATE SET customer_id = excluded.customer_id, \
              arrived = excluded.arrived, arrived_at = excluded.arrived_at, \
              standing = CASE excluded.standing WHEN 'unchanged' \
              THEN core_contact_state.standing ELSE excluded.standing END")
            (" ON CONFLICT (contact_name) DO UPDATE SET customer_id = excluded.customer_id, \
              arrived = excluded.arrived, arrived_at = excluded.arrived_at, \
              standing = CASE excluded.standing WHEN 'unchanged' \
              THEN core_contact_state.standing ELSE excluded.standing END")
            (" ON DUPLICATE KEY UPDATE customer_id = VALUES(customer_id), \
              arrived = VALUES(arrived), arrived_at = VALUES(arrived_at), \
              standing = CASE VALUES(standing) WHEN 'unchanged' \
              THEN core_contact_state.standing ELSE VALUES(standing) END"))
    }
    FAILED {
        (insert_rows "core_contact_state" {
            contact_name: text,
            channel: text,
            customer_id: int,
            failure: text,
            standing: text,
            failed_at: now,
        })
        (each
            (" ON CONFLICT (contact_name) DO UPDATE SET customer_id = excluded.customer_id, \
              failure = excluded.failure, failed_at = excluded.failed_at, \
              standing = CASE excluded.standing WHEN 'unchanged' \
              THEN core_contact_state.standing ELSE excluded.standing END")
            (" ON CONFLICT (contact_name) DO UPDATE SET customer_id = excluded.customer_id, \
              failure = excluded.failure, failed_at = excluded.failed_at, \
              standing = CASE excluded.standing WHEN 'unchanged' \
              THEN core_contact_state.standing ELSE excluded.standing END")
            (" ON DUPLICATE KEY UPDATE customer_id = VALUES(customer_id), \
              failure = VALUES(failure), failed_at = VALUES(failed_at), \
              standing = CASE VALUES(standing) WHEN 'unchanged' \
              THEN core_contact_state.standing ELSE VALUES(standing) END"))
    }
    STATES { (select StateColumns) "WHERE contact_name " (among_texts "$1") }
    BAD {
        "SELECT contact_name, channel, customer_id, failure, failed_at FROM core_contact_state \
         WHERE standing = 'bad' AND failed_at <= $1 AND (failed_at < $1 OR contact_name < $2) \
         ORDER BY failed_at DESC, contact_name DESC LIMIT $3"
    }
    FORGET { "DELETE FROM core_contact_state WHERE contact_name = $1" }
    /// Of a list of names, each with the customer whose row it has to be.
    FORGET_CHANGED {
        (each
            ("DELETE FROM core_contact_state WHERE (contact_name, customer_id) IN \
              (SELECT value ->> 0, value ->> 1 FROM json_each($1))")
            ("DELETE FROM core_contact_state s \
              USING jsonb_array_elements(CAST($1 AS JSONB)) AS list (value) \
              WHERE s.contact_name = value ->> 0 AND s.customer_id = CAST(value ->> 1 AS BIGINT) \
              AND s.contact_name = ANY (ARRAY(SELECT few.it ->> 0 \
              FROM jsonb_array_elements(CAST($1 AS JSONB)) AS few (it)))")
            ("DELETE s FROM JSON_TABLE($1, '$[*]' COLUMNS (" (cell "a" "0")
             ", b BIGINT PATH '$[1]')) list STRAIGHT_JOIN core_contact_state s \
              ON s.contact_name = a COLLATE utf8mb4_bin AND s.customer_id = b"))
    }
    FORGET_CUSTOMER { "DELETE FROM core_contact_state WHERE customer_id = $1" }
}

/// The rows to be written, as JSON lists; empty where messages say nothing of their contacts.
pub(in crate::store) struct StateRows {
    arrived: String,
    failed: String,
}

impl StateRows {
    /// What messages say of their contacts; of two to one contact, the later one.
    pub(in crate::store) fn of(outcomes: &[&MessageOutcome<'_>]) -> Self {
        let mut latest = BTreeMap::new();
        for outcome in outcomes {
            let Some(news) = ContactNews::of(&outcome.step.report) else { continue };
            let (channel, message) = (outcome.message.slot.channel, outcome.message);
            let name = contact_state::name(channel, &message.contact);
            latest.insert(name, (channel, message.customer, news));
        }
        Self::new(latest)
    }

    /// That a message to a contact failed.
    pub(in crate::store) fn failed(
        channel: Channel,
        contact: &Contact,
        customer: CustomerId,
        failure: ContactFailure,
    ) -> Self {
        let name = contact_state::name(channel, contact);
        Self::new([(name, (channel, customer, ContactNews::Failed(failure)))])
    }

    fn new(news: impl IntoIterator<Item = (String, (Channel, CustomerId, ContactNews))>) -> Self {
        let (mut arrived, mut failed) = (Vec::new(), Vec::new());
        for (name, (channel, customer, news)) in news {
            let standing = news.standing(channel).word();
            let row = |what| serde_json::json!([name, channel.word(), customer.0, what, standing]);
            match news {
                ContactNews::Arrived(state) => arrived.push(row(state.word())),
                ContactNews::Failed(failure) => failed.push(row(failure.word())),
            }
        }
        Self { arrived: list(arrived), failed: list(failed) }
    }

    pub(in crate::store) fn writes(&self) -> impl Iterator<Item = Write<'_>> {
        let both = [(&ARRIVED, &self.arrived), (&FAILED, &self.failed)];
        let some = both.into_iter().filter(|(_, rows)| rows.as_str() != "[]");
        some.map(|(sql, rows)| Write { sql, args: args![rows].to_vec() })
    }
}

/// Those of these contacts where the last notice or code of their usual channel failed for good.
pub(in crate::store) async fn bad_among(
    tx: &mut Tx,
    contacts: &[Contact],
) -> Result<Vec<Contact>, StoreError> {
    let pair = |it| (contact_state::name(Contact::kind(it).channel(), it), it);
    let pairs: Vec<(String, &Contact)> = contacts.iter().map(pair).collect();
    let names = list(pairs.iter().map(|(name, _)| name.as_str()));
    let mut bad = Vec::new();
    for row in tx.all(&STATES, args![&names]).await? {
        let it = StateColumns::read(&row)?;
        let of_name = pairs.iter().filter(|(name, _)| *name == it.contact_name);
        if it.standing == ContactStanding::Bad {
            bad.extend(of_name.map(|(_, contact)| (*contact).clone()));
        }
    }
    Ok(bad)
}

/// Whether a message to the contact arrived after this time.
pub(in crate::store) async fn has_arrived_after(
    tx: &mut Tx,
    channel: Channel,
    contact: &Contact,
    time: Timestamp,
) -> Result<bool, StoreError> {
    let name = contact_state::name(channel, contact);
    let row = tx.maybe(&STATES, args![&list([name.as_str()])]).await?;
    let state = row.map(|it| StateColumns::read(&it)).transpose()?;
    Ok(state.and_then(|it| it.arrived_at).is_some_and(|at| at > time))
}

/// What is known of the contacts of these names.
pub(in crate::store) async fn states(
    db: &Database,
    names: &[&str],
) -> Result<Vec<(String, ContactState)>, StoreError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut states = Vec::new();
    for row in db.all(&STATES, args![&list(names.iter().copied())]).await? {
        let it = StateColumns::read(&row)?;
        // A word of a later release is as good as none.
        let arrived = it.arrived.and_then(|it| it.parse().ok()).zip(it.arrived_at);
        let failed = it.failure.and_then(|it| it.parse().ok()).zip(it.failed_at);
        let is_bad = it.standing == ContactStanding::Bad;
        states.push((it.contact_name, ContactState { arrived, failed, is_bad }));
    }
    Ok(states)
}

/// Contacts whose last message failed for good, the newest first.
pub(in crate::store) async fn bad(
    db: &Database,
    after: Option<&BadContactPlace>,
    most: u32,
) -> Result<Vec<BadContactRow>, StoreError> {
    let (failed_at, name) =
        after.map_or((i64::MAX, ""), |it| (it.failed_at.millis(), it.name.as_str()));
    let rows = db.all(&BAD, args![failed_at, name, most]).await?;
    let bad = |row: &Row| {
        Ok(BadContactRow {
            place: BadContactPlace {
                failed_at: row.time("failed_at")?,
                name: row.text("contact_name")?,
            },
            channel: row.word("channel")?,
            customer: CustomerId(row.int("customer_id")?),
            failure: row.word("failure")?,
        })
    };
    rows.iter().map(bad).collect()
}

/// Forgets what is known of contacts that these customers had before.
pub(in crate::store) async fn forget_changed<'a>(
    tx: &mut Tx,
    changed: impl Iterator<Item = (i64, &'a Contact)>,
) -> Result<(), StoreError> {
    let rows = changed.flat_map(|(customer, contact)| {
        names(contact).map(move |name| serde_json::json!([name, customer]))
    });
    tx.write(&FORGET_CHANGED, args![&list(rows)]).await.map(drop)
}

/// Forgets all that is known of a customer and of these contacts.
pub(in crate::store) async fn erase(
    tx: &mut Tx,
    customer: CustomerId,
    contacts: &[Contact],
) -> Result<(), StoreError> {
    tx.write(&FORGET_CUSTOMER, args![customer.0]).await?;
    for name in contacts.iter().flat_map(names) {
        tx.write(&FORGET, args![&name]).await?;
    }
    Ok(())
}

/// The names of a contact on all channels that lead to it.
fn names(contact: &Contact) -> impl Iterator<Item = String> {
    let reaching = Channel::ALL.into_iter().filter(|it| it.contact_kind() == contact.kind());
    reaching.map(|it| contact_state::name(it, contact))
}
