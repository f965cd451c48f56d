//! `[sms]`: what Twilio or a gateway needs, and which numbers may be sent to.

use super::build::Build;
use super::secret;
use super::settings::{
    GatewayContent, GatewayHeader, GatewayMethod, GatewaySettings, SmsSettings, TwilioCredentials,
    TwilioSender, TwilioSettings,
};
use crate::domain::customer::PhonePolicy;
use secrecy::ExposeSecret as _;

pub(super) fn read(build: &mut Build<'_>) -> SmsSettings {
    match build.merged.text("sms.provider").as_deref() {
        Some("twilio") => twilio(build),
        Some("gateway") => SmsSettings::Gateway(gateway(build)),
        _ => {
            if !build.findings.is_broken("sms.provider") {
                build.refuse_tray("sms.provider", "twilio or gateway");
            }
            SmsSettings::Tray
        }
    }
}

fn gateway(build: &mut Build<'_>) -> GatewaySettings {
    let method = match build.merged.text("sms.method").as_deref() {
        Some("PUT") => GatewayMethod::Put,
        _ => GatewayMethod::Post,
    };
    let content = match build.merged.text("sms.content").as_deref() {
        Some("form") => GatewayContent::Form,
        _ => GatewayContent::Json,
    };
    let id_pointer = build.merged.text("sms.id_pointer");
    if id_pointer.as_deref().is_some_and(|pointer| !pointer.starts_with('/')) {
        build
            .refuse("sms.id_pointer", "sms.id_pointer begins with a slash, such as /messages/0/id");
    }
    GatewaySettings {
        url: build.needed("sms.url", "the SMS gateway's address"),
        method,
        content,
        body: build.needed("sms.body", "the body that the SMS gateway takes"),
        headers: headers(build),
        id_pointer,
        ca_file: build.merged.path("sms.ca_file"),
    }
}

fn headers(build: &mut Build<'_>) -> Vec<GatewayHeader> {
    let plain = build.merged.texts("sms.headers");
    let secret = secret::find(
        "sms.secret_header",
        "sms.secret_header_file",
        &build.merged,
        &mut build.findings,
    );
    let plain = plain.iter().map(|line| ("sms.headers", line.as_str()));
    let secret = secret.as_ref().map(|line| ("sms.secret_header", line.expose_secret()));
    let mut headers = Vec::new();
    for (key, line) in plain.chain(secret) {
        match header(line) {
            Some(header) => headers.push(header),
            // What is no header may be a secret that stands alone.
            None => build.refuse(key, format!("{key} is no header; write Name: value")),
        }
    }
    headers
}

/// Reads `Name: value`; the kind of content and the length are not for setting.
fn header(line: &str) -> Option<GatewayHeader> {
    let (name, value) = line.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let ours = ["content-type", "content-length", "transfer-encoding", "host", "connection"];
    let fits = !name.is_empty()
        && name.bytes().all(token)
        && !ours.contains(&name.to_ascii_lowercase().as_str())
        && !value.is_empty()
        && value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    fits.then(|| GatewayHeader { name: name.to_owned(), value: value.to_owned().into() })
}

fn twilio(build: &mut Build<'_>) -> SmsSettings {
    let sender = sender(build, &SMS_SENDER);
    // What is missing has been said; the configuration is refused.
    account(build, sender, "sms.provider").map_or(SmsSettings::Tray, SmsSettings::Twilio)
}

/// The Twilio account, for whoever sends through it.
pub(super) fn account(
    build: &mut Build<'_>,
    sender: Option<TwilioSender>,
    wanted_by: &'static str,
) -> Option<TwilioSettings> {
    let account_sid = build.needed("sms.account_sid", "the Twilio account (AC…)");
    let credentials = credentials(build, wanted_by)?;
    let base_url = build.merged.text("sms.base_url").unwrap_or_default();
    Some(TwilioSettings { account_sid, credentials, sender: sender?, base_url })
}

pub(super) fn phones(build: &Build<'_>) -> PhonePolicy {
    PhonePolicy {
        default_country: build.merged.text("sms.default_country").unwrap_or_default(),
        allowed_countries: build.merged.texts("sms.allowed_countries"),
    }
}

fn credentials(build: &mut Build<'_>, wanted_by: &'static str) -> Option<TwilioCredentials> {
    let Build { merged, findings, .. } = build;
    let token = secret::find("sms.auth_token", "sms.auth_token_file", merged, findings);
    let secret = secret::find("sms.api_secret", "sms.api_secret_file", merged, findings);
    let key = merged.text("sms.api_key");
    let refused = ["auth_token", "auth_token_file", "api_key", "api_secret", "api_secret_file"]
        .iter()
        .any(|name| findings.is_broken(&format!("sms.{name}")));
    if refused {
        return None;
    }
    match (token, key, secret) {
        (Some(token), None, None) => Some(TwilioCredentials::AuthToken(token)),
        (None, Some(key), Some(secret)) => Some(TwilioCredentials::ApiKey { key, secret }),
        (None, Some(_), None) => {
            build.miss("sms.api_secret", "sms.api_key needs sms.api_secret or sms.api_secret_file");
            None
        }
        (None, None, Some(_)) => {
            build.miss("sms.api_key", "sms.api_secret needs sms.api_key");
            None
        }
        (None, None, None) => {
            build.refuse(
                wanted_by,
                format!(
                    "{wanted_by} = \"twilio\" needs sms.api_key and sms.api_secret (better, since \
                     a key can be revoked alone) or sms.auth_token"
                ),
            );
            None
        }
        (Some(_), ..) => {
            build.refuse(
                "sms.api_key",
                "sms.auth_token and sms.api_key are both set; set only one of them",
            );
            None
        }
    }
}

/// The keys that name whom a message comes from.
pub(super) struct SenderKeys {
    pub(super) provider: &'static str,
    pub(super) from: &'static str,
    pub(super) service: &'static str,
}

const SMS_SENDER: SenderKeys =
    SenderKeys { provider: "sms.provider", from: "sms.from", service: "sms.messaging_service_sid" };

pub(super) fn sender(build: &mut Build<'_>, keys: &SenderKeys) -> Option<TwilioSender> {
    let SenderKeys { provider, from, service } = *keys;
    if let Some(service) = build.merged.text(service) {
        return Some(TwilioSender::MessagingService(service));
    }
    if let Some(from) = build.merged.text(from) {
        return Some(TwilioSender::From(from));
    }
    if ![from, service].iter().any(|key| build.findings.is_broken(key)) {
        build.refuse(provider, format!("{provider} = \"twilio\" needs {from} or {service}"));
    }
    None
}
