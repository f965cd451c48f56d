//! `audit verify`: verifies the whole audit trail and reports each fault.

use std::time::Instant;

use crate::cli::args::VerifyArgs;
use crate::cli::audit::{faults, read};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{FaultLine, VerifyReply};
use crate::cli::output::{Output, PROGRESS_DELAY};
use crate::domain::audit::walk::{Fault, TrailWalk};
use crate::service::api::DeskClient;
use crate::service::audit::calls::{BeginVerification, VerifyTrail};
use crate::service::audit::verify::UNSEALED_MAX;

/// How many faults the text output lists; `--json` lists more.
const SHOWN_FAULTS: usize = 10;

pub(super) async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &VerifyArgs,
) -> Result<Exit, Failure> {
    let kept = arguments.checkpoint.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let began = Instant::now();
    let mut run = desk.call(BeginVerification { kept, keys: arguments.key.clone() }).await?;
    while !run.is_done() {
        if began.elapsed() > PROGRESS_DELAY {
            let (passed, size) = (run.walk().size(), run.size());
            output.progress(&format!("{passed} of {size} entries verified"));
        }
        run = desk.call(VerifyTrail { run }).await?;
    }
    output.progress("");
    let kept = arguments.checkpoint.len();
    let verified = Verified { size: run.size(), kept, unsealed: run.unsealed() };
    tell(output, run.walk(), &verified)
}

/// The figures of a verification.
pub(super) struct Verified {
    /// Number of sealed entries.
    pub(super) size: u64,
    /// Number of kept checkpoints that the trail was compared with.
    pub(super) kept: usize,
    /// Number of entries that are not sealed yet.
    pub(super) unsealed: u32,
}

/// Prints the result of a verification and returns its exit code.
pub(super) fn tell(
    output: &mut Output,
    walk: &TrailWalk,
    verified: &Verified,
) -> Result<Exit, Failure> {
    let message = message(walk, verified);
    let outcome = if walk.fault_count() == 0 { "intact" } else { "tampered" };
    if output.json() {
        let line = |fault| FaultLine { fault, message: faults::sentence(fault) };
        output.object(&VerifyReply {
            outcome,
            message,
            entries: verified.size,
            purged: walk.purged(),
            erased: walk.erased(),
            unproven: walk.unproven(),
            unsealed: verified.unsealed,
            checkpoints_kept: verified.kept,
            faults: walk.fault_count(),
            named: walk.faults().iter().map(line).collect(),
        })?;
    } else {
        output.lines(&message)?;
    }
    Ok(if walk.fault_count() == 0 { Exit::DONE } else { Exit::TAMPERED })
}

fn message(walk: &TrailWalk, verified: &Verified) -> String {
    let Verified { size, kept, unsealed } = verified;
    let unsealed = match unsealed {
        0 => String::new(),
        1 => " 1 newer entry is not sealed yet.".to_owned(),
        many if *many >= UNSEALED_MAX => format!(" {many} or more newer ones are not sealed yet."),
        many => format!(" {many} newer ones are not sealed yet."),
    };
    let faults = walk.faults();
    if faults.is_empty() {
        let compared = match kept {
            0 => "Compare it with a checkpoint that was kept elsewhere, too: --checkpoint FILE.",
            1 => "It goes on from the checkpoint that was kept.",
            _ => "It goes on from the checkpoints that were kept.",
        };
        let removed = removed(walk);
        return match size {
            0 => format!("Nothing is sealed yet.{unsealed}"),
            1 => format!("1 entry is as it was sealed.{removed}{unsealed} {compared}"),
            many => {
                format!("{many} entries are as they were sealed.{removed}{unsealed} {compared}")
            }
        };
    }
    let shown: Vec<_> = faults.iter().take(SHOWN_FAULTS).map(Fault::clone).collect();
    let mut lines: Vec<_> = shown.iter().map(faults::sentence).collect();
    let count = walk.fault_count();
    let more = count.saturating_sub(u64::try_from(SHOWN_FAULTS).unwrap_or(u64::MAX));
    if more > 0 {
        lines.push(format!("And {more} more."));
    }
    if !unsealed.is_empty() {
        lines.push(unsealed.trim().to_owned());
    }
    lines.join("\n")
}

/// Sentence on entries that were purged or erased lawfully, as the log itself records.
fn removed(walk: &TrailWalk) -> String {
    let of = |count: u64, what: &str| match count {
        0 => String::new(),
        1 => format!(" 1 entry {what}."),
        many => format!(" {many} entries {what}."),
    };
    let unproven = match walk.unproven() {
        0 => String::new(),
        1 => " 1 older entry about that has no proof of the desk.".to_owned(),
        many => format!(" {many} older entries about that have no proof of the desk."),
    };
    of(walk.purged(), "purged") + &of(walk.erased(), "erased") + &unproven
}
