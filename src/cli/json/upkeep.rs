//! What is told of the program itself: checks, upkeep, keys, templates.

use serde::Serialize;

use crate::config::Effective;
use crate::domain::channel::Channel;

/// `maintain`.
#[derive(Debug, Serialize)]
pub struct MaintainReply {
    /// `maintained` or `interrupted`.
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: String,
    /// Whether nothing was done but counted.
    pub dry_run: bool,
    /// Whether a dry run counted as far as it does, and there may be more.
    pub at_least: bool,
    /// Codes that could no longer be entered.
    pub codes_erased: u64,
    /// Requests moved to the archive.
    pub requests_archived: u64,
    /// Requests that left the archive.
    pub requests_purged: u64,
    /// Events that left the log.
    pub events_purged: u64,
    /// Sessions that went.
    pub sessions_purged: u64,
    /// Customers of the office's own table who were not found as they are.
    pub customers_mended: u64,
}

/// `doctor`.
#[derive(Debug, Serialize)]
pub struct DoctorReply {
    /// `fine`, `unavailable`, or `bad_configuration`.
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: String,
    /// Each part.
    pub checks: Vec<Check>,
}

/// What `migrate` did.
#[derive(Debug, Serialize)]
pub struct MigrateReply {
    /// `migrated`.
    pub outcome: &'static str,
    /// The sentences a person would read.
    pub message: String,
    /// The version of the tables before; 0 where there were none.
    pub from: i64,
    /// Their version now.
    pub to: i64,
    /// The key file, where it was made now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// Customers whose entries in the index were written.
    pub indexed: u64,
    /// Rows of the office's table that cannot be read, so that nobody finds them.
    pub unreadable: u64,
    /// The first of those, and what is wrong with each.
    pub rows: Vec<String>,
}

/// `customers index`.
#[derive(Debug, Serialize)]
pub struct IndexReply {
    /// `indexed`
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: String,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Customers compared.
    pub customers: u64,
    /// Customers that could not be found yet.
    pub added: u64,
    /// Customers that were found by what they no longer are.
    pub changed: u64,
    /// Entries of customers that are no longer there.
    pub forgotten: u64,
    /// Rows of the office's table that cannot be read, so that nobody finds them.
    pub unreadable: u64,
    /// The first of those, and what is wrong with each.
    pub rows: Vec<String>,
}

/// One part of `doctor`.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The part.
    pub part: &'static str,
    /// Whether nothing is wrong with it; true for a note too.
    pub ok: bool,
    /// `ok`, `note` for what keeps no command from working, or `failed`.
    pub state: &'static str,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The configuration key that it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `config show`.
#[derive(Debug, Serialize)]
pub struct ConfigReply<'a> {
    /// `fine`
    pub outcome: &'static str,
    /// Every key with its value and where it came from; secrets are hidden.
    pub settings: &'a Effective,
}

/// `templates check`.
#[derive(Debug, Serialize)]
pub struct TemplatesReply {
    /// `fine` or `bad_configuration`.
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: String,
    /// Each language's email and text message.
    pub checks: Vec<TemplateLine>,
}

/// What `templates check` says about a template.
#[derive(Clone, Debug, Serialize)]
pub struct TemplateLine {
    /// The language; left out for what concerns all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// `email`, `sms`, or `folder`.
    pub part: &'static str,
    /// Whether it can be used; true for a note too.
    pub ok: bool,
    /// `ok`, `note` for something to know, or `failed`.
    pub state: &'static str,
    /// What was found.
    pub found: String,
}

/// `templates preview`.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// `fine`
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: String,
    /// The channel it is for.
    pub channel: Channel,
    /// The language that was found for the one asked for.
    pub locale: String,
    /// The subject of an email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text message, or the text part of an email.
    pub text: String,
    /// The HTML part of an email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The places a text message takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<usize>,
    /// The places there are in one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_places: Option<usize>,
}

/// One key of `keys list`.
#[derive(Clone, Debug, Serialize)]
pub struct KeyLine {
    /// The key's name.
    pub key: String,
    /// Whether it signs new codes.
    pub current: bool,
}
