//! Bringing what customers are found by up to the customers as they are.
//!
//! What this program imports it indexes itself. A table that others write is
//! read again: counters look for new customers all the time, and a comparison
//! of the whole table also finds those that were changed or taken out.

use crate::service::ports::Store;
use crate::service::ports::error::StoreError;
use crate::service::ports::search_index::{IndexStep, Unreadable};
use crate::service::{Desk, DeskError};

/// Customers compared in one step: enough to be fast, few enough to let the
/// counters' own writes in between.
pub(in crate::service) const REINDEX_BATCH: u32 = 1_000;

/// How far a comparison has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReindexCount {
    /// Customers looked at.
    pub seen: u64,
    /// Those that could not be found yet.
    pub added: u64,
    /// Those that were found by what they no longer are.
    pub changed: u64,
    /// Found, but no longer there.
    pub forgotten: u64,
    /// Those that cannot be read, and that nobody finds.
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

/// Compares all customers with how they are found, and mends what differs; dry,
/// it only counts. What is done is done, wherever it is interrupted.
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
    /// As [`compare`], at this desk's store.
    pub async fn index_customers(
        &self,
        dry: bool,
        progress: impl FnMut(&ReindexCount),
    ) -> Result<ReindexCount, DeskError> {
        Ok(compare(self.store.as_ref(), dry, progress).await?)
    }
}
