//! Maintenance while the counters work.
//!
//! The store does one short batch at a time. The size of a batch follows from how long the
//! one before took, and after it the store is left to the counters for a multiple of that
//! time, so that maintenance takes a fifth of the store's time at most. The comparison of
//! the search index, which is not a task of the store, comes after the tasks, in
//! [`MaintenanceRun::step`].

use std::time::{Duration, Instant};

use crate::domain::customer::CustomerId;
use crate::domain::event::EventKind;
use crate::domain::maintenance::MaintenanceTask;
use crate::domain::policy::Retention;
use crate::service::customers::reindex;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::upkeep::TaskBatch;
use crate::service::{Desk, DeskError};

/// How long a batch should take: short enough that a counter does not notice it.
const BATCH_TIME: Duration = Duration::from_millis(20);

/// The pause after a batch, as a multiple of its duration.
const PAUSE_FACTOR: u32 = 4;

/// The size of the first batch, and the least and the greatest size.
const BATCH_SIZES: (u32, u32, u32) = (100, 25, 2_000);

/// How far [`Desk::due`] counts.
pub const COUNT_LIMIT: u32 = 100_000;

/// How many rows each task changed, or would change, in the order of
/// [`MaintenanceTask::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaintenanceTotals {
    tasks: [u64; MaintenanceTask::ALL.len()],
    customers: u64,
}

impl MaintenanceTotals {
    /// The tasks with their counts.
    pub fn each(self) -> impl Iterator<Item = (MaintenanceTask, u64)> {
        MaintenanceTask::ALL.into_iter().zip(self.tasks)
    }

    /// The count of one task.
    pub fn of(self, task: MaintenanceTask) -> u64 {
        self.each().find(|(it, _)| *it == task).map_or(0, |(_, count)| count)
    }

    /// Customers whose entries in the search index were out of date.
    pub const fn customers(self) -> u64 {
        self.customers
    }

    /// Whether there was nothing to do.
    pub fn is_empty(self) -> bool {
        self.customers == 0 && self.tasks.iter().all(|count| *count == 0)
    }

    /// What was done, in words, without the tasks that found nothing.
    pub fn sentence(self) -> String {
        let done = self.each().filter(|(_, count)| *count > 0);
        let done = done.map(|(task, count)| task.done(count));
        let repaired = match self.customers {
            0 => None,
            1 => Some("1 customer found as they are now".to_owned()),
            count => Some(format!("{count} customers found as they are now")),
        };
        done.chain(repaired).collect::<Vec<_>>().join(", ")
    }

    fn add(&mut self, task: MaintenanceTask, count: u64) {
        for (sum, it) in self.tasks.iter_mut().zip(MaintenanceTask::ALL) {
            *sum += if it == task { count } else { 0 };
        }
    }
}

/// A run of all tasks.
pub struct MaintenanceRun<'a> {
    desk: &'a Desk,
    retention: Retention,
    left: std::slice::Iter<'static, MaintenanceTask>,
    /// The present task, and the position in it.
    at: Option<(MaintenanceTask, i64)>,
    most: u32,
    /// Whether the search index is still to be compared, and the customer up to whom it
    /// was.
    compares: bool,
    compared: Option<CustomerId>,
    tally: MaintenanceTotals,
}

impl Desk {
    /// What a run would do now, each task counted no further than [`COUNT_LIMIT`].
    pub async fn due(&self, retention: &Retention) -> Result<MaintenanceTotals, DeskError> {
        let mut tally = MaintenanceTotals::default();
        for task in MaintenanceTask::ALL {
            tally.add(
                task,
                self.retry(|| self.store.maintenance_due(task, retention, COUNT_LIMIT)).await?,
            );
        }
        Ok(tally)
    }

    /// Begins a run; the work is done by [`MaintenanceRun::step`].
    pub fn maintenance(&self, retention: Retention) -> MaintenanceRun<'_> {
        let mut left = MaintenanceTask::ALL.iter();
        let at = left.next().map(|task| (*task, TaskBatch::START));
        let (most, tally) = (BATCH_SIZES.0, MaintenanceTotals::default());
        MaintenanceRun {
            desk: self,
            retention,
            left,
            at,
            most,
            compares: false,
            compared: None,
            tally,
        }
    }
}

impl MaintenanceRun<'_> {
    /// The same with a comparison of the whole search index at the end, for an external
    /// table.
    #[must_use]
    pub fn comparing(self, customers: bool) -> Self {
        Self { compares: customers, ..self }
    }

    /// Does the next batch; returns how long to pause after it, `None` at the end.
    pub async fn step(&mut self) -> Result<Option<Duration>, DeskError> {
        while let Some((task, from)) = self.at {
            let batch = TaskBatch { task, retention: &self.retention, from, most: self.most };
            let began = Instant::now();
            let tidied = self.desk.retry(|| self.desk.store.run_maintenance_batch(batch)).await?;
            let took = began.elapsed();
            self.tally.add(task, tidied.done);
            if let Some(next) = tidied.next {
                self.at = Some((task, next));
                self.most = measured(self.most, tidied.done, took);
                return Ok(Some(took * PAUSE_FACTOR));
            }
            self.at = self.left.next().map(|task| (*task, TaskBatch::START));
            self.most = BATCH_SIZES.0;
        }
        self.compare_some().await
    }

    async fn compare_some(&mut self) -> Result<Option<Duration>, DeskError> {
        if !self.compares {
            return Ok(None);
        }
        let began = Instant::now();
        let (store, after) = (&self.desk.store, self.compared);
        let step =
            self.desk.retry(|| store.index_customers(after, reindex::REINDEX_BATCH, false)).await?;
        self.tally.customers += step.added + step.changed + step.forgotten;
        (self.compares, self.compared) = (step.next.is_some(), step.next);
        Ok(self.compares.then(|| began.elapsed() * PAUSE_FACTOR))
    }

    /// What was done so far.
    pub fn tally(&self) -> MaintenanceTotals {
        self.tally
    }

    /// Writes an event about what was done, if anything was.
    pub async fn finish(self) -> Result<MaintenanceTotals, DeskError> {
        if self.tally.is_empty() {
            return Ok(self.tally);
        }
        let event = NewEvent {
            kind: EventKind::Maintained,
            outcome: None,
            request: None,
            customer: None,
            channel: None,
            contact: None,
            detail: Some(self.tally.sentence()),
            actor: &self.desk.actor,
        };
        let act = self.desk.new_act()?;
        self.desk.retry(|| self.desk.store.record(&act, event.clone())).await?;
        Ok(self.tally)
    }
}

/// The size of the next batch, from the size, the rows and the duration of the last one: at
/// most twice as large.
fn measured(most: u32, done: u64, took: Duration) -> u32 {
    let (_, least, greatest) = BATCH_SIZES;
    let in_aim = u128::from(done) * BATCH_TIME.as_micros() / took.as_micros().max(1);
    u32::try_from(in_aim).unwrap_or(greatest).min(most * 2).clamp(least, greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_becomes_as_large_as_its_time_allows() {
        assert_eq!(measured(100, 100, BATCH_TIME / 10), 200, "no more than twice");
        assert_eq!(measured(200, 200, BATCH_TIME * 2), 100);
        assert_eq!(measured(100, 100, BATCH_TIME * 100), 25, "never nothing");
        assert_eq!(measured(2_000, 2_000, Duration::ZERO), 2_000);
    }

    #[test]
    fn a_tally_says_what_was_done_only() {
        let mut tally = MaintenanceTotals::default();
        assert!(tally.is_empty());
        tally.add(MaintenanceTask::ArchiveRequests, 2);
        tally.add(MaintenanceTask::PurgeEvents, 1);
        assert_eq!(tally.sentence(), "2 requests archived, 1 event purged");
        assert_eq!(
            (tally.of(MaintenanceTask::ArchiveRequests), tally.of(MaintenanceTask::EraseCodes)),
            (2, 0)
        );
    }
}
