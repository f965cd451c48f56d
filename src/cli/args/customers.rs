//! `customers`: finding, importing, unlocking.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::args::Json;
use crate::domain::contact::ContactKind;
use crate::domain::flag::{Flag, IncidentKind};
use crate::domain::time_range::TimeExpression;

/// `customers`
#[derive(Debug, Subcommand)]
pub enum Customers {
    /// Write the customers of a CSV file into the store, each by account number
    #[command(after_help = "\
Examples:
  countersign customers import customers.csv --dry-run
  countersign customers import kunden.csv --columns account_no=Kundennummer
  zcat customers.csv.gz | countersign customers import -

The first line names the columns, in any order: account_no and name are needed;
email, phone, address, locale, balance and currency are optional. The file is CSV
with commas, semicolons or tabs, in UTF-8 or another encoding, which is then named.
A line replaces what is on file; what the file has no column for stays, and so does
a balance that a line does not name. A bad cell is named and left out: what is on
file in its place goes. A line without account number or name is named and left
out. Where there was one or the other, or no customer at all, the exit code is 15.")]
    Import(ImportArgs),
    /// Find customers by account number, email, phone digits or the beginning of a name
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
    /// Show a contact of a customer in full, which is masked everywhere else
    #[command(after_help = "\
Example:
  countersign customers reveal WB-004217 --phone --reason \"reads it back to me\"

The log keeps who saw it and why.")]
    Reveal(RevealArgs),
    /// List the contacts whose last message failed for good, for the record to be mended
    #[command(after_help = "\
Examples:
  countersign customers contacts --bad
  countersign customers contacts --bad --csv > mend.csv

The newest first: a landline, no such number, no such mailbox, a customer who answered
STOP. Contacts are masked; the account number says whose record it is. A contact leaves
the list with the first message that arrives there, and with a change of the record.")]
    Contacts(ContactsArgs),
    /// Tell all that is held of a customer, and who did what when
    #[command(after_help = "\
Example:
  countersign customers report WB-004217 --reason \"asked for it, ticket 17\" --json

Codes, digests and tokens are no data about somebody, and are left out. Contacts are shown
in full. That it was told, by whom and why, is an entry of the log.")]
    Report(ReasonedArgs),
    /// Erase what is personal of a customer, out of the log as well
    #[command(after_help = "\
Example:
  countersign customers erase WB-004217 --reason \"asked for it, ticket 17\"

It cannot be undone. The entries of the log stay without customer, contact and detail, and
the audit trail verifies as before. The reason stays in the log: name nobody in it. A legal
hold refuses it. A row in the office's own table of customers is not countersign's to erase.")]
    Erase(ReasonedArgs),
    /// Set a flag of a customer: it stops verifications, or makes them harder
    #[command(after_help = "\
Examples:
  countersign customers flag WB-004217 hold --reason \"account was taken over\"
  countersign customers flag WB-004217 at_risk --reason \"lost wallet\" --until 2026-12-31

A day is until its end.

hold             nobody is verified for the account
deceased         nothing of the holder's proves anything; no code goes to their contacts
at_risk          each purpose takes a stronger proof: contact as nist, nist as two
do_not_disclose  nothing of the account is for anybody but the holder

The customer's sessions end, but for do_not_disclose. A flag has nothing to do with a
legal hold (countersign customers hold), which keeps data from being erased.")]
    Flag(FlagArgs),
    /// Lift a flag of a customer
    #[command(after_help = "\
Example:
  countersign customers unflag WB-004217 hold --reason \"the account is the customer's again\"

The log keeps who did it and why.")]
    Unflag(UnflagArgs),
    /// List the customers who have flags
    #[command(after_help = "\
Example:
  countersign customers flags --json")]
    Flags(FlagsArgs),
    /// The customer says of a verification: it was not me
    #[command(after_help = "\
Examples:
  countersign customers disown K7Q --customer WB-004217 --reason \"says she was abroad\"
  countersign customers disown 7K3M9QX2TB --reason \"never had the message\" --json

REFERENCE is the word of the message, or a request or a session of the log. Words
repeat, so that --customer has to say whose it is; of a message of the last 30 days,
each word of a code that was sent again counts. The customer's sessions end, codes under way are cancelled, the account is on hold until
an admin lifts it (customers unflag), and an incident says what it was, who verified
and what was ended. Told again it changes nothing.")]
    Disown(DisownArgs),
    /// File an incident: something suspicious that was seen
    #[command(after_help = "\
Example:
  countersign customers incident impersonation --customer WB-004217 --seen \"reads from a list\"

It is an entry of the log and is counted in the stats. It stops nothing by itself.")]
    Incident(IncidentArgs),
    /// Who may act for a customer: add, list, end
    Representatives(RepresentativesArgs),
    /// Put a customer under a legal hold: what is held of them is not erased
    #[command(after_help = "\
Example:
  countersign customers hold WB-004217 --reason \"lawsuit 4 C 123/26\"")]
    Hold(ReasonedArgs),
    /// End a legal hold
    #[command(after_help = "\
Example:
  countersign customers release WB-004217 --reason \"the lawsuit is over\"")]
    Release(ReasonedArgs),
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

/// `customers contacts`
#[derive(Debug, Args)]
pub struct ContactsArgs {
    /// Those whose last message failed for good
    #[arg(long, required = true)]
    pub bad: bool,
    /// CSV, for a spreadsheet
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers report`, `erase`, `hold` and `release`
#[derive(Debug, Args)]
pub struct ReasonedArgs {
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

/// `customers flag`
#[derive(Debug, Args)]
pub struct FlagArgs {
    /// Account number, email address or phone number
    #[arg(value_name = "CUSTOMER")]
    pub customer: String,
    /// Which flag.
    #[arg(value_name = "FLAG", help = "hold, deceased, at_risk or do_not_disclose")]
    pub flag: Flag,
    /// Why: whoever meets the customer reads it, and it goes into the log beside your name
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// When it ends by itself: 2026-12-31, or "2026-12-31 18:00"
    #[arg(long, value_name = "TIME")]
    pub until: Option<TimeExpression>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers unflag`
#[derive(Debug, Args)]
pub struct UnflagArgs {
    /// Account number, email address or phone number
    #[arg(value_name = "CUSTOMER")]
    pub customer: String,
    /// Which flag.
    #[arg(value_name = "FLAG", help = "hold, deceased, at_risk or do_not_disclose")]
    pub flag: Flag,
    /// Why: it goes into the log beside your name
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers disown`
#[derive(Debug, Args)]
pub struct DisownArgs {
    /// The word of the message, such as K7Q, or a request or session, such as 7K3M9QX2TB
    #[arg(value_name = "REFERENCE")]
    pub reference: String,
    /// Whose it is: account number, email address or phone number; a word is nothing without it
    #[arg(long, value_name = "CUSTOMER")]
    pub customer: Option<String>,
    /// Why: whoever meets the customer reads it, and it goes into the log beside your name
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers flags`
#[derive(Debug, Args)]
pub struct FlagsArgs {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub limit: u32,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers incident`
#[derive(Debug, Args)]
pub struct IncidentArgs {
    /// What it is: impersonation (somebody pretends to be the customer), coached (the customer is
    /// told what to say), forged-document (a document looks forged or altered), fishing (somebody
    /// asks for what is not theirs), unknown-change (a contact was changed that the customer knows
    /// nothing of), threat (somebody of the staff was threatened) or other
    #[arg(value_name = "KIND")]
    pub kind: IncidentKind,
    /// What was seen, in one line; name nobody else in it
    #[arg(long, value_name = "TEXT")]
    pub seen: String,
    /// The customer it is about: account number, email address or phone number
    #[arg(long, value_name = "CUSTOMER")]
    pub customer: Option<String>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers representatives`
#[derive(Debug, Args)]
pub struct RepresentativesArgs {
    /// Account number, email address or phone number
    #[arg(value_name = "CUSTOMER")]
    pub customer: String,
    /// What is done.
    #[command(subcommand)]
    pub command: RepresentativeCommand,
}

/// `customers representatives CUSTOMER …`
#[derive(Debug, Subcommand)]
pub enum RepresentativeCommand {
    /// Ask for a representative to be added; a second person approves it
    #[command(after_help = "\
Example:
  countersign customers representatives WB-004217 add --name \"Anna Rivera\" \\
      --email anna@example.org --purpose \"pay a bill\" --document passport \\
      --until 2027-06-30 --reason \"power of attorney, ticket 91\"

The purpose needs representative = true in the configuration. A day is until its end.
Exits with 17: another one approves it (countersign approve), and then it is done. Codes
go to the representative's own contact, never to the holder's.")]
    Add(AddRepresentativeArgs),
    /// List them
    #[command(after_help = "\
Example:
  countersign customers representatives WB-004217 list --json")]
    List(Json),
    /// End one: their sessions and codes end with it
    #[command(after_help = "\
Example:
  countersign customers representatives WB-004217 end 7K3M9QX2TB --reason \"taken back\"")]
    End(EndRepresentativeArgs),
}

impl RepresentativeCommand {
    /// JSON or text.
    pub const fn output(&self) -> &Json {
        match self {
            Self::Add(it) => &it.output,
            Self::List(output) => output,
            Self::End(it) => &it.output,
        }
    }
}

/// `customers representatives CUSTOMER add`
#[derive(Debug, Args)]
pub struct AddRepresentativeArgs {
    /// The representative's name
    #[arg(long, value_name = "TEXT")]
    pub name: String,
    /// The representative's own email address
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// The representative's own phone number
    #[arg(long, value_name = "NUMBER")]
    pub phone: Option<String>,
    /// For which purpose; may be repeated
    #[arg(long, value_name = "TEXT", required = true)]
    pub purpose: Vec<String>,
    /// From when: 2026-12-31, or "2026-12-31 18:00" [default: now]
    #[arg(long, value_name = "TIME")]
    pub from: Option<TimeExpression>,
    /// Until when
    #[arg(long, value_name = "TIME")]
    pub until: Option<TimeExpression>,
    /// The kind of document that was seen; never its number
    #[arg(long, value_name = "KIND")]
    pub document: String,
    /// Why: whoever approves it reads it, and it goes into the log beside your name
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `customers representatives CUSTOMER end`
#[derive(Debug, Args)]
pub struct EndRepresentativeArgs {
    /// The representative, such as 7K3M9QX2TB
    #[arg(value_name = "ID")]
    pub representative: String,
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

/// `customers reveal`
#[derive(Debug, Args)]
pub struct RevealArgs {
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

impl WhichContact {
    /// The kind that was named.
    pub const fn kind(&self) -> ContactKind {
        if self.email { ContactKind::Email } else { ContactKind::Phone }
    }
}

/// `customers import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file; - for standard input
    #[arg(value_name = "FILE.csv", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Check the file, compare it with the store, say what would change; write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// What the file calls a column.
    #[arg(
        long,
        value_name = "COLUMN=NAME",
        help = "What the file calls a column, such as account_no=Kundennummer; may be repeated"
    )]
    pub columns: Vec<String>,
    /// The encoding of the file, such as windows-1252; told from the file itself if not given
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}
