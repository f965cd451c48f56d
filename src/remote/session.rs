//! One connection: the handshake, then calls in and answers and signals out.
//!
//! The reader takes the next request only while the account has less than its share of
//! calls under way, over all its connections; a call is under way until its answer is
//! written. A client that asks and does not read slows down its own account alone.

use std::io;
use std::sync::Arc;

use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use crate::domain::event::Actor;
use crate::domain::staff::AccountName;
use crate::remote::peer::Peer;
use crate::remote::protocol::{
    self, Greeting, HELLO_MAX, Hello, IMPORT_MAX, PROTOCOL, Push, REQUEST_MAX, Reader, Rejection,
    Request, Welcome, Writer,
};
use crate::remote::seats::Seat;
use crate::remote::server::Server;
use crate::service::DeskError;
use crate::service::api::{Answer, Authentication, Call, Caller, Permission, Signals};
use crate::service::ports::StoreError;
use crate::service::retry::RetryPolicy;

/// Frames that may wait for a client to read them; one more waits where it was made.
const MAX_QUEUED_FRAMES: usize = 32;

/// A frame for the client. An answer holds the permit of its call until it is written.
struct Outgoing {
    push: Push,
    _permit: Option<OwnedSemaphorePermit>,
}

/// Serves a connection to its end, or until it is turned away for a newer one.
pub(super) async fn serve(
    server: Arc<Server>,
    stream: UnixStream,
    turned_away: CancellationToken,
) -> io::Result<()> {
    let greeted = tokio::select! {
        biased;
        () = turned_away.cancelled() => return Ok(()),
        greeted = tokio::time::timeout(server.limits.handshake, greet(&server, stream)) => greeted,
    };
    turned_away.cancel();
    let Some(Greeted { caller, seat, mut reader, writer }) = greeted?? else { return Ok(()) };
    reader.decoder_mut().set_max_frame_length(request_max(&caller));
    let (pushes, to_push) = mpsc::channel(MAX_QUEUED_FRAMES);
    let written = write(&server, writer, to_push);
    let connection = Connection { server: Arc::clone(&server), caller, seat, pushes };
    tokio::select! {
        ended = written => ended,
        ended = connection.read(reader) => ended,
    }
}

/// Only an import is long, and only an admin imports.
fn request_max(caller: &Caller) -> usize {
    if caller.may(Permission::Administer) { IMPORT_MAX } else { REQUEST_MAX }
}

/// A connection after its handshake.
struct Greeted {
    caller: Caller,
    seat: Seat,
    reader: Reader<OwnedReadHalf>,
    writer: Writer<OwnedWriteHalf>,
}

/// The handshake; none where the client was turned away.
async fn greet(server: &Server, stream: UnixStream) -> io::Result<Option<Greeted>> {
    let peer = Peer::of(&stream).await?;
    let (reading, writing) = stream.into_split();
    let mut reader = protocol::reader(reading, HELLO_MAX);
    let mut writer = protocol::writer(writing);
    let Some(hello) = protocol::receive::<Hello, _>(&mut reader).await? else { return Ok(None) };
    match welcome(server, &peer, &hello).await {
        Ok((caller, seat, welcome)) => {
            protocol::send(&mut writer, &Greeting::Welcome(Box::new(welcome))).await?;
            Ok(Some(Greeted { caller, seat, reader, writer }))
        }
        Err(rejection) => {
            tracing::debug!(uid = peer.uid, account = peer.account, %rejection, "a connection was turned away");
            protocol::send(&mut writer, &Greeting::Rejected(rejection)).await?;
            Ok(None)
        }
    }
}

async fn welcome(
    server: &Server,
    peer: &Peer,
    hello: &Hello,
) -> Result<(Caller, Seat, Welcome), Rejection> {
    if hello.protocol != PROTOCOL {
        return Err(Rejection::Version { version: env!("CARGO_PKG_VERSION").to_owned() });
    }
    let caller = caller(server, peer).await?;
    let seat = server.seats.take(&caller.actor.clerk).ok_or(Rejection::TooMany)?;
    let profile = server.desk.profile(&caller).map_err(|error| no_staff_list(&error))?;
    let welcome = Welcome { profile, is_production: server.is_production };
    Ok((caller, seat, welcome))
}

/// What stands behind it is for the service's own log: the client may be anybody.
fn no_staff_list(error: &DeskError) -> Rejection {
    tracing::warn!(%error, "the staff cannot be read");
    Rejection::NoStaffList
}

/// Who the staff table says the peer is.
async fn caller(server: &Server, peer: &Peer) -> Result<Caller, Rejection> {
    let not_staff = || Rejection::NotStaff { account: peer.account.clone() };
    let account: AccountName = peer.account.parse().map_err(|_| not_staff())?;
    let member = server.desk.staff_member(&account).await;
    let member = member.map_err(|error| no_staff_list(&error))?;
    let member = member.ok_or_else(not_staff)?;
    let host = &server.desk.actor().counter;
    let counter = match &peer.terminal {
        Some(terminal) => format!("{host} {terminal}"),
        None => host.clone(),
    };
    Ok(Caller {
        actor: Actor { clerk: peer.account.clone(), counter },
        role: member.role,
        authentication: Authentication::PeerCredentials,
    })
}

/// The reading side.
struct Connection {
    server: Arc<Server>,
    caller: Caller,
    seat: Seat,
    pushes: mpsc::Sender<Outgoing>,
}

impl Connection {
    async fn read(mut self, mut reader: Reader<OwnedReadHalf>) -> io::Result<()> {
        let mut changes = self.server.desk.signals().changes;
        loop {
            let calls = Arc::clone(&self.seat.calls);
            let Ok(permit) = calls.acquire_owned().await else { return Ok(()) };
            let Some(request) = protocol::receive(&mut reader).await? else { return Ok(()) };
            let Request { id, call } = request;
            if changes.has_changed().unwrap_or(false) {
                changes.mark_unchanged();
                match self.is_still_staff().await {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    // Who cannot be looked up may not act; it is looked again with the next
                    // call.
                    Err(error) => {
                        changes.mark_changed();
                        push(&self.pushes, id, call.refused(error), permit).await;
                        continue;
                    }
                }
            }
            let answered = self.answer(id, call, permit);
            self.server.calls.spawn(answered);
        }
    }

    /// Something was changed since the last call: perhaps what this account may do.
    async fn is_still_staff(&mut self) -> Result<bool, DeskError> {
        let Ok(account) = self.caller.actor.clerk.parse::<AccountName>() else { return Ok(false) };
        let member = self.server.desk.staff_member(&account).await?;
        if let Some(member) = &member {
            self.caller.role = member.role;
        }
        Ok(member.is_some())
    }

    /// Carries a call out. A counter makes a call that breaks again; here it is not tried
    /// for long.
    fn answer(
        &self,
        id: u64,
        call: Call,
        permit: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (server, caller) = (Arc::clone(&self.server), self.caller.clone());
        let pushes = self.pushes.clone();
        async move {
            let answer = server.desk.handle(&caller, call, RetryPolicy::brief()).await;
            if matches!(answer.error(), Some(DeskError::Forbidden { .. })) {
                tokio::time::sleep(server.limits.refusal).await;
            }
            push(&pushes, id, answer, permit).await;
        }
    }
}

/// Passes an answer to the writing side; without one the client is gone.
async fn push(
    pushes: &mpsc::Sender<Outgoing>,
    id: u64,
    answer: Answer,
    permit: OwnedSemaphorePermit,
) {
    let push = Push::Answer { id, answer: Box::new(answer) };
    let _ = pushes.send(Outgoing { push, _permit: Some(permit) }).await;
}

/// The writing side: answers, and signals as they come.
async fn write(
    server: &Server,
    mut writer: Writer<OwnedWriteHalf>,
    mut pushes: mpsc::Receiver<Outgoing>,
) -> io::Result<()> {
    let mut signals = server.desk.signals();
    // What holds already is told at once.
    signals.connection.mark_changed();
    signals.index.mark_changed();
    loop {
        let outgoing = tokio::select! {
            biased;
            push = pushes.recv() => match push {
                Some(push) => push,
                None => return Ok(()),
            },
            push = next_signal(&mut signals) => Outgoing { push, _permit: None },
        };
        tokio::time::timeout(server.limits.write, protocol::send(&mut writer, &outgoing.push))
            .await??;
    }
}

async fn next_signal(signals: &mut Signals) -> Push {
    tokio::select! {
        Ok(()) = signals.changes.changed() => Push::Changed,
        Ok(()) = signals.connection.changed() => {
            let error = signals.connection.borrow_and_update();
            Push::Store(error.as_ref().map(|error| StoreError::Unreachable(error.to_string())))
        }
        Ok(()) = signals.index.changed() => Push::Index(*signals.index.borrow_and_update()),
        else => std::future::pending().await,
    }
}
