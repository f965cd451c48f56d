//! The search index, by which customers are found.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::customer::CustomerId;
use crate::service::ports::error::StoreError;

/// The upkeep of the search index. Where the office's own table is read, others write
/// to it, so that the index has to be compared with it again and again.
#[async_trait]
pub trait SearchIndex: Send + Sync {
    /// Progress of the first comparison, which begins with the first search; `None`
    /// where this terminal knows of nothing to be done.
    fn index_progress(&self) -> watch::Receiver<Option<IndexProgress>>;
    /// Waits until that comparison has ended, well or not.
    async fn index_ready(&self);
    /// Compares up to `limit` customers numbered over `after` with the index, and
    /// repairs it unless `dry`. The steps from the first customer (`None`) to the last
    /// make the index whole.
    async fn index_customers(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        dry: bool,
    ) -> Result<IndexStep, StoreError>;
}

/// What one step found that compared some customers with the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexStep {
    /// Customers compared.
    pub seen: u64,
    /// Customers that were missing in the index.
    pub added: u64,
    /// Customers whose entries in the index were out of date.
    pub changed: u64,
    /// Entries of customers that no longer exist.
    pub forgotten: u64,
    /// Customers that cannot be read.
    pub unreadable: Unreadable,
    /// Where the next step begins; `None` at the end.
    pub next: Option<CustomerId>,
}

/// How far the first comparison has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct IndexProgress {
    /// Customers compared.
    pub seen: u64,
    /// The same in per cent of all, about.
    pub percent: u8,
}

/// Rows of the office's table that cannot be read, so that nobody finds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// How many.
    pub count: u64,
    /// The first of them, each with its fault.
    pub first: Vec<String>,
}

impl Unreadable {
    /// So many are named in full.
    const NAMED_ROWS: usize = 5;

    /// One sentence for people; `None` where every row can be read.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let rows = match self.count {
            0 => return None,
            1 => "1 row of the customers was left out, since it".to_owned(),
            many => format!("{many} rows of the customers were left out, since each"),
        };
        let more = if self.count > self.first.len() as u64 { "; …" } else { "" };
        Some(format!("{rows} cannot be used ({}{more})", self.first.join("; ")))
    }
}

impl Extend<String> for Unreadable {
    fn extend<T: IntoIterator<Item = String>>(&mut self, rows: T) {
        for row in rows {
            self.count += 1;
            if self.first.len() < Self::NAMED_ROWS {
                self.first.push(row);
            }
        }
    }
}

impl FromIterator<String> for Unreadable {
    fn from_iter<T: IntoIterator<Item = String>>(rows: T) -> Self {
        let mut all = Self::default();
        all.extend(rows);
        all
    }
}
