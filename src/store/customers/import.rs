//! Importing customers into our own table, in batches: the number of statements does not
//! depend on the size of the batch.

use std::collections::{HashMap, HashSet};

use crate::domain::contact::{ContactKind, EmailAddress, PhoneNumber};
use crate::domain::customer::{NewCustomer, Unsaid};
use crate::domain::event::Actor;
use crate::domain::text::clean;
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::customers::{ImportCount, Imported};
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::statement::statements;
use crate::store::search_index::index::{self, INDEX_LOCK, IndexEntry};
use crate::store::verification::contact_binding::{self, ImportedContact};

statements! {
    /// The rows of these account numbers.
    ON_FILE {
        "SELECT c.id, c.account_no, c.name, c.email, c.phone, c.address, c.locale, \
         c.balance_cents, c.currency FROM core_customer c WHERE c.account_no "
        (among_texts "$1")
    }
    UPSERT {
        "INSERT INTO core_customer (account_no, name, email, phone, address, locale, \
         balance_cents, currency, created_at, updated_at) "
        (each
            ("SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, \
              value ->> 5, value ->> 6, value ->> 7, " now ", " now " \
              FROM json_each($1) WHERE true ORDER BY key" upsert_customer)
            ("SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, \
              value ->> 5, CAST(value ->> 6 AS BIGINT), value ->> 7, " now ", " now " \
              FROM jsonb_array_elements(CAST($1 AS JSONB)) WITH ORDINALITY AS list (value, key) \
              ORDER BY key" upsert_customer)
            ("SELECT a, b, c, d, e, f, g, h, " now ", " now " \
              FROM JSON_TABLE($1, '$[*]' COLUMNS (key_no FOR ORDINALITY, "
              (cell "a" "0") ", " (cell "b" "1") ", " (cell "c" "2") ", " (cell "d" "3") ", "
              (cell "e" "4") ", " (cell "f" "5") ", g BIGINT PATH '$[6]', " (cell "h" "7")
              ")) list ORDER BY key_no \
              ON DUPLICATE KEY UPDATE name = VALUES(name), email = VALUES(email), \
              phone = VALUES(phone), address = VALUES(address), locale = VALUES(locale), \
              balance_cents = VALUES(balance_cents), currency = VALUES(currency), \
              updated_at = VALUES(updated_at)"))
    }
}

/// A customer as it is written, its contacts already validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct IncomingCustomer<'a> {
    pub(in crate::store) account_no: &'a str,
    pub(in crate::store) name: &'a str,
    pub(in crate::store) email: Option<&'a str>,
    pub(in crate::store) phone: Option<&'a str>,
    pub(in crate::store) address: Option<&'a str>,
    pub(in crate::store) locale: Option<&'a str>,
    pub(in crate::store) balance_cents: Option<i64>,
    pub(in crate::store) currency: Option<&'a str>,
    pub(in crate::store) unsaid: Unsaid,
}

impl<'a> From<&'a NewCustomer> for IncomingCustomer<'a> {
    fn from(new: &'a NewCustomer) -> Self {
        Self {
            account_no: &new.account_no,
            name: &new.name,
            email: new.email.as_ref().map(EmailAddress::as_str),
            phone: new.phone.as_ref().map(PhoneNumber::as_str),
            address: new.address.as_deref(),
            locale: new.locale.as_deref(),
            balance_cents: new.balance.as_ref().map(|it| it.cents),
            currency: new.balance.as_ref().map(|it| it.currency.as_str()),
            unsaid: new.unsaid,
        }
    }
}

impl IncomingCustomer<'_> {
    fn json(&self) -> serde_json::Value {
        serde_json::json!([
            self.account_no,
            self.name,
            self.email,
            self.phone,
            self.address,
            self.locale,
            self.balance_cents,
            self.currency,
        ])
    }

    /// The customer with the values on file where the import has none.
    fn beside<'a>(&'a self, file: Option<&'a OnFile>) -> IncomingCustomer<'a> {
        let Some(OnFile { email, phone, address, locale, balance_cents, currency }) = file else {
            return self.clone();
        };
        let of = |is_unsaid, said, on_file: &'a Option<String>| {
            if is_unsaid { on_file.as_deref() } else { said }
        };
        let keeps_balance = self.balance_cents.is_none() && !self.unsaid.void_balance;
        IncomingCustomer {
            balance_cents: if keeps_balance { *balance_cents } else { self.balance_cents },
            currency: of(keeps_balance, self.currency, currency),
            email: of(self.unsaid.email, self.email, email),
            phone: of(self.unsaid.phone, self.phone, phone),
            address: of(self.unsaid.address, self.address, address),
            locale: of(self.unsaid.locale, self.locale, locale),
            ..self.clone()
        }
    }

    /// Its entry in the search index. Phone numbers are in E.164 already.
    pub(in crate::store) fn entry(&self) -> IndexEntry {
        IndexEntry::new(self.account_no, self.name, self.email, self.phone, self.phone)
    }

    /// Whether a row of `ON_FILE` is equal, compared as cleaned texts.
    fn reads_as(&self, row: &Row) -> Result<bool, StoreError> {
        let texts = [self.email, self.phone, self.address, self.locale];
        let same_texts = texts
            .iter()
            .zip(3..)
            .map(|(text, at)| Ok(row.maybe_text(at)? == text.map(clean)))
            .collect::<Result<Vec<bool>, StoreError>>()?;
        let same_balance = row.maybe_int(7)? == self.balance_cents
            && row.maybe_text(8)?.as_deref() == self.currency;
        Ok(row.text(2)? == clean(self.name) && same_balance && same_texts.iter().all(|same| *same))
    }
}

/// The values on file that an import may leave as they are.
struct OnFile {
    email: Option<String>,
    phone: Option<String>,
    address: Option<String>,
    locale: Option<String>,
    balance_cents: Option<i64>,
    currency: Option<String>,
}

impl OnFile {
    /// Reads a row of `ON_FILE`.
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            email: row.maybe_text(3)?,
            phone: row.maybe_text(4)?,
            address: row.maybe_text(5)?,
            locale: row.maybe_text(6)?,
            balance_cents: row.maybe_int(7)?,
            currency: row.maybe_text(8)?,
        })
    }
}

/// Writes a batch in one transaction; a dry import is rolled back.
pub(in crate::store) async fn import(
    db: &Database,
    batch: &[NewCustomer],
    notices: NoticeProviders,
    actor: &Actor,
    dry: bool,
) -> Result<Imported, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(INDEX_LOCK).await?;
    let mut imported = Imported::default();
    let mut rest: Vec<IncomingCustomer<'_>> = batch.iter().map(IncomingCustomer::from).collect();
    while !rest.is_empty() {
        let once = distinct(&rest);
        let later = rest.split_off(once);
        let ImportBatchResult { count, contacts } = write(&mut tx, &rest).await?;
        let replaced = contact_binding::apply_import(&mut tx, &contacts, notices, actor).await?;
        let count = ImportCount { replaced: replaced.len() as u64, ..count };
        imported.count = imported.count.and(count);
        imported.replaced.extend(replaced);
        rest = later;
    }
    if !dry {
        tx.commit().await?;
    }
    Ok(imported)
}

/// How many of these come before an account number is repeated: one statement can change
/// each row only once.
fn distinct(customers: &[IncomingCustomer<'_>]) -> usize {
    let mut seen = HashSet::new();
    customers.iter().take_while(|it| seen.insert(it.account_no)).count()
}

/// What was written of a part of a batch.
pub(in crate::store) struct ImportBatchResult {
    count: ImportCount,
    contacts: Vec<ImportedContact>,
}

/// Writes customers whose account numbers are all different.
pub(in crate::store) async fn write(
    tx: &mut Tx,
    customers: &[IncomingCustomer<'_>],
) -> Result<ImportBatchResult, StoreError> {
    let names = list(customers.iter().map(|it| it.account_no));
    let before = by_account(tx.all(&ON_FILE, args![&names]).await?)?;
    let mut on_file = HashMap::new();
    let leaves_something =
        |it: &&IncomingCustomer<'_>| it.unsaid != Unsaid::default() || it.balance_cents.is_none();
    for customer in customers.iter().filter(leaves_something) {
        if let Some(row) = before.get(customer.account_no) {
            on_file.insert(customer.account_no, OnFile::read(row)?);
        }
    }
    let customers: Vec<IncomingCustomer<'_>> =
        customers.iter().map(|it| it.beside(on_file.get(it.account_no))).collect();
    let mut changed = Vec::new();
    for customer in &customers {
        let same = match before.get(customer.account_no) {
            Some(row) => customer.reads_as(row)?,
            None => false,
        };
        if !same {
            changed.push(customer);
        }
    }
    let added = customers.iter().filter(|it| !before.contains_key(it.account_no)).count();
    if !changed.is_empty() {
        let rows = list(changed.iter().map(|it| it.json()));
        tx.write(&UPSERT, args![&rows]).await?;
        let names = list(changed.iter().map(|it| it.account_no));
        let after = by_account(tx.all(&ON_FILE, args![&names]).await?)?;
        let mut entries = HashMap::new();
        for customer in &changed {
            if let Some(row) = after.get(customer.account_no) {
                entries.insert(row.int(0)?, customer.entry());
            }
        }
        index::write(tx, &entries).await?;
    }
    let count = ImportCount {
        added: added as u64,
        changed: (changed.len() - added) as u64,
        unchanged: (customers.len() - changed.len()) as u64,
        replaced: 0,
    };
    Ok(ImportBatchResult { count, contacts: contacts(&changed, &before)? })
}

/// The changed contacts of customers who existed before.
fn contacts(
    changed: &[&IncomingCustomer<'_>],
    before: &HashMap<String, Row>,
) -> Result<Vec<ImportedContact>, StoreError> {
    let mut contacts = Vec::new();
    for customer in changed {
        let Some(row) = before.get(customer.account_no) else { continue };
        let of = [
            (ContactKind::Email, row.maybe_text(3)?, customer.email),
            (ContactKind::Phone, row.maybe_text(4)?, customer.phone),
        ];
        for (kind, old, new) in of {
            let new = new.map(str::to_owned);
            if old != new {
                let account_no = customer.account_no.to_owned();
                contacts.push(ImportedContact {
                    customer: row.int(0)?,
                    account_no,
                    kind,
                    old,
                    new,
                });
            }
        }
    }
    Ok(contacts)
}

fn by_account(rows: Vec<Row>) -> Result<HashMap<String, Row>, StoreError> {
    rows.into_iter().map(|row| Ok((row.text(1)?, row))).collect()
}
