//! A server that takes JSON lines by POST. It has a batch where it answers with success.

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::ExposeSecret as _;

use crate::config::keys::AuditShipKeys;
use crate::config::settings::ShippingServer;
use crate::delivery::error::DeliveryError;
use crate::delivery::http::{self, Http, HttpPeer};
use crate::delivery::redact::Secrets;
use crate::delivery::timeouts::SendTimeouts;
use crate::domain::audit::shipping::ShippedRecord;
use crate::service::ports::{Collector, CollectorError};

/// Ships by HTTPS.
pub(super) struct HttpsCollector {
    keys: &'static AuditShipKeys,
    peer: HttpPeer,
    url: Url,
    headers: HeaderMap,
    secrets: Secrets,
    http: Http,
}

impl HttpsCollector {
    /// A collector at an address; nothing is connected yet.
    pub(super) fn new(
        keys: &'static AuditShipKeys,
        settings: &ShippingServer,
        times: SendTimeouts,
    ) -> Result<Self, DeliveryError> {
        let key = keys.url.path();
        let peer = HttpPeer { name: "The log collector", key, ca_file: Some(keys.section()) };
        let url = peer.address(&settings.place)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        let mut secrets = Secrets::new();
        if let Some(token) = &settings.token {
            let token = token.expose_secret();
            let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
                let how = format!("{} cannot be sent in a header.", keys.token);
                DeliveryError::misconfigured(keys.token.path(), how)
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
            secrets = secrets.with(token);
        }
        let http = Http::new(&url, times).trusting(settings.ca_file.clone(), keys.ca_file.path());
        Ok(Self { keys, peer, url, headers, secrets, http })
    }

    /// Why an answer is none that says that it has the batch.
    fn refusal(&self, status: StatusCode, answer: &[u8]) -> String {
        let words = self.secrets.quote(&String::from_utf8_lossy(answer));
        let said = if words.is_empty() { String::new() } else { format!(": {words}") };
        let advice = match status.as_u16() {
            401 | 403 => format!(". Check {}", self.keys.token),
            300..=399 => {
                format!(". Another address is not followed: check {}", self.keys.url)
            }
            404 | 405 | 415 => format!(". Check {}", self.keys.url),
            _ => String::new(),
        };
        format!("{} answered HTTP {}{said}{advice}", self.peer.name, status.as_u16())
    }
}

#[async_trait]
impl Collector for HttpsCollector {
    fn target(&self) -> String {
        self.url.to_string()
    }

    async fn ship(&self, records: &[ShippedRecord]) -> Result<(), CollectorError> {
        let body = ShippedRecord::lines(records);
        let request = self.http.client().await?.post(self.url.clone());
        let sent = request.headers(self.headers.clone()).body(body).send().await;
        let response = sent.map_err(|error| {
            if error.is_connect() {
                self.peer.broken(&error).into()
            } else {
                CollectorError::new(format!("{} broke off or gave no answer", self.peer.name))
            }
        })?;
        let (status, retry_after) = (response.status(), http::retry_after(response.headers()));
        let answer = http::read(response).await;
        if status.is_success() {
            return Ok(());
        }
        let why = self.refusal(status, &answer.unwrap_or_default());
        Err(CollectorError { why, retry_after })
    }
}
