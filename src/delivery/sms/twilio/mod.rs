//! SMS and WhatsApp through Twilio's Messages resource (API 2010-04-01).
//!
//! One POST sends one message. It is never repeated: not by a redirect, not by the HTTP client, not
//! here. If there was no response the message may have been sent, and the report says so; Twilio
//! can be polled about it.

mod ask;
mod codes;
mod reply;

pub(in crate::delivery) use crate::delivery::sms::twilio::reply::TwilioKeys;

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{RequestBuilder, StatusCode, Url};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::config::settings::{TwilioCredentials, TwilioSender, TwilioSettings, WhatsappTemplate};
use crate::delivery::error::{DeliveryError, FailureKind, claim};
use crate::delivery::http::{self, Http};
use crate::delivery::message::MessageKind;
use crate::delivery::provider::Provider;
use crate::delivery::redact::Secrets;
use crate::delivery::sms::twilio::reply::{Answer, Verdicts};
use crate::delivery::templates::Templates;
use crate::delivery::timeouts::SendTimeouts;
use crate::domain::delivery::{MessageTrace, ProviderStatus};
use crate::domain::message::Fact;
use crate::domain::provider::ProviderFingerprint;
use crate::domain::text;
use crate::service::ports::SendGuard;

/// The content of a message, which also determines the channel.
pub(in crate::delivery) enum Words {
    /// A text message in our own words.
    Text(Arc<Templates>),
    /// A WhatsApp template that is approved and stored at Twilio. Free text is refused (63016):
    /// only the variables are ours.
    Approved(WhatsappTemplate),
}

impl Words {
    /// The prefix of the recipient's number.
    const fn channel(&self) -> &'static str {
        match self {
            Self::Text(_) => "",
            Self::Approved(_) => "whatsapp:",
        }
    }

    /// Whether a message shows its reference: the check of the templates sees to
    /// it for a text of ours, and nothing does for one that lies at Twilio.
    fn name_the_reference(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Approved(template) => template.variables.contains(&Fact::Reference),
        }
    }
}

/// Sends messages of one kind through one Twilio account.
pub(in crate::delivery) struct TwilioProvider {
    at: TwilioKeys,
    settings: TwilioSettings,
    base: Url,
    words: Words,
    http: Http,
}

impl TwilioProvider {
    /// A sender; nothing is connected yet.
    pub(in crate::delivery) fn new(
        at: TwilioKeys,
        settings: &TwilioSettings,
        words: Words,
        times: SendTimeouts,
    ) -> Result<Self, DeliveryError> {
        let base = at.peer().address(&settings.base_url)?;
        let http = Http::new(&base, times);
        Ok(Self { at, base, settings: settings.clone(), words, http })
    }

    fn verdicts(&self, secrets: Secrets) -> Verdicts {
        Verdicts { at: self.at, secrets }
    }

    /// The form fields for sender, recipient and content.
    fn form(
        &self,
        number: &str,
        piece: MessageKind<'_>,
    ) -> Result<Vec<(&'static str, String)>, DeliveryError> {
        let words = match &self.words {
            Words::Text(templates) => vec![("Body", piece.sms(templates)?)],
            Words::Approved(template) => {
                let facts = piece.facts().ok_or_else(|| {
                    DeliveryError::new(
                        FailureKind::Message,
                        "WhatsApp takes nothing but the approved template, and that holds a code: \
                         there is no test message for it. Ask for a code for a customer of your \
                         own instead.",
                    )
                })?;
                let variables: Map<String, Value> = (1..)
                    .zip(&template.variables)
                    .map(|(at, fact): (u32, _)| (at.to_string(), one_line(&facts.value(*fact))))
                    .collect();
                vec![
                    ("ContentSid", template.content_sid.clone()),
                    ("ContentVariables", Value::from(variables).to_string()),
                ]
            }
        };
        let channel = self.words.channel();
        let sender = match &self.settings.sender {
            TwilioSender::From(from) => ("From", format!("{channel}{from}")),
            TwilioSender::MessagingService(sid) => ("MessagingServiceSid", sid.clone()),
        };
        Ok([("To", format!("{channel}{number}")), sender].into_iter().chain(words).collect())
    }

    /// Asks for something the credentials may read, and sends nothing. A
    /// standard API key may not read the account itself, so a key is tried on
    /// the account's numbers.
    async fn try_login(&self) -> Result<String, DeliveryError> {
        let verdicts = self.verdicts(self.secrets());
        let url = match self.settings.credentials {
            TwilioCredentials::AuthToken(_) => self.account_url()?,
            TwilioCredentials::ApiKey { .. } => {
                let mut url = self.url(&["IncomingPhoneNumbers.json"])?;
                url.set_query(Some("PageSize=1"));
                url
            }
        };
        let request = self.http.client().await?.get(url);
        let sent = self.authorised(request).send().await;
        let response =
            sent.map_err(|error| self.at.peer().broken(&error).in_a_check(self.at.peer()))?;
        let status = response.status();
        let answer = Answer::parse(&http::read(response).await.unwrap_or_default());
        if status == StatusCode::OK {
            return reply::welcomed(&answer, &self.settings, self.at);
        }
        Err(verdicts.turned_away(status, &answer, &self.settings.credentials))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.settings.credentials {
            TwilioCredentials::AuthToken(token) => {
                request.basic_auth(&self.settings.account_sid, Some(token.expose_secret()))
            }
            TwilioCredentials::ApiKey { key, secret } => {
                request.basic_auth(key, Some(secret.expose_secret()))
            }
        }
    }

    fn account_url(&self) -> Result<Url, DeliveryError> {
        self.extended(&[&format!("{}.json", self.settings.account_sid)])
    }

    fn url(&self, parts: &[&str]) -> Result<Url, DeliveryError> {
        let account = [self.settings.account_sid.as_str()];
        self.extended(&[account.as_slice(), parts].concat())
    }

    /// The address of something below `Accounts`; no secret is part of it.
    fn extended(&self, parts: &[&str]) -> Result<Url, DeliveryError> {
        self.at.peer().below(&self.base, &[["2010-04-01", "Accounts"].as_slice(), parts].concat())
    }

    /// What error texts must not repeat.
    fn secrets(&self) -> Secrets {
        let (name, secret) = match &self.settings.credentials {
            TwilioCredentials::AuthToken(token) => (&self.settings.account_sid, token),
            TwilioCredentials::ApiKey { key, secret } => (key, secret),
        };
        Secrets::new().with_login(name, secret.expose_secret())
    }
}

/// A variable's value: no line's end, no row of blanks, and never empty, or
/// Twilio refuses the message (21656).
fn one_line(value: &str) -> Value {
    let words: Vec<_> = value.split_whitespace().map(text::clean).collect();
    let line = words.join(" ");
    if line.trim().is_empty() { "-".into() } else { line.into() }
}

#[async_trait]
impl Provider for TwilioProvider {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn fingerprint(&self) -> ProviderFingerprint {
        let TwilioSettings { base_url, account_sid, .. } = &self.settings;
        ProviderFingerprint::of(self.name(), base_url, account_sid)
    }

    async fn post(
        &self,
        piece: MessageKind<'_>,
        guard: &dyn SendGuard,
    ) -> Result<Option<String>, DeliveryError> {
        let number = piece.phone_number()?;
        let form = self.form(number.as_str(), piece)?;
        let verdicts = self.verdicts(piece.hidden(self.secrets()));
        let url = self.url(&["Messages.json"])?;
        let request = self.http.client().await?.post(url);
        claim(guard).await?;
        let sent = self.authorised(request).form(&form).send().await;
        let response = sent.map_err(|error| self.at.peer().broken(&error))?;
        let (status, wait) = (response.status(), http::retry_after(response.headers()));
        match http::read(response).await {
            Some(body) => verdicts.sent(status, wait, &Answer::parse(&body)),
            None if status.is_success() => Err(self.at.peer().uncertain()),
            None => verdicts.sent(status, wait, &Answer::default()),
        }
    }

    fn can_tell(&self) -> bool {
        true
    }

    async fn ask(&self, trace: &MessageTrace) -> ProviderStatus {
        self.told(trace).await
    }

    async fn check(&self) -> Result<String, DeliveryError> {
        self.try_login().await
    }
}
