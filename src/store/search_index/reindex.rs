//! The reindex: comparing the search index with the customers, and repairing it.
//!
//! A comparison reads both in the order of the customers' numbers, in batches and without a
//! lock, so that an unchanged table costs two reads a batch. What differs is read once more
//! and repaired under the lock, in a short transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::domain::customer::{Customer, CustomerId};
use crate::domain::fold::FOLDING;
use crate::domain::phone::{PhoneNumber, load_plans};
use crate::service::ports::error::StoreError;
use crate::service::ports::search_index::{IndexProgress, IndexStep, Unreadable};
use crate::store::database::columns::customers::{self, CustomerColumns, Rows};
use crate::store::database::engine::{Database, args, list};
use crate::store::database::external_table::CustomerSource;
use crate::store::database::migrations;
use crate::store::database::statement::statements;
use crate::store::search_index::index::{self, EntryColumns, INDEX_LOCK, IndexEntry};

/// Customers compared in one batch.
const REINDEX_BATCH: u32 = 1_000;

/// The pause before the next try where another terminal holds the lock.
const LOCK_RETRY_PAUSE: Duration = Duration::from_millis(300);

/// How many customers before the newest are compared again: a lower number can be committed
/// later, and somebody who has just registered may correct the data.
const RECHECKED: i64 = 100;

/// The setting that says for what the index is complete.
const COMPLETE_FOR_SETTING: &str = "indexed";

/// Raised when the rules of an entry change, other than by the folding of texts.
const ENTRY_RULES: u32 = 4;

statements! {
    NEWEST { "SELECT MAX(customer_id) AS newest FROM core_customer_search" }
    SPAN {
        "SELECT (SELECT MIN(c.id) FROM core_customer_view c) AS lowest, \
         (SELECT MAX(c.id) FROM core_customer_view c) AS highest"
    }
    CUSTOMERS {
        "SELECT " (columns CustomerColumns) "FROM core_customer_view c WHERE c.id > $1 \
         ORDER BY c.id LIMIT $2"
    }
    INDEXED {
        (select EntryColumns) "WHERE customer_id > $1 \
         ORDER BY customer_id LIMIT $2"
    }
    BY_NUMBER { "SELECT " (columns CustomerColumns) "FROM core_customer_view c WHERE c.id " (among "$1") }
}

/// What a step does about differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum RepairMode {
    /// Only counts them.
    Never,
    /// Repairs them, unless another terminal holds the lock.
    IfFree,
    /// Waits for the lock and repairs them.
    WaitForLock,
}

/// The reindex of one store.
#[derive(Clone)]
pub(in crate::store) struct Reindexer {
    db: Database,
    source: CustomerSource,
    /// The country of phone numbers that are written without one.
    country: String,
}

/// Customers and their entries, by number.
type CustomerEntries = BTreeMap<i64, (Customer, IndexEntry)>;

impl Reindexer {
    pub(in crate::store) fn new(db: Database, source: CustomerSource, country: String) -> Self {
        Self { db, source, country }
    }

    /// The country of phone numbers that are written without one.
    pub(in crate::store) fn country(&self) -> &str {
        &self.country
    }

    /// Whether others write the customers, so that the index falls behind.
    pub(in crate::store) const fn is_external(&self) -> bool {
        self.source.is_external()
    }

    /// The rules and the table for which the index is complete. The country matters only
    /// for the external table: ours has phone numbers in E.164.
    fn purpose(&self) -> String {
        let country = if self.source.is_external() { self.country.as_str() } else { "" };
        format!("{ENTRY_RULES} {FOLDING:x} {country} {}", self.source.name())
    }

    /// Whether the index is complete: every customer was compared under the present rules.
    pub(in crate::store) async fn is_complete(&self) -> Result<bool, StoreError> {
        let found = migrations::setting(&self.db, COMPLETE_FOR_SETTING).await?;
        Ok(found.is_some_and(|found| found == self.purpose()))
    }

    /// Records that it is.
    pub(in crate::store) async fn mark_complete(&self) -> Result<(), StoreError> {
        if self.is_complete().await? {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        migrations::set(&mut tx, COMPLETE_FOR_SETTING, &self.purpose()).await?;
        tx.commit().await
    }

    /// As [`Self::mark_complete`] for our own table without customers: they are indexed when
    /// they are imported, so that there is nothing to compare later.
    pub(in crate::store) async fn mark_complete_if_empty(&self) -> Result<(), StoreError> {
        if self.source.is_external() {
            return Ok(());
        }
        let span = self.db.maybe(&SPAN, args![]).await?;
        let last = span.map(|row| row.maybe_whole("highest")).transpose()?.flatten();
        if last.is_none() { self.mark_complete().await } else { Ok(()) }
    }

    /// Compares all customers while clerks work. While another terminal holds the lock it
    /// waits without a connection, which a search may need.
    pub(in crate::store) async fn compare_all(
        &self,
        progress: impl Fn(IndexProgress),
    ) -> Result<(), StoreError> {
        let mut so_far = IndexProgress::default();
        progress(so_far);
        let span = self.span().await?;
        let mut after = None;
        loop {
            let (step, is_done) = self.compare(after, REINDEX_BATCH, RepairMode::IfFree).await?;
            if !is_done {
                tokio::time::sleep(LOCK_RETRY_PAUSE).await;
                continue;
            }
            after = step.next;
            let Some(last) = after else { return self.mark_complete().await };
            so_far = IndexProgress { seen: so_far.seen + step.seen, percent: percent(last, span) };
            progress(so_far);
        }
    }

    /// The lowest and the highest number of a customer.
    async fn span(&self) -> Result<(i64, i64), StoreError> {
        let Some(row) = self.db.maybe(&SPAN, args![]).await? else { return Ok((0, 0)) };
        // It is used for the progress only.
        let number = |column| row.maybe_whole(column).ok().flatten().unwrap_or(0);
        Ok((number("lowest"), number("highest")))
    }

    /// Indexes these customers as they are now.
    pub(in crate::store) async fn repair(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.repair_entries(&CustomerEntries::new(), ids.iter().copied(), RepairMode::WaitForLock)
            .await
            .map(drop)
    }

    /// Compares the newest customers.
    pub(in crate::store) async fn compare_newest(
        &self,
        mode: RepairMode,
    ) -> Result<(), StoreError> {
        let newest = self.db.maybe(&NEWEST, args![]).await?;
        let newest = newest.map_or(Ok(None), |row| row.maybe_int("newest"))?;
        let mut after = newest.map(|id| CustomerId(id.saturating_sub(RECHECKED)));
        loop {
            after = self.step(after, REINDEX_BATCH, mode).await?.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// The rows that cannot be read, among about the first `most`.
    pub(in crate::store) async fn unreadable(&self, most: u32) -> Result<Unreadable, StoreError> {
        let (mut found, mut after) = (Unreadable::default(), i64::MIN);
        for _ in 0..most.div_ceil(REINDEX_BATCH) {
            let rows = self.db.as_it_is().all(&CUSTOMERS, args![after, REINDEX_BATCH]).await?;
            let Rows { unreadable, last, .. } = customers::read_all(&rows);
            let is_full = rows.len() >= usize::try_from(REINDEX_BATCH).unwrap_or(usize::MAX);
            let end = last.filter(|_| is_full);
            let within = |id: Option<i64>| end.is_none() || id.is_some();
            found.extend(unreadable.into_iter().filter(|it| within(it.0)).map(|it| it.1));
            match end {
                Some(last) => after = last,
                None => break,
            }
        }
        Ok(found)
    }

    /// Compares one batch.
    pub(in crate::store) async fn step(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        mode: RepairMode,
    ) -> Result<IndexStep, StoreError> {
        Ok(self.compare(after, limit, mode).await?.0)
    }

    /// Compares one batch; also tells whether its differences could be repaired.
    async fn compare(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        mode: RepairMode,
    ) -> Result<(IndexStep, bool), StoreError> {
        let (after, limit) = (after.map_or(i64::MIN, |id| id.0), limit.max(1));
        let rows = self.db.all(&CUSTOMERS, args![after, limit]).await?;
        let Rows { customers, mut unreadable, last } = customers::read_all(&rows);
        let indexed = self.db.all(&INDEXED, args![after, limit]).await?;
        let mut indexed: BTreeMap<i64, IndexEntry> =
            indexed.iter().map(IndexEntry::read).collect::<Result<_, _>>()?;
        // Both lists are complete only up to the number where the shorter one was cut off.
        let full = |count: usize| count >= usize::try_from(limit).unwrap_or(usize::MAX);
        let ends = [
            last.filter(|_| full(rows.len())),
            indexed.keys().last().filter(|_| full(indexed.len())).copied(),
        ];
        let end = ends.into_iter().flatten().min();
        let within = |id: i64| end.is_none_or(|end| id <= end);
        let mut looked = self.entries(customers).await?;
        looked.retain(|id, _| within(*id));
        indexed.retain(|id, _| within(*id));
        unreadable.retain(|(id, _)| end.is_none() || id.is_some_and(within));
        let mut step = IndexStep {
            seen: looked.len() as u64,
            next: end.map(CustomerId),
            unreadable: unreadable.into_iter().map(|(_, why)| why).collect(),
            ..IndexStep::default()
        };
        looked.retain(|id, (_, entry)| match indexed.remove(id) {
            None => {
                step.added += 1;
                true
            }
            Some(known) if known != *entry => {
                step.changed += 1;
                true
            }
            Some(_) => false,
        });
        step.forgotten = indexed.len() as u64;
        if mode == RepairMode::Never || (looked.is_empty() && indexed.is_empty()) {
            return Ok((step, true));
        }
        let is_done = self.repair_entries(&looked, indexed.into_keys(), mode).await?;
        Ok((step, is_done))
    }

    /// The entries of customers. Parsing phone numbers takes long enough to be moved off
    /// the async threads.
    async fn entries(&self, customers: Vec<Customer>) -> Result<CustomerEntries, StoreError> {
        let reindexer = self.clone();
        let read = move || {
            let entries = customers.iter().map(|it| reindexer.entry(it)).collect::<Vec<_>>();
            customers.into_iter().zip(entries).map(|both| (both.0.id.0, both)).collect()
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|error| StoreError::Failed(format!("the customers cannot be read: {error}")))
    }

    /// The entry of a customer. Our own table has phone numbers in E.164, which need no
    /// numbering plan.
    fn entry(&self, customer: &Customer) -> IndexEntry {
        let read = |raw: &String| {
            if self.source.is_external() {
                PhoneNumber::parse(raw, &self.country).ok()
            } else {
                PhoneNumber::from_e164(raw).ok()
            }
        };
        IndexEntry::of(customer, customer.phone.as_ref().and_then(read).as_ref())
    }

    /// Repairs the entries that differ, read again under the lock; false where another
    /// terminal holds it.
    async fn repair_entries(
        &self,
        looked: &CustomerEntries,
        gone: impl Iterator<Item = i64>,
        mode: RepairMode,
    ) -> Result<bool, StoreError> {
        if self.source.is_external() {
            // Loading the numbering plans takes a moment too, once.
            let loaded = tokio::task::spawn_blocking(load_plans).await;
            loaded.map_err(|error| StoreError::Failed(format!("the numbering plans: {error}")))?;
        }
        let mut tx = self.db.begin().await?;
        if mode == RepairMode::WaitForLock {
            tx.lock(INDEX_LOCK).await?;
        } else if !tx.try_lock(INDEX_LOCK).await? {
            return Ok(false);
        }
        let mut gone: BTreeSet<i64> = gone.collect();
        let ids = looked.keys().chain(&gone);
        let ids = list(ids.copied());
        let mut entries = HashMap::new();
        for customer in customers::read_all(&tx.all(&BY_NUMBER, args![&ids]).await?).customers {
            let entry = match looked.get(&customer.id.0) {
                Some((same, entry)) if *same == customer => entry.clone(),
                _ => self.entry(&customer),
            };
            gone.remove(&customer.id.0);
            entries.insert(customer.id.0, entry);
        }
        gone.extend(looked.keys().filter(|id| !entries.contains_key(id)));
        index::write(&mut tx, &entries).await?;
        let stale = index::read(&mut tx, gone.iter()).await?;
        index::delete(&mut tx, &stale).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// How far `at` is between the first and the last number, in per cent.
fn percent(at: CustomerId, (first, last): (i64, i64)) -> u8 {
    let (done, all) = (i128::from(at.0) - i128::from(first), i128::from(last) - i128::from(first));
    u8::try_from((100 * done / all.max(1)).clamp(0, 99)).unwrap_or(99)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_of_any_numbers_and_never_all() {
        let of = |at, span| percent(CustomerId(at), span);
        assert_eq!((of(50, (0, 100)), of(100, (0, 100)), of(7, (7, 7))), (50, 99, 0));
        assert_eq!(of(0, (i64::MIN, i64::MAX)), 50);
    }
}
