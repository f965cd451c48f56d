//! `audit`: verifying, exporting and proving the log.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use crate::cli::args::Json;
use crate::domain::audit::checkpoint::CheckpointVerifier;
use crate::domain::time_range::TimeExpression;

/// `audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Verify that nothing in the log was changed since it was sealed
    #[command(after_help = "\
Examples:
  countersign audit verify
  countersign audit verify --checkpoint checkpoint-2026-11.txt
  countersign audit verify --from log.jsonl --key countersign/riverside-billing+9ccf1904+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW

A checkpoint that was kept elsewhere also finds a log whose end was cut off, or that was made
anew from the start. With --from an export is verified, by the public key alone: no store is
needed. Exits with 16 where something was changed.")]
    Verify(VerifyArgs),
    /// Write the sealed entries into a file that is verified without the store
    #[command(after_help = "\
Examples:
  countersign audit export --output log.jsonl
  countersign audit export --since 2026-11-01 --until 2026-12-01 --output november.jsonl
  countersign audit export --format ocsf --output log.ocsf.jsonl

jsonl is verified by `audit verify --from`: it ends with a signed checkpoint, and where a range
is exported, it has what lies beside it as hashes. csv and ocsf (the Open Cybersecurity Schema
Framework, 1.3) are for other programs and prove nothing. What is personal is not shown
without --personal; the reason and the export itself are entries of the log.")]
    Export(ExportArgs),
    /// Prove one entry, or that the log goes on from an older checkpoint
    #[command(after_help = "\
Examples:
  countersign audit prove 7K3M9QX2TB > receipt.json
  countersign audit prove 120417 > receipt.json
  countersign audit prove --consistency checkpoint-2026-10.txt > consistency.json

Of a request its verification is proven, or else its newest entry.")]
    Prove(ProveArgs),
    /// Check a proof with the public key alone, without the store
    #[command(after_help = "\
Example:
  countersign audit check receipt.json --key countersign/riverside-billing+9ccf1904+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW

Exits with 16 where the proof does not hold.")]
    Check(CheckArgs),
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
    /// Ship what is sealed to the collector of the configuration, or say how far that has come
    #[command(after_help = "\
Examples:
  countersign audit ship --status
  countersign audit ship --status --json
  countersign audit ship

The desk service ships by itself ([audit.ship] in the configuration). Without one, `audit ship`
ships once what is sealed. Exits with 31 where the collector takes nothing.")]
    Ship(ShipArgs),
}

/// `audit ship`
#[derive(Debug, Args)]
pub struct ShipArgs {
    /// Say how far the log was shipped, and ship nothing
    #[arg(long)]
    pub status: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `audit export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// How the entries are written
    #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
    pub format: ExportFormat,
    /// Only from then on: 10:40, 2026-11-22, "2026-11-22 10:40"
    #[arg(long, value_name = "TIME")]
    pub since: Option<TimeExpression>,
    /// Only until then
    #[arg(long, value_name = "TIME")]
    pub until: Option<TimeExpression>,
    /// Where to write to; must not be there yet [default: standard output]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Show what is personal; why goes into the log beside your name
    #[arg(long, value_name = "REASON")]
    pub personal: Option<String>,
}

/// How entries are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// JSON lines, verifiable
    Jsonl,
    /// A table
    Csv,
    /// JSON lines in the Open Cybersecurity Schema Framework
    Ocsf,
}

/// `audit prove`
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The number of an entry, a request or its reference
    #[arg(value_name = "EVENT|REFERENCE", required_unless_present = "consistency")]
    pub entry: Option<String>,
    /// An older checkpoint, from which the log is proven to go on
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["entry", "personal"])]
    pub consistency: Option<PathBuf>,
    /// Show what is personal; why goes into the log beside your name
    #[arg(long, value_name = "REASON")]
    pub personal: Option<String>,
}

/// `audit check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The proof
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The public key of the log, as `audit key` prints it; can be given more than once
    #[arg(long, value_name = "KEY", required = true)]
    pub key: Vec<CheckpointVerifier>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `audit verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// An export, instead of the store; needs --key
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "key")]
    pub from: Option<PathBuf>,
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
            | Self::Seal(output)
            | Self::Ship(ShipArgs { output, .. })
            | Self::Check(CheckArgs { output, .. }) => output.json,
            Self::Export(_) | Self::Prove(_) => false,
        }
    }
}
