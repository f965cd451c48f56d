//! SMTP authentication: by password, or by token (XOAUTH2 as documented by Google and Microsoft).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Auth;
use secrecy::{ExposeSecret, SecretString};

use crate::config::keys::EmailKeys;
use crate::config::settings;
use crate::delivery::email::oauth::{Token, Tokens};
use crate::delivery::error::DeliveryError;
use crate::delivery::redact::Secrets;
use crate::delivery::timeouts::SendTimeouts;

/// The password mechanisms, the most common first. Both transmit the password itself, so TLS
/// protects it.
const BY_PASSWORD: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
const BY_TOKEN: [Mechanism; 1] = [Mechanism::Xoauth2];

/// The account and the source of its credential.
pub(super) struct Login {
    username: String,
    source: Source,
}

enum Source {
    Password(SecretString),
    Tokens(Box<Tokens>),
}

impl Login {
    pub(super) fn new(
        keys: &'static EmailKeys,
        login: &settings::Login,
        times: SendTimeouts,
    ) -> Result<Self, DeliveryError> {
        let source = match &login.proof {
            settings::LoginSecret::Password(password) => Source::Password(password.clone()),
            settings::LoginSecret::Token(token) => {
                Source::Tokens(Box::new(Tokens::new(keys, token, times)?))
            }
        };
        Ok(Self { username: login.username.clone(), source })
    }

    pub(super) fn username(&self) -> &str {
        &self.username
    }

    pub(super) const fn by_token(&self) -> bool {
        matches!(self.source, Source::Tokens(_))
    }

    /// What error texts must not repeat.
    pub(super) fn secrets(&self) -> Secrets {
        match &self.source {
            Source::Password(password) => {
                Secrets::new().with_login(&self.username, password.expose_secret())
            }
            // A token is masked by `Proof::secrets`, since only the login transmits it.
            Source::Tokens(_) => Secrets::new(),
        }
    }

    /// The credential to use now; fetches a token if needed.
    pub(super) async fn proof(&self) -> Result<SmtpLogin, DeliveryError> {
        let (secret, kind) = match &self.source {
            Source::Password(password) => (password.clone(), SecretKind::Password),
            Source::Tokens(tokens) => {
                let Token { secret, kept } = tokens.token().await?;
                (secret, SecretKind::Token { kept })
            }
        };
        Ok(SmtpLogin { username: self.username.clone(), secret, kind })
    }

    /// Drops a refused token from the cache.
    pub(super) async fn forget(&self, proof: &SmtpLogin) {
        if let Source::Tokens(tokens) = &self.source {
            tokens.forget(&proof.secret).await;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SecretKind {
    Password,
    Token { kept: bool },
}

/// The credential of one login.
pub(super) struct SmtpLogin {
    username: String,
    secret: SecretString,
    kind: SecretKind,
}

impl SmtpLogin {
    /// Whether it is a cached token, which may have been revoked.
    pub(super) fn may_be_stale(&self) -> bool {
        self.kind == SecretKind::Token { kept: true }
    }

    /// The kind of credential, for messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self.kind {
            SecretKind::Password => "password",
            SecretKind::Token { .. } => "token",
        }
    }

    /// What error texts must not repeat.
    pub(super) fn secrets(&self) -> Secrets {
        let secret = self.secret.expose_secret();
        let line = format!("user={}\x01auth=Bearer {secret}\x01\x01", self.username);
        Secrets::new().with_login(&self.username, secret).with(&BASE64.encode(line))
    }

    /// Whether the server offers a mechanism for this credential.
    pub(super) fn is_taken_by(&self, connection: &AsyncSmtpConnection) -> bool {
        connection.server_info().get_auth_mechanism(self.mechanisms()).is_some()
    }

    const fn mechanisms(&self) -> &'static [Mechanism] {
        match self.kind {
            SecretKind::Password => &BY_PASSWORD,
            SecretKind::Token { .. } => &BY_TOKEN,
        }
    }

    pub(super) async fn show(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Error> {
        let secret = self.secret.expose_secret().to_owned();
        let credentials = Credentials::new(self.username.clone(), secret);
        if self.kind == SecretKind::Password {
            return connection.auth(&BY_PASSWORD, &credentials).await.map(drop);
        }
        // A refused token is answered with a challenge that contains the reason; an empty line
        // requests the final reply. lettre stops at the challenge and so never sees the refusal.
        let auth = Auth::new(Mechanism::Xoauth2, credentials, None)?;
        if connection.command(auth).await?.has_code(334) {
            connection.command("\r\n").await?;
        }
        Ok(())
    }
}
