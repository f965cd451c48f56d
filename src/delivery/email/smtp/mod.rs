//! Email by SMTP.
//!
//! lettre writes the messages and speaks the protocol; the connection under it
//! is made here, and each command is given by itself. That way it is known how
//! far a hand-over came when it fails, and nothing a server said before TLS is
//! taken for something it said under TLS.

mod compose;
mod connect;
pub(super) mod idle_connections;
mod login;
mod reply;
mod reply_words;
mod starttls;
mod status;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};

use crate::config::keys::EmailKeys;
use crate::config::settings::SmtpSettings;
use crate::delivery::email::smtp::compose::Letter;
use crate::delivery::email::smtp::connect::Server;
use crate::delivery::email::smtp::idle_connections::IdleConnections;
use crate::delivery::email::smtp::reply::{Stage, Verdicts};
use crate::delivery::error::{DeliveryError, FailureKind, claim};
use crate::delivery::message::MessageKind;
use crate::delivery::provider::Provider;
use crate::delivery::templates::Templates;
use crate::delivery::timeouts::{Deadline, SendTimeouts, TimedOut};
use crate::domain::provider::ProviderFingerprint;
use crate::service::ports::SendGuard;

/// How long a connection is kept for the next message.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a goodbye may take; nobody waits for it.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

pub(in crate::delivery) use crate::delivery::email::smtp::compose::sender_address;

/// Sends email through one SMTP server.
pub(in crate::delivery) struct SmtpProvider {
    provider: &'static str,
    fingerprint: ProviderFingerprint,
    server: Arc<Server>,
    from: Mailbox,
    templates: Arc<Templates>,
    times: SendTimeouts,
    parked: IdleConnections<AsyncSmtpConnection>,
}

impl SmtpProvider {
    /// A sender; nothing is connected yet.
    pub(in crate::delivery) fn new(
        keys: &'static EmailKeys,
        settings: &SmtpSettings,
        templates: Arc<Templates>,
        times: SendTimeouts,
    ) -> Result<Self, DeliveryError> {
        let from = sender_address(keys, &settings.from)?;
        let host = format!("{}:{}", settings.host, settings.port);
        let login = settings.login.as_ref().map(|it| it.username.as_str());
        let account = login.unwrap_or_else(|| from.email.as_ref());
        Ok(Self {
            provider: settings.provider,
            fingerprint: ProviderFingerprint::of(settings.provider, &host, account),
            server: Arc::new(Server::new(keys, settings, times)?),
            from,
            templates,
            times,
            parked: IdleConnections::new(IDLE_TIMEOUT, part),
        })
    }

    /// A connection that waits for the letter: a parked one, or a new one. A
    /// parked connection can end between any two commands; up to the letter
    /// nothing was taken, so a new one may begin again, once.
    async fn announced(
        &self,
        letter: &Letter,
        deadline: &Deadline,
        verdicts: &Verdicts,
    ) -> Result<AsyncSmtpConnection, DeliveryError> {
        if let Some(mut connection) = self.parked(deadline).await {
            match announce(&mut connection, letter, deadline, verdicts).await {
                Ok(()) => return Ok(connection),
                Err(Halt::Lost(_)) => part(connection),
                Err(Halt::Told(error)) => {
                    part(connection);
                    return Err(error);
                }
            }
        }
        let mut connection = self.server.open(deadline, verdicts).await?;
        match announce(&mut connection, letter, deadline, verdicts).await {
            Ok(()) => Ok(connection),
            Err(Halt::Lost(error) | Halt::Told(error)) => {
                part(connection);
                Err(error)
            }
        }
    }

    /// The newest parked connection that still answers. A server that says
    /// nothing on one says nothing on the others either.
    async fn parked(&self, deadline: &Deadline) -> Option<AsyncSmtpConnection> {
        while let Some(mut connection) = self.parked.take() {
            match deadline.step(connection.test_connected()).await {
                Ok(true) => return Some(connection),
                Ok(false) => {}
                Err(TimedOut) => self.parked.clear(),
            }
        }
        None
    }
}

/// Says goodbye in the background.
fn part(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move {
        // A server that does not answer a goodbye has lost nothing.
        let _ = tokio::time::timeout(QUIT_TIMEOUT, connection.quit()).await;
    });
}

/// Why a letter was not announced.
enum Halt {
    /// The connection ended, or the server ends it (421: RFC 5321, 3.8).
    Lost(DeliveryError),
    /// Anything else.
    Told(DeliveryError),
}

/// Names sender and recipient and asks to hand the letter in. Nothing can have
/// been taken by then.
async fn announce(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
    deadline: &Deadline,
    verdicts: &Verdicts,
) -> Result<(), Halt> {
    let parameters = parameters(connection, letter).map_err(Halt::Told)?;
    let mail = Mail::new(Some(letter.from.clone()), parameters);
    answered(deadline.step(connection.command(mail)).await, Stage::Sender, verdicts)?;
    let recipient = Rcpt::new(letter.to.clone(), vec![]);
    answered(deadline.step(connection.command(recipient)).await, Stage::Recipient, verdicts)?;
    let go = answered(deadline.step(connection.command(Data)).await, Stage::Data, verdicts)?;
    if go.has_code(354) { Ok(()) } else { Err(Halt::Told(verdicts.nonsense())) }
}

/// Hands the letter in. From its first byte on only the server's answer tells
/// whether it was taken (RFC 5321, 4.2.5 and 6.1). lettre writes the letter and
/// reads that answer in one call, so a connection that breaks while the letter
/// is being written counts as uncertain too, though a server must not take half
/// a letter.
async fn hand_in(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
    deadline: &Deadline,
    verdicts: &Verdicts,
) -> Result<Response, DeliveryError> {
    let end = deadline.rest(connection.message(&letter.bytes)).await;
    let taken = answered(end, Stage::Letter, verdicts)?;
    if taken.code().severity == Severity::PositiveCompletion {
        Ok(taken)
    } else {
        Err(verdicts.uncertain())
    }
}

/// What the server must be able to do for this letter.
fn parameters(
    connection: &AsyncSmtpConnection,
    letter: &Letter,
) -> Result<Vec<MailParameter>, DeliveryError> {
    let offers = |extension| connection.server_info().supports_feature(extension);
    let mut parameters = Vec::new();
    if letter.needs_smtputf8() {
        if !offers(Extension::SmtpUtfEight) {
            return Err(DeliveryError::new(
                FailureKind::Barred,
                "This email address has letters beyond plain English ones before the @, and the \
                 mail server cannot handle such addresses (SMTPUTF8). Use another channel.",
            ));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !letter.bytes.is_ascii() {
        // RFC 6531, 3.1 (item 8): whoever offers SMTPUTF8 offers 8BITMIME.
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

fn answered(
    result: Result<Result<Response, lettre::transport::smtp::Error>, TimedOut>,
    stage: Stage,
    verdicts: &Verdicts,
) -> Result<Response, Halt> {
    match result {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            let lost = error.status().is_none_or(|code| u16::from(code) == 421);
            let verdict = verdicts.of(stage, &error);
            Err(if lost { Halt::Lost(verdict) } else { Halt::Told(verdict) })
        }
        Err(TimedOut) => Err(Halt::Told(verdicts.silence(stage))),
    }
}

impl From<Halt> for DeliveryError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Lost(error) | Halt::Told(error) => error,
        }
    }
}

#[async_trait]
impl Provider for SmtpProvider {
    fn name(&self) -> &'static str {
        self.provider
    }

    fn fingerprint(&self) -> ProviderFingerprint {
        self.fingerprint.clone()
    }

    async fn post(
        &self,
        piece: MessageKind<'_>,
        guard: &dyn SendGuard,
    ) -> Result<Option<String>, DeliveryError> {
        let letter = Letter::write(&self.from, piece, &self.templates)?;
        let verdicts = self.server.verdicts(Some(piece));
        let deadline = self.times.begin();
        let mut connection = self.announced(&letter, &deadline, &verdicts).await?;
        // Without the send claim the connection ends where the letter would begin: another
        // word would be part of it, and a server keeps nothing of a letter without
        // its end (RFC 5321, 4.1.1.4).
        claim(guard).await?;
        match hand_in(&mut connection, &letter, &deadline, &verdicts).await {
            Ok(response) => {
                self.parked.keep(connection);
                let answer = response.message().collect::<Vec<_>>().join(" ");
                Ok(Some(reply::queue_id(&answer).unwrap_or(letter.id)))
            }
            Err(error) => {
                part(connection);
                Err(error)
            }
        }
    }

    async fn check(&self) -> Result<String, DeliveryError> {
        let verdicts = self.server.verdicts(None);
        let deadline = self.times.begin();
        part(self.server.open(&deadline, &verdicts).await?);
        Ok(self.server.praise())
    }
}
