//! Connects to the mail server: TCP, TLS, EHLO and login.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::config::keys::EmailKeys;
use crate::config::settings::{SmtpSettings, SmtpTls};
use crate::delivery::email::smtp::login::{self, Login};
use crate::delivery::email::smtp::reply::{SmtpStage, Verdicts};
use crate::delivery::email::smtp::starttls::{self, Prologue};
use crate::delivery::error::{DeliveryError, FailureKind};
use crate::delivery::message::MessageKind;
use crate::delivery::redact::Secrets;
use crate::delivery::timeouts::{Deadline, SendTimeouts, TimedOut};
use crate::delivery::tls::{self, Trust};

/// The mail server and the connection settings.
pub(super) struct Server {
    keys: &'static EmailKeys,
    provider: &'static str,
    host: String,
    port: u16,
    tls: SmtpTls,
    name: ServerName<'static>,
    login: Option<Login>,
    trust: Trust,
    /// The name sent in EHLO.
    hello: ClientId,
}

impl Server {
    pub(super) fn new(
        keys: &'static EmailKeys,
        settings: &SmtpSettings,
        times: SendTimeouts,
    ) -> Result<Self, DeliveryError> {
        let name = ServerName::try_from(settings.host.clone()).map_err(|_| {
            let key = keys.host.path();
            let how = format!("{key} is \"{}\": no server name.", settings.host);
            DeliveryError::misconfigured(key, how)
        })?;
        let login = settings.login.as_ref();
        Ok(Self {
            keys,
            provider: settings.provider,
            host: settings.host.clone(),
            port: settings.port,
            tls: settings.tls,
            name,
            login: login.map(|login| Login::new(keys, login, times)).transpose()?,
            trust: Trust::with(settings.ca_file.clone(), keys.ca_file.path()),
            hello: settings.ehlo_name.clone().map_or_else(ClientId::default, ClientId::Domain),
        })
    }

    /// The classifier of errors for a message; it masks the login and the message's secrets.
    pub(super) fn verdicts(&self, piece: Option<MessageKind<'_>>) -> Verdicts {
        let secrets = self.login.as_ref().map(Login::secrets).unwrap_or_default();
        self.judging(match piece {
            Some(piece) => piece.hidden(secrets),
            None => secrets,
        })
    }

    fn judging(&self, secrets: Secrets) -> Verdicts {
        let by_token = self.login.as_ref().is_some_and(Login::by_token);
        let (keys, place) = (self.keys, self.place());
        Verdicts { keys, provider: self.provider, place, by_token, secrets }
    }

    /// The sentence of a successful check.
    pub(super) fn check_passed(&self) -> String {
        let protection = match self.tls {
            SmtpTls::Implicit => "TLS",
            SmtpTls::StartTls => "STARTTLS",
            SmtpTls::None => "no TLS (this machine only)",
        };
        match &self.login {
            Some(login) => {
                let how = if login.by_token() { " with a token" } else { "" };
                let name = login.username();
                format!("{} takes the login of {name}{how} over {protection}", self.place())
            }
            None => format!("{} takes mail over {protection}", self.place()),
        }
    }

    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Opens an authenticated connection. If a cached token is refused, it may have been revoked,
    /// so a new one is tried once.
    pub(super) async fn open(
        &self,
        deadline: &Deadline,
        verdicts: &Verdicts,
    ) -> Result<AsyncSmtpConnection, DeliveryError> {
        let Some(login) = &self.login else { return self.greeted(deadline, verdicts).await };
        let proof = self.proof(login, deadline).await?;
        match self.log_in(&proof, deadline, verdicts).await {
            Err(LoginError::Refused(_)) if proof.may_be_stale() => {
                login.forget(&proof).await;
                let fresh = self.proof(login, deadline).await?;
                Ok(self.log_in(&fresh, deadline, verdicts).await?)
            }
            entered => Ok(entered?),
        }
    }

    async fn proof(
        &self,
        login: &Login,
        deadline: &Deadline,
    ) -> Result<login::SmtpLogin, DeliveryError> {
        deadline.step(login.proof()).await.unwrap_or_else(|TimedOut| {
            let what = "The token service did not answer in time.";
            Err(DeliveryError::new(FailureKind::FAILED, what))
        })
    }

    /// Connects and logs in.
    async fn log_in(
        &self,
        proof: &login::SmtpLogin,
        deadline: &Deadline,
        verdicts: &Verdicts,
    ) -> Result<AsyncSmtpConnection, LoginError> {
        let mut connection = self.greeted(deadline, verdicts).await?;
        if !proof.is_taken_by(&connection) {
            let what = format!(
                "The mail server {} offers no login with a {}.",
                self.place(),
                proof.kind()
            );
            return Err(LoginError::Halted(
                DeliveryError::new(FailureKind::Settings, what)
                    .advising(format!("Check port, tls and auth in {}.", self.keys.section()))
                    .about(self.keys.auth.path()),
            ));
        }
        let verdicts = self.judging(proof.secrets());
        match deadline.step(proof.show(&mut connection)).await {
            Ok(Ok(())) => Ok(connection),
            Ok(Err(error)) => {
                let refused = error.is_permanent();
                let verdict = verdicts.of(SmtpStage::Login, &error);
                Err(if refused {
                    LoginError::Refused(verdict)
                } else {
                    LoginError::Halted(verdict)
                })
            }
            Err(TimedOut) => Err(LoginError::Halted(verdicts.silence(SmtpStage::Login))),
        }
    }

    /// Connects with the configured TLS mode, up to EHLO.
    async fn greeted(
        &self,
        deadline: &Deadline,
        verdicts: &Verdicts,
    ) -> Result<AsyncSmtpConnection, DeliveryError> {
        let tcp = self.connect(deadline).await?;
        match self.tls {
            SmtpTls::None => self.in_clear(tcp, deadline, verdicts).await,
            SmtpTls::Implicit => {
                let wire = self.protect(tcp, None, deadline).await?;
                self.greet(wire, deadline, verdicts).await
            }
            SmtpTls::StartTls => {
                let tcp = self.start_tls(tcp, deadline, verdicts).await?;
                let wire = self.protect(tcp, Some(GREETING), deadline).await?;
                self.greet(wire, deadline, verdicts).await
            }
        }
    }

    async fn connect(&self, deadline: &Deadline) -> Result<TcpStream, DeliveryError> {
        let (place, at) = (self.place(), self.keys.section());
        let failed = |what: String, advice: String| {
            DeliveryError::new(FailureKind::FAILED, what).advising(advice).about(&self.keys.host)
        };
        let silent = || {
            failed(
                format!("The mail server {place} does not answer."),
                format!("Check the network, and host and port in {at}."),
            )
        };
        let addresses: Vec<SocketAddr> =
            match deadline.step(lookup_host((self.host.as_str(), self.port))).await {
                Ok(Ok(addresses)) => addresses.collect(),
                Ok(Err(_)) => Vec::new(),
                Err(TimedOut) => return Err(silent()),
            };
        if addresses.is_empty() {
            return Err(failed(
                format!("The mail server's name {} is not known.", self.host),
                format!("Check the network, and host in {at}."),
            ));
        }
        let tcp = match deadline.step(TcpStream::connect(addresses.as_slice())).await {
            Ok(Ok(tcp)) => tcp,
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return Err(failed(
                    format!("The mail server {place} refuses the connection."),
                    format!("Check host and port in {at}."),
                ));
            }
            Ok(Err(_)) | Err(TimedOut) => return Err(silent()),
        };
        // Commands are small and each waits for its reply, so Nagle's algorithm only adds latency.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    /// Without TLS, on this machine only: the address that was connected to decides, not the
    /// configured name.
    async fn in_clear(
        &self,
        tcp: TcpStream,
        deadline: &Deadline,
        verdicts: &Verdicts,
    ) -> Result<AsyncSmtpConnection, DeliveryError> {
        let peer = tcp.peer_addr().map_err(|error| self.broken(&error))?;
        if !peer.ip().is_loopback() {
            let key = self.keys.tls.path();
            let how = format!(
                "{key} is \"none\", and {} is not this machine. Use implicit or starttls.",
                self.place()
            );
            return Err(DeliveryError::misconfigured(key, how));
        }
        self.greet(Wire::new(&[], tcp, peer), deadline, verdicts).await
    }

    /// Negotiates STARTTLS.
    async fn start_tls(
        &self,
        mut tcp: TcpStream,
        deadline: &Deadline,
        verdicts: &Verdicts,
    ) -> Result<TcpStream, DeliveryError> {
        match deadline.step(starttls::negotiate(&mut tcp, &self.hello.to_string())).await {
            Ok(Ok(())) => Ok(tcp),
            Ok(Err(Prologue::NotOffered)) => {
                let what = format!(
                    "The mail server {} offers no protected connection (STARTTLS). Nothing was \
                     sent.",
                    self.place()
                );
                Err(self.try_implicit(FailureKind::Settings, what))
            }
            Ok(Err(Prologue::Injected)) => {
                let what = format!(
                    "The mail server {}, or somebody on the way to it, sent more than its answer \
                     before the connection was protected. Nothing was sent. Tell your \
                     administrator.",
                    self.place()
                );
                Err(DeliveryError::new(FailureKind::Settings, what))
            }
            Ok(Err(Prologue::Refused { code, text })) => {
                Err(verdicts.refused(SmtpStage::Greeting, code, &text))
            }
            Ok(Err(Prologue::Nonsense)) => Err(verdicts.nonsense()),
            Ok(Err(Prologue::Broken(error))) => Err(self.broken(&error)),
            Err(TimedOut) => {
                let what = format!("The mail server {} says nothing.", self.place());
                Err(self.try_implicit(FailureKind::FAILED, what))
            }
        }
    }

    /// Suggests implicit TLS, in case the server expects it.
    fn try_implicit(&self, kind: FailureKind, what: String) -> DeliveryError {
        DeliveryError::new(kind, what)
            .advising("If it has a port for TLS from the start (465), set tls = \"implicit\".")
            .about(self.keys.tls.path())
    }

    async fn protect(
        &self,
        tcp: TcpStream,
        greeting: Option<&'static [u8]>,
        deadline: &Deadline,
    ) -> Result<Wire<tokio_rustls::client::TlsStream<TcpStream>>, DeliveryError> {
        let peer = tcp.peer_addr().map_err(|error| self.broken(&error))?;
        let connector = TlsConnector::from(self.trust.config().await?);
        match deadline.step(connector.connect(self.name.clone(), tcp)).await {
            Ok(Ok(stream)) => Ok(Wire::new(greeting.unwrap_or_default(), stream, peer)),
            Ok(Err(error)) => {
                let what = format!(
                    "No protected connection to the mail server {}: {}. Nothing was sent.",
                    self.place(),
                    tls::complaint(&error)
                );
                Err(DeliveryError::new(tls::refused(&error), what)
                    .advising(tls::mail_remedy(self.keys.section(), tls::doubt(&error)))
                    .about(self.keys.host.path()))
            }
            Err(TimedOut) => {
                let what = format!("The mail server {} does not answer to TLS.", self.place());
                Err(DeliveryError::new(FailureKind::FAILED, what)
                    .advising(format!("Check port and tls in {}.", self.keys.section()))
                    .about(self.keys.tls.path()))
            }
        }
    }

    /// Passes the connection to lettre, which reads the greeting and sends EHLO.
    async fn greet<S>(
        &self,
        wire: Wire<S>,
        deadline: &Deadline,
        verdicts: &Verdicts,
    ) -> Result<AsyncSmtpConnection, DeliveryError>
    where
        S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
    {
        let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &self.hello);
        match deadline.step(greeted).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(verdicts.of(SmtpStage::Greeting, &error)),
            Err(TimedOut) => Err(verdicts.silence(SmtpStage::Greeting)),
        }
    }

    fn broken(&self, error: &io::Error) -> DeliveryError {
        let what = format!(
            "The connection to the mail server {} broke off ({}).",
            self.place(),
            error.kind()
        );
        DeliveryError::new(FailureKind::FAILED, what)
    }
}

/// Why opening an authenticated connection failed.
enum LoginError {
    /// The server refused the login.
    Refused(DeliveryError),
    /// It failed before the login.
    Halted(DeliveryError),
}

impl From<DeliveryError> for LoginError {
    fn from(error: DeliveryError) -> Self {
        Self::Halted(error)
    }
}

impl From<LoginError> for DeliveryError {
    fn from(entry: LoginError) -> Self {
        match entry {
            LoginError::Refused(error) | LoginError::Halted(error) => error,
        }
    }
}

/// A substitute greeting for lettre: after STARTTLS the server does not greet again (RFC 3207,
/// 4.2), but lettre waits for a greeting.
const GREETING: &[u8] = b"220 protected\r\n";

/// The most bytes that a server may send in reply to one command: lettre buffers a reply until its
/// end (security requirement 59).
const REPLY_MAX: usize = 64 * 1024;

/// A stream in the form that lettre takes, with the read limit.
struct Wire<S> {
    greeting: &'static [u8],
    stream: S,
    peer: SocketAddr,
    /// Bytes read since the last write.
    unanswered: usize,
}

impl<S> Wire<S> {
    const fn new(greeting: &'static [u8], stream: S, peer: SocketAddr) -> Self {
        Self { greeting, stream, peer, unanswered: 0 }
    }
}

impl<S> fmt::Debug for Wire<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({})", self.peer)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.greeting.is_empty() {
            if self.unanswered >= REPLY_MAX {
                let why = "the server's reply has no end";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
            }
            let before = buffer.filled().len();
            let read = Pin::new(&mut self.stream).poll_read(context, buffer);
            self.unanswered += buffer.filled().len() - before;
            return read;
        }
        let (now, later) = self.greeting.split_at(buffer.remaining().min(self.greeting.len()));
        buffer.put_slice(now);
        self.greeting = later;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.unanswered = 0;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S> AsyncTokioStream for Wire<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, join};

    use super::*;

    #[tokio::test]
    async fn security_59_a_reply_without_an_end_is_not_kept_to_its_end() {
        let endless = join(tokio::io::repeat(b'2'), tokio::io::sink());
        let mut wire = Wire::new(&[], endless, SocketAddr::from(([127, 0, 0, 1], 25)));
        let mut reply = Vec::new();
        let read = wire.read_to_end(&mut reply).await;
        assert!(read.is_err_and(|error| error.kind() == io::ErrorKind::InvalidData));
        assert!(reply.len() < 2 * REPLY_MAX, "{}", reply.len());
        // The next command's reply has a new limit.
        let mut some = [0; 100];
        assert!(wire.write_all(b"NOOP\r\n").await.is_ok());
        assert!(wire.read_exact(&mut some).await.is_ok());
    }
}
