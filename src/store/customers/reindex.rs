//! Bringing the index up to the customers as they are.
//!
//! A comparison walks both of them side by side by the customers' numbers, a
//! batch at a time. It looks without a lock, so that a table in which nothing
//! changed costs two reads a batch; what differs is read once more and written
//! under the lock, in a moment that no counter notices.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::domain::customer::{Customer, CustomerId};
use crate::domain::fold::FOLDING;
use crate::domain::phone::{PhoneNumber, load_plans};
use crate::service::ports::error::StoreError;
use crate::service::ports::search_index::{IndexProgress, IndexStep, Unreadable};
use crate::store::customers::import::INDEX_LOCK;
use crate::store::customers::index::{self, IndexEntry};
use crate::store::customers::source::Source;
use crate::store::database::engine::{Database, args, list};
use crate::store::database::migrations;
use crate::store::database::rows::{self, Rows};
use crate::store::database::statement::statements;

/// Customers compared in one step of a pass that nobody else paces.
const BATCH: u32 = 1_000;

/// How long it is waited where another terminal writes.
const PAUSE: Duration = Duration::from_millis(300);

/// As many customers before the newest are looked at again: a number that was
/// given earlier can be committed later, and who has just registered corrects
/// what was mistyped.
const LATE: i64 = 100;

/// The setting that says what the index was made whole for.
const WHOLE: &str = "indexed";

/// Counts up when the same customer gives another entry than before, but for what
/// folding makes of its texts.
const FORM: u32 = 4;

statements! {
    NEWEST { "SELECT MAX(customer_id) FROM core_customer_search" }
    SPAN {
        "SELECT (SELECT MIN(c.id) FROM core_customer_view c), \
         (SELECT MAX(c.id) FROM core_customer_view c)"
    }
    CUSTOMERS {
        "SELECT " customer_columns "FROM core_customer_view c WHERE c.id > $1 \
         ORDER BY c.id LIMIT $2"
    }
    INDEXED {
        "SELECT " entry_columns "FROM core_customer_search WHERE customer_id > $1 \
         ORDER BY customer_id LIMIT $2"
    }
    THESE { "SELECT " customer_columns "FROM core_customer_view c WHERE c.id " (among "$1") }
}

/// What a step does about differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum RepairMode {
    /// Nothing but count them.
    Never,
    /// Mends them, unless somebody else is at it.
    IfFree,
    /// Mends them.
    InTurn,
}

/// All that an indexing needs.
#[derive(Clone)]
pub(in crate::store) struct Reindexer {
    db: Database,
    source: Source,
    /// The country of phone numbers written without one.
    country: String,
}

/// A customer, and how they are found.
type Looked = BTreeMap<i64, (Customer, IndexEntry)>;

impl Reindexer {
    pub(in crate::store) fn new(db: Database, source: Source, country: String) -> Self {
        Self { db, source, country }
    }

    /// The country of phone numbers written without one.
    pub(in crate::store) fn country(&self) -> &str {
        &self.country
    }

    /// Whether others write the customers, so that the index falls behind.
    pub(in crate::store) const fn goes_on(&self) -> bool {
        self.source.is_theirs()
    }

    /// What the index is to be whole for. Our own table has its phone numbers
    /// with their countries.
    fn purpose(&self) -> String {
        let country = if self.source.is_theirs() { self.country.as_str() } else { "" };
        format!("{FORM} {FOLDING:x} {country} {}", self.source.name())
    }

    /// Whether every customer was indexed once.
    pub(in crate::store) async fn is_whole(&self) -> Result<bool, StoreError> {
        let found = migrations::setting(&self.db, WHOLE).await?;
        Ok(found.is_some_and(|found| found == self.purpose()))
    }

    /// Writes down that every customer was.
    pub(in crate::store) async fn mark_whole(&self) -> Result<(), StoreError> {
        if self.is_whole().await? {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        migrations::set(&mut tx, WHOLE, &self.purpose()).await?;
        tx.commit().await
    }

    /// As [`Self::mark_whole`] where there are no customers yet: ours are indexed
    /// as they are imported, so that nothing is to be prepared later.
    pub(in crate::store) async fn mark_whole_if_empty(&self) -> Result<(), StoreError> {
        if self.source.is_theirs() {
            return Ok(());
        }
        let span = self.db.maybe(&SPAN, args![]).await?;
        let last = span.map(|row| row.maybe_whole(1)).transpose()?.flatten();
        if last.is_none() { self.mark_whole().await } else { Ok(()) }
    }

    /// Compares all customers, while clerks work: where another terminal writes,
    /// it waits without a connection, which somebody may want for a search.
    pub(in crate::store) async fn make_whole(
        &self,
        progress: impl Fn(IndexProgress),
    ) -> Result<(), StoreError> {
        let mut so_far = IndexProgress::default();
        progress(so_far);
        let span = self.span().await?;
        let mut after = None;
        loop {
            let (step, is_done) = self.look_at(after, BATCH, RepairMode::IfFree).await?;
            if !is_done {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            after = step.next;
            let Some(last) = after else { return self.mark_whole().await };
            so_far = IndexProgress { seen: so_far.seen + step.seen, percent: percent(last, span) };
            progress(so_far);
        }
    }

    /// The first and the last number of a customer.
    async fn span(&self) -> Result<(i64, i64), StoreError> {
        let Some(row) = self.db.maybe(&SPAN, args![]).await? else { return Ok((0, 0)) };
        // Progress is all that is told by it.
        let number = |at| row.maybe_whole(at).ok().flatten().unwrap_or(0);
        Ok((number(0), number(1)))
    }

    /// Indexes these customers as they are now.
    pub(in crate::store) async fn mend(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.settle(&Looked::new(), ids.iter().copied(), RepairMode::InTurn).await.map(drop)
    }

    /// Looks for customers that came since.
    pub(in crate::store) async fn catch_up(&self, mend: RepairMode) -> Result<(), StoreError> {
        let newest = self.db.maybe(&NEWEST, args![]).await?;
        let newest = newest.map_or(Ok(None), |row| row.maybe_int(0))?;
        let mut after = newest.map(|id| CustomerId(id.saturating_sub(LATE)));
        loop {
            after = self.step(after, BATCH, mend).await?.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Which of the first customers, about so many of them, cannot be read.
    pub(in crate::store) async fn unreadable(&self, most: u32) -> Result<Unreadable, StoreError> {
        let (mut found, mut after) = (Unreadable::default(), i64::MIN);
        for _ in 0..most.div_ceil(BATCH) {
            let rows = self.db.as_it_is().all(&CUSTOMERS, args![after, BATCH]).await?;
            let Rows { unreadable, last, .. } = rows::customers(&rows);
            let is_full = rows.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX);
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

    /// One batch.
    pub(in crate::store) async fn step(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        mend: RepairMode,
    ) -> Result<IndexStep, StoreError> {
        Ok(self.look_at(after, limit, mend).await?.0)
    }

    /// One batch, and whether nobody else was at it.
    async fn look_at(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        mend: RepairMode,
    ) -> Result<(IndexStep, bool), StoreError> {
        let (after, limit) = (after.map_or(i64::MIN, |id| id.0), limit.max(1));
        let rows = self.db.all(&CUSTOMERS, args![after, limit]).await?;
        let Rows { customers, mut unreadable, last } = rows::customers(&rows);
        let indexed = self.db.all(&INDEXED, args![after, limit]).await?;
        let mut indexed: BTreeMap<i64, IndexEntry> =
            indexed.iter().map(IndexEntry::read).collect::<Result<_, _>>()?;
        // Both are known up to where the first of them broke off.
        let full = |count: usize| count >= usize::try_from(limit).unwrap_or(usize::MAX);
        let ends = [
            last.filter(|_| full(rows.len())),
            indexed.keys().last().filter(|_| full(indexed.len())).copied(),
        ];
        let end = ends.into_iter().flatten().min();
        let within = |id: i64| end.is_none_or(|end| id <= end);
        let mut looked = self.look(customers).await?;
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
        if mend == RepairMode::Never || (looked.is_empty() && indexed.is_empty()) {
            return Ok((step, true));
        }
        let is_done = self.settle(&looked, indexed.into_keys(), mend).await?;
        Ok((step, is_done))
    }

    /// How customers are found. Phone numbers take their time to be read, which
    /// nothing else here is to wait for.
    async fn look(&self, customers: Vec<Customer>) -> Result<Looked, StoreError> {
        let indexing = self.clone();
        let read = move || {
            let entries = customers.iter().map(|it| indexing.entry(it)).collect::<Vec<_>>();
            customers.into_iter().zip(entries).map(|both| (both.0.id.0, both)).collect()
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|error| StoreError::Failed(format!("the customers cannot be read: {error}")))
    }

    /// How a customer is found. Our own table has its phone numbers in E.164, which
    /// need no numbering plan.
    fn entry(&self, customer: &Customer) -> IndexEntry {
        let read = |raw: &String| {
            if self.source.is_theirs() {
                PhoneNumber::parse(raw, &self.country).ok()
            } else {
                PhoneNumber::from_e164(raw).ok()
            }
        };
        IndexEntry::of(customer, customer.phone.as_ref().and_then(read).as_ref())
    }

    /// Writes what differs, as it is by now; whether it did.
    async fn settle(
        &self,
        looked: &Looked,
        gone: impl Iterator<Item = i64>,
        mend: RepairMode,
    ) -> Result<bool, StoreError> {
        if self.source.is_theirs() {
            // The tables of the numbering plans take their time too, once.
            let loaded = tokio::task::spawn_blocking(load_plans).await;
            loaded.map_err(|error| StoreError::Failed(format!("the numbering plans: {error}")))?;
        }
        let mut tx = self.db.begin().await?;
        if mend == RepairMode::InTurn {
            tx.lock(INDEX_LOCK).await?;
        } else if !tx.try_lock(INDEX_LOCK).await? {
            return Ok(false);
        }
        let mut gone: BTreeSet<i64> = gone.collect();
        let ids = looked.keys().chain(&gone);
        let ids = list(ids.copied());
        let mut entries = HashMap::new();
        for customer in rows::customers(&tx.all(&THESE, args![&ids]).await?).customers {
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
        index::forget(&mut tx, &stale).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// About how much of the numbers from the first to the last is done with `at`.
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
