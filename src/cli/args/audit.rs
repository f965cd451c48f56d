//! The audit trail.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::args::Json;
use crate::domain::audit::checkpoint::CheckpointVerifier;

/// `audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Verify that nothing in the log was changed since it was sealed
    #[command(after_help = "\
Examples:
  countersign audit verify
  countersign audit verify --checkpoint checkpoint-2026-11.txt

A checkpoint that was kept elsewhere also finds a log whose end was cut off, or that was made
anew from the start. Exits with 16 where something was changed.")]
    Verify(VerifyArgs),
    /// Print the newest checkpoint: keep it where nobody of the office can change it
    #[command(after_help = "Example:\n  countersign audit checkpoint > checkpoint-2026-11.txt")]
    Checkpoint(Json),
    /// Print the public key by which checkpoints are verified
    #[command(after_help = "Example:\n  countersign audit key")]
    Key(Json),
    /// Seal what was written: for an office without a desk service, which does it by itself
    #[command(after_help = "\
Example:
  countersign audit seal

Run it every few minutes, by the account that alone holds the key of the trail.")]
    Seal(Json),
}

/// `audit verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A checkpoint that was kept; can be given more than once
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub checkpoint: Vec<PathBuf>,
    /// The public key of the log [default: the desk's own]
    #[arg(long, value_name = "KEY")]
    pub key: Vec<CheckpointVerifier>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

impl Audit {
    pub(super) const fn json(&self) -> bool {
        match self {
            Self::Verify(VerifyArgs { output, .. })
            | Self::Checkpoint(output)
            | Self::Key(output)
            | Self::Seal(output) => output.json,
        }
    }
}
