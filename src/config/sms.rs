//! `[sms]` and `[sms.fallback]`: what Twilio or a gateway needs, and which
//! numbers may be sent to.

use secrecy::ExposeSecret as _;

use crate::config::build::Build;
use crate::config::settings::{
    GatewayContent, GatewayHeader, GatewayMethod, GatewaySettings, SmsSettings, TwilioCredentials,
    TwilioSender, TwilioSettings,
};
use crate::config::table::Section;
use crate::domain::customer::PhonePolicy;
use crate::domain::phone::NumberType;

pub(super) fn read(build: &mut Build<'_>, at: Section) -> SmsSettings {
    let provider = at.key("provider");
    match build.merged.text(provider).as_deref() {
        Some("off") => SmsSettings::Off,
        Some("twilio") => twilio(build, at),
        Some("gateway") => SmsSettings::Gateway(gateway(build, at)),
        _ => {
            if !build.findings.is_broken(provider) {
                build.refuse_tray(provider, "twilio, gateway or off");
            }
            SmsSettings::Tray
        }
    }
}

fn gateway(build: &mut Build<'_>, at: Section) -> GatewaySettings {
    let method = match build.merged.text(at.key("method")).as_deref() {
        Some("PUT") => GatewayMethod::Put,
        _ => GatewayMethod::Post,
    };
    let content = match build.merged.text(at.key("content")).as_deref() {
        Some("form") => GatewayContent::Form,
        _ => GatewayContent::Json,
    };
    let pointer_key = at.key("id_pointer");
    let id_pointer = build.merged.text(pointer_key);
    if id_pointer.as_deref().is_some_and(|pointer| !pointer.starts_with('/')) {
        let text = format!("{pointer_key} begins with a slash, such as /messages/0/id");
        build.refuse(pointer_key, text);
    }
    GatewaySettings {
        url: build.needed(at.key("url"), "the SMS gateway's address"),
        method,
        content,
        body: build.needed(at.key("body"), "the body that the SMS gateway takes"),
        headers: headers(build, at),
        id_pointer,
        ca_file: build.merged.path(at.key("ca_file")),
    }
}

fn headers(build: &mut Build<'_>, at: Section) -> Vec<GatewayHeader> {
    let [plain_key, secret_key] = ["headers", "secret_header"].map(|name| at.key(name));
    let plain = build.merged.texts(plain_key);
    let secret = build.secret(at, "secret_header");
    let plain = plain.iter().map(|line| (plain_key, line.as_str()));
    let secret = secret.as_ref().map(|line| (secret_key, line.expose_secret()));
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

fn twilio(build: &mut Build<'_>, at: Section) -> SmsSettings {
    let sender = sender(build, at);
    // What is missing has been said; the configuration is refused.
    account(build, at, sender, at.key("provider")).map_or(SmsSettings::Tray, SmsSettings::Twilio)
}

/// The Twilio account of a section, for whoever sends through it.
pub(super) fn account(
    build: &mut Build<'_>,
    at: Section,
    sender: Option<TwilioSender>,
    wanted_by: &'static str,
) -> Option<TwilioSettings> {
    let account_sid = build.needed(at.key("account_sid"), "the Twilio account (AC…)");
    let credentials = credentials(build, at, wanted_by)?;
    let base_url = build.merged.text(at.key("base_url")).unwrap_or_default();
    Some(TwilioSettings { account_sid, credentials, sender: sender?, base_url })
}

pub(super) fn phones(build: &Build<'_>) -> PhonePolicy {
    PhonePolicy {
        default_country: build.merged.text("sms.default_country").unwrap_or_default(),
        allowed_countries: build.merged.texts("sms.allowed_countries"),
        number_types: (build.merged.texts("sms.number_types").iter())
            .filter_map(|word| NumberType::named(word))
            .collect(),
    }
}

fn credentials(
    build: &mut Build<'_>,
    at: Section,
    wanted_by: &'static str,
) -> Option<TwilioCredentials> {
    let names = ["auth_token", "api_key", "api_secret", "api_secret_file"];
    let [token_key, api_key, secret_key, secret_file] = names.map(|name| at.key(name));
    let token = build.secret(at, "auth_token");
    let secret = build.secret(at, "api_secret");
    let key = build.merged.text(api_key);
    let refused = build.findings.is_broken(api_key)
        || ["auth_token", "api_secret"].iter().any(|name| build.is_refused(at, name));
    if refused {
        return None;
    }
    match (token, key, secret) {
        (Some(token), None, None) => Some(TwilioCredentials::AuthToken(token)),
        (None, Some(key), Some(secret)) => Some(TwilioCredentials::ApiKey { key, secret }),
        (None, Some(_), None) => {
            build.miss(secret_key, &format!("{api_key} needs {secret_key} or {secret_file}"));
            None
        }
        (None, None, Some(_)) => {
            build.miss(api_key, &format!("{secret_key} needs {api_key}"));
            None
        }
        (None, None, None) => {
            build.refuse(
                wanted_by,
                format!(
                    "{wanted_by} = \"twilio\" needs {api_key} and {secret_key} (better, since a \
                     key can be revoked alone) or {token_key}"
                ),
            );
            None
        }
        (Some(_), ..) => {
            let text = format!("{token_key} and {api_key} are both set; set only one of them");
            build.refuse(api_key, text);
            None
        }
    }
}

/// Whom the messages of a section come from.
pub(super) fn sender(build: &mut Build<'_>, at: Section) -> Option<TwilioSender> {
    let names = ["provider", "from", "messaging_service_sid"];
    let [provider, from, service] = names.map(|name| at.key(name));
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
