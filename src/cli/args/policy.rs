//! `policy`: the policy in force, and the preview of another one.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::args::Json;

/// `policy`
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Print the policy that holds, or one that held
    #[command(after_help = "\
Examples:
  countersign policy show
  countersign policy show 5f2a9c01d3e7

Each request and session keeps the version of the policy that it was made under.")]
    Show(ShowPolicyArgs),
    /// Say what a changed policy would have refused in the last week
    #[command(after_help = "\
Examples:
  countersign policy preview --set limits.per_contact=3
  countersign policy preview new.toml --json

The messages and the codes of the last week are judged once more. Nothing is changed. Without
a file, the policy that holds is changed by --set alone.")]
    Preview(PreviewPolicyArgs),
}

/// `policy show`
#[derive(Debug, Args)]
pub struct ShowPolicyArgs {
    /// The version; the one that holds if not given
    #[arg(value_name = "VERSION")]
    pub version: Option<String>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `policy preview`
#[derive(Debug, Args)]
pub struct PreviewPolicyArgs {
    /// A configuration file with the changed keys
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// A changed key, such as `limits.per_contact=3`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

impl Policy {
    pub(super) const fn json(&self) -> bool {
        match self {
            Self::Show(ShowPolicyArgs { output, .. })
            | Self::Preview(PreviewPolicyArgs { output, .. }) => output.json,
        }
    }
}
