//! The HTTP client of all senders: one request, one response.
//!
//! Redirects are not followed, so that credentials go only to the configured address; the client
//! retries nothing; every wait has a timeout; a response is read up to a limit. Secrets are sent
//! over HTTPS, and in plaintext only to a server on this machine.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect, retry};
use tokio::sync::OnceCell;

use crate::config::keys::{KeyPath, Section};
use crate::delivery::error::{DeliveryError, FailureKind};
use crate::delivery::timeouts::SendTimeouts;
use crate::delivery::tls::{self, Doubt, Trust};
use crate::domain::text;

/// Size limit of a response body in bytes; providers' have a few hundred.
const ANSWER_MAX: usize = 64 * 1024;
/// How long an idle connection is kept for the next message.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// Maximum number of idle connections: the number of messages sent concurrently.
const MAX_IDLE_CONNECTIONS: usize = 8;
/// Upper bound for a provider's `Retry-After`.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// The peer, for error messages.
#[derive(Clone, Copy)]
pub(super) struct HttpPeer {
    /// `Twilio`, `SendGrid`, …
    pub(super) name: &'static str,
    /// The key of the base URL, such as `sms.base_url`.
    pub(super) key: KeyPath,
    /// The section whose `ca_file` adds trusted certificates, if it has one.
    pub(super) ca_file: Option<Section>,
}

/// A lazily built HTTP client for one peer.
pub(super) struct Http {
    https: bool,
    times: SendTimeouts,
    trust: Trust,
    client: OnceCell<Client>,
}

impl Http {
    /// A client for a URL from [`HttpPeer::address`]; nothing is connected yet.
    pub(super) fn new(address: &Url, times: SendTimeouts) -> Self {
        let https = address.scheme() == "https";
        Self { https, times, trust: Trust::system(), client: OnceCell::new() }
    }

    /// Trusts the certificates in `ca_file` in addition to the system's.
    pub(super) fn trusting(mut self, ca_file: Option<PathBuf>, key: KeyPath) -> Self {
        self.trust = Trust::with(ca_file, key);
        self
    }

    /// The client, built with the first message, since that reads the certificates.
    pub(super) async fn client(&self) -> Result<&Client, DeliveryError> {
        self.client.get_or_try_init(|| self.make()).await
    }

    async fn make(&self) -> Result<Client, DeliveryError> {
        let builder = if self.https {
            let trust = self.trust.config().await?;
            Client::builder().https_only(true).tls_backend_preconfigured((*trust).clone())
        } else {
            // A server on this machine: no certificates and no proxy.
            let trust = tls::trusting_nobody()?;
            Client::builder().no_proxy().tls_backend_preconfigured((*trust).clone())
        };
        let builder = builder
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(self.times.step)
            .timeout(self.times.total);
        // Bounds how long unacknowledged data stays in flight: otherwise the kernel retransmits for
        // minutes after the send was given up.
        #[cfg(target_os = "linux")]
        let builder = builder.tcp_user_timeout(self.times.total);
        builder
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .build()
            .map_err(|error| {
                DeliveryError::new(FailureKind::FAILED, format!("No HTTP client: {error}."))
            })
    }
}

impl HttpPeer {
    /// Parses and checks a configured URL: HTTPS, or HTTP on this machine, without credentials or
    /// query.
    pub(super) fn address(self, raw: &str) -> Result<Url, DeliveryError> {
        let url: Url = raw.parse().map_err(|_| self.not_usable(raw))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        let protected = url.scheme() == "https" || (url.scheme() == "http" && here);
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if protected && plain { Ok(url) } else { Err(self.not_usable(raw)) }
    }

    /// A URL below `base`.
    pub(super) fn below(self, base: &Url, parts: &[&str]) -> Result<Url, DeliveryError> {
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| self.not_usable(base.as_str()))?
            .pop_if_empty()
            .extend(parts);
        Ok(url)
    }

    fn not_usable(self, raw: &str) -> DeliveryError {
        // The part before an @ could be a password.
        let shown = raw.rsplit_once('@').map_or(raw, |(_, place)| place);
        let how = format!(
            "{} is \"{}\". It must be an https address without a login or a query; http is for \
             this machine only.",
            self.key,
            text::clean(shown)
        );
        DeliveryError::misconfigured(self.key, how)
    }

    /// Classifies a request without a response. Only if no connection was established is it certain
    /// that nothing was sent (security requirement 20): after that the client does not say how much
    /// it has written.
    pub(super) fn broken(self, error: &reqwest::Error) -> DeliveryError {
        if !error.is_connect() {
            return self.uncertain();
        }
        let Self { name, key, .. } = self;
        if let Some(io) = tls::cause(error) {
            let why = tls::complaint(io);
            let what = format!(
                "{name} cannot be reached over a protected connection: {why}. Nothing was sent."
            );
            return DeliveryError::new(FailureKind::Settings, what)
                .advising(self.remedy(tls::doubt(io)))
                .about(key);
        }
        let what = format!("{name} cannot be reached. Nothing was sent.");
        DeliveryError::new(FailureKind::FAILED, what)
            .advising(format!("Check the network, and {key}."))
            .about(key)
    }

    /// The admin's advice if TLS could not be established.
    fn remedy(self, doubt: Option<Doubt>) -> String {
        let Self { key, ca_file, .. } = self;
        match (doubt, ca_file) {
            (Some(Doubt::Issuer), Some(section)) => format!(
                "If the certificate is one of the office's own, name the certificate of who \
                 issued it: ca_file in {section}."
            ),
            (Some(Doubt::Issuer), None) => format!(
                "Somebody between this machine and {key} may have put a certificate of their \
                 own in its place, as some firewalls do."
            ),
            (Some(Doubt::Time), _) => {
                format!("Look at this machine's clock, and at the server that {key} names.")
            }
            _ => format!("Check {key}."),
        }
    }

    /// No response, or one that does not tell whether the message was accepted.
    pub(super) fn uncertain(self) -> DeliveryError {
        let what = format!("{} did not confirm the message: it may arrive or not.", self.name);
        DeliveryError::new(FailureKind::Uncertain, what)
    }

    /// The response is a redirect.
    pub(super) fn redirects(self, said: &str) -> DeliveryError {
        let what =
            format!("{}'s address answers with another address, which is not followed.", self.name);
        DeliveryError::new(FailureKind::Settings, what)
            .advising(format!("Check {}.", self.key))
            .quoting(said)
            .about(self.key)
    }

    /// The peer's rate limit is reached.
    pub(super) fn busy(self, retry_after: Option<Duration>, said: &str) -> DeliveryError {
        let wish = retry_after.map_or_else(String::new, |wait| {
            format!(" and asks it to wait {} seconds", wait.as_secs())
        });
        let what = format!("{} gets more from this office than it takes{wish}.", self.name);
        DeliveryError::new(FailureKind::Failed { retry_after }, what).quoting(said)
    }

    /// The peer reports an error of its own.
    pub(super) fn at_fault(self, retry_after: Option<Duration>, said: &str) -> DeliveryError {
        let what = format!("{} has a fault of its own.", self.name);
        DeliveryError::new(FailureKind::Failed { retry_after }, what).quoting(said)
    }
}

/// `Retry-After` in seconds (RFC 9110, 10.2.3), at most `RETRY_AFTER_MAX`. The date form is
/// ignored, since it would be compared with this machine's clock.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// The response body, up to `ANSWER_MAX`; `None` if it is truncated or too long.
pub(super) async fn read(response: Response) -> Option<Vec<u8>> {
    read_within(response, ANSWER_MAX).await
}

/// The response body, up to `most` bytes.
pub(super) async fn read_within(mut response: Response, most: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= most => body.extend(chunk),
            Ok(None) => return Some(body),
            Ok(Some(_)) | Err(_) => return None,
        }
    }
}

impl DeliveryError {
    /// Converts the error of a check: nothing was sent, so nothing is uncertain.
    pub(super) fn in_a_check(self, party: HttpPeer) -> Self {
        match self.kind() {
            FailureKind::Uncertain => {
                let what = format!("{} did not answer in time.", party.name);
                Self::new(FailureKind::FAILED, what)
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::config::keys::SMS;

    const PARTY: HttpPeer = HttpPeer { name: "Twilio", key: SMS.base_url.path(), ca_file: None };

    #[test]
    fn security_22_a_secret_goes_over_https_or_stays_on_this_machine() {
        for good in [
            "https://api.twilio.com",
            "https://gateway.example.org/sms/",
            "http://127.0.0.1:8080",
            "http://localhost:8080/base",
            "http://[::1]:8080",
        ] {
            assert!(PARTY.address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.twilio.com",
            "http://localhost.evil.test",
            "http://127.0.0.1.evil.test",
            "https://user:secret@api.twilio.com",
            "https://api.twilio.com/?key=1",
            "https://api.twilio.com/#x",
            "ftp://127.0.0.1",
            "api.twilio.com",
        ] {
            let refused = PARTY.address(bad).expect_err(bad).to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn a_wait_is_read_in_seconds_and_believed_up_to_a_day() {
        let wait = |written: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(written).expect("a header"));
            retry_after(&headers)
        };
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait(" 0 "), Some(Duration::ZERO));
        assert_eq!(wait("99999999999"), Some(RETRY_AFTER_MAX));
        for odd in ["", "-1", "1.5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(wait(odd), None, "{odd}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
