//! `[sms]`: what Twilio needs, and which numbers may be sent to.

use super::build::Build;
use super::secret;
use super::settings::{SmsSettings, TwilioCredentials, TwilioSender, TwilioSettings};
use crate::domain::customer::PhonePolicy;

pub(super) fn read(build: &mut Build<'_>) -> SmsSettings {
    if build.merged.text("sms.provider").as_deref() != Some("twilio") {
        if !build.findings.is_broken("sms.provider") {
            build.refuse_tray("sms.provider", "twilio");
        }
        return SmsSettings::Tray;
    }
    let account_sid = build.needed("sms.account_sid", "the Twilio account (AC…)");
    let (Some(credentials), Some(sender)) = (credentials(build), sender(build)) else {
        // What is missing has been said; the configuration is refused.
        return SmsSettings::Tray;
    };
    let base_url = build.merged.text("sms.base_url").unwrap_or_default();
    SmsSettings::Twilio(TwilioSettings { account_sid, credentials, sender, base_url })
}

pub(super) fn phones(build: &Build<'_>) -> PhonePolicy {
    PhonePolicy {
        default_country: build.merged.text("sms.default_country").unwrap_or_default(),
        allowed_countries: build.merged.texts("sms.allowed_countries"),
    }
}

fn credentials(build: &mut Build<'_>) -> Option<TwilioCredentials> {
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
                "sms.provider",
                "sms.provider = \"twilio\" needs sms.api_key and sms.api_secret (better, since a \
                 key can be revoked alone) or sms.auth_token",
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

fn sender(build: &mut Build<'_>) -> Option<TwilioSender> {
    if let Some(service) = build.merged.text("sms.messaging_service_sid") {
        return Some(TwilioSender::MessagingService(service));
    }
    if let Some(from) = build.merged.text("sms.from") {
        return Some(TwilioSender::From(from));
    }
    let refused = ["sms.from", "sms.messaging_service_sid"];
    if !refused.iter().any(|key| build.findings.is_broken(key)) {
        build.refuse(
            "sms.provider",
            "sms.provider = \"twilio\" needs sms.from or sms.messaging_service_sid",
        );
    }
    None
}
