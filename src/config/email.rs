//! `[email]` and `[email.fallback]`: presets, and what a server needs.

use crate::config::build::Build;
use crate::config::kind::is_loopback;
use crate::config::settings::{
    EmailSettings, Login, Proof, SendGridSettings, SmtpSettings, SmtpTls, TokenSettings,
};
use crate::config::table::Section;

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

pub(super) fn read(build: &mut Build<'_>, at: Section) -> EmailSettings {
    let provider = at.key("provider");
    let name = build.merged.text(provider).unwrap_or_default();
    if name == "off" {
        return EmailSettings::Off;
    }
    if name == "sendgrid-api" {
        return sendgrid_api(build, at);
    }
    let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
        if !build.findings.is_broken(provider) {
            build.refuse_tray(provider, "smtp, gmail, office365, sendgrid, sendgrid-api or off");
        }
        let from = build.merged.text(at.key("from")).unwrap_or_else(|| TRAY_SENDER.into());
        return EmailSettings::Tray { from };
    };
    let host = host(build, at, preset);
    let (tls, port) = protection(build, at, preset, &host);
    let login = login(build, at, preset);
    let from = build.needed(at.key("from"), "the address that messages come from");
    let ca_file = build.merged.path(at.key("ca_file"));
    if let Some(file) = &ca_file {
        build.readable(at.key("ca_file"), file);
    }
    EmailSettings::Smtp(SmtpSettings {
        provider: preset.name,
        host,
        port,
        tls,
        login,
        from,
        ca_file,
        ehlo_name: build.merged.text(at.key("ehlo_name")),
    })
}

fn host(build: &mut Build<'_>, at: Section, preset: &Preset) -> String {
    if let Some(host) = preset.host {
        build.merged.derive(at.key("host"), host);
    }
    build.needed(at.key("host"), "the SMTP server's name")
}

fn protection(build: &mut Build<'_>, at: Section, preset: &Preset, host: &str) -> (SmtpTls, u16) {
    let key = at.key("tls");
    build.merged.derive(key, preset.tls);
    let (tls, port) = match build.merged.text(key).as_deref() {
        Some("starttls") => (SmtpTls::StartTls, 587_u16),
        Some("none") => (SmtpTls::None, 25),
        _ => (SmtpTls::Implicit, 465),
    };
    if tls == SmtpTls::None && !host.is_empty() && !is_loopback(host) {
        build.refuse(
            key,
            format!(
                "{key} = \"none\" is for a server on this machine only, and {} is {host}; \
                 allowed: \"implicit\" or \"starttls\"",
                at.key("host")
            ),
        );
    }
    build.merged.derive(at.key("port"), i64::from(port));
    (tls, build.merged.number(at.key("port")).unwrap_or(port))
}

fn sendgrid_api(build: &mut Build<'_>, at: Section) -> EmailSettings {
    let from = build.needed(at.key("from"), "the address that messages come from");
    let api_key = build.secret(at, "password");
    if api_key.is_none() && !build.is_refused(at, "password") {
        let [provider, password, file] =
            ["provider", "password", "password_file"].map(|it| at.key(it));
        let text =
            format!("{provider} = \"sendgrid-api\" needs the API key in {password} or {file}");
        build.refuse(provider, text);
    }
    let base_url = build.merged.text(at.key("base_url")).unwrap_or_default();
    // Without a key the configuration is refused.
    EmailSettings::SendGridApi(SendGridSettings {
        api_key: api_key.unwrap_or_default(),
        from,
        base_url,
    })
}

fn login(build: &mut Build<'_>, at: Section, preset: &Preset) -> Option<Login> {
    let names = ["provider", "username", "password", "password_file"];
    let [provider, user_key, password_key, file] = names.map(|name| at.key(name));
    if let Some(username) = preset.username {
        build.merged.derive(user_key, username);
    }
    if build.merged.text(at.key("auth")).as_deref() == Some("xoauth2") {
        return by_token(build, at, preset);
    }
    let username = build.merged.text(user_key);
    let password = build.secret(at, "password");
    let password_refused = build.is_refused(at, "password");
    match (username, password) {
        (Some(username), Some(password)) => {
            Some(Login { username, proof: Proof::Password(password) })
        }
        (Some(_), None) if !password_refused => {
            build.miss(password_key, &format!("{user_key} needs {password_key} or {file}"));
            None
        }
        (None, Some(_)) if !build.findings.is_broken(user_key) => {
            build.miss(user_key, &format!("{password_key} needs {user_key}"));
            None
        }
        (None, None) if preset.login && !password_refused => {
            let text = format!(
                "{provider} = \"{}\" needs {user_key} and {password_key} or {file}",
                preset.name
            );
            build.refuse(provider, text);
            None
        }
        _ => None,
    }
}

/// A login with a token: whatever is missing is said at once.
fn by_token(build: &mut Build<'_>, at: Section, preset: &Preset) -> Option<Login> {
    match preset.name {
        "gmail" => build.merged.derive(at.key("token_url"), GOOGLE_TOKENS),
        "office365" => build.merged.derive(at.key("scope"), MICROSOFT_SCOPE),
        "sendgrid" => {
            let auth = at.key("auth");
            build.refuse(auth, format!("{auth} = \"xoauth2\": SendGrid takes an API key only"));
            return None;
        }
        _ => {}
    }
    let username = build.needed(at.key("username"), "the mailbox that a token is for");
    let url = build.needed(at.key("token_url"), "the address that gives tokens");
    let client_id = build.needed(at.key("client_id"), "this program's name at the token service");
    let client_secret = build.secret(at, "client_secret");
    if client_secret.is_none() && !build.is_refused(at, "client_secret") {
        let text = format!("the secret that belongs to {}", at.key("client_id"));
        build.miss(at.key("client_secret"), &text);
    }
    let refresh_token = build.secret(at, "refresh_token");
    let wanted = refresh_token.is_none() && preset.name == "gmail";
    if wanted && !build.is_refused(at, "refresh_token") {
        build.miss(
            at.key("refresh_token"),
            "Gmail gives tokens for what the mailbox's owner agreed to once",
        );
    }
    let scope = build.merged.text(at.key("scope"));
    let token =
        TokenSettings { url, client_id, client_secret: client_secret?, scope, refresh_token };
    Some(Login { username, proof: Proof::Token(token) })
}
