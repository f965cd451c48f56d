//! The arguments: what can be typed, and the help that teaches it.
//!
//! No option takes a code, a password or a token: a command line is seen by
//! every user of the machine (security requirement 41). They come from a
//! prompt or from standard input.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueHint};

use crate::domain::channel::Channel;
use crate::domain::outcome::Outcome;

/// What `--help` says about exit codes, here and in the manual page.
const EXIT_CODES: &str = "\
Exit codes:
   0  done, or verified           20  limited: try again later
   1  internal error              21  unknown customer
   2  usage, or no such request   22  no contact for the channel
      or session                  30  undeliverable
  10  wrong code                  31  store or provider unavailable,
  11  superseded code                 or a message may not have gone out
  12  expired                     40  forbidden
  13  locked                      78  bad configuration
  14  used before                130  interrupted
  15  malformed code, or bad lines in an imported file";

const EXAMPLES: &str = "\
Examples:
  countersign demo                                      look around, nothing is kept
  countersign customers import customers.csv
  countersign customers find rivera
  countersign request WB-004217 --channel sms --purpose \"pay a bill\"
  countersign tray                                      read the message (development)
  countersign verify 7K3M9QX2TB                         asks for the code
  printf '123456\\n' | countersign verify 7K3M9QX2TB --json
  countersign log --follow";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    about = "Verify the customer at the counter by a one-time code",
    long_about = "Verify the customer at the counter by a one-time code.\n\n\
        Without a command the interface opens: find the customer, send a code, enter it, \
        serve the customer. Whatever the interface does, a command does too.",
    after_help = EXIT_CODES,
    after_long_help = const_join(),
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help = "The configuration file [default: $COUNTERSIGN_CONFIG, \
            then countersign/config.toml in the XDG configuration folder]"
    )]
    pub config: Option<PathBuf>,

    /// Work in the demo that runs in another terminal
    #[arg(long, global = true)]
    pub demo: bool,

    /// What to do; the interface without it.
    #[command(subcommand)]
    pub command: Option<Command>,
}

fn const_join() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}")
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The interface on a throw-away store with sample customers and the tray
    #[command(after_help = "Examples:\n  countersign demo\n  \
        countersign --demo tray --follow     in another terminal, while the demo runs\n\n\
        Nothing is sent and nothing is kept.")]
    Demo,
    /// Import customers, or find one
    #[command(subcommand)]
    Customers(Customers),
    /// Send a code to a customer
    #[command(after_help = "\
Examples:
  countersign request WB-004217 --channel sms
  countersign request dana@example.org --channel email --purpose \"pay a bill\" --json")]
    Request(RequestArgs),
    /// Enter the code of a request; the code comes from a prompt or from standard input
    #[command(after_help = "\
Examples:
  countersign verify 7K3M9QX2TB
  printf '123456\\n' | countersign verify 7K3M9QX2TB --json

With --json a right code also gives `session_token`: whoever holds it can use
`countersign session check`. It is shown this once and stored nowhere.")]
    Verify(Named),
    /// Send another code for an open request
    #[command(after_help = "Example:\n  countersign resend 7K3M9QX2TB\n\n\
        The older code stops working. Tries used up stay used up.")]
    Resend(Named),
    /// How a request stands
    #[command(after_help = "Example:\n  countersign status 7K3M9QX2TB --json")]
    Status(Named),
    /// Withdraw an open request
    #[command(after_help = "Example:\n  countersign cancel 7K3M9QX2TB")]
    Cancel(Named),
    /// The sessions of verified customers
    #[command(subcommand)]
    Session(Sessions),
    /// What happened, oldest first; contacts are masked and no code is ever shown
    #[command(after_help = "\
Examples:
  countersign log --limit 20
  countersign log --follow --outcome wrong
  countersign log --request 7K3M9QX2TB --json
  countersign log --customer WB-004217 --csv > log.csv")]
    Log(LogArgs),
    /// The messages that went into the tray instead of to a provider (development only)
    #[command(after_help = "Examples:\n  countersign tray\n  countersign tray --follow --json")]
    Tray(TrayArgs),
    /// What messages say: check the templates, or see a message
    #[command(subcommand)]
    Templates(Templates),
    /// The keys that protect stored codes
    #[command(subcommand)]
    Keys(Keys),
    /// Create or update the store's tables, and make the key file where there is none
    #[command(after_help = "Example:\n  countersign migrate")]
    Migrate(Json),
    /// Tidy up what is past, while the counters work: run it every night
    #[command(after_help = "\
Examples:
  countersign maintain --dry-run
  countersign maintain --json

Erases codes that can no longer be entered, moves old requests to the archive with
their contacts masked, and purges the archive, the log and the sessions after the
times of [maintenance] in the configuration. It works in short batches with pauses,
can be interrupted at any time, and may run twice at once.")]
    Maintain(MaintainArgs),
    /// Hand over messages that wait, and find out what became of the others
    #[command(after_help = "\
Examples:
  countersign deliver                what has come due, once
  countersign deliver --watch        until Ctrl-C; for a server (see assets/systemd)

A counter sends its messages itself. What it cannot send is taken over by the other
counters, or by this, when its time has come. Any number may run at once.")]
    Deliver(DeliverArgs),
    /// How messages fare: what waits, how long they take, by provider and by hour
    #[command(after_help = "Examples:\n  countersign deliveries\n  \
        countersign deliveries --hours 168 --json")]
    Deliveries(DeliveriesArgs),
    /// Check each part as it would be used, and say what to do about each failure
    #[command(after_help = "Examples:\n  countersign doctor\n  \
        countersign doctor --send-test admin@example.org\n\n\
        Nothing is sent without --send-test. Exits with 31 when any part fails.")]
    Doctor(DoctorArgs),
    /// Check or show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a shell's completions
    #[command(after_help = "Example:\n  \
        countersign completions bash > ~/.local/share/bash-completion/completions/countersign")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one page a command into a folder
    #[command(after_help = "Examples:\n  countersign man | man -l -\n  countersign man ./man1")]
    Man {
        /// The folder, which must exist
        #[arg(value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}

/// `--json`
#[derive(Clone, Copy, Debug, Args)]
pub struct Json {
    /// Print JSON: one object, or one object a line for a list
    #[arg(long)]
    pub json: bool,
}

/// A request by name.
#[derive(Debug, Args)]
pub struct Named {
    /// The request, such as 7K3M9QX2TB
    pub request: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers`
#[derive(Debug, Subcommand)]
pub enum Customers {
    /// Write the customers of a CSV file into the store, each by account number
    #[command(after_help = "\
Examples:
  countersign customers import customers.csv --dry-run
  zcat customers.csv.gz | countersign customers import -

The first line names the columns, in any order: account_no and name are needed;
email, phone, address, locale, balance and currency are optional. The file is
UTF-8, with commas or semicolons. A line replaces the customer's whole record, but
for a balance it does not name. Good lines are imported and bad ones are named; where
there was a bad one the exit code is 15.")]
    Import(ImportArgs),
    /// Find customers by any part of account number, name, email or phone
    #[command(after_help = "\
Examples:
  countersign customers find rivera
  countersign customers find \"0151 234\" --json

Exits with 21 when nobody matches.")]
    Find {
        /// What to look for
        #[arg(value_name = "QUERY", required = true, num_args = 1..)]
        query: Vec<String>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        limit: u32,
        #[command(flatten)]
        /// JSON or text.
        output: Json,
    },
    /// Bring what customers are found by up to the office's own table of customers
    #[command(after_help = "\
Examples:
  countersign customers index
  countersign customers index --dry-run --json

Counters find new customers by themselves within seconds. This compares the whole
table, and so also finds customers who were changed or taken out: run it once a
night, or after many changes. It is safe while counters work.")]
    Index(IndexArgs),
    /// Forgive a customer's wrong codes in a row, which lock them at every counter
    #[command(after_help = "\
Example:
  countersign customers unlock WB-004217 --reason \"showed an identity card\"

The log keeps who did it and why.")]
    Unlock(UnlockArgs),
    /// Let a changed email address or phone number be the only proof at once
    #[command(after_help = "\
Example:
  countersign customers confirm WB-004217 --email --reason \"showed an identity card\"

A contact that was changed has to wait (otp.contact_quarantine_hours), since whoever
changed it may not be the customer. The log keeps who confirmed it and why.")]
    Confirm(ConfirmArgs),
}

/// `customers index`
#[derive(Debug, Args)]
pub struct IndexArgs {
    /// Compare and count; write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers unlock`
#[derive(Debug, Args)]
pub struct UnlockArgs {
    /// Account number, email address or phone number
    #[arg(value_name = "CUSTOMER")]
    pub customer: String,
    /// Why: it goes into the log beside your name
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers confirm`
#[derive(Debug, Args)]
pub struct ConfirmArgs {
    /// Account number, email address or phone number
    #[arg(value_name = "CUSTOMER")]
    pub customer: String,
    #[command(flatten)]
    /// Which contact.
    pub which: WhichContact,
    /// Why: it goes into the log beside your name
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// One of a customer's contacts.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct WhichContact {
    /// The email address
    #[arg(long)]
    pub email: bool,
    /// The phone number
    #[arg(long)]
    pub phone: bool,
}

/// `customers import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file; - for standard input
    #[arg(value_name = "FILE.csv", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Read and check the file; write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `request`
#[derive(Debug, Args)]
pub struct RequestArgs {
    /// Account number, email address or phone number, exactly
    pub customer: String,
    /// How the code is sent
    #[arg(long, value_parser = channel())]
    pub channel: Channel,
    /// What the verification is for, any text up to 40 characters
    /// [default: the office's first purpose]
    #[arg(long, value_name = "TEXT")]
    pub purpose: Option<String>,
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
    /// How many of the newest entries
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub limit: u32,
    /// Go on with what happens from now
    #[arg(long, short)]
    pub follow: bool,
    /// Only of this customer: account number, email address or phone number
    #[arg(long, value_name = "CUSTOMER")]
    pub customer: Option<String>,
    /// Only of this request
    #[arg(long, value_name = "REQUEST")]
    pub request: Option<String>,
    /// Only with this outcome
    #[arg(long, value_parser = outcome())]
    pub outcome: Option<Outcome>,
    /// Only over this channel
    #[arg(long, value_parser = channel())]
    pub channel: Option<Channel>,
    /// Only of customers this text finds, or of the request it names
    #[arg(long)]
    pub text: Option<String>,
    /// Print JSON, one object a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV; cells that a spreadsheet would run as a formula start with '
    #[arg(long)]
    pub csv: bool,
}

/// `maintain`
#[derive(Debug, Args)]
pub struct MaintainArgs {
    /// Count what would be done, each up to 100000; do nothing
    #[arg(long)]
    pub dry_run: bool,
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
    /// What a contact is told that was changed, instead of a code
    #[arg(long)]
    pub notice: bool,
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

fn channel() -> impl clap::builder::TypedValueParser<Value = Channel> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Channel::ALL.map(Channel::word))
        .try_map(|word| word.parse::<Channel>())
}

fn outcome() -> impl clap::builder::TypedValueParser<Value = Outcome> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Outcome::ALL.map(Outcome::word))
        .try_map(|word| word.parse::<Outcome>())
}

impl Cli {
    /// The command line's own description, for completions and manual pages.
    pub fn describe() -> clap::Command {
        Self::command()
    }

    /// Whether the answer is to be JSON.
    pub fn json(&self) -> bool {
        self.command.as_ref().is_some_and(Command::json)
    }
}

impl Command {
    fn json(&self) -> bool {
        match self {
            Self::Customers(
                Customers::Import(ImportArgs { output, .. })
                | Customers::Find { output, .. }
                | Customers::Index(IndexArgs { output, .. })
                | Customers::Unlock(UnlockArgs { output, .. })
                | Customers::Confirm(ConfirmArgs { output, .. }),
            )
            | Self::Request(RequestArgs { output, .. })
            | Self::Verify(Named { output, .. })
            | Self::Resend(Named { output, .. })
            | Self::Status(Named { output, .. })
            | Self::Cancel(Named { output, .. })
            | Self::Session(
                Sessions::List { output, .. }
                | Sessions::Show(NamedSession { output, .. })
                | Sessions::End(NamedSession { output, .. })
                | Sessions::Check(output),
            )
            | Self::Tray(TrayArgs { output, .. })
            | Self::Maintain(MaintainArgs { output, .. })
            | Self::Deliver(DeliverArgs { output, .. })
            | Self::Deliveries(DeliveriesArgs { output, .. })
            | Self::Templates(
                Templates::Check(output) | Templates::Preview(PreviewArgs { output, .. }),
            )
            | Self::Keys(Keys::List(output) | Keys::Rotate(output))
            | Self::Migrate(output)
            | Self::Doctor(DoctorArgs { output, .. })
            | Self::Config(ConfigCommand::Check(output) | ConfigCommand::Show(output)) => {
                output.json
            }
            Self::Log(log) => log.json,
            Self::Demo | Self::Completions { .. } | Self::Man { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_holds_together() {
        Cli::describe().debug_assert();
    }

    fn walk(command: &clap::Command, visit: &mut impl FnMut(&clap::Command)) {
        visit(command);
        command.get_subcommands().for_each(|sub| walk(sub, visit));
    }

    #[test]
    fn security_41_no_argument_takes_a_code_a_password_or_a_token() {
        let mut seen = 0;
        walk(&Cli::describe(), &mut |command| {
            for argument in command.get_arguments() {
                seen += 1;
                let name = argument.get_id().as_str().to_ascii_lowercase();
                for word in ["code", "password", "token", "secret", "otp", "pin"] {
                    assert!(!name.contains(word), "{}: {name}", command.get_name());
                }
            }
        });
        assert!(seen > 20, "the walk found only {seen} arguments");
    }

    #[test]
    fn every_command_shows_an_example() {
        walk(&Cli::describe(), &mut |command| {
            if command.has_subcommands() {
                return;
            }
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("countersign"), "{}", command.get_name());
            assert!(help.contains("Example"), "{}", command.get_name());
        });
    }

    #[test]
    fn the_examples_name_a_purpose_that_an_office_has_and_say_that_any_will_do() {
        let folder = std::path::Path::new("/demo");
        let purposes = crate::config::Config::demo(folder).expect("it is fine").purposes;
        let mut seen = 0;
        walk(&Cli::describe(), &mut |command| {
            let help = command.clone().render_long_help().to_string();
            for (at, option) in help.match_indices("--purpose \"") {
                let purpose = help[at + option.len()..].split('"').next().unwrap_or_default();
                assert!(purposes.iter().any(|it| it == purpose), "{purpose}");
                seen += 1;
            }
            if command.get_name() == "request" {
                assert!(help.contains("any text up to 40 characters"), "{help}");
            }
        });
        assert_eq!(seen, 2);
    }

    #[test]
    fn every_exit_code_is_in_the_help() {
        let help = Cli::describe().render_help().to_string();
        for outcome in Outcome::ALL {
            assert!(help.contains(&format!("{:>3}  ", outcome.exit_code())), "{outcome}");
        }
    }
}
