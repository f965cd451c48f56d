//! JSON about one request or session, and of every failure.

use serde::Serialize;

use crate::config::Problem;
use crate::domain::channel::{Channel, Factor};
use crate::domain::customer::Customer;
use crate::domain::delivery::DeliveryState;
use crate::domain::level::{FactorSet, Level};
use crate::domain::money::Money;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Reference, Request, RequestId, Status};
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::time::Timestamp;
use crate::service::verification::gate::VerifiedNow;

/// A reply about one request or session, and every failure. Keys without a value are omitted.
#[derive(Debug, Default, Serialize)]
pub struct Reply {
    /// The word of an `Outcome` or status, or `sent`, `cancelled`, `alive`, `ended`, `fine`,
    /// `rotated`, `not_found`, `usage`, `bad_configuration`, `interrupted`, `internal`.
    pub outcome: &'static str,
    /// What happened and what helps, for people.
    pub message: String,
    #[serde(flatten)]
    request: RequestFacts,
    #[serde(flatten)]
    session: SessionFacts,
    /// When a rate-limited act may be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// The session's secret token. Only `verify` and `factor verify` return it, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// The backup codes that are left, after one was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes_left: Option<usize>,
    /// The configuration key that a failure is about, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The problems of an invalid configuration.
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
    /// Who gets the code in the place of the holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    factors: Option<FactorSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    /// Whether that is enough for the purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<bool>,
}

impl Reply {
    /// A reply with an outcome and a message only.
    pub fn of(outcome: &'static str, message: impl Into<String>) -> Self {
        Self { outcome, message: message.into(), ..Self::default() }
    }

    /// Adds the facts of a request.
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
            representative: request.representative.as_ref().map(|it| it.name.clone()),
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
            detail: request.delivery.detail.as_ref().map(|it| it.for_admin.clone()),
        };
        self
    }

    /// Adds a request from the archive, which has no record of when the last code was sent.
    #[must_use]
    pub fn with_archived(mut self, request: &Request) -> Self {
        self = self.with_request(request);
        self.request.sent_at = None;
        self.request.resend_at = None;
        self.request.archived = Some(true);
        self
    }

    /// Adds the id of a request of which nothing else is known.
    #[must_use]
    pub fn with_request_id(mut self, id: &RequestId) -> Self {
        self.request.request = Some(id.clone());
        self
    }

    /// Adds the customer.
    #[must_use]
    pub fn with_customer(mut self, customer: &Customer) -> Self {
        self.request.customer = Some(customer.account_no.clone());
        self.request.name = Some(customer.name.clone());
        self
    }

    /// Adds the requested channel.
    #[must_use]
    pub fn with_channel(mut self, channel: Channel) -> Self {
        self.request.channel = Some(channel);
        self
    }

    /// Adds the opened session.
    #[must_use]
    pub fn with_session(mut self, session: &Session) -> Self {
        self.session = SessionFacts {
            session: Some(session.id.clone()),
            session_expires_at: Some(session.expires_at),
            session_idle_at: Some(session.idle_at),
            factor: Some(session.factor),
            factors: Some(session.factors.clone()),
            level: Some(session.level),
            reached: Some(session.is_reached),
        };
        self
    }

    /// A reply with the word of an outcome.
    pub fn outcome(outcome: Outcome, message: impl Into<String>) -> Self {
        Self::of(outcome.word(), message)
    }
}

/// One session: a line of `session list`, or the reply of `session show`, `end` and `check`.
#[derive(Debug, Serialize)]
pub struct SessionLine<'a> {
    /// `alive` or `ended`; `check` gives `expired` for an ended session.
    pub outcome: &'static str,
    pub message: String,
    session: &'a SessionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a RequestId>,
    customer: &'a str,
    name: &'a str,
    /// Who stands here in the place of the holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<&'a str>,
    factor: Factor,
    factors: &'a FactorSet,
    level: Level,
    purpose: &'a str,
    /// Whether that is enough for the purpose.
    reached: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    also_for: &'a [String],
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
    pub fn new(outcome: &'static str, message: String, session: &'a Session) -> Self {
        Self {
            outcome,
            message,
            session: &session.id,
            request: session.request.as_ref(),
            customer: &session.account_no,
            name: &session.customer_name,
            representative: session.representative.as_ref().map(|it| it.name.as_str()),
            factor: session.factor,
            factors: &session.factors,
            level: session.level,
            purpose: &session.purpose,
            reached: session.is_reached,
            also_for: &session.also_for,
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

/// `amount-due`
#[derive(Debug, Serialize)]
pub struct AmountDueReply<'a> {
    /// due.
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: &'a str,
    /// None where it is not known.
    pub due: Option<&'a Money>,
}

/// `gate`
#[derive(Debug, Serialize)]
pub struct GateReply<'a> {
    /// verified.
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: &'a str,
    /// Who is, for what, and until when.
    #[serde(flatten)]
    pub verified: &'a VerifiedNow,
}
