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
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::search_index::index::{self, INDEX_LOCK, IndexEntry};
use crate::store::verification::contact_binding::{self, ImportedContact};

row_type! {
    /// A customer as our table has it.
    struct OnFile from "core_customer c" {
        id: i64 = int "c.id",
        account_no: String = text "c.account_no",
        name: String = text "c.name",
        email: Option<String> = maybe_text "c.email",
        phone: Option<String> = maybe_text "c.phone",
        address: Option<String> = maybe_text "c.address",
        locale: Option<String> = maybe_text "c.locale",
        balance_cents: Option<i64> = maybe_int "c.balance_cents",
        currency: Option<String> = maybe_text "c.currency",
    }
}

statements! {
    /// The rows of these account numbers.
    ON_FILE {
        (select OnFile) "WHERE c.account_no " (among_texts "$1")
    }
    UPSERT {
        (insert_rows ordered "core_customer" {
            account_no: text,
            name: text,
            email: text,
            phone: text,
            address: text,
            locale: text,
            balance_cents: int,
            currency: text,
            created_at: now,
            updated_at: now,
        })
        (each
            (upsert_customer)
            (upsert_customer)
            (" ON DUPLICATE KEY UPDATE name = VALUES(name), email = VALUES(email), \
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
        let Some(OnFile { email, phone, address, locale, balance_cents, currency, .. }) = file
        else {
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

    /// Whether the customer on file is equal, compared as cleaned texts.
    fn reads_as(&self, file: &OnFile) -> bool {
        let texts = [
            (Some(self.name), Some(&file.name)),
            (self.email, file.email.as_ref()),
            (self.phone, file.phone.as_ref()),
            (self.address, file.address.as_ref()),
            (self.locale, file.locale.as_ref()),
        ];
        texts.iter().all(|(new, old)| new.map(clean).as_ref() == *old)
            && self.balance_cents == file.balance_cents
            && self.currency == file.currency.as_deref()
    }
}

/// Writes a batch in one transaction; a dry import is rolled back.
pub(in crate::store) async fn import(
    db: &Database,
    batch: &[NewCustomer],
    notices: NoticeProviders<'_>,
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
    let before = by_account(&tx.all(&ON_FILE, args![&names]).await?)?;
    let customers: Vec<IncomingCustomer<'_>> =
        customers.iter().map(|it| it.beside(before.get(it.account_no))).collect();
    let is_same = |it: &&IncomingCustomer<'_>| {
        before.get(it.account_no).is_some_and(|file| it.reads_as(file))
    };
    let changed: Vec<_> = customers.iter().filter(|it| !is_same(it)).collect();
    let added = customers.iter().filter(|it| !before.contains_key(it.account_no)).count();
    if !changed.is_empty() {
        let rows = list(changed.iter().map(|it| it.json()));
        tx.write(&UPSERT, args![&rows]).await?;
        let names = list(changed.iter().map(|it| it.account_no));
        let after = by_account(&tx.all(&ON_FILE, args![&names]).await?)?;
        let mut entries = HashMap::new();
        for customer in &changed {
            if let Some(file) = after.get(customer.account_no) {
                entries.insert(file.id, customer.entry());
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
    Ok(ImportBatchResult { count, contacts: contacts(&changed, &before) })
}

/// The changed contacts of customers who existed before.
fn contacts(
    changed: &[&IncomingCustomer<'_>],
    before: &HashMap<String, OnFile>,
) -> Vec<ImportedContact> {
    let mut contacts = Vec::new();
    for customer in changed {
        let Some(file) = before.get(customer.account_no) else { continue };
        let of = [
            (ContactKind::Email, &file.email, customer.email, &file.phone),
            (ContactKind::Phone, &file.phone, customer.phone, &file.email),
        ];
        for (kind, old, new, other) in of {
            if old.as_deref() != new {
                contacts.push(ImportedContact {
                    customer: file.id,
                    account_no: customer.account_no.to_owned(),
                    kind,
                    old: old.clone(),
                    new: new.map(str::to_owned),
                    other: other.clone(),
                });
            }
        }
    }
    contacts
}

fn by_account(rows: &[Row]) -> Result<HashMap<String, OnFile>, StoreError> {
    let read = |row| OnFile::read(row).map(|file| (file.account_no.clone(), file));
    rows.iter().map(read).collect()
}
