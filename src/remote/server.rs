//! The server: accepts connections for a desk and serves each.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::remote::connection_limits::{ConnectionLimits, Handshakes};
use crate::remote::roster::CurrentRoster;
use crate::remote::session;
use crate::remote::sittings::Sittings;
use crate::service::Desk;
use crate::service::ports::sign_in::SITTING_LEASE;

/// The pause after a failed accept, so that a process out of file descriptors can recover.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The quotas and timeouts of clients.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections per account.
    pub per_account: usize,
    /// Calls in flight per account, over all its connections, until their answers are written;
    /// further requests are not read.
    pub calls: usize,
    /// Connections in their handshake; a new one replaces the oldest.
    pub handshakes: usize,
    /// Timeout of the handshake.
    pub handshake: Duration,
    /// Timeout for writing one frame to a client.
    pub write: Duration,
    /// The delay before a refused call is answered.
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

/// A server of a desk.
pub struct Server {
    pub(super) desk: Desk,
    /// Whether customers and messages are real, for display.
    pub(super) is_production: bool,
    /// Whether clerks are trained, so that messages go to the tray.
    pub(super) is_rehearsal: bool,
    pub(super) limits: ServerLimits,
    pub(super) connections: ConnectionLimits,
    pub(super) handshakes: Handshakes,
    /// Calls in flight. A call that has begun runs to its end even if its client is gone: a send or
    /// a verification is never aborted.
    pub(super) calls: TaskTracker,
    pub(super) sittings: Sittings,
    pub(super) roster: CurrentRoster,
    end: OnceLock<CancellationToken>,
}

impl Server {
    /// Needs the runtime: it follows the changes of the store.
    pub fn new(desk: Desk, is_production: bool, limits: ServerLimits) -> Self {
        Self {
            roster: CurrentRoster::new(desk.clone()),
            desk,
            is_production,
            is_rehearsal: false,
            connections: ConnectionLimits::new(limits.per_account, limits.calls),
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

    /// Whether the server is shutting down.
    pub(super) fn is_ending(&self) -> bool {
        self.end.get().is_some_and(CancellationToken::is_cancelled)
    }

    /// Serves until `end`, then waits for the calls in flight.
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
                    // Registered here, to keep the order of arrival.
                    let turned_away = server.handshakes.register();
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

/// Renews the leases of this server's sittings until it ends.
async fn renew_sittings(server: Arc<Server>, end: CancellationToken) {
    loop {
        // Sittings of a killed service are ended at the start.
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
        // The client closed the connection or sent a malformed frame.
        tracing::debug!(%error, "a connection ended");
    }
}
