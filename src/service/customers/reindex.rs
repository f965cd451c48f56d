//! The reindex: comparing all customers with the search index.
//!
//! Imported customers are indexed at once. An external table, which others write, is read
//! again: counters look for new customers all the time, and a comparison of the whole table
//! also finds those that were changed or removed.

use crate::service::ports::Store;
use crate::service::ports::error::StoreError;
use crate::service::ports::search_index::{IndexStep, Unreadable};
use crate::service::{Desk, DeskError};

/// Customers compared in one step: enough to be fast, few enough to let the counters write
/// in between.
pub(in crate::service) const REINDEX_BATCH: u32 = 1_000;

/// What a comparison found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReindexCount {
    /// Customers compared.
    pub seen: u64,
    /// Customers that were missing in the index.
    pub added: u64,
    /// Customers whose entries were out of date.
    pub changed: u64,
    /// Entries of customers that no longer exist.
    pub forgotten: u64,
    /// Customers that cannot be read, so that nobody finds them.
    pub unreadable: Unreadable,
}

impl ReindexCount {
    fn add(&mut self, step: IndexStep) {
        self.seen += step.seen;
        self.added += step.added;
        self.changed += step.changed;
        self.forgotten += step.forgotten;
        let Unreadable { count, first } = step.unreadable;
        let named = first.len() as u64;
        self.unreadable.extend(first);
        self.unreadable.count += count.saturating_sub(named);
    }
}

/// Compares all customers with the index and repairs it; dry, it only counts. What was
/// repaired stays so, wherever it is interrupted.
pub async fn compare(
    store: &dyn Store,
    dry: bool,
    mut progress: impl FnMut(&ReindexCount),
) -> Result<ReindexCount, StoreError> {
    let mut count = ReindexCount::default();
    let mut after = None;
    loop {
        let step = store.index_customers(after, REINDEX_BATCH, dry).await?;
        after = step.next;
        count.add(step);
        progress(&count);
        if after.is_none() {
            return Ok(count);
        }
    }
}

impl Desk {
    /// As [`compare`], for this desk's store.
    pub async fn index_customers(
        &self,
        dry: bool,
        progress: impl FnMut(&ReindexCount),
    ) -> Result<ReindexCount, DeskError> {
        Ok(compare(self.store.as_ref(), dry, progress).await?)
    }
}
