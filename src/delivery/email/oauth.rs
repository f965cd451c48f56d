//! OAuth 2.0 access tokens for SMTP logins (RFC 6749).
//!
//! A token is fetched when the first login needs it, cached in memory until shortly before it
//! expires, and never written anywhere. Two grants are supported: client credentials (section 4.4,
//! for Microsoft 365) and a refresh token of a user's consent (section 6, for Gmail).

use std::time::Duration;

use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::keys::{EmailKeys, KeyPath};
use crate::config::settings::TokenSettings;
use crate::delivery::error::{DeliveryError, FailureKind};
use crate::delivery::http::{self, Http, HttpPeer};
use crate::delivery::redact::Secrets;
use crate::delivery::timeouts::SendTimeouts;

/// A cached token is not used within this time of its expiry, since it could expire in transit.
const EXPIRY_MARGIN: Duration = Duration::from_mins(1);
/// Assumed lifetime of a token whose response has no `expires_in`.
const DEFAULT_VALIDITY: Duration = Duration::from_mins(10);
/// Length limit of a token in bytes; Microsoft's have a few thousand.
const TOKEN_MAX: usize = 16 * 1024;

/// A token endpoint and its cached token.
pub(in crate::delivery) struct Tokens {
    keys: &'static EmailKeys,
    peer: HttpPeer,
    settings: TokenSettings,
    url: Url,
    http: Http,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    token: SecretString,
    end: Instant,
}

/// A token; `kept` is true if it came from the cache, so that it may have been revoked since.
pub(in crate::delivery) struct Token {
    pub(in crate::delivery) secret: SecretString,
    pub(in crate::delivery) kept: bool,
}

impl Tokens {
    /// Makes no request yet.
    pub(in crate::delivery) fn new(
        keys: &'static EmailKeys,
        settings: &TokenSettings,
        times: SendTimeouts,
    ) -> Result<Self, DeliveryError> {
        let key = keys.token_url.path();
        let peer = HttpPeer { name: "The token service", key, ca_file: None };
        let url = peer.address(&settings.url)?;
        let http = Http::new(&url, times);
        Ok(Self { keys, peer, settings: settings.clone(), url, http, kept: Mutex::default() })
    }

    /// The cached token, or a new one. Concurrent callers wait for the same request.
    pub(in crate::delivery) async fn token(&self) -> Result<Token, DeliveryError> {
        let mut kept = self.kept.lock().await;
        if let Some(Kept { token, .. }) = kept.as_ref().filter(|it| Instant::now() < it.end) {
            return Ok(Token { secret: token.clone(), kept: true });
        }
        // Nothing was sent to the customer, so an error is never "uncertain".
        let fetched = self.fetch().await.map_err(|error| error.in_a_check(self.peer))?;
        let secret = fetched.token.clone();
        *kept = Some(fetched);
        Ok(Token { secret, kept: false })
    }

    /// Drops a refused token from the cache, unless it was replaced already.
    pub(in crate::delivery) async fn forget(&self, refused: &SecretString) {
        let same = |it: &mut Kept| it.token.expose_secret() == refused.expose_secret();
        self.kept.lock().await.take_if(same);
    }

    async fn fetch(&self) -> Result<Kept, DeliveryError> {
        let TokenSettings { client_id, client_secret, scope, refresh_token, .. } = &self.settings;
        let mut form = vec![
            ("client_id", client_id.as_str()),
            ("client_secret", client_secret.expose_secret()),
        ];
        match refresh_token {
            Some(token) => {
                form.push(("grant_type", "refresh_token"));
                form.push(("refresh_token", token.expose_secret()));
            }
            None => form.push(("grant_type", "client_credentials")),
        }
        form.extend(scope.as_deref().map(|scope| ("scope", scope)));
        let asked = Instant::now();
        let request = self.http.client().await?.post(self.url.clone()).form(&form);
        let response = request.send().await.map_err(|error| self.peer.broken(&error))?;
        let (status, wait) = (response.status(), http::retry_after(response.headers()));
        let body = http::read(response).await.ok_or_else(|| self.peer.uncertain())?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status != StatusCode::OK {
            return Err(self.refused(status, wait, &answer));
        }
        let token = answer.get("access_token").and_then(Value::as_str).filter(|it| is_token(it));
        let Some(token) = token else {
            let what = "What answers in the token service's place gives no token.";
            let key = self.peer.key;
            return Err(DeliveryError::new(FailureKind::Settings, what)
                .advising(format!("Check {key}."))
                .about(key));
        };
        let seconds = answer.get("expires_in").and_then(Value::as_u64);
        let life =
            seconds.map_or(DEFAULT_VALIDITY, Duration::from_secs).min(Duration::from_hours(24));
        Ok(Kept { token: token.to_owned().into(), end: asked + life.saturating_sub(EXPIRY_MARGIN) })
    }

    /// Classifies an error response (RFC 6749, 5.2).
    fn refused(&self, status: StatusCode, wait: Option<Duration>, answer: &Value) -> DeliveryError {
        let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut secrets = Secrets::new().with(self.settings.client_secret.expose_secret());
        if let Some(token) = &self.settings.refresh_token {
            secrets = secrets.with(token.expose_secret());
        }
        let error = text("error");
        let said = match error {
            "" => format!("HTTP {}", status.as_u16()),
            error => secrets.quote(&format!("{error}: {}", text("error_description"))),
        };
        let at = self.keys.section();
        let keys = self.keys;
        let settings = |what: &str, advice: String, key: KeyPath| {
            DeliveryError::new(FailureKind::Settings, what).advising(advice).about(key)
        };
        let error = match (error, status.as_u16()) {
            (_, 429) => return self.peer.busy(wait, &said),
            (_, 408 | 500..=599) => return self.peer.at_fault(wait, &said),
            (_, 300..=399) => return self.peer.redirects(&said),
            ("invalid_client", _) => settings(
                "The token service does not know this program.",
                format!(
                    "Check client_id and client_secret in {at}; a client secret ends after some \
                     months."
                ),
                keys.client_id.path(),
            ),
            ("invalid_grant", _) => settings(
                "The token service takes the refresh token no longer: it has ended, or the \
                 mailbox's owner withdrew it.",
                format!("Make a new one for refresh_token in {at}."),
                keys.refresh_token.path(),
            ),
            ("unauthorized_client" | "invalid_scope", _) => settings(
                "The token service gives this program no token for mail.",
                format!("Check the program's permissions there, and scope in {at}."),
                keys.scope.path(),
            ),
            _ => settings(
                "The token service gives no token.",
                format!("Check token_url, client_id and client_secret in {at}."),
                keys.token_url.path(),
            ),
        };
        error.quoting(said)
    }
}

/// The token syntax of RFC 6750, 2.1: it cannot contain a line end or SMTP field separator.
fn is_token(text: &str) -> bool {
    (1..=TOKEN_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
}
