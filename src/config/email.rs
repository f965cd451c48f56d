//! `[email]` and `[email.fallback]`: provider presets and SMTP settings.

use crate::config::build::Build;
use crate::config::keys::EmailKeys;
use crate::config::kind::is_loopback;
use crate::config::settings::{
    EmailProvider, EmailSettings, Login, LoginSecret, MailAuth, SendGridSettings, SmtpSettings,
    SmtpTls, TokenSettings,
};

/// The preset values of a provider's name.
struct Preset {
    provider: EmailProvider,
    host: Option<&'static str>,
    tls: SmtpTls,
    username: Option<&'static str>,
    /// Whether the provider requires authentication.
    login: bool,
}

impl Preset {
    /// The preset of a server of which nothing is known. Implicit TLS is the default wherever a
    /// provider offers it: what a server says before STARTTLS can be forged (security requirement
    /// 27).
    const fn of(provider: EmailProvider) -> Self {
        Self { provider, host: None, tls: SmtpTls::Implicit, username: None, login: true }
    }

    fn name(&self) -> &'static str {
        self.provider.into()
    }
}

/// The default sender of messages in the tray. RFC 2606 reserves `.invalid`, so the address can
/// never belong to anybody.
const TRAY_SENDER: &str = "codes@countersign.invalid";

/// Google's token endpoint, and the scope that Microsoft requires of a client credentials grant for
/// SMTP.
const GOOGLE_TOKENS: &str = "https://oauth2.googleapis.com/token";
const MICROSOFT_SCOPE: &str = "https://outlook.office365.com/.default";

pub(super) fn read(build: &mut Build<'_>, keys: &EmailKeys) -> EmailSettings {
    let provider = build.get(&keys.provider);
    let preset = match provider {
        EmailProvider::Off => return EmailSettings::Off,
        EmailProvider::Tray => return tray(build, keys),
        EmailProvider::SendGridApi => return sendgrid_api(build, keys),
        EmailProvider::Smtp => Preset { login: false, ..Preset::of(provider) },
        EmailProvider::Gmail => Preset { host: Some("smtp.gmail.com"), ..Preset::of(provider) },
        EmailProvider::Office365 => Preset {
            host: Some("smtp.office365.com"),
            tls: SmtpTls::StartTls,
            ..Preset::of(provider)
        },
        EmailProvider::SendGrid => Preset {
            host: Some("smtp.sendgrid.net"),
            username: Some("apikey"),
            ..Preset::of(provider)
        },
    };
    let host = host(build, keys, &preset);
    let (tls, port) = protection(build, keys, &preset, &host);
    let login = login(build, keys, &preset);
    let from = build.needed(&keys.from, "the address that messages come from");
    let ca_file = build.get(&keys.ca_file);
    if let Some(file) = &ca_file {
        build.readable(&keys.ca_file, file);
    }
    EmailSettings::Smtp(SmtpSettings {
        provider: preset.name(),
        host,
        port,
        tls,
        login,
        from,
        ca_file,
        ehlo_name: build.get(&keys.ehlo_name),
    })
}

fn tray(build: &mut Build<'_>, keys: &EmailKeys) -> EmailSettings {
    if !build.findings.is_broken(&keys.provider) {
        let instead = "smtp, gmail, office365, sendgrid, sendgrid-api or off";
        build.refuse_tray(keys.provider.path(), instead);
    }
    EmailSettings::Tray { from: build.get(&keys.from).unwrap_or_else(|| TRAY_SENDER.into()) }
}

fn host(build: &mut Build<'_>, keys: &EmailKeys, preset: &Preset) -> String {
    if let Some(host) = preset.host {
        build.merged.derive(&keys.host, host);
    }
    build.needed(&keys.host, "the SMTP server's name")
}

fn protection(
    build: &mut Build<'_>,
    keys: &EmailKeys,
    preset: &Preset,
    host: &str,
) -> (SmtpTls, u16) {
    let tls = build.merged.get_or(&keys.tls, preset.tls);
    let usual_port = match tls {
        SmtpTls::Implicit => 465,
        SmtpTls::StartTls => 587,
        SmtpTls::None => 25,
    };
    if tls == SmtpTls::None && !host.is_empty() && !is_loopback(host) {
        let text = format!(
            "{} = \"none\" is for a server on this machine only, and {} is {host}; allowed: \
             \"implicit\" or \"starttls\"",
            keys.tls, keys.host
        );
        build.refuse(&keys.tls, text);
    }
    (tls, build.merged.get_or(&keys.port, usual_port))
}

fn sendgrid_api(build: &mut Build<'_>, keys: &EmailKeys) -> EmailSettings {
    let EmailKeys { provider, password, password_file, .. } = keys;
    let from = build.needed(&keys.from, "the address that messages come from");
    let api_key = build.secret(password, password_file);
    if api_key.is_none() && !build.is_refused([password.path(), password_file.path()]) {
        let text = format!(
            "{provider} = \"sendgrid-api\" needs the API key in {password} or {password_file}"
        );
        build.refuse(provider, text);
    }
    // Without a key the whole configuration is refused, so the empty key is never used.
    EmailSettings::SendGridApi(SendGridSettings {
        api_key: api_key.unwrap_or_default(),
        from,
        base_url: build.get(&keys.base_url),
    })
}

fn login(build: &mut Build<'_>, keys: &EmailKeys, preset: &Preset) -> Option<Login> {
    let EmailKeys { provider, username: user_key, password: password_key, password_file, .. } =
        keys;
    if let Some(username) = preset.username {
        build.merged.derive(user_key, username);
    }
    if build.get(&keys.auth) == MailAuth::Xoauth2 {
        return by_token(build, keys, preset);
    }
    let username = build.get(user_key);
    let password = build.secret(password_key, password_file);
    let password_refused = build.is_refused([password_key.path(), password_file.path()]);
    match (username, password) {
        (Some(username), Some(password)) => {
            Some(Login { username, proof: LoginSecret::Password(password) })
        }
        (Some(_), None) if !password_refused => {
            let text = format!("{user_key} needs {password_key} or {password_file}");
            build.miss(password_key, &text);
            None
        }
        (None, Some(_)) if !build.findings.is_broken(user_key) => {
            build.miss(user_key, &format!("{password_key} needs {user_key}"));
            None
        }
        (None, None) if preset.login && !password_refused => {
            let text = format!(
                "{provider} = \"{}\" needs {user_key} and {password_key} or {password_file}",
                preset.name()
            );
            build.refuse(provider, text);
            None
        }
        _ => None,
    }
}

/// A login with XOAUTH2; reports all missing keys at once.
fn by_token(build: &mut Build<'_>, keys: &EmailKeys, preset: &Preset) -> Option<Login> {
    match preset.provider {
        EmailProvider::Gmail => build.merged.derive(&keys.token_url, GOOGLE_TOKENS),
        EmailProvider::Office365 => build.merged.derive(&keys.scope, MICROSOFT_SCOPE),
        EmailProvider::SendGrid => {
            let auth = &keys.auth;
            build.refuse(auth, format!("{auth} = \"xoauth2\": SendGrid takes an API key only"));
            return None;
        }
        EmailProvider::Off
        | EmailProvider::Tray
        | EmailProvider::Smtp
        | EmailProvider::SendGridApi => {}
    }
    let EmailKeys { client_id, client_secret, client_secret_file, .. } = keys;
    let EmailKeys { refresh_token, refresh_token_file, .. } = keys;
    let username = build.needed(&keys.username, "the mailbox that a token is for");
    let url = build.needed(&keys.token_url, "the address that gives tokens");
    let program = build.needed(client_id, "this program's name at the token service");
    let secret = build.secret(client_secret, client_secret_file);
    if secret.is_none() && !build.is_refused([client_secret.path(), client_secret_file.path()]) {
        build.miss(client_secret, &format!("the secret that belongs to {client_id}"));
    }
    let agreed = build.secret(refresh_token, refresh_token_file);
    let wanted = agreed.is_none() && preset.provider == EmailProvider::Gmail;
    if wanted && !build.is_refused([refresh_token.path(), refresh_token_file.path()]) {
        build.miss(refresh_token, "Gmail gives tokens for what the mailbox's owner agreed to once");
    }
    let token = TokenSettings {
        url,
        client_id: program,
        client_secret: secret?,
        scope: build.get(&keys.scope),
        refresh_token: agreed,
    };
    Some(Login { username, proof: LoginSecret::Token(token) })
}
