//! Offline verification of exports and proofs, without a store.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::time::Instant;

use crate::cli::args::{CheckArgs, VerifyArgs};
use crate::cli::audit::verify::{Verified, tell};
use crate::cli::audit::{FILE_MAX, read};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::CheckReply;
use crate::cli::output::{Output, PROGRESS_DELAY};
use crate::domain::audit::checkpoint::Checkpoint;
use crate::domain::audit::export::ExportVerification;
use crate::domain::audit::receipt::Receipt;

/// Reads a file line by line, at most `FILE_MAX` bytes at a time, so that a file without line ends
/// cannot exhaust memory.
struct Lines {
    file: BufReader<File>,
    line: String,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self { file: BufReader::new(file), line: String::new() })
    }

    fn next(&mut self, path: &Path) -> Result<Option<&str>, Failure> {
        self.line.clear();
        let read = self.file.by_ref().take(FILE_MAX).read_line(&mut self.line);
        match read.map_err(|error| unreadable(path, &error))? {
            0 => Ok(None),
            _ => Ok(Some(self.line.trim_end_matches('\n'))),
        }
    }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{} cannot be read: {error}.", path.display()))
}

/// `audit verify --from`: verifies an export file.
pub(super) fn export(
    output: &mut Output,
    path: &Path,
    arguments: &VerifyArgs,
) -> Result<Exit, Failure> {
    let keys = arguments.key.clone();
    let kept = |path: &std::path::PathBuf| {
        Checkpoint::open(&read(path)?, &keys)
            .map_err(|error| Failure::usage(format!("{}: {error}.", path.display())))
    };
    let kept = arguments.checkpoint.iter().map(kept).collect::<Result<Vec<_>, _>>()?;
    let given = kept.len();
    let is_none = |error| Failure::usage(format!("{}: {error}.", path.display()));
    let mut lines = Lines::open(path)?;
    let first = lines.next(path)?.unwrap_or_default();
    let mut run = ExportVerification::begin(first, keys.clone(), kept).map_err(is_none)?;
    let began = Instant::now();
    while let Some(line) = lines.next(path)? {
        run.line(line).map_err(is_none)?;
        let (passed, size) = run.progress();
        if passed.is_multiple_of(10_000) && began.elapsed() > PROGRESS_DELAY {
            output.progress(&format!("{passed} of {size} entries verified"));
        }
    }
    output.progress("");
    let verified = run.finish();
    if verified.kept < given {
        output.note(&format!(
            "{} of the checkpoints that were kept lie beside what was exported: they were not \
             compared.",
            given - verified.kept
        ));
    }
    let size = verified.to - verified.from;
    tell(output, &verified.walk, &Verified { size, kept: verified.kept, unsealed: 0 })
}

/// `audit check`: verifies an inclusion proof written by `audit prove`.
pub(super) fn proof(output: &mut Output, arguments: &CheckArgs) -> Result<Exit, Failure> {
    let path = &arguments.file;
    let receipt: Receipt = serde_json::from_str(&read(path)?)
        .map_err(|_| Failure::usage(format!("{} is no proof (audit prove).", path.display())))?;
    let (outcome, message, size) = match receipt.check(&arguments.key) {
        Err(error) => ("not_proven", format!("This proves nothing: {error}."), None),
        Ok(newest) => {
            let (size, origin) = (newest.size, &newest.origin);
            let message = match &receipt {
                Receipt::Inclusion(it) => {
                    let entry = &it.entry;
                    let outcome = entry.outcome.as_deref();
                    let outcome = outcome.map(|it| format!(", {it}")).unwrap_or_default();
                    let request = entry.request.as_deref();
                    let request = request.map(|it| format!(", request {it}")).unwrap_or_default();
                    format!(
                        "Entry {} is in the log {origin}: {}{outcome}{request}, at {} by {} at \
                         {}. It is leaf {} of {size}.",
                        entry.event, entry.kind, entry.at, entry.clerk, entry.counter, entry.index
                    )
                }
                Receipt::Consistency(it) => {
                    let old = Checkpoint::unverified(&it.old).map_or(0, |it| it.size);
                    format!("The log {origin} of {size} entries goes on from that of {old}.")
                }
            };
            ("proven", message, Some(size))
        }
    };
    if output.json() {
        output.object(&CheckReply { outcome, message: &message, entries: size })?;
    } else {
        output.lines(&message)?;
    }
    Ok(if size.is_some() { Exit::DONE } else { Exit::TAMPERED })
}
