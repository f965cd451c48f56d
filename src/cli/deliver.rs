//! `deliver`: runs the outbox worker without the interface. It sends queued messages and polls the
//! delivery status of sent ones.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::cli::args::DeliverArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{DeliverLine, DeliverReply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::signals::Ends;
use crate::domain::outcome::Outcome;
use crate::service::api::DeskClient;
use crate::service::delivery::calls::{DeliverDue, DueWork};
use crate::service::delivery::worker::OutboxWorker;
use crate::service::messages;
use crate::service::ports::StoreError;
use crate::service::upkeep::calls::CheckStore;

/// Messages sent concurrently; a send spends most of its time waiting for a provider.
const CONCURRENT_MESSAGES: usize = 8;

pub async fn run(
    desk: &DeskClient,
    worker: OutboxWorker,
    output: &mut Output,
    arguments: &DeliverArgs,
) -> Result<Exit, Failure> {
    if arguments.watch { watch(desk, worker, output).await } else { once(desk, output).await }
}

async fn once(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let DueWork { done, waiting, next } =
        desk.call(DeliverDue { concurrent: CONCURRENT_MESSAGES }).await?;
    let done_so_far = match done {
        0 if waiting > 0 => "Nothing was due.".to_owned(),
        0 => "There was nothing to do.".to_owned(),
        1 => "One thing was done; the log says what came of it.".to_owned(),
        done => format!("{done} things were done; the log says what came of each."),
    };
    let message = match next {
        Some(wait) => format!(
            "{done_so_far} Messages that wait to be sent: {waiting}. The next thing to do comes \
             in {} s; --watch stays for it.",
            wait.as_secs() + 1
        ),
        None => done_so_far,
    };
    if output.json() {
        output.object(&DeliverReply { outcome: "worked_off", message, done, waiting })?;
    } else {
        output.line(&message)?;
    }
    Ok(Exit::DONE)
}

/// Runs the worker until a signal; a send in progress is completed first.
async fn watch(
    desk: &DeskClient,
    worker: OutboxWorker,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let mut ends = Ends::listen()?;
    // Fail early if the store cannot be used.
    desk.call(CheckStore).await?;
    output.note("Handing over messages as they come due. Ctrl-C ends it.");
    let end = CancellationToken::new();
    let mut lost = desk.signals().connection;
    let (tell, mut completed) = mpsc::unbounded_channel();
    let keeping = worker.run(CONCURRENT_MESSAGES, end.clone(), move |message, report| {
        // The receiver is gone only during shutdown.
        let _ = tell.send(DeliverLine::new(message, report));
    });
    tokio::pin!(keeping);
    let (mut exit, mut told_all) = (Ok(Exit::DONE), false);
    while !told_all {
        tokio::select! {
            ended = ends.next() => {
                exit = Ok(ended);
                told_all = true;
            }
            Some(line) = completed.recv() => {
                if let Err(failure) = write(output, &line) {
                    exit = Err(failure);
                    told_all = true;
                }
            }
            failure = replaced(&mut lost) => {
                exit = Err(failure);
                told_all = true;
            }
            // Unreachable in practice: the worker runs until it is cancelled.
            () = &mut keeping => return Ok(Exit::DONE),
        }
    }
    // Let sends in progress complete, whatever the reason to stop.
    end.cancel();
    keeping.await;
    while let Ok(line) = completed.try_recv() {
        if exit.is_ok() {
            write(output, &line)?;
        }
    }
    exit
}

/// Waits until the store's file was replaced by another file (`StoreError::Replaced`).
async fn replaced(lost: &mut watch::Receiver<Option<Arc<StoreError>>>) -> Failure {
    loop {
        let error = lost.borrow_and_update().clone();
        if let Some(error) = error.filter(|it| matches!(**it, StoreError::Replaced(_))) {
            return Failure::outcome(Outcome::Unavailable, messages::store_error(&error).for_admin);
        }
        if lost.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Prints the result for one message as soon as it is known.
fn write(output: &mut Output, line: &DeliverLine) -> Result<(), Failure> {
    if output.json() {
        output.object(line)?;
    } else {
        output.line(&format!("{}  {}  {}", moment::long(line.at), line.request, line.message))?;
    }
    Ok(output.flush()?)
}
