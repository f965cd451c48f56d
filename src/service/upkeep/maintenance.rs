//! Maintenance while the counters work.
//!
//! The store does one short batch at a time. The size of a batch follows from how long the
//! one before took, and after it the store is left to the counters for a multiple of that
//! time, so that maintenance takes a fifth of the store's time at most. The comparison of
//! the search index, which is not a task of the store, comes after the tasks, in
//! [`Desk::run_maintenance`].

use std::time::{Duration, Instant};

use crate::domain::customer::CustomerId;
use crate::domain::event::EventKind;
use crate::domain::maintenance::MaintenanceTask;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MaintenanceTotals {
    tasks: [u64; MaintenanceTask::ALL.len()],
    customers: u64,
    /// Old entries of the log that are not as they were sealed.
    #[serde(default)]
    kept: u64,
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
        self.customers == 0 && self.kept == 0 && self.tasks.iter().all(|count| *count == 0)
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
        let kept = match self.kept {
            0 => None,
            1 => Some("1 old event kept, since it is not as it was sealed".to_owned()),
            count => {
                Some(format!("{count} old events kept, since they are not as they were sealed"))
            }
        };
        done.chain(repaired).chain(kept).collect::<Vec<_>>().join(", ")
    }

    fn add(&mut self, task: MaintenanceTask, count: u64) {
        for (sum, it) in self.tasks.iter_mut().zip(MaintenanceTask::ALL) {
            *sum += if it == task { count } else { 0 };
        }
    }
}

/// A run of all tasks: how far it is, and what it did.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct MaintenanceRun {
    /// The present task, by its place in [`MaintenanceTask::ALL`].
    task: usize,
    /// The position in that task.
    from: i64,
    most: u32,
    /// Whether the search index was compared, where there is an external table, and the
    /// customer up to whom it was.
    has_compared: bool,
    compared: Option<CustomerId>,
    totals: MaintenanceTotals,
}

impl Default for MaintenanceRun {
    /// A run that has done nothing yet.
    fn default() -> Self {
        Self {
            task: 0,
            from: TaskBatch::START,
            most: BATCH_SIZES.0,
            has_compared: false,
            compared: None,
            totals: MaintenanceTotals::default(),
        }
    }
}

impl MaintenanceRun {
    /// What was done so far.
    pub const fn totals(&self) -> MaintenanceTotals {
        self.totals
    }
}

impl Desk {
    /// What a run would do now, each task counted no further than [`COUNT_LIMIT`].
    pub async fn due(&self) -> Result<MaintenanceTotals, DeskError> {
        let retention = &self.office.retention;
        let mut totals = MaintenanceTotals::default();
        for task in MaintenanceTask::ALL.into_iter().filter(|task| self.may_do(*task)) {
            totals.add(
                task,
                self.retry(|| self.store.maintenance_due(task, retention, COUNT_LIMIT)).await?,
            );
        }
        Ok(totals)
    }

    /// Whether this caller may do a task: the log is purged by the owner of the desk alone.
    fn may_do(&self, task: MaintenanceTask) -> bool {
        self.is_owner || task != MaintenanceTask::PurgeEvents
    }

    /// Does the next batch of a run; returns how long to pause after it, `None` at the end.
    pub async fn run_maintenance(
        &self,
        run: &mut MaintenanceRun,
    ) -> Result<Option<Duration>, DeskError> {
        while let Some(task) = MaintenanceTask::ALL.get(run.task).copied() {
            // The size comes back from the caller.
            let most = run.most.clamp(BATCH_SIZES.1, BATCH_SIZES.2);
            let retention = &self.office.retention;
            if !self.may_do(task) {
                (run.task, run.from, run.most) = (run.task + 1, TaskBatch::START, BATCH_SIZES.0);
                continue;
            }
            let actor = &self.actor;
            let key = match task {
                MaintenanceTask::PurgeEvents => self.removal_key().await?,
                _ => None,
            };
            let (from, removal_key) = (run.from, key.as_ref());
            let batch = TaskBatch { task, retention, from, most, actor, removal_key };
            let began = Instant::now();
            let done = self.retry(|| self.store.run_maintenance_batch(batch)).await?;
            let took = began.elapsed();
            run.totals.add(task, done.done);
            run.totals.kept += done.kept;
            if let Some(next) = done.next {
                run.from = next;
                run.most = measured(most, done.done, took);
                return Ok(Some(took * PAUSE_FACTOR));
            }
            (run.task, run.from, run.most) = (run.task + 1, TaskBatch::START, BATCH_SIZES.0);
        }
        self.compare_some(run).await
    }

    async fn compare_some(&self, run: &mut MaintenanceRun) -> Result<Option<Duration>, DeskError> {
        if run.has_compared || !self.office.external_customers {
            return Ok(None);
        }
        let began = Instant::now();
        let (store, after) = (&self.store, run.compared);
        let step =
            self.retry(|| store.index_customers(after, reindex::REINDEX_BATCH, false)).await?;
        run.totals.customers += step.added + step.changed + step.forgotten;
        (run.has_compared, run.compared) = (step.next.is_none(), step.next);
        Ok((!run.has_compared).then(|| began.elapsed() * PAUSE_FACTOR))
    }

    /// Writes an event about what a run did, if it did anything, and why somebody ran it.
    pub async fn finish_maintenance(
        &self,
        totals: MaintenanceTotals,
        reason: Option<&str>,
    ) -> Result<(), DeskError> {
        if totals.is_empty() {
            return Ok(());
        }
        let done = match reason {
            Some(reason) => format!("{}: {reason}", totals.sentence()),
            None => totals.sentence(),
        };
        self.record(NewEvent::of_office(EventKind::Maintained, done, &self.actor)).await?;
        if totals.of(MaintenanceTask::PurgeEvents) > 0 && self.trail_keys.is_some() {
            self.seal_removal().await;
        }
        Ok(())
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
        let kept = MaintenanceTotals { kept: 1, ..MaintenanceTotals::default() };
        assert!(!kept.is_empty());
        assert_eq!(kept.sentence(), "1 old event kept, since it is not as it was sealed");
        assert_eq!(
            (tally.of(MaintenanceTask::ArchiveRequests), tally.of(MaintenanceTask::EraseCodes)),
            (2, 0)
        );
    }
}
