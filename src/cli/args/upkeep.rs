//! The commands of the owner: maintenance, checks, templates, keys.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::args::{Json, channel, notice_about};
use crate::domain::channel::Channel;
use crate::domain::contact_notice::NoticeAbout;

/// `migrate`
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Mark the store as one of real customers, once and for good: a tray never serves it then
    #[arg(long)]
    pub production: bool,
    /// Mark the store as one of a rehearsal, or set its scripted customers back to the beginning
    #[arg(long, conflicts_with = "production")]
    pub rehearsal: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `maintain`
#[derive(Debug, Args)]
pub struct MaintainArgs {
    /// Count what would be done, each up to 100000; do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Also send a message without a code there, by each provider of the channel; the log tells of it
    #[arg(long, value_name = "EMAIL|PHONE")]
    pub send_test: Option<String>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `deliver`
#[derive(Debug, Args)]
pub struct DeliverArgs {
    /// Go on until Ctrl-C
    #[arg(long, short)]
    pub watch: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `deliveries`
#[derive(Debug, Args)]
pub struct DeliveriesArgs {
    /// The hours to look back, up to a month
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=744))]
    pub hours: u32,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `tray`
#[derive(Debug, Args)]
pub struct TrayArgs {
    /// Go on with messages that come from now
    #[arg(long, short)]
    pub follow: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `templates`
#[derive(Debug, Subcommand)]
pub enum Templates {
    /// Look at the templates of every language, those of the office included
    #[command(after_help = "\
Example:
  countersign templates check

Every value must be one there is, a text message must be one message with the longest
names, and the text and the HTML of an email must say the same. Exits with 78 when one
cannot be used.")]
    Check(Json),
    /// Show a message as a customer would get it, with made-up values
    #[command(after_help = "\
Examples:
  countersign templates preview --channel sms --locale hi
  countersign templates preview --channel email --locale es-MX --html mail.html
  countersign templates preview --channel sms --notice")]
    Preview(PreviewArgs),
}

/// `templates preview`
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// How it would be sent
    #[arg(long, value_parser = channel())]
    pub channel: Channel,
    /// The customer's language, such as es or es-MX [default: the office's]
    #[arg(long, value_name = "LOCALE")]
    pub locale: Option<String>,
    /// Write the HTML part of the email to this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub html: Option<PathBuf>,
    /// A notice instead of a code: what a contact is told that was changed or done
    #[arg(
        long,
        value_name = "ABOUT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "contact",
        value_parser = notice_about()
    )]
    pub notice: Option<NoticeAbout>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `keys`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// The names of the keys; the keys themselves are never shown
    #[command(after_help = "Example:\n  countersign keys list")]
    List(Json),
    /// Make a new key for new codes; codes already sent stay good until they expire
    #[command(after_help = "Example:\n  countersign keys rotate")]
    Rotate(Json),
}

/// `config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read the configuration and name everything that is wrong with it
    #[command(after_help = "Example:\n  countersign config check --config ./office.toml")]
    Check(Json),
    /// Show what holds, defaults included; secrets are hidden
    #[command(after_help = "Example:\n  countersign config show")]
    Show(Json),
}
