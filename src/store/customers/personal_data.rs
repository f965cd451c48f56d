//! What the store holds of one customer. Codes, digests and tokens are left out: they are
//! proofs, not data about somebody.

use serde_json::Value;

use crate::domain::customer::CustomerId;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::service::ports::personal_data::DataSection;
use crate::store::database::engine::{Database, args};
use crate::store::database::statement::{Sql, statements};

/// How many entries of a section are told.
const SECTION_MAX: u32 = 5_000;

statements! {
    CUSTOMER {
        "SELECT " (json_object "'account_no', c.account_no, 'name', c.name, 'email', c.email, \
         'phone', c.phone, 'address', c.address, 'locale', c.locale") " AS record \
         FROM core_customer_view c WHERE c.id = $1 LIMIT $2"
    }
    ACCOUNT {
        "SELECT " (json_object "'balance_cents', c.balance_cents, 'currency', c.currency, \
         'created_at', c.created_at, 'updated_at', c.updated_at") " AS record \
         FROM core_customer c WHERE c.id = $1 LIMIT $2"
    }
    INVOICES {
        "SELECT " (json_object "'number', i.number, 'issued_at', i.issued_at, 'due_at', i.due_at, \
         'amount_cents', i.amount_cents, 'currency', i.currency, 'status', i.status")
        " AS record FROM core_invoice i WHERE i.customer_id = $1 ORDER BY i.issued_at LIMIT $2"
    }
    FEEDBACK {
        "SELECT " (json_object "'received_at', f.received_at, 'subject', f.subject, \
         'status', f.status") " AS record FROM core_feedback f WHERE f.customer_id = $1 \
         ORDER BY f.received_at LIMIT $2"
    }
    SEARCH_INDEX {
        "SELECT " (json_object "'account', s.account_key, 'name', s.name, 'email', s.email, \
         'phone', s.phone, 'words', s.words") " AS record FROM core_customer_search s \
         WHERE s.customer_id = $1 LIMIT $2"
    }
    CONTACTS {
        "SELECT " (json_object "'kind', t.kind, 'contact', t.contact, 'bound_at', t.bound_at, \
         'changed', t.changed") " AS record FROM core_contact t WHERE t.customer_id = $1 LIMIT $2"
    }
    CONTACT_STATES {
        "SELECT " (json_object "'channel', t.channel, 'arrived', t.arrived, \
         'arrived_at', t.arrived_at, 'failure', t.failure, 'failed_at', t.failed_at, \
         'standing', t.standing") " AS record FROM core_contact_state t \
         WHERE t.customer_id = $1 LIMIT $2"
    }
    APPROVALS {
        "SELECT " (json_object "'approval', public_id, 'act', act, 'what', target, \
         'reason', reason, 'clerk', clerk, 'counter', counter, 'created_at', created_at, \
         'approved_by', approved_by") " AS record FROM core_approval \
         WHERE customer_id = $1 ORDER BY id LIMIT $2"
    }
    REQUESTS {
        "SELECT " (json_object "'request', o.public_id, 'email', o.email, 'phone', o.phone, \
         'channel', o.otp_type, 'purpose', o.purpose, 'reference', o.reference, \
         'status', o.status, 'attempts', o.attempts, 'created_at', o.created_at, \
         'closed_at', o.closed_at, 'clerk', o.clerk, 'counter', o.counter") " AS record \
         FROM core_otp o WHERE o.customer_id = $1 ORDER BY o.id LIMIT $2"
    }
    ARCHIVED {
        "SELECT " (json_object "'request', a.public_id, 'contact', a.masked, \
         'channel', a.otp_type, 'purpose', a.purpose, 'reference', a.reference, \
         'status', a.status, 'attempts', a.attempts, 'created_at', a.created_at, \
         'closed_at', a.closed_at, 'clerk', a.clerk, 'counter', a.counter, \
         'detail', a.detail") " AS record \
         FROM core_otp_archive a WHERE a.customer_id = $1 ORDER BY a.id LIMIT $2"
    }
    MESSAGES {
        "SELECT " (json_object "'channel', d.channel, 'contact', d.contact, \
         'provider', d.provider, 'provider_id', d.provider_id, 'state', d.state, \
         'detail', d.detail, 'created_at', d.created_at, 'updated_at', d.updated_at, \
         'clerk', d.clerk, 'counter', d.counter") " AS record \
         FROM core_delivery d WHERE d.customer_id = $1 ORDER BY d.created_at LIMIT $2"
    }
    SESSIONS {
        "SELECT " (json_object "'session', s.public_id, 'request', s.request, \
         'factor', s.factor, 'purpose', s.purpose, 'created_at', s.created_at, \
         'ended_at', s.ended_at, 'clerk', s.clerk, 'counter', s.counter") " AS record \
         FROM core_session s WHERE s.customer_id = $1 ORDER BY s.id LIMIT $2"
    }
    NOTICES {
        "SELECT " (json_object "'channel', n.channel, 'contact', n.contact, \
         'about', n.about, 'purpose', n.purpose, 'created_at', n.created_at") " AS record \
         FROM core_notice n WHERE n.customer_id = $1 ORDER BY n.id LIMIT $2"
    }
    FACTORS {
        "SELECT " (json_object "'kind', f.kind, 'generation', f.generation, \
         'made_at', f.made_at, 'clerk', f.clerk, 'counter', f.counter") " AS record \
         FROM core_customer_factor f WHERE f.customer_id = $1 ORDER BY f.kind LIMIT $2"
    }
    BACKUP_CODES {
        "SELECT " (json_object "'number', b.number, 'used_at', b.used_at") " AS record \
         FROM core_backup_code b WHERE b.customer_id = $1 ORDER BY b.number LIMIT $2"
    }
    FLAGS {
        "SELECT " (json_object "'flag', f.flag, 'reason', f.reason, 'set_at', f.set_at, \
         'until_at', f.until_at, 'clerk', f.clerk, 'counter', f.counter")
        " AS record FROM core_flag f WHERE f.customer_id = $1 ORDER BY f.flag LIMIT $2"
    }
    REPRESENTATIVES {
        "SELECT " (json_object "'representative', r.public_id, 'name', r.name, \
         'email', r.email, 'phone', r.phone, 'purposes', r.purposes, 'from_at', r.from_at, \
         'until_at', r.until_at, 'document', r.document, 'clerk', r.clerk, \
         'counter', r.counter, 'approved_by', r.approved_by, 'ended_at', r.ended_at")
        " AS record FROM core_representative r WHERE r.customer_id = $1 \
         ORDER BY r.added_at LIMIT $2"
    }
    LOCKOUT {
        "SELECT " (json_object "'wrong_codes', g.failures, 'updated_at', g.updated_at")
        " AS record FROM core_guard g WHERE g.customer_id = $1 LIMIT $2"
    }
    HOLD {
        "SELECT " (json_object "'reason', h.reason, 'clerk', h.clerk, 'held_at', h.held_at")
        " AS record FROM core_hold h WHERE h.customer_id = $1 LIMIT $2"
    }
    LOG {
        "SELECT " (json_object "'event', e.id, 'at', e.at, 'kind', e.kind, \
         'outcome', e.outcome, 'request', e.request, 'channel', e.channel, \
         'contact', e.contact, 'clerk', e.clerk, 'counter', e.counter, 'detail', e.detail")
        " AS record FROM core_event e WHERE e.customer_id = $1 ORDER BY e.id LIMIT $2"
    }
}

/// The sections of our own tables of customers, which are about nobody where the customers
/// are in another table.
const OF_OURS: [(&str, &Sql); 3] =
    [("account", &ACCOUNT), ("bills", &INVOICES), ("feedback", &FEEDBACK)];

const SECTIONS: [(&str, &Sql); 17] = [
    ("customer", &CUSTOMER),
    ("search index", &SEARCH_INDEX),
    ("contacts", &CONTACTS),
    ("what became of messages to them", &CONTACT_STATES),
    ("requests", &REQUESTS),
    ("archived requests", &ARCHIVED),
    ("messages", &MESSAGES),
    ("sessions", &SESSIONS),
    ("notices to be sent", &NOTICES),
    ("authenticator and backup codes", &FACTORS),
    ("numbers of backup codes", &BACKUP_CODES),
    ("acts for a second person", &APPROVALS),
    ("flags", &FLAGS),
    ("representatives", &REPRESENTATIVES),
    ("wrong codes", &LOCKOUT),
    ("legal hold", &HOLD),
    ("log", &LOG),
];

/// All that is held of a customer.
pub(in crate::store) async fn read(
    db: &Database,
    customer: CustomerId,
    is_external: bool,
) -> Result<Vec<DataSection>, StoreError> {
    let ours = OF_OURS.iter().filter(|_| !is_external);
    let mut sections = Vec::new();
    for (name, sql) in SECTIONS.iter().chain(ours) {
        let rows = db.all(sql, args![customer.0, SECTION_MAX + 1]).await?;
        let more = rows.len() > SECTION_MAX as usize;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows.iter().take(SECTION_MAX as usize) {
            let text = row.maybe_raw("record")?.unwrap_or_default();
            let entry = serde_json::from_str(&text).map_err(|error| {
                StoreError::Failed(format!("what is held of a customer cannot be read: {error}"))
            })?;
            entries.push(with_moments(entry));
        }
        sections.push(DataSection { name: (*name).to_owned(), entries, more });
    }
    Ok(sections)
}

/// Moments as text: the store has milliseconds.
fn with_moments(mut entry: Value) -> Value {
    if let Some(fields) = entry.as_object_mut() {
        let is_moment = |name: &str| name == "at" || name.ends_with("_at");
        for (_, value) in fields.iter_mut().filter(|(name, _)| is_moment(name)) {
            if let Some(millis) = value.as_i64() {
                *value = Timestamp::from_millis(millis).to_string().into();
            }
        }
    }
    entry
}
