//! `maintain`: runs the maintenance tasks batch by batch while the counters work. It can be
//! interrupted between two batches; what was done stays done.

use std::time::Instant;

use crate::cli::args::MaintainArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::MaintainReply;
use crate::cli::output::{Output, PROGRESS_DELAY};
use crate::cli::signals::Ends;
use crate::service::api::DeskClient;
use crate::service::upkeep::calls::{CountDueMaintenance, FinishMaintenance, RunMaintenanceStep};
use crate::service::upkeep::maintenance::{COUNT_LIMIT, MaintenanceRun, MaintenanceTotals};

/// Default for `--reason`.
const REGULAR: &str = "regular maintenance";

/// Runs `maintain`.
pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &MaintainArgs,
) -> Result<Exit, Failure> {
    if arguments.dry_run {
        return dry_run(desk, output).await;
    }
    let mut run = MaintenanceRun::default();
    let reason = arguments.reason.as_deref().unwrap_or(REGULAR);
    let ended = work_off(desk, &mut run, output, reason).await;
    output.progress("");
    // Log what was done even if an error or a signal ended the run.
    let done = run.totals();
    let recorded =
        desk.call(FinishMaintenance { totals: done, reason: arguments.reason.clone() }).await;
    let after = |failure: Failure| {
        if done.is_empty() { failure } else { failure.after(&format!("{}.", done.sentence())) }
    };
    let ended = ended.map_err(after)?;
    recorded.map_err(|error| after(error.into()))?;
    let message = match (done.is_empty(), ended) {
        (true, None) => "There was nothing to do.".to_owned(),
        (true, Some(_)) => "Interrupted; nothing was done.".to_owned(),
        (false, None) => format!("{}.", done.sentence()),
        (false, Some(_)) => {
            format!("Interrupted; {} so far. The next run goes on from here.", done.sentence())
        }
    };
    let outcome = if ended.is_some() { "interrupted" } else { "maintained" };
    answer(output, &MaintainReply::new(outcome, message, false, done))?;
    Ok(ended.unwrap_or(Exit::DONE))
}

/// Runs batches until nothing is left or a signal arrives; returns the signal's exit code.
async fn work_off(
    desk: &DeskClient,
    run: &mut MaintenanceRun,
    output: &mut Output,
    reason: &str,
) -> Result<Option<Exit>, Failure> {
    let mut ends = Ends::listen()?;
    let (began, key) = (Instant::now(), desk.idempotency_key());
    loop {
        let (reason, key) = (reason.to_owned(), key.clone());
        let step = RunMaintenanceStep { run: run.clone(), reason, key };
        let progress = desk.call(step).await?;
        *run = progress.run;
        let Some(rest) = progress.rest else { return Ok(None) };
        if began.elapsed() > PROGRESS_DELAY {
            output.progress(&run.totals().sentence());
        }
        tokio::select! {
            biased;
            exit = ends.next() => return Ok(Some(exit)),
            () = tokio::time::sleep(rest) => {}
        }
    }
}

async fn dry_run(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let tally = desk.call(CountDueMaintenance).await?;
    let message = if tally.is_empty() {
        "Nothing was done, and nothing would be.".to_owned()
    } else {
        let counted = tally.each().filter(|(_, count)| *count > 0).map(|(task, count)| {
            let least = if count >= u64::from(COUNT_LIMIT) { "at least " } else { "" };
            format!("{least}{}", task.done(count))
        });
        let counted: Vec<_> = counted.collect();
        format!("Nothing was done. It would be: {}.", counted.join(", "))
    };
    answer(output, &MaintainReply::new("maintained", message, true, tally))?;
    Ok(Exit::DONE)
}

fn answer(output: &mut Output, reply: &MaintainReply) -> Result<(), Failure> {
    if output.json() {
        output.object(reply)?;
    } else {
        output.line(&reply.message)?;
    }
    Ok(())
}

impl MaintainReply {
    fn new(
        outcome: &'static str,
        message: String,
        dry_run: bool,
        tally: MaintenanceTotals,
    ) -> Self {
        use crate::domain::maintenance::MaintenanceTask::{
            ArchiveRequests, EraseCodes, PurgeArchive, PurgeEvents, PurgeSessions,
        };
        Self {
            outcome,
            message,
            dry_run,
            at_least: dry_run && tally.each().any(|(_, count)| count >= u64::from(COUNT_LIMIT)),
            codes_erased: tally.of(EraseCodes),
            requests_archived: tally.of(ArchiveRequests),
            requests_purged: tally.of(PurgeArchive),
            events_purged: tally.of(PurgeEvents),
            sessions_purged: tally.of(PurgeSessions),
            customers_mended: tally.customers(),
        }
    }
}
