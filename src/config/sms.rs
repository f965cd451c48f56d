//! `[sms]` and `[sms.fallback]`: Twilio, the gateway, and the allowed numbers.

use std::path::PathBuf;

use secrecy::ExposeSecret as _;

use crate::config::build::Build;
use crate::config::key::{ConfigKey, KeyPath};
use crate::config::keys::{PHONES, SmsKeys};
use crate::config::settings::{
    ExecSettings, GatewayContent, GatewayHeader, GatewayMethod, GatewaySettings, SmsProvider,
    SmsSettings, TemplateIds, TwilioCredentials, TwilioSender, TwilioSettings,
};
use crate::domain::customer::PhonePolicy;

pub(super) fn read(build: &mut Build<'_>, keys: &SmsKeys) -> SmsSettings {
    match build.get(&keys.provider) {
        SmsProvider::Off => SmsSettings::Off,
        SmsProvider::Twilio => twilio(build, keys),
        SmsProvider::Gateway => SmsSettings::Gateway(gateway(build, keys)),
        SmsProvider::Exec => SmsSettings::Exec(exec(build, keys)),
        SmsProvider::Tray => {
            if !build.findings.is_broken(&keys.provider) {
                build.refuse_tray(keys.provider.path(), "twilio, gateway, exec or off");
            }
            SmsSettings::Tray
        }
    }
}

fn gateway(build: &mut Build<'_>, keys: &SmsKeys) -> GatewaySettings {
    let pointer_key = &keys.id_pointer;
    let id_pointer = build.get(pointer_key);
    if id_pointer.as_deref().is_some_and(|pointer| !pointer.starts_with('/')) {
        let text = format!("{pointer_key} begins with a slash, such as /messages/0/id");
        build.refuse(pointer_key, text);
    }
    let (method, mut content) = (build.get(&keys.method), build.get(&keys.content));
    if method == GatewayMethod::Get {
        if build.merged.is_set(&keys.content) && content == GatewayContent::Json {
            let text = format!(
                "{} is a query where {} = \"GET\": leave it out",
                keys.content, keys.method
            );
            build.refuse(&keys.content, text);
        }
        content = GatewayContent::Form;
    }
    GatewaySettings {
        template_ids: template_ids(build, keys),
        success: build.get(&keys.success),
        url: build.needed(&keys.url, "the SMS gateway's address"),
        method,
        content,
        body: build.needed(&keys.body, "the body that the SMS gateway takes"),
        headers: headers(build, keys),
        id_pointer,
        ca_file: build.get(&keys.ca_file),
    }
}

fn template_ids(build: &mut Build<'_>, keys: &SmsKeys) -> TemplateIds {
    let lines = build.get(&keys.template_ids).unwrap_or_default();
    TemplateIds::parse(lines.iter().map(String::as_str)).unwrap_or_else(|| {
        let text = format!(
            "{} has lines such as \"code.en = 1107160000000012345\"; the kinds are code, notice \
             and test",
            keys.template_ids
        );
        build.refuse(&keys.template_ids, text);
        TemplateIds::default()
    })
}

fn exec(build: &mut Build<'_>, keys: &SmsKeys) -> ExecSettings {
    let command = build.get(&keys.command);
    if command.is_none() && !build.findings.is_broken(&keys.command) {
        build.miss(&keys.command, "the program that sends text messages, by its whole path");
    }
    let mut words = command.unwrap_or_default().into_iter();
    let program = PathBuf::from(words.next().unwrap_or_default());
    if !program.as_os_str().is_empty() && !program.is_absolute() {
        let text = format!("{} begins with the whole path of a program", keys.command);
        build.refuse(&keys.command, text);
    }
    ExecSettings { program, arguments: words.collect(), template_ids: template_ids(build, keys) }
}

fn headers(build: &mut Build<'_>, keys: &SmsKeys) -> Vec<GatewayHeader> {
    let plain = build.get(&keys.headers).unwrap_or_default();
    let secret = build.secret(&keys.secret_header, &keys.secret_header_file);
    let plain = plain.iter().map(|line| (keys.headers.path(), line.as_str()));
    let secret = secret.as_ref().map(|line| (keys.secret_header.path(), line.expose_secret()));
    let mut headers = Vec::new();
    for (key, line) in plain.chain(secret) {
        match header(line) {
            Some(header) => headers.push(header),
            // A line that is not a header may be a bare secret, so it is not repeated.
            None => build.refuse(key, format!("{key} is no header; write Name: value")),
        }
    }
    headers
}

/// Parses `Name: value`; refuses the content type and the content length.
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

fn twilio(build: &mut Build<'_>, keys: &SmsKeys) -> SmsSettings {
    let provider = keys.provider.path();
    let sender = sender(build, provider, &keys.from, &keys.messaging_service_sid);
    // Missing keys were reported already and the configuration is refused.
    account(build, keys, sender, provider).map_or(SmsSettings::Tray, SmsSettings::Twilio)
}

/// The Twilio account of a section; `[whatsapp]` uses it too.
pub(super) fn account(
    build: &mut Build<'_>,
    keys: &SmsKeys,
    sender: Option<TwilioSender>,
    wanted_by: KeyPath,
) -> Option<TwilioSettings> {
    let account_sid = build.needed(&keys.account_sid, "the Twilio account (AC…)");
    let credentials = credentials(build, keys, wanted_by)?;
    let base_url = build.get(&keys.base_url);
    Some(TwilioSettings { account_sid, credentials, sender: sender?, base_url })
}

pub(super) fn phones(build: &Build<'_>) -> PhonePolicy {
    PhonePolicy {
        default_country: build.get(&PHONES.default_country),
        allowed_countries: build.get(&PHONES.allowed_countries),
        number_types: build.get(&PHONES.number_types),
    }
}

fn credentials(
    build: &mut Build<'_>,
    keys: &SmsKeys,
    wanted_by: KeyPath,
) -> Option<TwilioCredentials> {
    let SmsKeys { auth_token, auth_token_file, api_key, api_secret, api_secret_file, .. } = keys;
    let token = build.secret(auth_token, auth_token_file);
    let secret = build.secret(api_secret, api_secret_file);
    let key = build.get(api_key);
    let refused = build.is_refused([
        api_key.path(),
        auth_token.path(),
        auth_token_file.path(),
        api_secret.path(),
        api_secret_file.path(),
    ]);
    if refused {
        return None;
    }
    match (token, key, secret) {
        (Some(token), None, None) => Some(TwilioCredentials::AuthToken(token)),
        (None, Some(key), Some(secret)) => Some(TwilioCredentials::ApiKey { key, secret }),
        (None, Some(_), None) => {
            let text = format!("{api_key} needs {api_secret} or {api_secret_file}");
            build.miss(api_secret, &text);
            None
        }
        (None, None, Some(_)) => {
            build.miss(api_key, &format!("{api_secret} needs {api_key}"));
            None
        }
        (None, None, None) => {
            build.refuse(
                wanted_by,
                format!(
                    "{wanted_by} = \"twilio\" needs {api_key} and {api_secret} (better, since a \
                     key can be revoked alone) or {auth_token}"
                ),
            );
            None
        }
        (Some(_), ..) => {
            let text = format!("{auth_token} and {api_key} are both set; set only one of them");
            build.refuse(api_key, text);
            None
        }
    }
}

/// The sender of a section's messages.
pub(super) fn sender(
    build: &mut Build<'_>,
    provider: KeyPath,
    from: &ConfigKey<Option<String>>,
    service: &ConfigKey<Option<String>>,
) -> Option<TwilioSender> {
    if let Some(service) = build.get(service) {
        return Some(TwilioSender::MessagingService(service));
    }
    if let Some(from) = build.get(from) {
        return Some(TwilioSender::From(from));
    }
    if !build.is_refused([from.path(), service.path()]) {
        build.refuse(provider, format!("{provider} = \"twilio\" needs {from} or {service}"));
    }
    None
}
