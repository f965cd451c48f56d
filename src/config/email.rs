//! `[email]`: presets, and what a server needs.

use super::build::Build;
use super::kind::is_loopback;
use super::secret;
use super::settings::{
    EmailSettings, Login, Proof, SendGridSettings, SmtpSettings, SmtpTls, TokenSettings,
};
use secrecy::SecretString;

/// What a provider's name stands for.
struct Preset {
    name: &'static str,
    host: Option<&'static str>,
    tls: &'static str,
    username: Option<&'static str>,
    /// Whether the provider takes nobody without a password.
    login: bool,
}

/// Where a provider has implicit TLS, the preset uses it: what a server says
/// before STARTTLS can be forged (security requirement 27).
const PRESETS: [Preset; 4] = [
    Preset { name: "smtp", host: None, tls: "implicit", username: None, login: false },
    Preset {
        name: "gmail",
        host: Some("smtp.gmail.com"),
        tls: "implicit",
        username: None,
        login: true,
    },
    Preset {
        name: "office365",
        host: Some("smtp.office365.com"),
        tls: "starttls",
        username: None,
        login: true,
    },
    Preset {
        name: "sendgrid",
        host: Some("smtp.sendgrid.net"),
        tls: "implicit",
        username: Some("apikey"),
        login: true,
    },
];

/// The sender that messages in the tray show when none is set. RFC 2606 keeps
/// the name from ever being anybody's.
const TRAY_SENDER: &str = "codes@countersign.invalid";

/// Where Google gives tokens, and what Microsoft wants to be asked for when a
/// program logs in to SMTP in its own name.
const GOOGLE_TOKENS: &str = "https://oauth2.googleapis.com/token";
const MICROSOFT_SCOPE: &str = "https://outlook.office365.com/.default";

pub(super) fn read(build: &mut Build<'_>) -> EmailSettings {
    let name = build.merged.text("email.provider").unwrap_or_default();
    if name == "sendgrid-api" {
        return sendgrid_api(build);
    }
    let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
        if !build.findings.is_broken("email.provider") {
            build.refuse_tray("email.provider", "smtp, gmail, office365, sendgrid or sendgrid-api");
        }
        let from = build.merged.text("email.from").unwrap_or_else(|| TRAY_SENDER.into());
        return EmailSettings::Tray { from };
    };
    let host = host(build, preset);
    let (tls, port) = protection(build, preset, &host);
    let login = login(build, preset);
    let from = build.needed("email.from", "the address that messages come from");
    let ca_file = build.merged.path("email.ca_file");
    if let Some(file) = &ca_file {
        build.readable("email.ca_file", file);
    }
    EmailSettings::Smtp(SmtpSettings {
        provider: preset.name,
        host,
        port,
        tls,
        login,
        from,
        ca_file,
    })
}

fn host(build: &mut Build<'_>, preset: &Preset) -> String {
    if let Some(host) = preset.host {
        build.merged.derive("email.host", host);
    }
    build.needed("email.host", "the SMTP server's name")
}

fn protection(build: &mut Build<'_>, preset: &Preset, host: &str) -> (SmtpTls, u16) {
    build.merged.derive("email.tls", preset.tls);
    let (tls, port) = match build.merged.text("email.tls").as_deref() {
        Some("starttls") => (SmtpTls::StartTls, 587_u16),
        Some("none") => (SmtpTls::None, 25),
        _ => (SmtpTls::Implicit, 465),
    };
    if tls == SmtpTls::None && !host.is_empty() && !is_loopback(host) {
        build.refuse(
            "email.tls",
            format!(
                "email.tls = \"none\" is for a server on this machine only, and email.host is \
                 {host}; allowed: \"implicit\" or \"starttls\""
            ),
        );
    }
    build.merged.derive("email.port", i64::from(port));
    (tls, build.merged.number("email.port").unwrap_or(port))
}

fn sendgrid_api(build: &mut Build<'_>) -> EmailSettings {
    let from = build.needed("email.from", "the address that messages come from");
    let api_key = secret(build, "email.password", "email.password_file");
    if api_key.is_none() && !is_refused(build, &["email.password", "email.password_file"]) {
        build.refuse(
            "email.provider",
            "email.provider = \"sendgrid-api\" needs the API key in email.password or \
             email.password_file",
        );
    }
    let base_url = build.merged.text("email.base_url").unwrap_or_default();
    // Without a key the configuration is refused.
    EmailSettings::SendGridApi(SendGridSettings {
        api_key: api_key.unwrap_or_default(),
        from,
        base_url,
    })
}

fn login(build: &mut Build<'_>, preset: &Preset) -> Option<Login> {
    if let Some(username) = preset.username {
        build.merged.derive("email.username", username);
    }
    if build.merged.text("email.auth").as_deref() == Some("xoauth2") {
        return by_token(build, preset);
    }
    let username = build.merged.text("email.username");
    let password = secret(build, "email.password", "email.password_file");
    let password_refused = is_refused(build, &["email.password", "email.password_file"]);
    match (username, password) {
        (Some(username), Some(password)) => {
            Some(Login { username, proof: Proof::Password(password) })
        }
        (Some(_), None) if !password_refused => {
            build.miss(
                "email.password",
                "email.username needs email.password or email.password_file",
            );
            None
        }
        (None, Some(_)) if !build.findings.is_broken("email.username") => {
            build.miss("email.username", "email.password needs email.username");
            None
        }
        (None, None) if preset.login && !password_refused => {
            let text = format!(
                "email.provider = \"{}\" needs email.username and email.password or \
                 email.password_file",
                preset.name
            );
            build.refuse("email.provider", text);
            None
        }
        _ => None,
    }
}

/// A login with a token: whatever is missing is said at once.
fn by_token(build: &mut Build<'_>, preset: &Preset) -> Option<Login> {
    match preset.name {
        "gmail" => build.merged.derive("email.token_url", GOOGLE_TOKENS),
        "office365" => build.merged.derive("email.scope", MICROSOFT_SCOPE),
        "sendgrid" => {
            build.refuse("email.auth", "email.auth = \"xoauth2\": SendGrid takes an API key only");
            return None;
        }
        _ => {}
    }
    let username = build.needed("email.username", "the mailbox that a token is for");
    let url = build.needed("email.token_url", "the address that gives tokens");
    let client_id = build.needed("email.client_id", "this program's name at the token service");
    let secret_keys = ["email.client_secret", "email.client_secret_file"];
    let client_secret = secret(build, secret_keys[0], secret_keys[1]);
    if client_secret.is_none() && !is_refused(build, &secret_keys) {
        build.miss("email.client_secret", "the secret that belongs to email.client_id");
    }
    let refresh_keys = ["email.refresh_token", "email.refresh_token_file"];
    let refresh_token = secret(build, refresh_keys[0], refresh_keys[1]);
    if refresh_token.is_none() && preset.name == "gmail" && !is_refused(build, &refresh_keys) {
        build.miss(
            "email.refresh_token",
            "Gmail gives tokens for what the mailbox's owner agreed to once",
        );
    }
    let scope = build.merged.text("email.scope");
    let token =
        TokenSettings { url, client_id, client_secret: client_secret?, scope, refresh_token };
    Some(Login { username, proof: Proof::Token(token) })
}

fn secret(
    build: &mut Build<'_>,
    key: &'static str,
    file_key: &'static str,
) -> Option<SecretString> {
    secret::find(key, file_key, &build.merged, &mut build.findings)
}

fn is_refused(build: &Build<'_>, keys: &[&str]) -> bool {
    keys.iter().any(|key| build.findings.is_broken(key))
}
