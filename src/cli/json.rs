//! The shapes of the JSON that programs read. They are a promise: keys may be
//! added, but none is renamed, dropped or given another meaning.

use std::time::Duration;

use serde::Serialize;

use crate::config::{Effective, Problem};
use crate::domain::channel::{Channel, Factor};
use crate::domain::customer::Customer;
use crate::domain::delivery::DeliveryState;
use crate::domain::event::{Event, EventId, EventKind};
use crate::domain::figures::{Figures, Spread};
use crate::domain::line::Condition;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Reference, Request, RequestId, Status};
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::time::Timestamp;
use crate::service::lookup::ChannelChoice;
use crate::service::ports::TrayMessage;
use crate::service::providers::Lines;

/// The answer about one request or session, and every failure. Keys that do
/// not apply are left out.
#[derive(Debug, Default, Serialize)]
pub struct Reply {
    /// One of the outcomes, a status, or `sent`, `cancelled`, `alive`, `ended`,
    /// `fine`, `rotated`, `not_found`, `usage`, `bad_configuration`,
    /// `interrupted`, `internal`.
    pub outcome: &'static str,
    /// What happened and what helps, for people.
    pub message: String,
    #[serde(flatten)]
    request: RequestFacts,
    #[serde(flatten)]
    session: SessionFacts,
    /// When a limited act may be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// The session's secret; `verify` alone gives it, this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// What is wrong with the configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

#[derive(Debug, Default, Serialize)]
#[serde(default)]
struct RequestFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Channel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resend_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct SessionFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_idle_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<Factor>,
}

impl Reply {
    /// An answer of a word and a sentence.
    pub fn of(outcome: &'static str, message: impl Into<String>) -> Self {
        Self { outcome, message: message.into(), ..Self::default() }
    }

    /// With a request as it is.
    #[must_use]
    pub fn with_request(mut self, request: &Request) -> Self {
        let customer = self.request.customer.take();
        let name = self.request.name.take();
        self.request = RequestFacts {
            request: Some(request.id.clone()),
            status: Some(request.status),
            archived: None,
            customer,
            name,
            purpose: Some(request.purpose.clone()),
            reference: Some(request.reference.clone()),
            channel: Some(request.channel),
            contact: Some(request.contact.clone()),
            generation: Some(request.generation),
            created_at: Some(request.created_at),
            sent_at: Some(request.sent_at),
            expires_at: Some(request.expires_at),
            resend_at: Some(request.resend_at),
            attempts: Some(request.attempts),
            max_attempts: Some(request.max_attempts),
            attempts_left: Some(request.attempts_left()),
            delivery: Some(request.delivery.state),
            provider: Some(request.delivery.provider.clone()),
            detail: request.delivery.detail.clone(),
        };
        self
    }

    /// With a request from the archive, which does not know when its last code
    /// was sent.
    #[must_use]
    pub fn with_archived(mut self, request: &Request) -> Self {
        self = self.with_request(request);
        self.request.sent_at = None;
        self.request.resend_at = None;
        self.request.archived = Some(true);
        self
    }

    /// With the name of a request of which nothing more is known.
    #[must_use]
    pub fn with_request_id(mut self, id: &RequestId) -> Self {
        self.request.request = Some(id.clone());
        self
    }

    /// With the customer it is about.
    #[must_use]
    pub fn with_customer(mut self, customer: &Customer) -> Self {
        self.request.customer = Some(customer.account_no.clone());
        self.request.name = Some(customer.name.clone());
        self
    }

    /// With the channel asked for.
    #[must_use]
    pub fn with_channel(mut self, channel: Channel) -> Self {
        self.request.channel = Some(channel);
        self
    }

    /// With the session that was opened.
    #[must_use]
    pub fn with_session(mut self, session: &Session) -> Self {
        self.session = SessionFacts {
            session: Some(session.id.clone()),
            session_expires_at: Some(session.expires_at),
            session_idle_at: Some(session.idle_at),
            factor: Some(session.factor),
        };
        self
    }

    /// The outcome of an act.
    pub fn outcome(outcome: Outcome, message: impl Into<String>) -> Self {
        Self::of(outcome.word(), message)
    }
}

/// One session: of `session list` a line, of `session show`, `end` and
/// `check` the answer.
#[derive(Debug, Serialize)]
pub struct SessionLine<'a> {
    /// `alive` or `ended`; from `check`, `expired` for one that has ended.
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: String,
    session: &'a SessionId,
    request: &'a RequestId,
    customer: &'a str,
    name: &'a str,
    factor: Factor,
    purpose: &'a str,
    clerk: &'a str,
    counter: &'a str,
    created_at: Timestamp,
    session_expires_at: Timestamp,
    session_idle_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<SessionEnd>,
}

impl<'a> SessionLine<'a> {
    /// The line of a session.
    pub fn new(outcome: &'static str, message: String, session: &'a Session) -> Self {
        Self {
            outcome,
            message,
            session: &session.id,
            request: &session.request,
            customer: &session.account_no,
            name: &session.customer_name,
            factor: session.factor,
            purpose: &session.purpose,
            clerk: &session.clerk,
            counter: &session.counter,
            created_at: session.created_at,
            session_expires_at: session.expires_at,
            session_idle_at: session.idle_at,
            ended_at: session.ended.map(|(at, _)| at),
            ended: session.ended.map(|(_, how)| how),
        }
    }
}

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
}

impl<'a> CustomerLine<'a> {
    /// The line of a customer.
    pub fn new(customer: &'a Customer, channels: Vec<ChannelChoice>) -> Self {
        let channels = channels
            .into_iter()
            .map(|choice| ChannelLine {
                channel: choice.channel,
                contact: choice.contact,
                usable: choice.refusal.is_none(),
                reason: choice.refusal,
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

/// One entry of `log`; in CSV the keys are the columns. In JSON keys that do
/// not apply are left out.
#[derive(Debug, Serialize)]
pub struct EventLine<'a> {
    event: EventId,
    at: Timestamp,
    kind: EventKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Channel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
    clerk: &'a str,
    counter: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl<'a> EventLine<'a> {
    /// The columns, in order.
    pub const COLUMNS: [&'static str; 12] = [
        "event", "at", "kind", "outcome", "request", "customer", "name", "channel", "contact",
        "clerk", "counter", "detail",
    ];

    /// The line of an entry.
    pub fn new(event: &'a Event) -> Self {
        let customer = event.customer.as_ref();
        Self {
            event: event.id,
            at: event.at,
            kind: event.kind,
            outcome: event.outcome,
            request: event.request.as_ref(),
            customer: customer.map(|it| it.account_no.as_str()),
            name: customer.map(|it| it.name.as_str()),
            channel: event.channel,
            contact: event.contact.as_deref(),
            clerk: &event.actor.clerk,
            counter: &event.actor.counter,
            detail: event.detail.as_deref(),
        }
    }

    /// The cells, in the order of [`Self::COLUMNS`].
    pub fn cells(&self) -> [String; 12] {
        let word = |text: Option<&str>| text.unwrap_or_default().to_owned();
        [
            self.event.0.to_string(),
            self.at.to_string(),
            self.kind.word().to_owned(),
            word(self.outcome.map(Outcome::word)),
            word(self.request.map(RequestId::as_str)),
            word(self.customer),
            word(self.name),
            word(self.channel.map(Channel::word)),
            word(self.contact),
            self.clerk.to_owned(),
            self.counter.to_owned(),
            word(self.detail),
        ]
    }
}

/// One message of `tray`.
#[derive(Debug, Serialize)]
pub struct TrayLine<'a> {
    at: Timestamp,
    channel: Channel,
    to: &'a str,
    subject: Option<&'a str>,
    text: &'a str,
    reference: &'a str,
}

impl<'a> TrayLine<'a> {
    /// The line of a message.
    pub fn new(message: &'a TrayMessage) -> Self {
        Self {
            at: message.at,
            channel: message.channel,
            to: &message.to,
            subject: message.subject.as_deref(),
            text: &message.text,
            reference: &message.reference,
        }
    }
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
    /// Lines read, without the header.
    pub lines: u64,
    /// Good lines.
    pub good: u64,
    /// Bad lines.
    pub bad: u64,
    /// Lines whose account stands on an earlier line too.
    pub repeated: u64,
    /// Customers the good lines are about: those written, or in a dry run
    /// those that would be.
    pub customers: u64,
    /// Customers that are new; a dry run does not look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<u64>,
    /// Customers that read otherwise now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
    /// Customers that stayed as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<u64>,
    /// The first bad lines.
    pub problems: Vec<LineProblem>,
    /// Columns nobody knows.
    pub ignored_columns: Vec<String>,
}

/// One bad line.
#[derive(Clone, Debug, Serialize)]
pub struct LineProblem {
    /// Its number in the file; the header is line 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

/// How messages fare.
#[derive(Debug, Serialize)]
pub struct DeliveriesReply {
    outcome: &'static str,
    /// The hours looked back.
    hours: u32,
    /// Messages looked at, and whether there were more.
    messages: usize,
    more: bool,
    /// Messages that wait, and for how long the oldest has, in milliseconds.
    waiting: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<SpreadLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered: Option<SpreadLine>,
    providers: Vec<ShareLine>,
    by_hour: Vec<HourLine>,
    lines: Vec<HealthLine>,
}

#[derive(Debug, Serialize)]
struct SpreadLine {
    count: usize,
    p50_ms: u64,
    p95_ms: u64,
}

#[derive(Debug, Serialize)]
struct ShareLine {
    provider: String,
    fallback: bool,
    state: DeliveryState,
    count: usize,
}

#[derive(Debug, Serialize)]
struct HourLine {
    began_at: Timestamp,
    asked: usize,
    accepted: usize,
    failed: usize,
}

#[derive(Debug, Serialize)]
struct HealthLine {
    line: String,
    condition: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl DeliveriesReply {
    /// The figures of so many hours, and how the providers do now.
    pub fn new(hours: u32, figures: &Figures, lines: &Lines) -> Self {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let spread = |it: Spread| SpreadLine {
            count: it.count,
            p50_ms: millis(it.p50),
            p95_ms: millis(it.p95),
        };
        Self {
            outcome: "counted",
            hours,
            messages: figures.messages,
            more: figures.more,
            waiting: figures.queue.length,
            oldest_ms: figures.queue.oldest.map(millis),
            accepted: figures.accepted.map(spread),
            delivered: figures.delivered.map(spread),
            providers: figures
                .shares
                .iter()
                .map(|it| ShareLine {
                    provider: it.provider.clone(),
                    fallback: it.fallback,
                    state: it.state,
                    count: it.count,
                })
                .collect(),
            by_hour: figures
                .hours
                .iter()
                .map(|it| HourLine {
                    began_at: it.began_at,
                    asked: it.asked,
                    accepted: it.accepted,
                    failed: it.failed,
                })
                .collect(),
            lines: lines
                .all
                .iter()
                .map(|it| HealthLine {
                    line: it.line.to_string(),
                    condition: it.at(lines.read_at).word(),
                    detail: it.detail.clone().filter(|_| it.at(lines.read_at) != Condition::Ok),
                })
                .collect(),
        }
    }
}

/// What `deliver` did.
#[derive(Debug, Serialize)]
pub struct DeliverReply {
    /// The outcome's word.
    pub outcome: &'static str,
    /// The sentence a person would read.
    pub message: String,
    /// How many errands were done.
    pub done: u64,
    /// How many messages still wait to be handed over.
    pub waiting: u64,
}

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
    /// `fine` or `unavailable`.
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
