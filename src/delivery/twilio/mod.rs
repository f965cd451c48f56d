//! Text messages by Twilio's Messages resource (API 2010-04-01).
//!
//! One POST hands one message over. It is never repeated: not by a redirect,
//! not by the HTTP client, not here. Where no answer came, the message may be
//! on its way, and the report says so.

mod reply;

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{RequestBuilder, StatusCode, Url};
use secrecy::ExposeSecret;

use super::error::{self, DeliveryError};
use super::http::{self, Http, Party};
use super::scrub::Secrets;
use super::templates::Templates;
use super::times::Times;
use crate::config::settings::{TwilioCredentials, TwilioSender, TwilioSettings};
use crate::domain::contact::Contact;
use crate::domain::delivery::Report;
use crate::domain::message::Outgoing;
use crate::service::ports::Sender;
use reply::{Answer, Verdicts};

const TWILIO: Party = Party { name: "Twilio", key: "sms.base_url" };

/// Sends text messages through one Twilio account.
pub(super) struct SmsSender {
    settings: TwilioSettings,
    base: Url,
    templates: Arc<Templates>,
    http: Http,
}

impl SmsSender {
    /// A sender; nothing is connected yet.
    pub(super) fn new(
        settings: &TwilioSettings,
        templates: Arc<Templates>,
        times: Times,
    ) -> Result<Self, DeliveryError> {
        let base = TWILIO.address(&settings.base_url)?;
        let http = Http::new(&base, times);
        Ok(Self { base, settings: settings.clone(), templates, http })
    }

    async fn hand_over(&self, message: &Outgoing) -> Result<Option<String>, DeliveryError> {
        let Contact::Phone(number) = &message.to else {
            return Err(DeliveryError::Refused("This contact is no phone number.".into()));
        };
        let body = self.templates.sms(&message.facts)?;
        let sender = match &self.settings.sender {
            TwilioSender::From(from) => ("From", from.as_str()),
            TwilioSender::MessagingService(sid) => ("MessagingServiceSid", sid.as_str()),
        };
        let verdicts = self.verdicts(Some(message));
        let url = self.url(&["Messages.json"])?;
        let request = self.http.client().await?.post(url);
        let form = [("To", number.as_str()), sender, ("Body", &body)];
        let sent = self.authorised(request).form(&form).send().await;
        let response = sent.map_err(|error| TWILIO.broken(&error))?;
        let (status, wait) = (response.status(), http::retry_after(response.headers()));
        match http::read(response).await {
            Some(body) => verdicts.sent(status, wait, &Answer::parse(&body)),
            None if status.is_success() => Err(TWILIO.uncertain()),
            None => verdicts.sent(status, wait, &Answer::default()),
        }
    }

    /// Asks for something the credentials may read, and sends nothing. A
    /// standard API key may not read the account itself, so a key is tried on
    /// the account's numbers.
    async fn try_login(&self) -> Result<String, DeliveryError> {
        let verdicts = self.verdicts(None);
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
        let response = sent.map_err(|error| TWILIO.broken(&error).in_a_check(TWILIO))?;
        let status = response.status();
        let answer = Answer::parse(&http::read(response).await.unwrap_or_default());
        if status == StatusCode::OK {
            return reply::welcomed(&answer, &self.settings);
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
        TWILIO.below(&self.base, &[["2010-04-01", "Accounts"].as_slice(), parts].concat())
    }

    fn verdicts(&self, message: Option<&Outgoing>) -> Verdicts {
        let (name, secret) = match &self.settings.credentials {
            TwilioCredentials::AuthToken(token) => (&self.settings.account_sid, token),
            TwilioCredentials::ApiKey { key, secret } => (key, secret),
        };
        let mut secrets = Secrets::new().with_login(name, secret.expose_secret());
        if let Some(message) = message {
            secrets = secrets.with(message.facts.code.reveal()).with_contact(&message.to);
        }
        Verdicts { secrets }
    }
}

#[async_trait]
impl Sender for SmsSender {
    fn provider(&self) -> &'static str {
        "twilio"
    }

    async fn send(&self, message: &Outgoing) -> Report {
        error::report(self.provider(), &message.idempotency, self.hand_over(message).await)
    }

    async fn check(&self) -> Result<String, String> {
        self.try_login().await.map_err(|error| error.to_string())
    }
}
