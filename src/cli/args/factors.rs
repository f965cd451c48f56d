//! The arguments of `factor`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::args::{Json, factor_kind};
use crate::domain::customer_factor::FactorKind;

/// `factor`
#[derive(Debug, Subcommand)]
pub enum Factors {
    /// What a customer has enrolled
    #[command(after_help = "Example:\n  countersign factor show WB-004217 --json")]
    Show(NamedCustomer),
    /// Verify a customer by an authenticator or a backup code, which come from a prompt or from
    /// standard input
    #[command(after_help = "\
Examples:
  countersign factor verify WB-004217 --by totp
  printf '3 K7Q29-XBM4T\\n' | countersign factor verify WB-004217 --by backup-codes --json

A backup code is given with its number in front. With --json a right one also gives
`session_token`, as `verify` does.")]
    Verify(VerifyByArgs),
    /// Say that you saw a document of a customer, where the purpose takes one
    #[command(after_help = "\
Examples:
  countersign factor document WB-004217 --kind passport --name-matches --photo-matches
  countersign factor document WB-004217 --kind \"identity card\" --name-matches --photo-matches \\
    --until 2031-04-30 --further

Its number is typed nowhere and stored nowhere. With --further the token of the customer's session
comes from a prompt or from standard input. With --json it gives `session_token`, as `verify` does.")]
    Document(DocumentArgs),
    /// Ask for a colleague's approval that a customer is who they say, and wait for it
    #[command(after_help = "\
Example:
  countersign factor vouch WB-004217 --reason \"lost the phone, known at this office\"

For purposes that take a second person, where nothing else is left. An admin approves it at another
terminal: countersign approve, or F7. Nobody approves what they asked for. It waits for fifteen
minutes, and exits with 17 when nobody has approved it by then.")]
    Vouch(VouchArgs),
    /// Enrol an authenticator of a verified customer; the session's token and the first code
    /// come from a prompt, or from standard input line by line
    #[command(after_help = "\
Example:
  countersign factor enrol

The customer has to be verified by SMS, by an authenticator or by a backup code. The QR code is
drawn here; with --json the address in it is printed first, as `uri`. The customer's other
contact is told.")]
    Enrol(Json),
    /// Enrol another authenticator in the place of the one that a verified customer has
    #[command(after_help = "Example:\n  countersign factor replace\n\nAs `factor enrol`.")]
    Replace(Json),
    /// Remove the authenticator of a verified customer
    #[command(after_help = "Example:\n  countersign factor remove\n\n\
        The session's token comes from a prompt or from standard input.")]
    Remove(Json),
    /// Make ten backup codes for a verified customer, shown or printed this once
    #[command(after_help = "\
Examples:
  countersign factor codes
  countersign factor codes --print /dev/usb/lp0
  countersign factor codes --replace --print-by lp

The session's token comes from a prompt or from standard input. The codes go as plain text to
a device or a file (--print), or to the standard input of a program (--print-by), and are then
not shown here.")]
    Codes(MakeCodesArgs),
}

impl Factors {
    /// Whether the answer is to be JSON.
    pub(super) const fn json(&self) -> bool {
        match self {
            Self::Show(it) => it.output.json,
            Self::Verify(it) => it.output.json,
            Self::Document(it) => it.output.json,
            Self::Vouch(it) => it.output.json,
            Self::Enrol(it) | Self::Replace(it) | Self::Remove(it) => it.json,
            Self::Codes(it) => it.output.json,
        }
    }
}

/// A customer by an exact key.
#[derive(Debug, Args)]
pub struct NamedCustomer {
    /// The customer: an account number, or an email address or phone number in full
    pub customer: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `factor verify`
#[derive(Debug, Args)]
pub struct VerifyByArgs {
    /// The customer: an account number, or an email address or phone number in full
    pub customer: String,
    /// What the customer has
    #[arg(long, value_parser = factor_kind())]
    pub by: FactorKind,
    /// What the verification is for [default: the first of otp.purposes]
    #[arg(long)]
    pub purpose: Option<String>,
    /// Add it to the customer's session, whose token comes after the code
    #[arg(long)]
    pub further: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `factor document`
#[derive(Debug, Args)]
pub struct DocumentArgs {
    /// The customer: an account number, or an email address or phone number in full
    pub customer: String,
    /// The kind of the document, one of documents.kinds
    #[arg(long)]
    pub kind: String,
    /// The name on it is the customer's
    #[arg(long)]
    pub name_matches: bool,
    /// The picture on it is of whoever stands at the counter
    #[arg(long)]
    pub photo_matches: bool,
    /// Its last day
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "", hide_default_value = true)]
    pub until: String,
    /// What the verification is for [default: the first of the office's purposes]
    #[arg(long)]
    pub purpose: Option<String>,
    /// Add it to the customer's session, whose token comes from a prompt or standard input
    #[arg(long)]
    pub further: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `factor vouch`
#[derive(Debug, Args)]
pub struct VouchArgs {
    /// The customer: an account number, or an email address or phone number in full
    pub customer: String,
    /// Why nothing else is left, for the colleague and the log
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// What the verification is for [default: the first of the office's purposes]
    #[arg(long)]
    pub purpose: Option<String>,
    /// Add it to the customer's session, whose token comes from a prompt or standard input
    #[arg(long)]
    pub further: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `factor codes`
#[derive(Debug, Args)]
pub struct MakeCodesArgs {
    /// Make them in the place of those that the customer has, which stop working
    #[arg(long)]
    pub replace: bool,
    /// Print them to this device or file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "print_by")]
    pub print: Option<PathBuf>,
    /// Print them by this program, which reads them from its standard input
    #[arg(long, value_name = "PROGRAM", value_hint = ValueHint::CommandName)]
    pub print_by: Option<PathBuf>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}
