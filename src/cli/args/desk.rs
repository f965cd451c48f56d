//! The commands of a clerk: requests, sessions, the log.

use clap::{Args, Subcommand};

use crate::cli::args::{Json, channel};
use crate::domain::channel::Channel;
use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;
use crate::domain::representative::RepresentativeId;
use crate::domain::time_range::TimeExpression;

/// `request`
#[derive(Debug, Args)]
pub struct RequestArgs {
    /// Account number, email address or phone number, exactly
    pub customer: String,
    /// How the code is sent
    #[arg(long, value_parser = channel())]
    pub channel: Channel,
    /// What the verification is for, one of the office's purposes (otp.purposes)
    /// [default: the first]
    #[arg(long, value_name = "TEXT")]
    pub purpose: Option<String>,
    /// Who stands here in the place of the holder: one of the customer's representatives
    #[arg(long, value_name = "ID")]
    pub representative: Option<RepresentativeId>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `signup`
#[derive(Debug, Args)]
pub struct SignUpArgs {
    /// Account number, email address or phone number, exactly
    pub customer: String,
    /// Send a code to the contact of this channel; without it the contacts are shown, masked
    #[arg(long, value_parser = channel())]
    pub channel: Option<Channel>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `verify`
#[derive(Debug, Args)]
pub struct EnterArgs {
    /// The request, such as 7K3M9QX2TB
    #[arg(value_name = "ID")]
    pub request: String,
    /// Add it to the customer's session, whose token comes after the code
    #[arg(long)]
    pub further: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `gate`
#[derive(Debug, Args)]
pub struct GateArgs {
    /// The account number, exactly
    pub customer: String,
    /// What the customer must be verified for
    #[arg(long, value_name = "TEXT")]
    pub purpose: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `session`
#[derive(Debug, Subcommand)]
pub enum Sessions {
    /// The sessions alive now
    #[command(after_help = "Examples:\n  countersign session list\n  \
        countersign session list --all --json")]
    List {
        /// Ended ones too
        #[arg(long)]
        all: bool,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        #[command(flatten)]
        /// JSON or text.
        output: Json,
    },
    /// One session
    #[command(after_help = "Example:\n  countersign session show 9B4N2HX7QK")]
    Show(NamedSession),
    /// End a session, wherever it was opened
    #[command(after_help = "Example:\n  countersign session end 9B4N2HX7QK")]
    End(NamedSession),
    /// Prove a session alive and prolong it; the token comes from a prompt or standard input
    #[command(after_help = "\
Example:
  printf '%s\\n' \"$TOKEN\" | countersign session check --json

Exits with 12 when the session has ended, with 2 when there is none of that token.")]
    Check(Json),
    /// Let a session serve for another purpose, where what was proven is enough; the token comes
    /// from a prompt or standard input
    #[command(after_help = "\
Example:
  printf '%s\\n' \"$TOKEN\" | countersign session serve --purpose \"complaint\" --json

Exits with 17 when something is still to be proven: request or factor verify asks for it, and
--further adds it to the session.")]
    Serve(ServeArgs),
}

/// `session serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The purpose
    #[arg(long, value_name = "TEXT")]
    pub purpose: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `amount-due`
#[derive(Debug, Args)]
pub struct AmountDueArgs {
    /// The account number, exactly, as the customer brings it
    pub account: String,
    /// A purpose for which nothing has to be proven
    #[arg(long, value_name = "TEXT")]
    pub purpose: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// A session by name.
#[derive(Debug, Args)]
pub struct NamedSession {
    /// The session, such as 9B4N2HX7QK
    #[arg(value_name = "ID")]
    pub session: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `log`
#[derive(Debug, Args)]
pub struct LogArgs {
    /// How many of the newest entries [default: 50; all with --since]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(LogArgs::MAX_ENTRIES)))]
    pub limit: Option<u32>,
    /// Go on with what happens from now
    #[arg(long, short)]
    pub follow: bool,
    /// Only of this customer: account number, email address or phone number
    #[arg(long, value_name = "CUSTOMER")]
    pub customer: Option<String>,
    /// Only of this request
    #[arg(long, value_name = "REQUEST")]
    pub request: Option<String>,
    /// Only of this kind, such as `contact_revealed` (docs/administration.md has them all)
    #[arg(long, value_name = "KIND")]
    pub kind: Option<EventKind>,
    /// Only by this clerk
    #[arg(long, value_name = "NAME")]
    pub clerk: Option<String>,
    /// Only at this counter
    #[arg(long, value_name = "NAME")]
    pub counter: Option<String>,
    /// Only about messages of this provider; of --kind, --counter, --provider and --purpose without
    /// --clerk or --since the newest 200000 entries are looked at
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// Only for this purpose
    #[arg(long, value_name = "PURPOSE")]
    pub purpose: Option<String>,
    /// Only with this outcome
    #[arg(long, value_parser = outcome())]
    pub outcome: Option<Outcome>,
    /// Only over this channel
    #[arg(long, value_parser = channel())]
    pub channel: Option<Channel>,
    /// Only of customers this text finds, or of the request it names; the word in a message
    /// (K7Q) is the newest one's
    #[arg(long)]
    pub text: Option<String>,
    /// Only from this time on: 10:42, 2026-11-24 or "2026-11-24 10:42" by this machine's
    /// clock; a time that is ahead is yesterday's
    #[arg(long, value_name = "TIME")]
    pub since: Option<TimeExpression>,
    /// Only up to this time, its whole minute or day with it; a time without a day is the
    /// next one after --since
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    pub until: Option<TimeExpression>,
    /// Print JSON, one object a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV; cells that a spreadsheet would run as a formula start with '
    #[arg(long)]
    pub csv: bool,
}

impl LogArgs {
    /// Entries shown at most.
    pub const MAX_ENTRIES: u32 = 1_000_000;
}

fn outcome() -> impl clap::builder::TypedValueParser<Value = Outcome> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Outcome::ALL.map(Outcome::word))
        .try_map(|word| word.parse::<Outcome>())
}
