//! The command line arguments and their help text.
//!
//! No option takes a code, a password or a token: a command line is visible to every user of the
//! machine (security requirement 41). Secrets are read from a prompt or from standard input.

mod audit;
mod customers;
mod desk;
mod factors;
mod policy;
mod staff;
mod stats;
mod upkeep;

use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, CommandFactory, Parser, Subcommand, ValueHint};

pub use crate::cli::args::audit::{
    Audit, CheckArgs, ExportArgs, ExportFormat, ProveArgs, ShipArgs, VerifyArgs,
};
pub use crate::cli::args::customers::{
    ConfirmArgs, ContactsArgs, Customers, DisownArgs, FlagArgs, FlagsArgs, ImportArgs,
    IncidentArgs, IndexArgs, ReasonedArgs, RepresentativeCommand, RepresentativesArgs, RevealArgs,
    UnflagArgs, UnlockArgs, WhichContact,
};
pub use crate::cli::args::desk::{
    AmountDueArgs, EnterArgs, GateArgs, LogArgs, NamedSession, RequestArgs, ServeArgs, Sessions,
    SignUpArgs,
};
pub use crate::cli::args::factors::{
    DocumentArgs, Factors, MakeCodesArgs, NamedCustomer, VerifyByArgs, VouchArgs,
};
pub use crate::cli::args::policy::{Policy, PreviewPolicyArgs, ShowPolicyArgs};
pub use crate::cli::args::staff::{AddStaffArgs, NamedAccount, NamedSitting, RoleArgs, Staff};
pub use crate::cli::args::stats::{AcknowledgeArgs, StatsArgs, StatsCommand};
pub use crate::cli::args::upkeep::{
    ConfigCommand, DeliverArgs, DeliveriesArgs, DoctorArgs, Keys, MaintainArgs, MigrateArgs,
    PreviewArgs, Templates, TrayArgs,
};

use crate::domain::channel::Channel;
use crate::domain::contact_notice::NoticeAbout;
use crate::domain::customer_factor::FactorKind;

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
  15  malformed code, or bad lines in an imported file
  16  the log is not as it was sealed
  17  not done yet: it waits for a second admin, or more has to be proven
  18  there are open alarms (stats --alarms)
  19  the mail is no bounce of a message of ours (bounce)
 129, 131, 143  ended by SIGHUP, SIGQUIT, SIGTERM";

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

/// Help lists the options of every command after those of the command itself.
const GLOBAL: usize = 900;

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
        display_order = GLOBAL,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help = "The configuration file [default: $COUNTERSIGN_CONFIG, \
            then ~/.config/countersign/config.toml, then /etc/countersign/config.toml]"
    )]
    pub config: Option<PathBuf>,

    /// Work in the demo that runs in another terminal
    #[arg(long, global = true, display_order = GLOBAL + 1)]
    pub demo: bool,

    /// Who signs in, where the desk service asks for a name and a password; the password is
    /// typed, or the first line of standard input
    #[arg(long = "as", global = true, display_order = GLOBAL + 2, value_name = "NAME")]
    pub name: Option<String>,

    /// What to do; the interface without it.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// `--config`, `--demo` and `--as` for commands to which they mean nothing: taken, so that a
/// script can give them to each command, and not offered.
fn idle() -> [Arg; 3] {
    let config = Arg::new("config").long("config").value_name("FILE");
    let config = config.value_parser(clap::value_parser!(PathBuf));
    let demo = Arg::new("demo").long("demo").action(ArgAction::SetTrue);
    let name = Arg::new("name").long("as").value_name("NAME");
    [config, demo, name].map(|it| it.global(true).hide(true))
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
        Nothing is sent and nothing is kept.", args = idle())]
    Demo,
    /// Find, import, unlock, flag, report and erase customers, and what else is done about one
    #[command(subcommand)]
    Customers(Customers),
    /// Send a code to a customer
    #[command(after_help = "\
Examples:
  countersign request WB-004217 --channel sms
  countersign request dana@example.org --channel email --purpose \"pay a bill\" --json")]
    Request(RequestArgs),
    /// Show a new customer's contacts, masked, and verify each by a code
    #[command(after_help = "\
Examples:
  countersign signup WB-004217
  countersign signup WB-004217 --channel email
  countersign verify 7K3M9QX2TB

The contacts are masked; customers reveal shows one in full, for a reason. A right code
verifies the contact to which it went, and opens no session. Where otp.verified_contacts is \"required\", a contact
proves nothing before.")]
    Signup(SignUpArgs),
    /// Enter the code of a request; the code comes from a prompt or from standard input
    #[command(after_help = "\
Examples:
  countersign verify 7K3M9QX2TB
  printf '123456\\n' | countersign verify 7K3M9QX2TB --json

With --json a right code also gives `session_token`: whoever holds it can use
`countersign session check`. It is shown this once and stored nowhere. Where more has to be proven
for the purpose, it exits with 17: --further adds the next proof to the same session.")]
    Verify(EnterArgs),
    /// Send a new code for an open request
    #[command(after_help = "Example:\n  countersign resend 7K3M9QX2TB\n\n\
        The older code stops working. Tries used up stay used up.")]
    Resend(Named),
    /// How a request stands
    #[command(after_help = "Example:\n  countersign status 7K3M9QX2TB --json")]
    Status(Named),
    /// Cancel an open request
    #[command(after_help = "Example:\n  countersign cancel 7K3M9QX2TB")]
    Cancel(Named),
    /// The sessions of verified customers
    #[command(subcommand)]
    Session(Sessions),
    /// What a customer proves with who they are beside a code to a contact: an authenticator,
    /// backup codes
    #[command(subcommand)]
    Factor(Factors),
    /// What is due on an account, for a purpose for which nothing has to be proven
    #[command(after_help = "\
Example:
  countersign amount-due WB-004217 --purpose \"pay a bill\"

The account is named by its number alone, as the customer brings it; nothing else of it is told.
Where the purpose takes a proof it exits with 40.")]
    AmountDue(AmountDueArgs),
    /// Whether a customer is verified now: for the billing program, before it opens an account
    #[command(after_help = "\
Examples:
  countersign gate WB-004217 --purpose \"pay a bill\"
  countersign gate WB-004217 --purpose \"pay a bill\" --json

Exits with 0 where a session of the customer for this purpose is alive, with 40 where none is. It
is not prolonged. At a desk service the role gate may ask this and nothing else. See
docs/billing-program.md.")]
    Gate(GateArgs),
    /// What happened, oldest first; contacts are masked and no code is ever shown
    #[command(after_help = "\
Examples:
  countersign log --limit 20
  countersign log --follow --outcome wrong
  countersign log --since 10:40 --until 10:45
  countersign log --since \"2026-11-24 16:00\" --customer WB-004217
  countersign log --request 7K3M9QX2TB --json
  countersign log --clerk dana --kind contact_revealed --since 2026-11-01
  countersign log --customer WB-004217 --csv > log.csv")]
    Log(LogArgs),
    /// The audit trail: the log sealed by a Merkle tree and signed checkpoints
    #[command(subcommand)]
    Audit(Audit),
    /// The messages that went into the tray instead of to a provider (development only)
    #[command(after_help = "Examples:\n  countersign tray\n  countersign tray --follow --json")]
    Tray(TrayArgs),
    /// What messages say: check the templates, or see a message
    #[command(subcommand)]
    Templates(Templates),
    /// The keys that protect stored codes
    #[command(subcommand)]
    Keys(Keys),
    /// Who works at the office, and what each may do
    #[command(subcommand)]
    Staff(Staff),
    /// The office's policy: what holds, what held, and what another one would have refused
    #[command(subcommand)]
    Policy(Policy),
    /// The acts that wait for a second admin
    #[command(after_help = "Example:\n  countersign approvals --json\n\n\
        Which acts take a second admin is set by staff.four_eyes in the configuration.")]
    Approvals(Json),
    /// Approve an act that another admin asked for, and carry it out
    #[command(after_help = "Examples:\n  countersign approve 7K3M9QX2TB --show\n  \
        countersign approve 7K3M9QX2TB\n\n\
        Nobody approves what they asked for. The log keeps who asked, why, and who approved.")]
    Approve(ApproveArgs),
    /// Refuse an act that waits for a second admin, or withdraw one's own
    #[command(after_help = "Example:\n  countersign refuse 7K3M9QX2TB\n\n\
        It is not done. The log keeps who refused it.")]
    Refuse(ApproveArgs),
    /// The desk as a service of this host, at which its terminals work
    #[command(after_help = "\
Example:
  countersign --config /etc/countersign/service.toml serve

It alone holds the store's login, the keys and the providers' secrets; terminals reach it
through a socket and are known by their account of the host. It also sends what waits and
tidies up every night. See docs/desk-service.md and assets/systemd.")]
    Serve,
    /// The customer's own screen: they type the code there, and the clerk sees dots
    #[command(after_help = "\
Examples:
  countersign pad
  countersign --demo pad              at the demo that runs in another terminal

The clerk presses Ctrl-K; the number on their screen is typed here, once, and the clerk confirms.
From then on the pad shows the word of the request that is open at that counter, and takes the
digits of its code. At a desk service the account has the role pad, which may do nothing else.
Ctrl-Q, twice, closes it. See docs/pad.md.")]
    Pad,
    /// Create or update the store's tables, and make the key file where there is none
    #[command(after_help = "\
Examples:
  countersign migrate
  countersign migrate --production    # once, when real customers come
  countersign migrate --rehearsal     # a store to train clerks with")]
    Migrate(MigrateArgs),
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
    /// Take a mail that came back from standard input, and mark its message as undeliverable
    #[command(after_help = "\
Example:
  countersign bounce < bounce.eml

For a mail server, which gives each mail to the sender's address to it (docs/providers.md). Only a
delivery status notification (RFC 3464) that an email of this office failed for good changes
anything; any other mail exits with 19. Nothing about a customer is printed.")]
    Bounce(Json),
    /// What was asked for, verified and went wrong, by hour, day, counter, clerk or provider
    #[command(after_help = "\
Examples:
  countersign stats
  countersign stats --since 2026-11-01 --until 2026-11-30 --by clerk
  countersign stats --by provider --json
  countersign stats --by provider --prometheus > /var/lib/node_exporter/countersign.prom
  countersign stats --alarms --json
  countersign stats acknowledge 17 --reason \"ticket 88: a trade fair\"
  countersign stats rebuild

Without --since it is today, beside what is usual for this weekday until now: the median of
the eight weeks before. Days begin at midnight by this machine's clock.")]
    Stats(StatsArgs),
    /// Check each part as it would be used, and say what to do about each failure
    #[command(after_help = "Examples:\n  countersign doctor\n  \
        countersign doctor --send-test admin@example.org\n\n\
        Nothing is sent without --send-test. Exits with 31 when any part fails, and with 78 when \
        the configuration cannot be used.")]
    Doctor(DoctorArgs),
    /// Check or show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a shell's completions
    #[command(after_help = "Example:\n  \
        countersign completions bash > ~/.local/share/bash-completion/completions/countersign", args = idle())]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one page a command into a folder
    #[command(after_help = "Examples:\n  countersign man | man -l -\n  countersign man ./man1", args = idle())]
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

/// `approve` and `refuse`
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The act, such as 7K3M9QX2TB, as `approvals` lists it
    pub approval: String,
    /// Show what it is, who asked for it and until when it can be approved; decide nothing
    #[arg(long)]
    pub show: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
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

fn notice_about() -> impl clap::builder::TypedValueParser<Value = NoticeAbout> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(NoticeAbout::ALL.map(NoticeAbout::word))
        .try_map(|word| word.parse::<NoticeAbout>())
}

fn factor_kind() -> impl clap::builder::TypedValueParser<Value = FactorKind> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(FactorKind::ALL.map(FactorKind::word))
        .try_map(|word| word.parse::<FactorKind>())
}

fn channel() -> impl clap::builder::TypedValueParser<Value = Channel> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Channel::ALL.map(Channel::word))
        .try_map(|word| word.parse::<Channel>())
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
            Self::Customers(Customers::Representatives(it)) => it.command.output().json,
            Self::Customers(
                Customers::Import(ImportArgs { output, .. })
                | Customers::Find { output, .. }
                | Customers::Index(IndexArgs { output, .. })
                | Customers::Unlock(UnlockArgs { output, .. })
                | Customers::Confirm(ConfirmArgs { output, .. })
                | Customers::Reveal(RevealArgs { output, .. })
                | Customers::Contacts(ContactsArgs { output, .. })
                | Customers::Report(ReasonedArgs { output, .. })
                | Customers::Erase(ReasonedArgs { output, .. })
                | Customers::Hold(ReasonedArgs { output, .. })
                | Customers::Flag(FlagArgs { output, .. })
                | Customers::Unflag(UnflagArgs { output, .. })
                | Customers::Flags(FlagsArgs { output, .. })
                | Customers::Disown(DisownArgs { output, .. })
                | Customers::Incident(IncidentArgs { output, .. })
                | Customers::Release(ReasonedArgs { output, .. }),
            )
            | Self::Request(RequestArgs { output, .. })
            | Self::Signup(SignUpArgs { output, .. })
            | Self::Verify(EnterArgs { output, .. })
            | Self::Resend(Named { output, .. })
            | Self::Status(Named { output, .. })
            | Self::Cancel(Named { output, .. })
            | Self::AmountDue(AmountDueArgs { output, .. })
            | Self::Gate(GateArgs { output, .. })
            | Self::Session(
                Sessions::List { output, .. }
                | Sessions::Show(NamedSession { output, .. })
                | Sessions::End(NamedSession { output, .. })
                | Sessions::Serve(ServeArgs { output, .. })
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
            | Self::Approvals(output)
            | Self::Bounce(output)
            | Self::Approve(ApproveArgs { output, .. })
            | Self::Refuse(ApproveArgs { output, .. })
            | Self::Migrate(MigrateArgs { output, .. })
            | Self::Doctor(DoctorArgs { output, .. })
            | Self::Config(ConfigCommand::Check(output) | ConfigCommand::Show(output)) => {
                output.json
            }
            Self::Log(log) => log.json,
            Self::Factor(factor) => factor.json(),
            Self::Staff(staff) => staff.json(),
            Self::Policy(policy) => policy.json(),
            Self::Audit(audit) => audit.json(),
            Self::Stats(stats) => stats.json(),
            Self::Serve | Self::Pad | Self::Demo | Self::Completions { .. } | Self::Man { .. } => {
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::Outcome;

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
            if command.has_subcommands() && !command.is_args_conflicts_with_subcommands_set() {
                return;
            }
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("countersign"), "{}", command.get_name());
            assert!(help.contains("Example"), "{}", command.get_name());
        });
    }

    #[test]
    fn the_examples_name_a_purpose_that_an_office_has_and_say_where_they_are_set() {
        let folder = std::path::Path::new("/demo");
        let purposes = crate::config::Config::demo(folder).expect("it is fine").purposes;
        let mut seen = 0;
        walk(&Cli::describe(), &mut |command| {
            let help = command.clone().render_long_help().to_string();
            for (at, option) in help.match_indices("--purpose \"") {
                let purpose = help[at + option.len()..].split('"').next().unwrap_or_default();
                assert!(purposes.iter().any(|it| it.name == purpose), "{purpose}");
                seen += 1;
            }
            if command.get_name() == "request" {
                assert!(help.contains("otp.purposes"), "{help}");
            }
        });
        assert_eq!(seen, 7);
    }

    #[test]
    fn every_exit_code_is_in_the_help() {
        let help = Cli::describe().render_help().to_string();
        for outcome in Outcome::ALL {
            assert!(help.contains(&format!("{:>3}  ", outcome.exit_code())), "{outcome}");
        }
    }
}
