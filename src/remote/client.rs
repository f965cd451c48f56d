//! A `Door` to a desk in another process.
//!
//! The connection is re-established whenever it is lost, with exponential backoff. A call in flight
//! is then repeated under its idempotency key, as long as its retry policy allows, and is executed
//! once.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::sign_in::sitting::SittingTicket;
use crate::remote::link::{self, Link, LinkEnds};
use crate::remote::protocol::{Hello, Push, Rejection, Welcome};
use crate::service::DeskError;
use crate::service::api::{Answer, Call, Door, Signals};
use crate::service::ports::{IndexProgress, Random, StoreError};
use crate::service::staff::sign_in::SignInOutcome;
use crate::service::store_call_retry::RetryPolicy;

/// The first and the longest delay before a reconnect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Why the desk service cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing listens on the socket.
    #[error("the desk service does not run; ask your admin to start it")]
    NotRunning,
    /// This account has no permission for the socket.
    #[error(
        "this account may not use the desk service; ask your admin to add it to the group of the \
         socket"
    )]
    NoPermission,
    /// The service rejected this terminal.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A timeout.
    #[error("the desk service does not answer")]
    Silent,
    /// The answer violates the protocol.
    #[error("the desk service cannot be understood: {0}")]
    Protocol(String),
    /// Any other I/O error.
    #[error("the desk service cannot be reached: {0}")]
    Failed(String),
}

impl ConnectError {
    pub(super) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Self::NotRunning,
            io::ErrorKind::PermissionDenied => Self::NoPermission,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// A client of a desk service.
pub struct RemoteDesk {
    links: watch::Receiver<Option<Arc<Link>>>,
    signals: Signals,
    random: Arc<dyn Random>,
    ticket: Ticket,
}

/// The ticket of the sitting at this terminal, which is resumed after a reconnect.
type Ticket = Arc<Mutex<Option<SittingTicket>>>;

impl RemoteDesk {
    /// Connects once; from then on the connection is kept up for as long as the desk exists.
    pub async fn connect(
        socket: &Path,
        random: Arc<dyn Random>,
        is_interface: bool,
    ) -> Result<(Self, Welcome), ConnectError> {
        let hello = Hello::of_this_program(is_interface, None);
        let (link, ends, welcome) = Link::open(socket, &hello).await?;
        let ticket: Ticket = Arc::new(Mutex::new(welcome.ticket.clone()));
        let (to_links, links) = watch::channel(Some(Arc::new(link)));
        let (changes, has_changed) = watch::channel(0);
        let (connection, connected) = watch::channel(None);
        let (index, indexed) = watch::channel(None);
        let keeper = Keeper {
            socket: socket.to_owned(),
            is_interface,
            ticket: Arc::clone(&ticket),
            links: to_links,
            changes,
            connection,
            index,
        };
        drop(tokio::spawn(keeper.keep(ends)));
        let signals = Signals { changes: has_changed, connection: connected, index: indexed };
        Ok((Self { links, signals, random, ticket }, welcome))
    }

    /// One attempt, without a retry.
    async fn ask(&self, call: Call) -> Result<Answer, StoreError> {
        let link = self.links.borrow().clone();
        let away = || StoreError::Unreachable("the desk service does not run".into());
        let answer = link.ok_or_else(away)?.ask(call).await?.unless_broken()?;
        self.keep_ticket(&answer);
        Ok(answer)
    }

    /// Keeps the ticket of a new sitting, and drops it when the sitting ends.
    fn keep_ticket(&self, answer: &Answer) {
        let ticket = match answer {
            Answer::SignIn(Ok(SignInOutcome::SignedIn(it))) => Some(it.ticket.clone()),
            Answer::SignOut(Ok(())) | Answer::LockTerminal(Ok(())) => None,
            _ => return,
        };
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = ticket;
    }
}

#[async_trait]
impl Door for RemoteDesk {
    async fn handle(&self, call: Call, retry: RetryPolicy) -> Answer {
        // A counter repeats such a read by itself when the desk is back.
        let is_once = retry.is_lasting() && !call.is_until_answered();
        let answered = if is_once {
            self.ask(call.clone()).await
        } else {
            let attempt = || Box::pin(self.ask(call.clone())) as _;
            retry.run(self.random.as_ref(), StoreError::is_break, attempt).await
        };
        answered.unwrap_or_else(|error| call.refused(DeskError::Store(error)))
    }

    fn signals(&self) -> Signals {
        self.signals.clone()
    }
}

/// Keeps up the connection and publishes the signals.
struct Keeper {
    socket: PathBuf,
    is_interface: bool,
    ticket: Ticket,
    links: watch::Sender<Option<Arc<Link>>>,
    changes: watch::Sender<u64>,
    connection: watch::Sender<Option<Arc<StoreError>>>,
    index: watch::Sender<Option<IndexProgress>>,
}

impl Keeper {
    async fn keep(self, mut ends: LinkEnds) {
        loop {
            link::run(ends, |push| self.pushed(push)).await;
            self.links.send_replace(None);
            ends = tokio::select! {
                // No client is left.
                () = self.links.closed() => return,
                ends = self.reconnect() => ends,
            };
        }
    }

    async fn reconnect(&self) -> LinkEnds {
        let (mut pause, most) = BACKOFF;
        let mut said = None;
        loop {
            let ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let hello = Hello::of_this_program(self.is_interface, ticket);
            match Link::open(&self.socket, &hello).await {
                Ok((link, ends, welcome)) => {
                    let mut ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
                    *ticket = welcome.ticket;
                    drop(ticket);
                    self.links.send_replace(Some(Arc::new(link)));
                    self.connection.send_replace(None);
                    // Anything shown may have changed meanwhile.
                    self.changes.send_modify(|count| *count += 1);
                    return ends;
                }
                Err(error) => self.say_once(&mut said, &error.to_string()),
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(most);
        }
    }

    fn say_once(&self, said: &mut Option<String>, why: &str) {
        if said.as_deref() != Some(why) {
            tracing::warn!(why, "the desk service cannot be reached");
            let error = StoreError::Unreachable(why.to_owned());
            self.connection.send_replace(Some(Arc::new(error)));
            *said = Some(why.to_owned());
        }
    }

    fn pushed(&self, push: Push) {
        match push {
            Push::Changed => self.changes.send_modify(|count| *count += 1),
            Push::Store(error) => {
                self.connection.send_replace(error.map(Arc::new));
            }
            Push::Index(progress) => {
                self.index.send_replace(progress);
            }
            Push::Answer { .. } => {}
        }
    }
}
