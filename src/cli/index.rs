//! `customers index`: compares the search index with the customers and repairs it.

use std::time::Instant;

use crate::cli::exit::{Exit, Failure};
use crate::cli::json::IndexReply;
use crate::cli::output::{Output, PROGRESS_DELAY};
use crate::service::api::DeskClient;
use crate::service::customers::calls::WaitForIndex;
use crate::service::customers::reindex::{self, ReindexCount};
use crate::service::ports::{IndexProgress, Store, Unreadable};

/// Customers between progress notes when no terminal is attached.
const PROGRESS_INTERVAL: u64 = 100_000;

/// Runs `customers index`.
pub async fn run(store: &dyn Store, output: &mut Output, dry_run: bool) -> Result<Exit, Failure> {
    let count = compare(store, output, dry_run).await?;
    let ReindexCount { seen, added, changed, forgotten, unreadable } = count;
    let differences = format!("{added} new, {changed} changed, {forgotten} gone");
    let message = match (dry_run, seen) {
        (true, _) => format!("Nothing was written. Of {seen} customers: {differences}."),
        (false, 1) => format!("1 customer can be found: {differences}."),
        (false, _) => format!("{seen} customers can be found: {differences}."),
    };
    if output.json() {
        output.object(&IndexReply {
            outcome: "indexed",
            message,
            dry_run,
            customers: seen,
            added,
            changed,
            forgotten,
            unreadable: unreadable.count,
            rows: unreadable.first,
        })?;
    } else {
        output.line(&message)?;
        left_out(output, &unreadable)?;
    }
    Ok(Exit::DONE)
}

/// Lists the customers whose rows cannot be read, so that no search finds them.
pub(super) fn left_out(output: &mut Output, rows: &Unreadable) -> Result<(), Failure> {
    if let Some(sentence) = rows.sentence() {
        output.line(&format!(
            "{sentence}. Have them corrected where the office keeps its customers."
        ))?;
    }
    Ok(())
}

/// Waits until the search index is complete, and shows the progress.
pub(super) async fn ready(desk: &DeskClient, output: &mut Output) {
    let (mut preparing, mut reported) = (desk.signals().index, None);
    let ready = desk.call(WaitForIndex);
    tokio::pin!(ready);
    loop {
        tokio::select! {
            biased;
            // An error is reported by the command that needs the index.
            _ = &mut ready => break,
            Ok(()) = preparing.changed() => {
                let Some(IndexProgress { seen, percent }) = *preparing.borrow_and_update() else {
                    continue;
                };
                let said = format!(
                    "Customers are being prepared for the search: {seen} so far, {percent} %"
                );
                if output.watched() {
                    output.progress(&said);
                } else if seen > 0 && reported != Some(seen / PROGRESS_INTERVAL) {
                    reported = Some(seen / PROGRESS_INTERVAL);
                    output.note(&said);
                }
            }
        }
    }
    output.progress("");
}

/// Compares all customers with the index, and shows the progress.
pub(super) async fn compare(
    store: &dyn Store,
    output: &mut Output,
    dry_run: bool,
) -> Result<ReindexCount, Failure> {
    let (began, mut reported) = (Instant::now(), 0);
    let count = reindex::compare(store, dry_run, |count| {
        let said = format!("{} customers compared", count.seen);
        if output.watched() && began.elapsed() > PROGRESS_DELAY {
            output.progress(&said);
        } else if !output.watched() && count.seen / PROGRESS_INTERVAL > reported {
            reported = count.seen / PROGRESS_INTERVAL;
            output.note(&said);
        }
    });
    let count = count.await?;
    output.progress("");
    Ok(count)
}
