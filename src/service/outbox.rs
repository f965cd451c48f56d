//! Working the outbox: every terminal does what has come due and nobody does.
//!
//! An interface keeps at it beside its clerk, `countersign deliver --watch` does
//! nothing else. Nothing is asked of the store but when an errand is due or
//! something was written, so that an idle office costs nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::delivery::Run;
use super::ports::outbox::Errand;
use super::workbench::{Ended, LEAST, Look, Progress, ROUNDS, Taken, Workbench};
use super::{Desk, DeskError};
use crate::domain::delivery::Report;

impl Desk {
    /// Does what comes due, up to `most` errands at once, until the end is asked
    /// for; what has begun by then is brought to its end. `told` hears of each
    /// that was done and written down.
    pub(super) async fn keep_errands(
        &self,
        most: usize,
        end: CancellationToken,
        told: impl Fn(&Errand, &Report),
    ) {
        let tell = |written: Vec<Ended>| {
            for (errand, end) in &written {
                told(errand, &end.step.report);
            }
        };
        let mut changes = self.store.changes();
        let mut bench = Workbench::new(most);
        while !end.is_cancelled() {
            self.fill(&mut bench);
            let next_look = bench.next_look();
            tokio::select! {
                () = end.cancelled() => {}
                Some(progress) = bench.progress() => match progress {
                    Progress::Done => {}
                    Progress::Written(written) => tell(written),
                    Progress::Failed(error) => {
                        tracing::warn!(%error, "the outbox is left alone for a while");
                    }
                },
                () = at(next_look) => {}
                () = written(&mut changes) => bench.hear_of_news(),
            }
        }
        self.finish(&mut bench, tell).await;
    }

    /// Does everything that is due now, and what follows from it at once; gives
    /// how many errands that were.
    pub(super) async fn work_off_errands(&self, most: usize) -> Result<u64, DeskError> {
        let mut bench = Workbench::new(most);
        loop {
            self.fill(&mut bench);
            match bench.progress().await {
                Some(Progress::Done | Progress::Written(_)) => {}
                Some(Progress::Failed(error)) => {
                    self.finish(&mut bench, drop).await;
                    return Err(error);
                }
                None => return Ok(bench.done),
            }
        }
    }

    /// How long until there is something to do for this terminal; none where there
    /// is nothing.
    pub async fn next_errand(&self) -> Result<Option<Duration>, DeskError> {
        Ok(self.store.next_errand(&self.holder, &self.senders.providers()).await?)
    }

    /// What has begun is brought to its end, or nobody knows how it went. What was
    /// taken and not begun is left to others.
    async fn finish(&self, bench: &mut Workbench, tell: impl Fn(Vec<Ended>)) {
        loop {
            let untouched = bench.waiting.drain(..).map(|taken| taken.errand).collect();
            self.leave(bench, untouched);
            self.conclude_ended(bench);
            match bench.progress().await {
                Some(Progress::Written(written)) => tell(written),
                Some(Progress::Done | Progress::Failed(_)) => {}
                None => return,
            }
        }
    }

    /// Begins as many errands as there is room for, to write down what ended, and
    /// to look for more.
    fn fill(&self, bench: &mut Workbench) {
        let leftovers = bench.leftovers();
        self.leave(bench, leftovers);
        while bench.running.len() < bench.most
            && let Some(taken) = bench.waiting.pop_front()
        {
            self.start(bench, taken);
        }
        self.conclude_ended(bench);
        if bench.next_look().is_some_and(|at| at <= Instant::now()) {
            bench.look_at = None;
            let (desk, has_queue) = (self.clone(), bench.has_queue);
            let most = if bench.is_quick { bench.most * ROUNDS } else { bench.most };
            bench.looking.spawn(async move { desk.look(most, has_queue).await });
        }
    }

    /// Leaves errands to the others, and to this terminal's next look.
    fn leave(&self, bench: &mut Workbench, errands: Vec<Errand>) {
        if errands.is_empty() {
            return;
        }
        let desk = self.clone();
        bench.releasing.spawn(async move {
            for errand in &errands {
                if let Err(error) = desk.left(errand).await {
                    tracing::warn!(%error, "an errand is left lying until its lease ends");
                }
            }
        });
    }

    fn start(&self, bench: &mut Workbench, taken: Taken) {
        let desk = self.clone();
        bench.running.spawn(async move {
            let (Taken { errand, lines, .. }, since) = (taken, Instant::now());
            let ended = match desk.run(&errand, &lines).await {
                Ok(Run::Ended(conclusion)) => Some((errand, conclusion)),
                Ok(Run::PutOff(_) | Run::Left) => None,
                Err(error) => {
                    tracing::warn!(%error, "an errand of the outbox was not done");
                    None
                }
            };
            (ended, since.elapsed())
        });
    }

    /// Begins to write down what ended since the last time, where it is time to.
    fn conclude_ended(&self, bench: &mut Workbench) {
        if bench.conclude_at().is_none_or(|at| at > Instant::now()) {
            return;
        }
        let (desk, ended) = (self.clone(), std::mem::take(&mut bench.ended));
        bench.concluding.spawn(async move {
            let outcomes: Vec<_> = ended.iter().map(|(errand, end)| (errand, end)).collect();
            match desk.conclude(&outcomes).await {
                Ok(()) => Ok(ended),
                // A store that is gone was told for as long as it is worth.
                Err(DeskError::Store(error)) if error.is_break() && !error.is_wait() => {
                    tracing::warn!(%error, "what came of errands is not written down");
                    Ok(Vec::new())
                }
                Err(error) => {
                    tracing::warn!(%error, "what came of errands is told again");
                    Err(ended)
                }
            }
        });
    }

    /// Takes so many errands, so that a long queue does not cost a look into the
    /// store for each.
    async fn look(&self, most: usize, has_queue: bool) -> Result<Look, DeskError> {
        let providers = self.senders.providers();
        if !has_queue {
            match self.store.next_errand(&self.holder, &providers).await? {
                Some(Duration::ZERO) => {}
                wait => return Ok(Look::Nothing(wait)),
            }
        }
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        let errands = self.store.take(&self.holder, &providers, limit).await?;
        if errands.is_empty() {
            // Somebody else was faster, or that was all.
            return Ok(Look::Nothing(Some(if has_queue { Duration::ZERO } else { LEAST })));
        }
        let lines = Arc::new(self.insist_on_lines().await?);
        let at = Instant::now();
        let taken = |errand| Taken { at, errand, lines: Arc::clone(&lines) };
        let errands: Vec<_> = errands.into_iter().map(taken).collect();
        Ok(Look::Taken { has_queue: errands.len() == most, errands })
    }
}

/// Until a moment; for ever where there is none.
pub(super) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

pub(super) async fn written(changes: &mut watch::Receiver<u64>) {
    // A store that is gone says nothing any more.
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
