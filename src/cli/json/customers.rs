//! JSON of `customers`: search results, imports, reports and erasures.

use serde::Serialize;

use crate::cli::moment;
use crate::domain::channel::Channel;
use crate::domain::contact_state::ContactFailure;
use crate::domain::customer::Customer;
use crate::domain::delivery::DeliveryState;
use crate::domain::flag::{CustomerFlag, Flag};
use crate::domain::representative::{Representative, RepresentativeId};
use crate::domain::time::Timestamp;
use crate::service::customers::contact_history::BadContact;
use crate::service::customers::lookup::ChannelChoice;
use crate::service::ports::{DataSection, FlaggedCustomer, Replaced};

/// A hit of `customers find`.
#[derive(Debug, Serialize)]
pub struct CustomerLine<'a> {
    customer: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    channels: Vec<ChannelLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<FlagFacts<'a>>,
}

/// A flag of a customer.
#[derive(Debug, Serialize)]
struct FlagFacts<'a> {
    flag: Flag,
    reason: &'a str,
    clerk: &'a str,
    set_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

impl<'a> From<&'a CustomerFlag> for FlagFacts<'a> {
    fn from(it: &'a CustomerFlag) -> Self {
        let (reason, clerk) = (&it.reason, &it.set_by.clerk);
        Self { flag: it.flag, reason, clerk, set_at: it.set_at, until: it.until }
    }
}

/// A line of `customers flags`.
#[derive(Debug, Serialize)]
pub struct FlagLine<'a> {
    customer: &'a str,
    name: &'a str,
    #[serde(flatten)]
    flag: FlagFacts<'a>,
}

impl<'a> From<&'a FlaggedCustomer> for FlagLine<'a> {
    fn from(it: &'a FlaggedCustomer) -> Self {
        Self { customer: &it.account_no, name: &it.name, flag: FlagFacts::from(&it.flag) }
    }
}

#[derive(Debug, Serialize)]
struct ChannelLine {
    channel: Channel,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    usable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// End of the quarantine of a changed contact, during which it gets no code.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
    /// How far the last message came that did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_arrived: Option<DeliveryState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_arrived_at: Option<Timestamp>,
    /// The last failure, where no message arrived after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<ContactFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure_at: Option<Timestamp>,
}

impl<'a> CustomerLine<'a> {
    pub fn new(customer: &'a Customer, channels: Vec<ChannelChoice>) -> Self {
        let channels = channels
            .into_iter()
            .map(|choice| ChannelLine {
                last_arrived: choice.state.arrived.map(|(state, _)| state),
                last_arrived_at: choice.state.arrived.map(|(_, at)| at),
                last_failure: choice.state.open_failure().map(|(failure, _)| failure),
                last_failure_at: choice.state.open_failure().map(|(_, at)| at),
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
            flags: customer.flags.iter().map(FlagFacts::from).collect(),
        }
    }
}

/// A line of `customers contacts --bad`.
#[derive(Debug, Serialize)]
pub struct BadContactLine {
    /// The account number of the customer for whom the message was.
    customer: String,
    name: String,
    channel: Channel,
    /// The contact, masked.
    contact: String,
    /// What the failure means, as a word.
    failure: ContactFailure,
    /// The same in words.
    reason: &'static str,
    failed_at: Timestamp,
    /// How many customers have the contact; 20 stands for 20 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    customers: Option<u32>,
}

impl BadContactLine {
    /// The columns of its CSV.
    pub const COLUMNS: [&'static str; 8] =
        ["customer", "name", "channel", "contact", "failure", "reason", "failed_at", "customers"];

    /// The cells of its CSV.
    pub fn cells(&self) -> [String; 8] {
        let customers = self.customers.map(|it| it.to_string()).unwrap_or_default();
        [
            self.customer.clone(),
            self.name.clone(),
            self.channel.word().to_owned(),
            self.contact.clone(),
            self.failure.word().to_owned(),
            self.reason.to_owned(),
            self.failed_at.to_string(),
            customers,
        ]
    }

    /// A row of its table.
    pub fn columns(&self) -> [String; 7] {
        let [customer, name, channel, contact, _, reason, _, customers] = self.cells();
        [customer, name, channel, contact, moment::long(self.failed_at), reason, customers]
    }
}

impl From<BadContact> for BadContactLine {
    fn from(contact: BadContact) -> Self {
        let BadContact { account_no, name, channel, contact, failure, failed_at, customers } =
            contact;
        let (customer, reason) = (account_no, failure.label());
        Self { customer, name, channel, contact, failure, reason, failed_at, customers }
    }
}

/// `customers reveal`: a contact in full.
#[derive(Debug, Serialize)]
pub struct RevealedLine<'a> {
    /// `revealed`.
    pub outcome: &'static str,
    /// The account number.
    pub customer: &'a str,
    /// `email` or `phone`.
    pub kind: &'static str,
    /// The email address or phone number.
    pub contact: String,
}

/// `customers import`.
#[derive(Debug, Serialize)]
pub struct ImportReply {
    /// `imported`, or `malformed` if a line or cell was bad or no line was good.
    pub outcome: &'static str,
    pub message: String,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Whether the file was compared with the customers in the store.
    pub compared: bool,
    /// Lines read, without the header.
    pub lines: u64,
    /// Lines imported, including those without a bad cell.
    pub good: u64,
    /// Lines skipped.
    pub bad: u64,
    /// Lines imported without a bad cell.
    pub incomplete: u64,
    /// Lines whose account is on an earlier line too.
    pub repeated: u64,
    /// Customers in the good lines: those written, or in a dry run those that would be.
    pub customers: u64,
    /// New customers. A dry run does not know them if there is no store yet, and counts a customer
    /// twice whose lines are further apart than one batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<u64>,
    /// Customers that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
    /// Customers that stayed the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<u64>,
    /// Email addresses and phone numbers that replaced another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<u64>,
    /// The first replaced contacts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replacements: Vec<ReplacedContact>,
    /// The first bad lines and cells.
    pub problems: Vec<LineProblem>,
    /// Unknown columns.
    pub ignored_columns: Vec<String>,
    /// The encoding in which the file was read.
    pub encoding: &'static str,
}

/// A contact that replaced another one.
#[derive(Clone, Debug, Serialize)]
pub struct ReplacedContact {
    /// The customer's account number.
    pub customer: String,
    /// `email` or `phone`.
    pub contact: &'static str,
}

impl From<Replaced> for ReplacedContact {
    fn from(replaced: Replaced) -> Self {
        Self { customer: replaced.account_no, contact: replaced.kind.word() }
    }
}

/// A bad line, or a bad cell of a line.
#[derive(Clone, Debug, Serialize)]
pub struct LineProblem {
    /// Line number in the file, from 1.
    pub line: u64,
    /// The account number on the line, if it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The column of the skipped cell; `None` if the whole line was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<&'static str>,
    /// The cell's content; a contact is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    pub reason: String,
}

/// `customers report`.
#[derive(Debug, Serialize)]
pub struct ReportReply<'a> {
    /// `reported`.
    pub outcome: &'static str,
    /// The account number.
    pub customer: &'a str,
    /// What each part of the store holds on the customer.
    pub sections: &'a [DataSection],
}

/// `customers erase`.
#[derive(Debug, Serialize)]
pub struct ErasureReply<'a> {
    /// `erased`.
    pub outcome: &'static str,
    pub message: &'a str,
    /// Number of sealed log entries whose personal data was erased.
    pub entries: u64,
    /// Whether the customer is still in the office's external table.
    pub in_external_table: bool,
}

/// A line of `customers representatives CUSTOMER list`.
#[derive(Debug, Serialize)]
pub struct RepresentativeLine<'a> {
    customer: &'a str,
    representative: &'a RepresentativeId,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    purposes: &'a [String],
    from: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    document: &'a str,
    clerk: &'a str,
    approved_by: &'a str,
}

impl<'a> RepresentativeLine<'a> {
    pub fn new(customer: &'a str, it: &'a Representative) -> Self {
        Self {
            customer,
            representative: &it.id,
            name: &it.name,
            email: it.email.as_deref(),
            phone: it.phone.as_deref(),
            purposes: &it.scope,
            from: it.from,
            until: it.until,
            document: &it.document,
            clerk: &it.added_by.clerk,
            approved_by: &it.approved_by,
        }
    }
}
