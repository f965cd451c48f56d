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
            settings::Proof::Password(password) => Source::Password(password.clone()),
            settings::Proof::Token(token) => {
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
    pub(super) async fn proof(&self) -> Result<Proof, DeliveryError> {
        let (secret, kind) = match &self.source {
            Source::Password(password) => (password.clone(), Kind::Password),
            Source::Tokens(tokens) => {
                let Token { secret, kept } = tokens.token().await?;
                (secret, Kind::Token { kept })
            }
        };
        Ok(Proof { username: self.username.clone(), secret, kind })
    }

    /// Drops a refused token from the cache.
    pub(super) async fn forget(&self, proof: &Proof) {
        if let Source::Tokens(tokens) = &self.source {
            tokens.forget(&proof.secret).await;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Password,
    Token { kept: bool },
}

/// The credential of one login.
pub(super) struct Proof {
    username: String,
    secret: SecretString,
    kind: Kind,
}

impl Proof {
    /// Whether it is a cached token, which may have been revoked.
    pub(super) fn may_be_stale(&self) -> bool {
        self.kind == Kind::Token { kept: true }
    }

    /// The kind of credential, for messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Password => "password",
            Kind::Token { .. } => "token",
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
            Kind::Password => &BY_PASSWORD,
            Kind::Token { .. } => &BY_TOKEN,
        }
    }

    pub(super) async fn show(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Error> {
        let secret = self.secret.expose_secret().to_owned();
        let credentials = Credentials::new(self.username.clone(), secret);
        if self.kind == Kind::Password {
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
