//! `audit`: verifies, exports and proves the tamper-evident log.

mod check;
mod export;
mod faults;
mod ocsf;
mod ship;
mod verify;

use std::path::Path;

use crate::cli::args::{Audit, ProveArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{CheckpointReply, Reply, TrailKeyLine};
use crate::cli::output::Output;
use crate::domain::audit::receipt::Receipt;
use crate::service::api::DeskClient;
use crate::service::audit::calls::{
    ProveConsistency, ProveEntry, ReadTrail, ReadTrailKeys, SealTrail,
};

/// Size limit in bytes for a file named on the command line (checkpoint, receipt, key); real ones
/// are far smaller.
const FILE_MAX: u64 = 1024 * 1024;

pub async fn run(desk: &DeskClient, output: &mut Output, command: Audit) -> Result<Exit, Failure> {
    match command {
        Audit::Verify(arguments) => verify::run(desk, output, &arguments).await,
        Audit::Checkpoint(_) => checkpoint(desk, output).await,
        Audit::Key(_) => key(desk, output).await,
        Audit::Seal(_) => seal(desk, output).await,
        Audit::Export(arguments) => export::run(desk, output, &arguments).await,
        Audit::Prove(arguments) => prove(desk, output, &arguments).await,
        Audit::Ship(arguments) => ship::run(desk, output, &arguments).await,
        Audit::Check(arguments) => check::proof(output, &arguments),
    }
}

/// Runs the subcommands that work on files alone and need no desk; `None` for all others.
pub fn offline(output: &mut Output, command: &Audit) -> Option<Result<Exit, Failure>> {
    match command {
        Audit::Check(arguments) => Some(check::proof(output, arguments)),
        Audit::Verify(arguments) => {
            arguments.from.as_ref().map(|path| check::export(output, path, arguments))
        }
        _ => None,
    }
}

async fn prove(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ProveArgs,
) -> Result<Exit, Failure> {
    let receipt = match (&arguments.consistency, &arguments.entry) {
        (Some(path), _) => {
            let old = read(path)?;
            Receipt::Consistency(desk.call(ProveConsistency { old }).await?)
        }
        (None, name) => {
            let name = name.clone().unwrap_or_default();
            let (personal, key) = (arguments.personal.clone(), desk.idempotency_key());
            Receipt::Inclusion(desk.call(ProveEntry { name, personal, key }).await?)
        }
    };
    output.object(&receipt)?;
    Ok(Exit::DONE)
}

async fn checkpoint(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let status = desk.call(ReadTrail).await?;
    let Some(note) = status.note else {
        return Err(Failure::not_found(format!(
            "Nothing is sealed yet. The desk service does it by itself; without one: {}.",
            output.command(&["audit", "seal"])
        )));
    };
    if output.json() {
        let (size, unsealed) = (status.size, status.unsealed);
        output.object(&CheckpointReply { outcome: "sealed", size, unsealed, checkpoint: &note })?;
    } else {
        output.lines(&note)?;
    }
    Ok(Exit::DONE)
}

async fn key(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    for (at, key) in desk.call(ReadTrailKeys).await?.iter().enumerate() {
        let (key, current) = (key.to_string(), at == 0);
        if output.json() {
            output.object(&TrailKeyLine { key: &key, current })?;
        } else {
            output.line(&key)?;
        }
    }
    Ok(Exit::DONE)
}

async fn seal(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let mut sealed = 0_u64;
    loop {
        let progress = desk.call(SealTrail).await?;
        sealed += u64::from(progress.sealed);
        if !progress.more {
            break;
        }
        output.progress(&format!("{sealed} entries sealed"));
    }
    output.progress("");
    let message = match sealed {
        0 => "There was nothing to seal.".to_owned(),
        1 => "1 entry sealed.".to_owned(),
        many => format!("{many} entries sealed."),
    };
    output.answer(&Reply::of("sealed", message.clone()), &message)?;
    Ok(Exit::DONE)
}

/// Reads a file named on the command line, up to `FILE_MAX` bytes.
fn read(path: &Path) -> Result<String, Failure> {
    use std::io::Read as _;

    let failed = |error: std::io::Error| {
        Failure::usage(format!("{} cannot be read: {error}.", path.display()))
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(FILE_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}
