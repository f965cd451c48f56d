//! `[email]`: presets, and what a server needs.

use super::build::Build;
use super::kind::is_loopback;
use super::secret;
use super::settings::{EmailSettings, Login, SmtpSettings, SmtpTls};

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

pub(super) fn read(build: &mut Build<'_>) -> EmailSettings {
    let name = build.merged.text("email.provider").unwrap_or_default();
    let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
        if !build.findings.is_broken("email.provider") {
            build.refuse_tray("email.provider", "smtp, gmail, office365 or sendgrid");
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

fn login(build: &mut Build<'_>, preset: &Preset) -> Option<Login> {
    if let Some(username) = preset.username {
        build.merged.derive("email.username", username);
    }
    let username = build.merged.text("email.username");
    let password =
        secret::find("email.password", "email.password_file", &build.merged, &mut build.findings);
    let asked_for = ["email.password", "email.password_file"];
    let password_refused = asked_for.iter().any(|key| build.findings.is_broken(key));
    match (username, password) {
        (Some(username), Some(password)) => Some(Login { username, password }),
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
