//! Email by `SendGrid`'s Web API (v3, Mail Send), for networks whose firewall blocks SMTP.
//! Responses are classified by
//! <https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/errors>.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use reqwest::{Response, StatusCode, Url};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::config::keys::{EmailKeys, KeyPath};
use crate::config::settings::SendGridSettings;
use crate::delivery::email::smtp::sender_address;
use crate::delivery::error::{DeliveryError, FailureKind, claim};
use crate::delivery::http::{self, Http, HttpPeer};
use crate::delivery::message::MessageKind;
use crate::delivery::provider::Provider;
use crate::delivery::redact::Secrets;
use crate::delivery::templates::Templates;
use crate::delivery::timeouts::SendTimeouts;
use crate::domain::contact_state::ContactFailure;
use crate::domain::provider::ProviderFingerprint;
use crate::domain::text;
use crate::service::ports::SendGuard;

/// The scope that the API key needs.
const RIGHT: &str = "mail.send";
/// Length limit of a message id; `SendGrid`'s have 22 characters.
const ID_MAX: usize = 100;

/// Sends email through one `SendGrid` account.
pub(in crate::delivery) struct SendGridProvider {
    keys: &'static EmailKeys,
    peer: HttpPeer,
    settings: SendGridSettings,
    base: Url,
    from: Mailbox,
    templates: Arc<Templates>,
    http: Http,
}

impl SendGridProvider {
    /// Makes no request yet.
    pub(in crate::delivery) fn new(
        keys: &'static EmailKeys,
        settings: &SendGridSettings,
        templates: Arc<Templates>,
        times: SendTimeouts,
    ) -> Result<Self, DeliveryError> {
        let peer = HttpPeer { name: "SendGrid", key: keys.base_url.path(), ca_file: None };
        let base = peer.address(&settings.base_url)?;
        Ok(Self {
            keys,
            peer,
            from: sender_address(keys, &settings.from)?,
            settings: settings.clone(),
            http: Http::new(&base, times),
            base,
            templates,
        })
    }

    /// The request body. Click and open tracking are switched off: they have no place in a message
    /// with a code.
    fn letter(&self, piece: MessageKind<'_>) -> Result<Value, DeliveryError> {
        let address = piece.email_address()?;
        let texts = piece.email(&self.templates)?;
        let mailbox = |address: &str, name: Option<&str>| match name {
            Some(name) => json!({ "email": address, "name": name }),
            None => json!({ "email": address }),
        };
        let to = mailbox(address.on_envelope(), text::clean_optional(piece.customer()).as_deref());
        Ok(json!({
            "personalizations": [{ "to": [to] }],
            "from": mailbox(self.from.email.as_ref(), self.from.name.as_deref()),
            "subject": texts.subject,
            "content": [
                { "type": "text/plain", "value": texts.plain },
                { "type": "text/html", "value": texts.html },
            ],
            // RFC 3834, as over SMTP.
            "headers": { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
            "tracking_settings": {
                "click_tracking": { "enable": false, "enable_text": false },
                "open_tracking": { "enable": false },
                "subscription_tracking": { "enable": false },
            },
        }))
    }

    /// Reads the scopes of the API key; sends no message.
    async fn try_key(&self) -> Result<String, DeliveryError> {
        let url = self.peer.below(&self.base, &["v3", "scopes"])?;
        let request = self.http.client().await?.get(url);
        let request = request.bearer_auth(self.settings.api_key.expose_secret());
        let response = request.send().await.map_err(|error| self.peer.broken(&error))?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(response, None).await);
        }
        let body = http::read(response).await.unwrap_or_default();
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let may_send = answer
            .get("scopes")
            .and_then(Value::as_array)
            .is_some_and(|scopes| scopes.iter().any(|scope| scope == RIGHT));
        if may_send {
            return Ok("SendGrid takes the key, and it may send mail".into());
        }
        Err(DeliveryError::new(
            FailureKind::Settings,
            "SendGrid takes the key, but it may not send.",
        )
        .advising("Give it the right Mail Send.")
        .about(self.keys.password.path()))
    }

    /// Reads and classifies an error response.
    async fn refused(&self, response: Response, piece: Option<MessageKind<'_>>) -> DeliveryError {
        let (status, wait) = (response.status(), http::retry_after(response.headers()));
        let body = http::read(response).await.unwrap_or_default();
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let said = self.said(status, &answer, piece);
        let field = answer.pointer("/errors/0/field").and_then(Value::as_str).unwrap_or_default();
        self.verdict(status, field, wait, &said)
    }

    fn said(&self, status: StatusCode, answer: &Value, piece: Option<MessageKind<'_>>) -> String {
        let mut secrets = Secrets::new().with(self.settings.api_key.expose_secret());
        if let Some(piece) = piece {
            secrets = piece.hidden(secrets);
        }
        let first = answer.pointer("/errors/0/message").and_then(Value::as_str);
        match first.map(|words| secrets.quote(words)).filter(|words| !words.is_empty()) {
            Some(words) => format!("HTTP {}: {words}", status.as_u16()),
            None => format!("HTTP {}", status.as_u16()),
        }
    }

    /// Classifies an error response by its status and, for a bad request, by the field it names.
    fn verdict(
        &self,
        status: StatusCode,
        field: &str,
        wait: Option<Duration>,
        said: &str,
    ) -> DeliveryError {
        let at = self.keys.section();
        let keys = self.keys;
        let settings = |what: &str, advice: String, key: KeyPath| {
            DeliveryError::new(FailureKind::Settings, what).advising(advice).about(key)
        };
        let error = match status.as_u16() {
            401 | 402 => settings(
                "SendGrid refused the API key, or the account's messages are used up or not paid \
                 for.",
                format!("Check password in {at}, and the account in SendGrid's console."),
                keys.password.path(),
            ),
            403 => settings(
                "SendGrid does not let this office send.",
                format!(
                    "Verify the address of from in {at} under Sender Authentication, and give the \
                     key the right Mail Send."
                ),
                keys.from.path(),
            ),
            404 | 405 | 415 => settings(
                "What answers does not know SendGrid's Mail Send.",
                format!("Check base_url in {at}."),
                keys.base_url.path(),
            ),
            400 if field.starts_with("personalizations") => DeliveryError::new(
                FailureKind::Recipient(ContactFailure::UnknownMailbox),
                "SendGrid refuses the customer's address. Correct it, or use another channel.",
            ),
            400 if field == "from" || field.starts_with("from.") => settings(
                "SendGrid does not take this office's address.",
                format!("Check from in {at}."),
                keys.from.path(),
            ),
            413 => DeliveryError::new(
                FailureKind::Message,
                "SendGrid finds the email too large. Use another channel.",
            ),
            429 => return self.peer.busy(wait, said),
            // A proxy error does not tell whether SendGrid has the message.
            408 | 502 | 504 => return self.peer.uncertain(),
            500..=599 => return self.peer.at_fault(wait, said),
            300..=399 => return self.peer.redirects(said),
            _ => DeliveryError::new(
                FailureKind::Unclassified,
                "SendGrid refuses the email. Use another channel, and tell an admin.",
            ),
        };
        error.quoting(said)
    }
}

/// The message id in the response.
fn id(response: &Response) -> Option<String> {
    let id = response.headers().get("X-Message-Id")?.to_str().ok()?;
    let plain = (1..=ID_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    plain.then(|| id.to_owned())
}

#[async_trait]
impl Provider for SendGridProvider {
    fn name(&self) -> &'static str {
        "sendgrid-api"
    }

    fn fingerprint(&self) -> ProviderFingerprint {
        ProviderFingerprint::of(self.name(), &self.settings.base_url, self.from.email.as_ref())
    }

    async fn post(
        &self,
        piece: MessageKind<'_>,
        guard: &dyn SendGuard,
    ) -> Result<Option<String>, DeliveryError> {
        let letter = self.letter(piece)?;
        let url = self.peer.below(&self.base, &["v3", "mail", "send"])?;
        let request = self.http.client().await?.post(url);
        let request = request.bearer_auth(self.settings.api_key.expose_secret());
        // Serialised by hand: reqwest's `json` feature is not enabled.
        let request = request.header("Content-Type", "application/json").body(letter.to_string());
        claim(guard).await?;
        let response = request.send().await.map_err(|error| self.peer.broken(&error))?;
        match response.status() {
            StatusCode::ACCEPTED => Ok(id(&response)),
            status if status.is_success() => Err(self.peer.uncertain()),
            _ => Err(self.refused(response, Some(piece)).await),
        }
    }

    async fn check(&self) -> Result<String, DeliveryError> {
        self.try_key().await.map_err(|error| error.in_a_check(self.peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::EMAIL_FALLBACK;
    use crate::config::settings::MessageSettings;
    use crate::delivery::error::tests::assert_is_told_well;

    #[test]
    fn no_refusal_tells_a_clerk_what_only_an_admin_can_do() {
        let keys = &EMAIL_FALLBACK;
        let settings = SendGridSettings {
            api_key: "SG.x".into(),
            from: "codes@example.org".into(),
            base_url: "https://api.sendgrid.com".into(),
        };
        let templates = Templates::load(&MessageSettings::default()).expect("templates");
        let provider =
            SendGridProvider::new(keys, &settings, Arc::new(templates), SendTimeouts::default())
                .expect("a provider");
        for status in (300..600).filter_map(|it| StatusCode::from_u16(it).ok()) {
            for field in ["", "from", "personalizations.0.to"] {
                assert_is_told_well(&provider.verdict(status, field, None, "HTTP"), keys.section());
            }
        }
    }
}
