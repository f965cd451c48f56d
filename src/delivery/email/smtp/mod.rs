//! Email by SMTP.
//!
//! lettre serialises the commands; the connection below it is made here, and each command is sent
//! separately. So it is known how far a send got when it fails, and nothing that a server sent
//! before TLS is taken for a reply under TLS.

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
use crate::delivery::email::smtp::reply::{SmtpStage, Verdicts};
use crate::delivery::error::{DeliveryError, FailureKind, claim};
use crate::delivery::message::MessageKind;
use crate::delivery::provider::Provider;
use crate::delivery::templates::Templates;
use crate::delivery::timeouts::{Deadline, SendTimeouts, TimedOut};
use crate::domain::provider::ProviderFingerprint;
use crate::service::ports::SendGuard;

/// How long an idle connection is kept for the next message.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// Timeout of QUIT, which runs in the background.
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
    /// Opens no connection yet.
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

    /// A connection on which DATA was accepted, either an idle one or a new one. An idle connection
    /// can be closed between any two commands; nothing was transmitted before the letter, so one
    /// retry on a new connection is safe.
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

    /// The most recent idle connection that still answers. If the server is silent on one, the rest
    /// are dropped untried.
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

/// Sends QUIT in the background.
fn part(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move {
        // A lost QUIT has no consequence.
        let _ = tokio::time::timeout(QUIT_TIMEOUT, connection.quit()).await;
    });
}

/// Why DATA was not accepted.
enum Halt {
    /// The connection was closed, or the server closes it (421: RFC 5321, 3.8).
    Lost(DeliveryError),
    /// Any other error.
    Told(DeliveryError),
}

/// Sends MAIL, RCPT and DATA. The server cannot have accepted the message yet.
async fn announce(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
    deadline: &Deadline,
    verdicts: &Verdicts,
) -> Result<(), Halt> {
    let parameters = parameters(connection, letter).map_err(Halt::Told)?;
    let mail = Mail::new(Some(letter.from.clone()), parameters);
    answered(deadline.step(connection.command(mail)).await, SmtpStage::Sender, verdicts)?;
    let recipient = Rcpt::new(letter.to.clone(), vec![]);
    answered(deadline.step(connection.command(recipient)).await, SmtpStage::Recipient, verdicts)?;
    let go = answered(deadline.step(connection.command(Data)).await, SmtpStage::Data, verdicts)?;
    if go.has_code(354) { Ok(()) } else { Err(Halt::Told(verdicts.nonsense())) }
}

/// Transmits the letter. From its first byte only the server's reply tells whether it was accepted
/// (RFC 5321, 4.2.5 and 6.1). lettre writes the letter and reads the reply in one call, so a
/// connection that breaks during the write counts as uncertain too, though a server must not accept
/// a partial letter.
async fn hand_in(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
    deadline: &Deadline,
    verdicts: &Verdicts,
) -> Result<Response, DeliveryError> {
    let end = deadline.rest(connection.message(&letter.bytes)).await;
    let taken = answered(end, SmtpStage::Letter, verdicts)?;
    if taken.code().severity == Severity::PositiveCompletion {
        Ok(taken)
    } else {
        Err(verdicts.uncertain())
    }
}

/// The MAIL parameters that this letter needs.
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
        // RFC 6531, 3.1 (item 8): a server with SMTPUTF8 has 8BITMIME too.
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

fn answered(
    result: Result<Result<Response, lettre::transport::smtp::Error>, TimedOut>,
    stage: SmtpStage,
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
        // Without the send claim the connection is dropped instead of sending the letter. Any
        // further command would become part of the letter, and a server discards a letter without
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
        Ok(self.server.check_passed())
    }
}
