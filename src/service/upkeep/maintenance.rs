//! Tidying up what is past while the counters work.
//!
//! The store does one short batch at a time. This decides how large it is, by
//! what the one before took, and how long the store is left to the counters
//! before the next: so long that maintenance never has more than a fifth of it.
//! A step that is no chore of the store's own comes after the chores, in
//! [`Desk::run_maintenance`].

use std::time::{Duration, Instant};

use crate::domain::customer::CustomerId;
use crate::domain::event::EventKind;
use crate::domain::maintenance::MaintenanceTask;
use crate::domain::policy::Retention;
use crate::service::customers::reindex;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::upkeep::TaskBatch;
use crate::service::{Desk, DeskError};

/// What a batch may take: a counter that has to wait for one does not feel it.
const AIM: Duration = Duration::from_millis(20);

/// How often a batch's own time the store is then left to the counters.
const REST: u32 = 4;

/// A first batch, and the limits of every other.
const MOST: (u32, u32, u32) = (100, 25, 2_000);

/// How far [`Desk::due`] counts.
pub const COUNT_LIMIT: u32 = 100_000;

/// What was done, or would be, of each chore in the order of [`MaintenanceTask::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MaintenanceTotals {
    chores: [u64; MaintenanceTask::ALL.len()],
    customers: u64,
}

impl MaintenanceTotals {
    /// The chores with their counts.
    pub fn each(self) -> impl Iterator<Item = (MaintenanceTask, u64)> {
        MaintenanceTask::ALL.into_iter().zip(self.chores)
    }

    /// How much of one chore.
    pub fn of(self, chore: MaintenanceTask) -> u64 {
        self.each().find(|(it, _)| *it == chore).map_or(0, |(_, count)| count)
    }

    /// Customers of the office's own table who were not found as they are.
    pub const fn customers(self) -> u64 {
        self.customers
    }

    /// Whether there was nothing to do.
    pub fn is_empty(self) -> bool {
        self.customers == 0 && self.chores.iter().all(|count| *count == 0)
    }

    /// What was done, in words; the chores that found nothing are left out.
    pub fn sentence(self) -> String {
        let done = self.each().filter(|(_, count)| *count > 0);
        let done = done.map(|(chore, count)| chore.done(count));
        let mended = match self.customers {
            0 => None,
            1 => Some("1 customer found as they are now".to_owned()),
            count => Some(format!("{count} customers found as they are now")),
        };
        done.chain(mended).collect::<Vec<_>>().join(", ")
    }

    fn add(&mut self, chore: MaintenanceTask, count: u64) {
        for (sum, it) in self.chores.iter_mut().zip(MaintenanceTask::ALL) {
            *sum += if it == chore { count } else { 0 };
        }
    }
}

/// A run that is under way: how far it is, and what it did.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct MaintenanceRun {
    retention: Retention,
    /// The task that is being done, of [`MaintenanceTask::ALL`].
    task: usize,
    /// How far that task is.
    from: i64,
    most: u32,
    /// Whether customers are still to be compared with their index, and up to
    /// which they were.
    compares: bool,
    compared: Option<CustomerId>,
    totals: MaintenanceTotals,
}

impl MaintenanceRun {
    /// A run that has done nothing yet.
    pub fn new(retention: Retention) -> Self {
        Self {
            retention,
            task: 0,
            from: TaskBatch::START,
            most: MOST.0,
            compares: false,
            compared: None,
            totals: MaintenanceTotals::default(),
        }
    }

    /// The same with a comparison of all customers at its end, for a table that
    /// others write.
    #[must_use]
    pub fn comparing(self, customers: bool) -> Self {
        Self { compares: customers, ..self }
    }

    /// What was done so far.
    pub const fn totals(&self) -> MaintenanceTotals {
        self.totals
    }
}

impl Desk {
    /// What a run would do now, each task counted no further than [`COUNT_LIMIT`].
    pub async fn due(&self, retention: &Retention) -> Result<MaintenanceTotals, DeskError> {
        let mut totals = MaintenanceTotals::default();
        for task in MaintenanceTask::ALL {
            totals.add(
                task,
                self.retry(|| self.store.maintenance_due(task, retention, COUNT_LIMIT)).await?,
            );
        }
        Ok(totals)
    }

    /// Does the next batch of a run; gives how long the store is to be left alone
    /// then. None where nothing is left to do.
    pub async fn run_maintenance(
        &self,
        run: &mut MaintenanceRun,
    ) -> Result<Option<Duration>, DeskError> {
        while let Some(task) = MaintenanceTask::ALL.get(run.task).copied() {
            let batch = TaskBatch {
                chore: task,
                retention: &run.retention,
                from: run.from,
                most: run.most,
            };
            let began = Instant::now();
            let done = self.retry(|| self.store.run_maintenance_batch(batch)).await?;
            let took = began.elapsed();
            run.totals.add(task, done.done);
            if let Some(next) = done.next {
                run.from = next;
                run.most = measured(run.most, done.done, took);
                return Ok(Some(took * REST));
            }
            (run.task, run.from, run.most) = (run.task + 1, TaskBatch::START, MOST.0);
        }
        self.compare_some(run).await
    }

    async fn compare_some(&self, run: &mut MaintenanceRun) -> Result<Option<Duration>, DeskError> {
        if !run.compares {
            return Ok(None);
        }
        let began = Instant::now();
        let (store, after) = (&self.store, run.compared);
        let step =
            self.retry(|| store.index_customers(after, reindex::REINDEX_BATCH, false)).await?;
        run.totals.customers += step.added + step.changed + step.forgotten;
        (run.compares, run.compared) = (step.next.is_some(), step.next);
        Ok(run.compares.then(|| began.elapsed() * REST))
    }

    /// Writes into the log what a run did, if it did anything.
    pub async fn finish_maintenance(&self, totals: MaintenanceTotals) -> Result<(), DeskError> {
        if totals.is_empty() {
            return Ok(());
        }
        let event = NewEvent {
            kind: EventKind::Maintained,
            outcome: None,
            request: None,
            customer: None,
            channel: None,
            contact: None,
            detail: Some(totals.sentence()),
            actor: &self.actor,
        };
        let act = self.new_act()?;
        Ok(self.retry(|| self.store.record(&act, event.clone())).await?)
    }
}

/// The size of the next batch after one of this size that did so much in this
/// time: at most twice as large.
fn measured(most: u32, done: u64, took: Duration) -> u32 {
    let (_, least, greatest) = MOST;
    let in_aim = u128::from(done) * AIM.as_micros() / took.as_micros().max(1);
    u32::try_from(in_aim).unwrap_or(greatest).min(most * 2).clamp(least, greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_becomes_as_large_as_its_time_allows() {
        assert_eq!(measured(100, 100, AIM / 10), 200, "no more than twice");
        assert_eq!(measured(200, 200, AIM * 2), 100);
        assert_eq!(measured(100, 100, AIM * 100), 25, "never nothing");
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
