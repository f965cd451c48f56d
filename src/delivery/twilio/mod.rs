//! Text messages by Twilio's Messages resource (API 2010-04-01).
//!
//! One POST hands one message over. It is never repeated: not by a redirect,
//! not by the HTTP client, not here. Where no answer came, the message may be
//! on its way, and the report says so.

mod reply;

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect, retry};
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use super::error::{self, DeliveryError};
use super::scrub::Secrets;
use super::templates::Templates;
use super::times::Times;
use super::tls::{self, Trust};
use crate::config::settings::{TwilioCredentials, TwilioSender, TwilioSettings};
use crate::domain::contact::Contact;
use crate::domain::delivery::Report;
use crate::domain::message::Outgoing;
use crate::domain::text;
use crate::service::ports::Sender;
use reply::{Answer, Verdicts};

/// The most that is read of an answer; Twilio's have some hundred bytes.
const LARGEST_ANSWER: usize = 64 * 1024;
/// How long a connection is kept for the next message.
const IDLE: Duration = Duration::from_mins(1);

/// Sends text messages through one Twilio account.
pub(super) struct SmsSender {
    settings: TwilioSettings,
    base: Url,
    templates: Arc<Templates>,
    times: Times,
    client: OnceCell<Client>,
}

impl SmsSender {
    /// A sender; nothing is connected yet.
    pub(super) fn new(
        settings: &TwilioSettings,
        templates: Arc<Templates>,
        times: Times,
    ) -> Result<Self, DeliveryError> {
        Ok(Self {
            base: base(&settings.base_url)?,
            settings: settings.clone(),
            templates,
            times,
            client: OnceCell::new(),
        })
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
        let request = self.client().await?.post(url);
        let form = [("To", number.as_str()), sender, ("Body", &body)];
        let response =
            self.authorised(request).form(&form).send().await.map_err(|error| broken(&error))?;
        let status = response.status();
        match read(response).await {
            Some(body) => verdicts.sent(status, &Answer::parse(&body)),
            None if status.is_success() => Err(reply::uncertain()),
            None => verdicts.sent(status, &Answer::default()),
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
        let request = self.client().await?.get(url);
        let response =
            self.authorised(request).send().await.map_err(|error| broken(&error).in_a_check())?;
        let status = response.status();
        let answer = Answer::parse(&read(response).await.unwrap_or_default());
        if status == StatusCode::OK {
            return reply::welcomed(&answer, &self.settings);
        }
        Err(verdicts.turned_away(status, &answer, &self.settings.credentials))
    }

    /// The client, made at the first message: it reads the certificates.
    async fn client(&self) -> Result<&Client, DeliveryError> {
        self.client.get_or_try_init(|| self.make_client()).await
    }

    async fn make_client(&self) -> Result<Client, DeliveryError> {
        let builder = if self.base.scheme() == "https" {
            let trust = Trust::new(None).config().await?;
            Client::builder().https_only(true).tls_backend_preconfigured((*trust).clone())
        } else {
            // A double on this machine: no certificates, and no proxy either.
            let trust = tls::trusting_nobody()?;
            Client::builder().no_proxy().tls_backend_preconfigured((*trust).clone())
        };
        builder
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(self.times.step)
            .timeout(self.times.total)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            .build()
            .map_err(|error| DeliveryError::Failed(format!("No HTTP client: {error}.")))
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
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| not_usable(&self.settings.base_url))?
            .pop_if_empty()
            .extend(["2010-04-01", "Accounts"])
            .extend(parts);
        Ok(url)
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

/// Where Twilio is. A secret goes over HTTPS only; a double on this machine
/// may do without.
fn base(raw: &str) -> Result<Url, DeliveryError> {
    let url: Url = raw.parse().map_err(|_| not_usable(raw))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    let protected = url.scheme() == "https" || (url.scheme() == "http" && here);
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if protected && plain { Ok(url) } else { Err(not_usable(raw)) }
}

fn not_usable(raw: &str) -> DeliveryError {
    // What stands before an @ could be a password.
    let shown = raw.rsplit_once('@').map_or(raw, |(_, place)| place);
    DeliveryError::Settings(format!(
        "sms.base_url is \"{}\". It must be an https address without a login or a query; http is \
         for this machine only.",
        text::clean(shown)
    ))
}

/// The answer's body, or nothing where it broke off or is too long.
async fn read(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST_ANSWER => body.extend(chunk),
            Ok(None) => return Some(body),
            Ok(Some(_)) | Err(_) => return None,
        }
    }
}

/// What it means that no answer came. Only where no connection came about is
/// it sure that nothing was sent (security requirement 20).
fn broken(error: &reqwest::Error) -> DeliveryError {
    if !error.is_connect() {
        return reply::uncertain();
    }
    let mut cause = error.source();
    while let Some(deeper) = cause {
        if let Some(io) = deeper.downcast_ref::<std::io::Error>()
            && io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
        {
            return DeliveryError::Failed(format!(
                "No protected connection to Twilio: {}. Nothing was sent.",
                tls::complaint(io)
            ));
        }
        cause = deeper.source();
    }
    DeliveryError::Failed(
        "Twilio cannot be reached. Nothing was sent. Check the network, and base_url in [sms]."
            .into(),
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_22_a_secret_goes_over_https_or_stays_on_this_machine() {
        for good in [
            "https://api.twilio.com",
            "https://api.twilio.com/",
            "http://127.0.0.1:1",
            "http://[::1]:1",
        ] {
            assert!(base(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.twilio.com",
            "http://127.0.0.1.evil.test",
            "ftp://127.0.0.1",
            "https://user:canary@api.twilio.com",
            "https://api.twilio.com?token=1",
            "api.twilio.com",
            "",
        ] {
            let Err(error) = base(bad) else { panic!("{bad}") };
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
