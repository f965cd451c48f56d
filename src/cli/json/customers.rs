//! Customers, and what an import made of them.

use serde::Serialize;

use crate::domain::channel::Channel;
use crate::domain::customer::Customer;
use crate::domain::time::Timestamp;
use crate::service::customers::lookup::ChannelChoice;
use crate::service::ports::{DataSection, Replaced};

/// One customer of `customers find`.
#[derive(Debug, Serialize)]
pub struct CustomerLine<'a> {
    customer: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    channels: Vec<ChannelLine>,
}

#[derive(Debug, Serialize)]
struct ChannelLine {
    channel: Channel,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    usable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Until when a contact that was changed is not proof enough alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
}

impl<'a> CustomerLine<'a> {
    /// The line of a customer.
    pub fn new(customer: &'a Customer, channels: Vec<ChannelChoice>) -> Self {
        let channels = channels
            .into_iter()
            .map(|choice| ChannelLine {
                channel: choice.channel,
                usable: choice.refusal.is_none() && choice.waits_until.is_none(),
                contact: choice.contact,
                reason: choice
                    .refusal
                    .or_else(|| choice.waits_until.map(|_| "changed a short while ago".to_owned())),
                retry_at: choice.waits_until,
            })
            .collect();
        Self {
            customer: &customer.account_no,
            name: &customer.name,
            address: customer.address.as_deref(),
            channels,
        }
    }
}

/// A contact in full.
#[derive(Debug, Serialize)]
pub struct RevealedLine<'a> {
    /// `revealed`
    pub outcome: &'static str,
    /// The account number.
    pub customer: &'a str,
    /// email or phone.
    pub kind: &'static str,
    /// The address or the number.
    pub contact: String,
}

/// `customers import`.
#[derive(Debug, Serialize)]
pub struct ImportReply {
    /// `imported`, or `malformed` where a line was bad.
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: String,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Whether the file was compared with what is on file.
    pub compared: bool,
    /// Lines read, without the header.
    pub lines: u64,
    /// Lines imported, those without a bad cell included.
    pub good: u64,
    /// Lines left out.
    pub bad: u64,
    /// Lines imported without a cell that is bad.
    pub incomplete: u64,
    /// Lines whose account stands on an earlier line too.
    pub repeated: u64,
    /// Customers the good lines are about: those written, or in a dry run
    /// those that would be.
    pub customers: u64,
    /// Customers that are new; a dry run does not look where there is no store yet, and
    /// counts one again whose lines are further apart than it compares at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<u64>,
    /// Customers that read otherwise now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
    /// Customers that stayed as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<u64>,
    /// Email addresses and phone numbers that took another one's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<u64>,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replacements: Vec<ReplacedContact>,
    /// The first bad lines and cells.
    pub problems: Vec<LineProblem>,
    /// Columns nobody knows.
    pub ignored_columns: Vec<String>,
    /// The encoding the file was read in.
    pub encoding: &'static str,
}

/// A contact that took another one's place.
#[derive(Clone, Debug, Serialize)]
pub struct ReplacedContact {
    /// The account number of its customer.
    pub customer: String,
    /// `email` or `phone`.
    pub contact: &'static str,
}

impl From<Replaced> for ReplacedContact {
    fn from(replaced: Replaced) -> Self {
        Self { customer: replaced.account_no, contact: replaced.kind.word() }
    }
}

/// One bad line, or a bad cell of a line.
#[derive(Clone, Debug, Serialize)]
pub struct LineProblem {
    /// Its number in the file; the first one is line 1.
    pub line: u64,
    /// The account number on it, where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The column of a cell that is left out; none where the line is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<&'static str>,
    /// What the cell holds, a contact with its middle hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// `customers report`.
#[derive(Debug, Serialize)]
pub struct ReportReply<'a> {
    /// reported.
    pub outcome: &'static str,
    /// The account number.
    pub customer: &'a str,
    /// What each part of the store holds.
    pub sections: &'a [DataSection],
}

/// `customers erase`.
#[derive(Debug, Serialize)]
pub struct ErasureReply<'a> {
    /// erased.
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: &'a str,
    /// Of how many sealed entries of the log what is personal was erased.
    pub entries: u64,
    /// Whether the customer is still in a table of the office's own.
    pub in_external_table: bool,
}
