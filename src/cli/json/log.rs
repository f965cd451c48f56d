//! JSON and CSV of `log`, and JSON of `tray`.

use serde::Serialize;

use crate::domain::channel::Channel;
use crate::domain::event::{Event, EventId, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::request::RequestId;
use crate::domain::time::Timestamp;
use crate::service::ports::TrayMessage;

/// One entry of `log`; the CSV columns have the same names. Keys without a value are omitted in
/// JSON.
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
    /// The CSV columns, in order.
    pub const COLUMNS: [&'static str; 12] = [
        "event", "at", "kind", "outcome", "request", "customer", "name", "channel", "contact",
        "clerk", "counter", "detail",
    ];

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

    /// The CSV cells, in the order of [`Self::COLUMNS`].
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
