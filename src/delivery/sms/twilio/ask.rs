//! Polls Twilio for the status of a message that it has or may have.
//!
//! A message with a known SID is read by it. One whose POST had no response is searched among the
//! messages to its number by the reference in its text, since Twilio stores nothing else of ours
//! with it (<https://www.twilio.com/docs/messaging/api/message-resource>).
//!
//! "Never received", which permits a resend, is concluded only if nothing contradicts it. The list
//! is not filtered by `DateSent`: a queued message has none. A list with a further page, a message
//! without text (accounts can redact bodies) and an unreadable response all leave the question
//! open. If an account redacts phone numbers, Twilio lists none of its messages by number, which
//! cannot be detected here: docs/providers.md says so.

use std::time::Duration;

use chrono::DateTime;
use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::delivery::error::DeliveryError;
use crate::delivery::sms::twilio::reply::{self, Answer, Verdicts};
use crate::delivery::sms::twilio::{TwilioProvider, http};
use crate::domain::contact::Contact;
use crate::domain::delivery::{DeliveryState, MessageTrace, ProviderStatus, SendReport};
use crate::domain::explanation::Explanation;
use crate::domain::time::Timestamp;

/// Messages asked for; Twilio gives 1000 at most. Few customers ever get as many.
const PAGE: &str = "100";
/// The most that is read of a list: several times what a hundred messages take.
const LIST_MAX: usize = 512 * 1024;
/// Tolerance between Twilio's clock and the store's. No code works for longer than ten minutes, so
/// an older message is another one.
const SKEW: Duration = Duration::from_mins(15);

impl TwilioProvider {
    /// What Twilio says of a message.
    pub(super) async fn told(&self, trace: &MessageTrace) -> ProviderStatus {
        let verdicts = self.verdicts(self.secrets().with_contact(&trace.to));
        let told = match &trace.provider_id {
            Some(sid) => self.named(sid, &verdicts).await,
            None => self.unnamed(trace, &verdicts).await,
        };
        told.unwrap_or_else(ProviderStatus::Silence)
    }

    async fn named(&self, sid: &str, verdicts: &Verdicts) -> Result<ProviderStatus, Explanation> {
        if !reply::is_sid(sid) {
            return Err("The message has no name that Twilio could have given it.".into());
        }
        let url = self.url(&["Messages", &format!("{sid}.json")]);
        match self.get(url, verdicts).await? {
            None => Ok(ProviderStatus::Nothing),
            Some(json) => known(&json, verdicts)
                .filter(|report| report.provider_id.as_deref() == Some(sid))
                .map(ProviderStatus::Known)
                .ok_or_else(|| UNREADABLE.into()),
        }
    }

    async fn unnamed(
        &self,
        trace: &MessageTrace,
        verdicts: &Verdicts,
    ) -> Result<ProviderStatus, Explanation> {
        let Contact::Phone(number) = &trace.to else {
            return Err("This contact is no phone number.".into());
        };
        if !self.words.name_the_reference() {
            return Err("Twilio did not confirm the message, and the WhatsApp template shows no \
                        reference by which it could be found."
                .into());
        }
        let to = format!("{}{}", self.words.channel(), number.as_str());
        let url = self.url(&["Messages.json"]).map(|mut url| {
            url.query_pairs_mut().append_pair("To", &to).append_pair("PageSize", PAGE);
            url
        });
        let Some(list) = self.get(url, verdicts).await? else {
            return Err(verdicts.silent(StatusCode::NOT_FOUND, &Answer::default()));
        };
        Search { to: &to, reference: trace.reference.as_str(), since: trace.begun_at.minus(SKEW) }
            .among(&list, verdicts)
    }

    /// GETs a resource of the account; `None` if it does not exist.
    async fn get(
        &self,
        url: Result<Url, DeliveryError>,
        verdicts: &Verdicts,
    ) -> Result<Option<Value>, Explanation> {
        let failed = |error: DeliveryError| error.explanation();
        let request = self.http.client().await.map_err(failed)?.get(url.map_err(failed)?);
        let response = self.authorised(request).send().await.map_err(|error| {
            let how = if error.is_connect() { "cannot be reached" } else { "did not answer" };
            let text = format!("Twilio {how} when it was asked what became of the message.");
            Explanation::plain(text)
        })?;
        let status = response.status();
        let body = http::read_within(response, LIST_MAX).await;
        match status {
            StatusCode::OK => {
                let json = body.and_then(|body| serde_json::from_slice(&body).ok());
                json.map(Some).ok_or_else(|| UNREADABLE.into())
            }
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(verdicts.silent(status, &Answer::parse(&body.unwrap_or_default()))),
        }
    }
}

const UNREADABLE: &str = "Twilio's answer about the message cannot be read.";

/// The delivery state, if the SID and the status can be parsed.
fn known(json: &Value, verdicts: &Verdicts) -> Option<SendReport> {
    let answer = Answer::of(json);
    let provider_id = Some(answer.sid()?);
    let state = state(answer.status.as_deref()?);
    let gone = (state == DeliveryState::Undeliverable).then(|| verdicts.undelivered(&answer));
    let (detail, fault) = gone.map(|error| (error.explanation(), error.fault())).unzip();
    Some(SendReport { state, provider_id, detail, fault })
}

/// Maps Twilio's status. Any other status still means that Twilio has the message.
fn state(status: &str) -> DeliveryState {
    match status {
        "sent" => DeliveryState::Forwarded,
        "delivered" => DeliveryState::Delivered,
        "read" => DeliveryState::Read,
        "undelivered" | "failed" | "canceled" => DeliveryState::Undeliverable,
        // Accepted, scheduled, queued, sending.
        _ => DeliveryState::Sent,
    }
}

/// A message that is looked for.
struct Search<'a> {
    /// Where it went, as Twilio writes it.
    to: &'a str,
    /// The word in it.
    reference: &'a str,
    /// What is older is another one.
    since: Timestamp,
}

/// How an entry of the list is related to the message.
enum ListedMessage {
    /// It is the message.
    Ours(Timestamp),
    /// It is another one.
    Other,
    /// It could be the message.
    Doubtful,
}

impl Search<'_> {
    /// The status that a list of messages to the number gives. If several match, the newest counts,
    /// since they were sent one after the other.
    fn among(&self, list: &Value, verdicts: &Verdicts) -> Result<ProviderStatus, Explanation> {
        let entries = list.get("messages").and_then(Value::as_array).ok_or(UNREADABLE)?;
        let mut open = !list.get("next_page_uri").is_some_and(Value::is_null);
        let mut ours: Option<(Timestamp, &Value)> = None;
        for entry in entries {
            match self.judge(entry) {
                ListedMessage::Ours(at) if ours.is_none_or(|(newest, _)| newest < at) => {
                    ours = Some((at, entry));
                }
                ListedMessage::Ours(_) | ListedMessage::Other => {}
                ListedMessage::Doubtful => open = true,
            }
        }
        match ours {
            Some((_, entry)) => {
                known(entry, verdicts).map(ProviderStatus::Known).ok_or_else(|| UNREADABLE.into())
            }
            None if open => Err("Twilio did not confirm the message, and what it lists for this \
                                 number does not tell."
                .into()),
            None => Ok(ProviderStatus::Nothing),
        }
    }

    fn judge(&self, entry: &Value) -> ListedMessage {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        let (Some(to), Some(direction), Some(body)) = (text("to"), text("direction"), text("body"))
        else {
            return ListedMessage::Doubtful;
        };
        if to != self.to || direction == "inbound" {
            return ListedMessage::Other;
        }
        let Some(at) = text("date_created").and_then(moment) else {
            return ListedMessage::Doubtful;
        };
        if at < self.since {
            return ListedMessage::Other;
        }
        let mut words = body.split(|char: char| !char.is_alphanumeric());
        if words.clone().any(|word| word == self.reference) {
            return ListedMessage::Ours(at);
        }
        // A code's message that shows another reference is another's. One that
        // shows none may have lost its words.
        if words.any(|word| alike(word, self.reference)) {
            ListedMessage::Other
        } else {
            ListedMessage::Doubtful
        }
    }
}

/// Whether two words have letters and digits at the same places.
fn alike(one: &str, other: &str) -> bool {
    let form = |word: &str| -> Vec<(bool, bool)> {
        word.chars().map(|char| (char.is_ascii_uppercase(), char.is_ascii_digit())).collect()
    };
    form(one) == form(other)
}

/// A moment as Twilio writes it (RFC 2822).
fn moment(text: &str) -> Option<Timestamp> {
    let moment = DateTime::parse_from_rfc2822(text).ok()?;
    Some(Timestamp::from_millis(moment.timestamp_millis()))
}
