//! The desk at a socket: accepts connections and serves each.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::remote::seats::{Handshakes, Seats};
use crate::remote::session;
use crate::remote::sittings::Sittings;
use crate::service::Desk;
use crate::service::ports::sign_in::SITTING_LEASE;

/// How long accepting rests after it failed: a process without free files gets some back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What clients may take of the server.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections of one account of the staff.
    pub per_account: usize,
    /// Calls under way of one account, over all its connections, until their answers are
    /// written; a further one is not read yet.
    pub calls: usize,
    /// Connections that wait for their handshake; a new one takes the oldest one's place.
    pub handshakes: usize,
    /// How long the handshake may take.
    pub handshake: Duration,
    /// How long a client may take to read one frame.
    pub write: Duration,
    /// How long a refused call waits for its answer.
    pub refusal: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            per_account: 64,
            calls: 32,
            handshakes: 256,
            handshake: Duration::from_secs(10),
            write: Duration::from_secs(10),
            refusal: Duration::from_secs(1),
        }
    }
}

/// A desk that is reached through a socket.
pub struct Server {
    pub(super) desk: Desk,
    /// Whether customers and messages are real, as terminals show.
    pub(super) is_production: bool,
    /// Whether clerks are trained, so that messages go to the tray.
    pub(super) is_rehearsal: bool,
    pub(super) limits: ServerLimits,
    pub(super) seats: Seats,
    pub(super) handshakes: Handshakes,
    /// Calls that are under way. One that began comes to its end, whoever is still there
    /// to hear of it: a code that is being sent or judged is never cut short.
    pub(super) calls: TaskTracker,
    pub(super) sittings: Sittings,
    end: OnceLock<CancellationToken>,
}

impl Server {
    /// A server of a desk.
    pub fn new(desk: Desk, is_production: bool, limits: ServerLimits) -> Self {
        Self {
            desk,
            is_production,
            is_rehearsal: false,
            seats: Seats::new(limits.per_account, limits.calls),
            handshakes: Handshakes::new(limits.handshakes),
            limits,
            calls: TaskTracker::new(),
            sittings: Sittings::default(),
            end: OnceLock::new(),
        }
    }

    /// The same where clerks are trained.
    #[must_use]
    pub fn rehearsing(mut self, is_rehearsal: bool) -> Self {
        self.is_rehearsal = is_rehearsal;
        self
    }

    /// Whether this service comes to its end.
    pub(super) fn is_ending(&self) -> bool {
        self.end.get().is_some_and(CancellationToken::is_cancelled)
    }

    /// Serves until `end`, then lets the calls under way come to their end.
    pub async fn run(self, listener: UnixListener, end: CancellationToken) {
        self.end.get_or_init(|| end.clone());
        let server = Arc::new(self);
        drop(tokio::spawn(renew_sittings(Arc::clone(&server), end.clone())));
        loop {
            let accepted = tokio::select! {
                biased;
                () = end.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    // Here, in the order in which they came.
                    let turned_away = server.handshakes.enter();
                    let session = serve(Arc::clone(&server), stream, turned_away);
                    let end = end.clone();
                    drop(tokio::spawn(async move {
                        tokio::select! {
                            () = end.cancelled() => {}
                            () = session => {}
                        }
                    }));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        server.calls.close();
        server.calls.wait().await;
    }
}

/// Prolongs the sittings of this service until it ends.
async fn renew_sittings(server: Arc<Server>, end: CancellationToken) {
    loop {
        // Those of a service that was killed before are ended at the start.
        let active = server.sittings.take_active(Instant::now());
        if let Err(error) = server.desk.renew_sittings(&active).await {
            tracing::warn!(%error, "the sittings could not be prolonged");
        }
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(SITTING_LEASE / 3) => {}
        }
    }
}

async fn serve(server: Arc<Server>, stream: UnixStream, turned_away: CancellationToken) {
    if let Err(error) = session::serve(server, stream, turned_away).await {
        // A client that went away, or that sent what is no frame.
        tracing::debug!(%error, "a connection ended");
    }
}
