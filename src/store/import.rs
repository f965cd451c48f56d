//! Writing customers, a batch at a time and a set at a time: whatever the size
//! of the batch, the same few statements.

use std::collections::{HashMap, HashSet};

use super::db::{Db, Tx, args};
use super::search;
use super::sql::statements;
use crate::domain::customer::NewCustomer;
use crate::domain::query::compact;
use crate::domain::text::{digits, fold};
use crate::service::ports::{ImportCount, StoreError};

/// One customer in so many is weighed.
const SAMPLE: usize = 8;

statements! {
    TABLE {
        "CREATE TEMP TABLE IF NOT EXISTS core_incoming (\
         account_no TEXT PRIMARY KEY, name TEXT, email TEXT, phone TEXT, address TEXT, \
         locale TEXT, balance_cents BIGINT, currency TEXT, \
         account_key TEXT, email_key TEXT, phone_key TEXT, \
         s_account TEXT, s_compact TEXT, s_name TEXT, s_email TEXT, s_phone TEXT, \
         s_phone_end TEXT)"
    }
    CLEAR { "DELETE FROM core_incoming" }
    FILL {
        "INSERT INTO core_incoming SELECT \
         value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, \
         value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, \
         value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16 FROM json_each($1)"
    }
    /// How many there are already, and how many of these read the same.
    KNOWN {
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN " same " THEN 1 ELSE 0 END), 0) \
         FROM core_incoming i CROSS JOIN core_customer c ON c.account_no = i.account_no"
    }
    WEIGH {
        "INSERT INTO core_part_weight (part, weight) \
         SELECT value ->> 0, value ->> 1 FROM json_each($1) WHERE true \
         ON CONFLICT (part) DO UPDATE SET weight = core_part_weight.weight + excluded.weight"
    }
    UPSERT {
        "INSERT INTO core_customer (account_no, name, email, phone, address, locale, \
         balance_cents, currency, created_at, updated_at) \
         SELECT account_no, name, email, phone, address, locale, balance_cents, currency, "
        now ", " now " FROM core_incoming WHERE true ORDER BY rowid \
         ON CONFLICT (account_no) DO UPDATE SET name = excluded.name, email = excluded.email, \
         phone = excluded.phone, address = excluded.address, locale = excluded.locale, \
         balance_cents = COALESCE(excluded.balance_cents, core_customer.balance_cents), \
         currency = COALESCE(excluded.currency, core_customer.currency), \
         updated_at = excluded.updated_at"
    }
    /// An entry of the index of parts goes by being told what it was.
    UNINDEX {
        "INSERT INTO core_customer_part (core_customer_part, rowid, parts) \
         SELECT 'delete', s.customer_id, s.account || ' ' || s.compact || ' ' || s.name || ' ' \
         || s.email || ' ' || s.phone " stale
    }
    FORGET {
        "DELETE FROM core_customer_search WHERE customer_id IN (SELECT s.customer_id " stale ")"
    }
    INDEX {
        "INSERT INTO core_customer_part (rowid, parts) \
         SELECT c.id, i.s_account || ' ' || i.s_compact || ' ' || i.s_name || ' ' \
         || i.s_email || ' ' || i.s_phone " unindexed
    }
    REMEMBER {
        "INSERT INTO core_customer_search (customer_id, account_key, email_key, phone_key, \
         account, compact, name, email, phone, phone_end) \
         SELECT c.id, i.account_key, i.email_key, i.phone_key, \
         i.s_account, i.s_compact, i.s_name, i.s_email, i.s_phone, i.s_phone_end " unindexed
    }
}

/// A customer as the tables take one, contacts as they stand.
pub(super) struct Incoming<'a> {
    pub(super) account_no: &'a str,
    pub(super) name: &'a str,
    pub(super) email: Option<&'a str>,
    pub(super) phone: Option<&'a str>,
    pub(super) address: Option<&'a str>,
    pub(super) locale: Option<&'a str>,
    pub(super) balance_cents: Option<i64>,
    pub(super) currency: Option<&'a str>,
}

impl<'a> From<&'a NewCustomer> for Incoming<'a> {
    fn from(new: &'a NewCustomer) -> Self {
        Self {
            account_no: &new.account_no,
            name: &new.name,
            email: new.email.as_ref().map(super::super::domain::contact::EmailAddress::as_str),
            phone: new.phone.as_ref().map(super::super::domain::contact::PhoneNumber::as_str),
            address: new.address.as_deref(),
            locale: new.locale.as_deref(),
            balance_cents: new.balance.as_ref().map(|it| it.cents),
            currency: new.balance.as_ref().map(|it| it.currency.as_str()),
        }
    }
}

impl Incoming<'_> {
    fn json(&self) -> serde_json::Value {
        let account = fold(self.account_no);
        let phone = self.phone.map(digits).unwrap_or_default();
        serde_json::json!([
            self.account_no,
            self.name,
            self.email,
            self.phone,
            self.address,
            self.locale,
            self.balance_cents,
            self.currency,
            self.account_no.to_ascii_lowercase(),
            self.email.map(str::to_ascii_lowercase),
            self.phone,
            account,
            compact(&account),
            fold(self.name),
            self.email.map(fold).unwrap_or_default(),
            phone,
            phone.chars().rev().collect::<String>(),
        ])
    }
}

/// Writes a batch in one transaction.
pub(super) async fn import(db: &Db, batch: &[NewCustomer]) -> Result<ImportCount, StoreError> {
    let mut tx = db.begin().await?;
    let mut count = ImportCount::default();
    let mut rest: Vec<Incoming<'_>> = batch.iter().map(Incoming::from).collect();
    while !rest.is_empty() {
        let once = distinct(&rest);
        let later = rest.split_off(once);
        let done = write(&mut tx, &rest).await?;
        count.added += done.added;
        count.changed += done.changed;
        count.unchanged += done.unchanged;
        rest = later;
    }
    tx.commit().await?;
    Ok(count)
}

/// How often each part stands in a sample of the customers. It decides only
/// what a search looks up first, so that it need not be exact nor kept exact.
fn weights(customers: &[Incoming<'_>]) -> String {
    let mut weights: HashMap<String, u32> = HashMap::new();
    for customer in customers.iter().step_by(SAMPLE) {
        let texts = [
            fold(customer.account_no),
            fold(customer.name),
            customer.email.map(fold).unwrap_or_default(),
            customer.phone.map(digits).unwrap_or_default(),
        ];
        let words = texts.iter().flat_map(|text| text.split_whitespace());
        for part in words.flat_map(search::parts) {
            *weights.entry(part).or_default() += 1;
        }
    }
    let pairs = weights.into_iter().map(|(part, count)| serde_json::json!([part, count]));
    pairs.collect::<serde_json::Value>().to_string()
}

/// How many of these come before an account number is named again: a set can
/// change each row once only.
fn distinct(customers: &[Incoming<'_>]) -> usize {
    let mut seen = HashSet::new();
    customers.iter().take_while(|it| seen.insert(it.account_no)).count()
}

/// Writes customers with different account numbers.
pub(super) async fn write(
    tx: &mut Tx,
    customers: &[Incoming<'_>],
) -> Result<ImportCount, StoreError> {
    let json = customers.iter().map(Incoming::json).collect::<serde_json::Value>().to_string();
    tx.write(&TABLE, args![]).await?;
    tx.write(&CLEAR, args![]).await?;
    tx.write(&FILL, args![&json]).await?;
    let row = tx.one(&KNOWN, args![]).await?;
    let (known, unchanged) = (u64::from(row.count(0)?), u64::from(row.count(1)?));
    if known > unchanged {
        tx.write(&UNINDEX, args![]).await?;
        tx.write(&FORGET, args![]).await?;
    }
    let all = customers.len() as u64;
    if all > unchanged {
        tx.write(&UPSERT, args![]).await?;
        tx.write(&INDEX, args![]).await?;
        tx.write(&REMEMBER, args![]).await?;
        tx.write(&WEIGH, args![&weights(customers)]).await?;
    }
    Ok(ImportCount {
        added: all.saturating_sub(known),
        changed: known.saturating_sub(unchanged),
        unchanged,
    })
}
