//! `deliver`: messages that wait are handed over, and those on their way are
//! followed, without an interface.

use tokio_util::sync::CancellationToken;

use super::args::DeliverArgs;
use super::exit::{Exit, Failure};
use super::json::DeliverReply;
use super::output::Output;
use super::signals::Ends;
use crate::service::Desk;

/// Errands at once: each waits for a provider most of its time.
const AT_ONCE: usize = 8;

/// `deliver`
pub async fn run(
    desk: &Desk,
    output: &mut Output,
    arguments: &DeliverArgs,
) -> Result<Exit, Failure> {
    if arguments.watch { watch(desk, output).await } else { once(desk, output).await }
}

async fn once(desk: &Desk, output: &mut Output) -> Result<Exit, Failure> {
    let done = desk.work_off_outbox(AT_ONCE).await?;
    let waiting = desk.store().queue().await?.length;
    let message = match done {
        0 if waiting > 0 => format!(
            "Nothing was due. {waiting} wait for another try or are another terminal's; \
             --watch stays for them."
        ),
        0 => "There was nothing to do.".to_owned(),
        1 => "One thing was done; the log says what came of it.".to_owned(),
        done => format!("{done} things were done; the log says what came of each."),
    };
    if output.json() {
        output.object(&DeliverReply { outcome: "worked_off", message, done, waiting })?;
    } else {
        output.line(&message)?;
    }
    Ok(Exit::DONE)
}

/// Works until a signal; a hand-over that has begun is brought to its end.
async fn watch(desk: &Desk, output: &mut Output) -> Result<Exit, Failure> {
    let mut ends = Ends::listen()?;
    // Before it works it is sure that it can.
    desk.store().check().await?;
    output.note("Handing over messages as they come due. Ctrl-C ends it.");
    let end = CancellationToken::new();
    let keeping = desk.keep_outbox(AT_ONCE, end.clone());
    tokio::pin!(keeping);
    // It does not end by itself.
    let exit = tokio::select! {
        exit = ends.next() => exit,
        () = &mut keeping => return Ok(Exit::DONE),
    };
    end.cancel();
    keeping.await;
    Ok(exit)
}
