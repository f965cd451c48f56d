//! `stats`: what the log comes to.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::cli::args::Json;
use crate::domain::stats::query::StatsDimension;
use crate::domain::time_range::TimeExpression;

/// `stats`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct StatsArgs {
    /// Something else than to read them.
    #[command(subcommand)]
    pub command: Option<StatsCommand>,
    /// Only from then on: 2026-11-22, "2026-11-22 10:40" [default: from midnight]
    #[arg(long, value_name = "TIME")]
    pub since: Option<TimeExpression>,
    /// Only until then
    #[arg(long, value_name = "TIME")]
    pub until: Option<TimeExpression>,
    /// A line for each counter, clerk, channel, provider or purpose, instead of each hour or day
    #[arg(long, value_name = "WHAT", value_parser = dimension())]
    pub by: Option<StatsDimension>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
    /// Print a table for spreadsheets
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Print metrics for Prometheus
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    pub prometheus: bool,
    /// Look for alarms, and list the open ones; exits with 18 where there are any
    #[arg(long, conflicts_with_all = ["since", "until", "by", "csv", "prometheus"])]
    pub alarms: bool,
}

/// What can be done with stats beside reading them.
#[derive(Debug, Subcommand)]
pub enum StatsCommand {
    /// Make the stats anew from the log, while the counters work
    #[command(after_help = "\
Example:
  countersign stats rebuild

For a log that was sealed before there were stats, and after the tables of the stats were lost
or changed by hand. What was purged from the log stays counted. It can be interrupted, and goes
on where it was.")]
    Rebuild(Json),
    /// Say of an alarm that it was seen to; the log keeps who said so, and why
    #[command(after_help = "\
Example:
  countersign stats acknowledge 17 --reason \"ticket 88: a trade fair\"

The number is the one that `stats --alarms` shows. The same alarm is not raised again within a
day of the last time.")]
    Acknowledge(AcknowledgeArgs),
}

/// `stats acknowledge`
#[derive(Debug, Args)]
pub struct AcknowledgeArgs {
    /// The number of the alarm
    #[arg(value_name = "ID")]
    pub alarm: i64,
    /// What it was, for the log
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

fn dimension() -> impl TypedValueParser<Value = StatsDimension> {
    PossibleValuesParser::new(StatsDimension::ALL.map(StatsDimension::word))
        .try_map(|word| word.parse::<StatsDimension>())
}

impl StatsArgs {
    pub(super) const fn json(&self) -> bool {
        match self.command {
            Some(
                StatsCommand::Rebuild(output)
                | StatsCommand::Acknowledge(AcknowledgeArgs { output, .. }),
            ) => output.json,
            None => self.output.json,
        }
    }
}
