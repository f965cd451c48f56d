//! JSON of `maintain`, `doctor`, `migrate`, `customers index`, `config`, `templates` and `keys`.

use serde::Serialize;

use crate::config::Effective;
use crate::domain::channel::Channel;

/// `maintain`.
#[derive(Debug, Serialize)]
pub struct MaintainReply {
    /// `maintained` or `interrupted`.
    pub outcome: &'static str,
    pub message: String,
    /// Whether this was a dry run, which only counts.
    pub dry_run: bool,
    /// Whether a dry run reached its counting limit, so that the figures are lower bounds.
    pub at_least: bool,
    /// Codes erased because they can no longer be entered.
    pub codes_erased: u64,
    /// Requests moved to the archive.
    pub requests_archived: u64,
    /// Requests purged from the archive.
    pub requests_purged: u64,
    /// Events purged from the log.
    pub events_purged: u64,
    /// Sessions purged.
    pub sessions_purged: u64,
    /// Customers of the external table whose index entries were wrong and were repaired.
    pub customers_mended: u64,
}

/// `doctor`.
#[derive(Debug, Serialize)]
pub struct DoctorReply {
    /// `fine`, `unavailable` or `bad_configuration`.
    pub outcome: &'static str,
    pub message: String,
    /// One check for each part.
    pub checks: Vec<Check>,
}

/// `migrate`.
#[derive(Debug, Serialize)]
pub struct MigrateReply {
    /// `migrated`.
    pub outcome: &'static str,
    pub message: String,
    /// Schema version before; 0 for a new store.
    pub from: i64,
    /// Schema version now.
    pub to: i64,
    /// The key file, if it was created now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// Customers whose index entries were written.
    pub indexed: u64,
    /// Rows of the external table that cannot be read, so that no search finds them.
    pub unreadable: u64,
    /// The first of those rows, each with what is wrong.
    pub rows: Vec<String>,
}

/// `customers index`.
#[derive(Debug, Serialize)]
pub struct IndexReply {
    /// `indexed`.
    pub outcome: &'static str,
    pub message: String,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Customers compared.
    pub customers: u64,
    /// Customers that were missing from the index.
    pub added: u64,
    /// Customers whose index entries were out of date.
    pub changed: u64,
    /// Index entries of customers that no longer exist.
    pub forgotten: u64,
    /// Rows of the external table that cannot be read, so that no search finds them.
    pub unreadable: u64,
    /// The first of those rows, each with what is wrong.
    pub rows: Vec<String>,
}

/// The result of one check of `doctor`.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The part that was checked.
    pub part: &'static str,
    /// Whether the check passed; `true` for a note too.
    pub ok: bool,
    /// `ok`, `note` (worth knowing, stops no command) or `failed`.
    pub state: &'static str,
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The configuration key that it is about, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `config show`.
#[derive(Debug, Serialize)]
pub struct ConfigReply<'a> {
    /// `fine`.
    pub outcome: &'static str,
    /// Each key with its value and origin; secrets are masked.
    pub settings: &'a Effective,
}

/// `templates check`.
#[derive(Debug, Serialize)]
pub struct TemplatesReply {
    /// `fine` or `bad_configuration`.
    pub outcome: &'static str,
    pub message: String,
    /// The checks of each language's email and text message.
    pub checks: Vec<TemplateLine>,
}

/// The check of one template.
#[derive(Clone, Debug, Serialize)]
pub struct TemplateLine {
    /// The language; omitted if the check concerns all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// `email`, `sms` or `folder`.
    pub part: &'static str,
    /// Whether it can be used; `true` for a note too.
    pub ok: bool,
    /// `ok`, `note` or `failed`.
    pub state: &'static str,
    pub found: String,
}

/// `templates preview`.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// `fine`.
    pub outcome: &'static str,
    pub message: String,
    pub channel: Channel,
    /// The language that was chosen for the one asked for.
    pub locale: String,
    /// The subject of an email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text message, or the text part of an email.
    pub text: String,
    /// The HTML part of an email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Length of the text message in GSM-7 septets or UCS-2 units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<usize>,
    /// The most that fit one message in this alphabet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_places: Option<usize>,
}

/// A key of `keys list`.
#[derive(Clone, Debug, Serialize)]
pub struct KeyLine {
    /// The key's name.
    pub key: String,
    /// Whether it signs new codes.
    pub current: bool,
}
