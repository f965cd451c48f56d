//! SMS through an HTTP gateway of the office's own, whose request is configured.
//!
//! Values are escaped for the body's content type, so that nothing in a message can become a field
//! of its own. A body template with a placeholder outside of a string is refused when the sender is
//! built.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use secrecy::ExposeSecret;
use serde_json::Value;
use strum::VariantNames as _;

use crate::config::keys::{KeyPath, SmsKeys};
use crate::config::settings::{GatewayContent, GatewayHeader, GatewayMethod, GatewaySettings};
use crate::delivery::error::{DeliveryError, FailureKind, claim};
use crate::delivery::http::{self, Http, HttpPeer};
use crate::delivery::message::MessageKind;
use crate::delivery::provider::Provider;
use crate::delivery::redact::Secrets;
use crate::delivery::sms::facts::{GatewayFacts, is_success};
use crate::delivery::templates::Templates;
use crate::delivery::timeouts::SendTimeouts;
use crate::domain::provider::ProviderFingerprint;
use crate::domain::text;
use crate::service::ports::SendGuard;

/// The longest name of a message that is kept.
const ID_MAX: usize = 100;

/// What is escaped in the value of a form: all but the unreserved characters of RFC 3986.
const ESCAPED_IN_FORM: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Sends text messages through a gateway.
pub(in crate::delivery) struct GatewayProvider {
    keys: &'static SmsKeys,
    peer: HttpPeer,
    settings: GatewaySettings,
    url: Url,
    body: Body,
    headers: HeaderMap,
    templates: Arc<Templates>,
    http: Http,
}

impl GatewayProvider {
    /// A sender; nothing is connected yet.
    pub(in crate::delivery) fn new(
        keys: &'static SmsKeys,
        settings: &GatewaySettings,
        templates: Arc<Templates>,
        times: SendTimeouts,
    ) -> Result<Self, DeliveryError> {
        let key = keys.url.path();
        let peer = HttpPeer { name: "The SMS gateway", key, ca_file: Some(keys.section()) };
        let url = peer.address(&settings.url)?;
        let mut headers = HeaderMap::new();
        let content = match settings.content {
            GatewayContent::Json => "application/json",
            GatewayContent::Form => "application/x-www-form-urlencoded",
        };
        if settings.method != GatewayMethod::Get {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
        }
        for line in &settings.headers {
            headers.append(name(keys, line)?, value(keys, line)?);
        }
        Ok(Self {
            keys,
            peer,
            body: Body::parse(&settings.body, settings.content)
                .map_err(|why| broken(keys, &why))?,
            http: Http::new(&url, times).trusting(settings.ca_file.clone(), keys.ca_file.path()),
            url,
            headers,
            settings: settings.clone(),
            templates,
        })
    }

    /// The gateway's message id. Many gateways answer 200 whatever they did: if an id is
    /// configured, a response without one counts as a failure.
    fn id(&self, answer: Option<&[u8]>) -> Result<Option<String>, DeliveryError> {
        let Some(pointer) = &self.settings.id_pointer else { return Ok(None) };
        let answer: Value = serde_json::from_slice(answer.unwrap_or_default()).unwrap_or_default();
        let id = match answer.pointer(pointer) {
            Some(Value::String(text)) => text::clean(text),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let id: String = id.chars().take(ID_MAX).collect();
        if id.is_empty() { Err(self.peer.uncertain()) } else { Ok(Some(id)) }
    }

    /// Fails where the answer is not the one that the office says means success.
    fn takes(&self, answer: Option<&[u8]>, piece: MessageKind<'_>) -> Result<(), DeliveryError> {
        let Some(pattern) = &self.settings.success else { return Ok(()) };
        let Some(answer) = answer else { return Err(self.peer.uncertain()) };
        if is_success(pattern, &String::from_utf8_lossy(answer)) {
            return Ok(());
        }
        let what =
            "The SMS gateway did not take the message. Use another channel, and tell an admin.";
        Err(DeliveryError::new(FailureKind::Unclassified, what)
            .quoting(self.said(StatusCode::OK, answer, piece))
            .about(self.keys.success.path()))
    }

    /// Classifies a refusal by its status alone.
    fn verdict(&self, status: StatusCode, wait: Option<Duration>, said: &str) -> DeliveryError {
        let (keys, at) = (self.keys, self.keys.section());
        let settings = |what: &str, advice: String, key: KeyPath| {
            DeliveryError::new(FailureKind::Settings, what).advising(advice).about(key)
        };
        let error = match status.as_u16() {
            401 | 403 => settings(
                "The SMS gateway refused the login.",
                format!("Check secret_header and headers in {at}."),
                keys.secret_header.path(),
            ),
            402 => settings(
                "The SMS gateway wants to be paid first.",
                format!("Look at the account there; it is the one of {at}."),
                keys.url.path(),
            ),
            413 => DeliveryError::new(
                FailureKind::Message,
                "The SMS gateway finds the message too large. Use another channel.",
            ),
            404 | 405 | 415 => settings(
                "The SMS gateway does not know this request.",
                format!("Check url, method and content in {at}."),
                keys.url.path(),
            ),
            429 => return self.peer.busy(wait, said),
            // A proxy error does not tell whether the gateway has the message.
            408 | 502 | 504 => return self.peer.uncertain(),
            500..=599 => return self.peer.at_fault(wait, said),
            300..=399 => return self.peer.redirects(said),
            // No standard says what a gateway means by the others.
            _ => DeliveryError::new(
                FailureKind::Unclassified,
                "The SMS gateway refuses the message. Use another channel, and tell an admin.",
            ),
        };
        error.quoting(said)
    }

    fn said(&self, status: StatusCode, answer: &[u8], piece: MessageKind<'_>) -> String {
        let mut secrets =
            piece.hidden(Secrets::new()).with(piece.to().as_str().trim_start_matches('+'));
        for header in &self.settings.headers {
            let value = header.value.expose_secret();
            // Without its first word too: `Bearer` is none of the secret.
            let bare = value.split_once(' ').map_or("", |(_, rest)| rest);
            secrets = secrets.with(value).with(bare);
        }
        let words = secrets.quote(&String::from_utf8_lossy(answer));
        let status = status.as_u16();
        if words.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {words}") }
    }

    /// Checks that the gateway answers. Credentials and body cannot be checked without sending.
    async fn look(&self) -> Result<String, DeliveryError> {
        let request = self.http.client().await?.request(Method::OPTIONS, self.url.clone());
        let response = request.send().await.map_err(|error| self.peer.broken(&error))?;
        let host = response.url().host_str().unwrap_or_default().to_owned();
        Ok(format!("{host} answers; its login can only be tried by sending"))
    }
}

fn name(keys: &SmsKeys, line: &GatewayHeader) -> Result<HeaderName, DeliveryError> {
    HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| unusable(keys, line))
}

fn value(keys: &SmsKeys, line: &GatewayHeader) -> Result<HeaderValue, DeliveryError> {
    let mut value =
        HeaderValue::from_str(line.value.expose_secret()).map_err(|_| unusable(keys, line))?;
    value.set_sensitive(true);
    Ok(value)
}

fn unusable(keys: &SmsKeys, line: &GatewayHeader) -> DeliveryError {
    let name = text::clean(&line.name);
    let how = format!("The header {name} of {} cannot be sent. Use plain letters.", keys.section());
    DeliveryError::misconfigured(keys.headers.path(), how)
}

/// The placeholders of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
enum Place {
    To,
    ToDigits,
    Text,
    Reference,
    Code,
    Kind,
    Locale,
    Template,
    Office,
    Minutes,
}

impl Place {
    fn of(self, facts: &GatewayFacts) -> &str {
        match self {
            Self::To => &facts.to,
            Self::ToDigits => facts.to.trim_start_matches('+'),
            Self::Text => &facts.text,
            Self::Reference => &facts.reference,
            Self::Code => &facts.code,
            Self::Kind => &facts.kind,
            Self::Locale => &facts.locale,
            Self::Template => &facts.template,
            Self::Office => &facts.office,
            Self::Minutes => &facts.minutes,
        }
    }
}

/// A body: words of the configuration, each followed by a value but the last.
#[derive(Debug)]
struct Body {
    content: GatewayContent,
    parts: Vec<(String, Place)>,
    rest: String,
}

impl Body {
    /// Reads a body, or says why it cannot be used.
    fn parse(raw: &str, content: GatewayContent) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").unwrap_or((after, ""));
            let place = name.trim().parse::<Place>().map_err(|_| {
                format!(
                    "there is no value {{{{{}}}}}; there are {}",
                    text::clean(name.trim()),
                    Place::VARIANTS.join(", ")
                )
            })?;
            parts.push((before.to_owned(), place));
            rest = after;
        }
        let names = |wanted: &[Place]| parts.iter().any(|(_, place)| wanted.contains(place));
        if !names(&[Place::To, Place::ToDigits]) || !names(&[Place::Text, Place::Template]) {
            return Err("it needs {{to}} or {{to_digits}}, and {{text}} or {{template}}".into());
        }
        let body = Self { content, parts, rest: rest.to_owned() };
        body.try_out()?;
        Ok(body)
    }

    /// Renders the body with a value that would break out of a string, and with a plain one: both
    /// must parse to the same fields.
    fn try_out(&self) -> Result<(), String> {
        if self.content == GatewayContent::Form {
            return Ok(());
        }
        for word in ["\"},{[\\", "x"] {
            let word = || word.to_owned();
            let facts = GatewayFacts {
                to: word(),
                text: word(),
                reference: word(),
                code: word(),
                kind: word(),
                locale: word(),
                template: word(),
                office: word(),
                minutes: word(),
            };
            if serde_json::from_str::<Value>(&self.write(&facts)).is_err() {
                return Err("it is no JSON; each value belongs between quotation marks".into());
            }
        }
        Ok(())
    }

    fn write(&self, facts: &GatewayFacts) -> String {
        let mut out = String::new();
        for (before, place) in &self.parts {
            out.push_str(before);
            out.push_str(&quoted(place.of(facts), self.content));
        }
        out + &self.rest
    }
}

fn broken(keys: &SmsKeys, why: &str) -> DeliveryError {
    let key = keys.body.path();
    let how = format!("The body of the SMS gateway, {key}, cannot be used: {why}.");
    DeliveryError::misconfigured(key, how)
}

/// A value as it stands between the quotation marks of JSON, or as the value
/// of a form's field (application/x-www-form-urlencoded).
fn quoted(value: &str, content: GatewayContent) -> String {
    match content {
        GatewayContent::Json => {
            let json = Value::from(value).to_string();
            let between = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
            between.unwrap_or_default().to_owned()
        }
        // A blank as %20: every gateway reads that, and not all of them read `+`.
        GatewayContent::Form => utf8_percent_encode(value, ESCAPED_IN_FORM).to_string(),
    }
}

#[async_trait]
impl Provider for GatewayProvider {
    fn name(&self) -> &'static str {
        "gateway"
    }

    fn fingerprint(&self) -> ProviderFingerprint {
        ProviderFingerprint::of(self.name(), &self.settings.url, "")
    }

    async fn post(
        &self,
        piece: MessageKind<'_>,
        guard: &dyn SendGuard,
    ) -> Result<Option<String>, DeliveryError> {
        let key = self.keys.template_ids.path();
        let facts = GatewayFacts::of(piece, &self.templates, &self.settings.template_ids, key)?;
        let (client, body) = (self.http.client().await?, self.body.write(&facts));
        let request = match self.settings.method {
            GatewayMethod::Get => {
                let mut url = self.url.clone();
                url.set_query(Some(&body));
                client.get(url)
            }
            GatewayMethod::Post => client.post(self.url.clone()).body(body),
            GatewayMethod::Put => client.put(self.url.clone()).body(body),
        };
        let request = request.headers(self.headers.clone());
        claim(guard).await?;
        let response = request.send().await.map_err(|error| self.peer.broken(&error))?;
        let (status, wait) = (response.status(), http::retry_after(response.headers()));
        let answer = http::read(response).await;
        if status.is_success() {
            self.takes(answer.as_deref(), piece)?;
            return self.id(answer.as_deref());
        }
        let said = self.said(status, &answer.unwrap_or_default(), piece);
        Err(self.verdict(status, wait, &said))
    }

    async fn check(&self) -> Result<String, DeliveryError> {
        self.look().await.map_err(|error| error.in_a_check(self.peer))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::keys::SMS_FALLBACK;
    use crate::config::settings::{MessageSettings, TemplateIds};
    use crate::delivery::error::tests::assert_is_told_well;

    const JSON: &str =
        r#"{"to":["{{ to }}"],"text":"{{text}} ({{reference}})","n":"{{to_digits}}"}"#;

    #[test]
    fn a_body_that_cannot_be_right_is_refused_when_the_sender_is_made() {
        for (body, words) in [
            (r#"{"to":"{{to}}"}"#, "needs"),
            (r#"{"text":"{{text}}"}"#, "needs"),
            (r#"{"to":"{{to}}","text":"{{text}}","x":"{{password}}"}"#, "no value {{password}}"),
            (r#"{"to":"{{to}}","text":"{{text"#, "no JSON"),
            (r#"{"to":{{to}},"text":"{{text}}"}"#, "quotation marks"),
            (r#"{"to":"{{to}}","text":"{{text}}""#, "no JSON"),
            (r#"{"to":"{{to}}","text":"\{{text}}"}"#, "no JSON"),
        ] {
            let refused = Body::parse(body, GatewayContent::Json).expect_err(body);
            assert!(refused.contains(words), "{body}: {refused}");
        }
    }

    #[test]
    fn no_refusal_tells_a_clerk_what_only_an_admin_can_do() {
        let (keys, at) = (&SMS_FALLBACK, SMS_FALLBACK.section());
        let settings = GatewaySettings {
            url: "https://sms.example.org/send".into(),
            method: GatewayMethod::Post,
            content: GatewayContent::Json,
            body: JSON.into(),
            headers: Vec::new(),
            template_ids: TemplateIds::default(),
            success: None,
            id_pointer: None,
            ca_file: None,
        };
        let templates = Templates::load(&MessageSettings::default()).expect("templates");
        let provider =
            GatewayProvider::new(keys, &settings, Arc::new(templates), SendTimeouts::default())
                .expect("a provider");
        for status in (300..600).filter_map(|it| StatusCode::from_u16(it).ok()) {
            assert_is_told_well(&provider.verdict(status, None, "HTTP"), at);
        }
        assert_is_told_well(&broken(keys, "it is no JSON"), at);
    }

    proptest! {
        #[test]
        fn security_22_no_value_becomes_a_field_of_its_own(
            to in any::<String>(),
            text in any::<String>(),
        ) {
            let facts = GatewayFacts {
                to: to.clone(),
                text: text.clone(),
                reference: "K7Q".into(),
                ..GatewayFacts::default()
            };
            let body = Body::parse(JSON, GatewayContent::Json).expect("a body").write(&facts);
            let read: Value = serde_json::from_str(&body).expect("JSON");
            prop_assert_eq!(read.as_object().map(serde_json::Map::len), Some(3));
            prop_assert_eq!(read.pointer("/to/0"), Some(&Value::from(&*to)));
            prop_assert_eq!(&read["text"], &Value::from(format!("{text} (K7Q)")));

            let form = Body::parse("to={{to}}&text={{text}}", GatewayContent::Form).expect("a body");
            let form = form.write(&facts);
            let url: Url = format!("http://x/?{form}").parse().expect("an address");
            let read: Vec<_> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(read, [("to".to_owned(), to), ("text".to_owned(), text)]);
        }
    }
}
