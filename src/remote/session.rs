//! One connection: the handshake, then calls in and answers and signals out.
//!
//! The reader takes the next request only while the client has less than its share of
//! calls under way, and the writer has room: a client that asks and does not read slows
//! down itself alone.

use std::io;
use std::sync::Arc;

use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Semaphore, mpsc};

use crate::domain::event::Actor;
use crate::domain::staff::AccountName;
use crate::remote::peer::Peer;
use crate::remote::protocol::{
    self, Greeting, HELLO_MAX, Hello, PROTOCOL, Push, REQUEST_MAX, Reader, Rejection, Request,
    Welcome, Writer,
};
use crate::remote::seats::Seats;
use crate::remote::server::Server;
use crate::service::DeskError;
use crate::service::api::{Authentication, Caller, Signals};
use crate::service::ports::StoreError;
use crate::service::retry::RetryPolicy;

/// Frames that may wait for a client to read them; one more waits where it was made.
const PUSHES: usize = 32;

/// Serves a connection to its end.
pub(super) async fn serve(
    server: Arc<Server>,
    stream: UnixStream,
    seats: &Arc<Seats>,
) -> io::Result<()> {
    let handshake = server.limits.handshake;
    let peer = Peer::of(&stream).await?;
    let seat = seats.take(peer.uid);
    let (reading, writing) = stream.into_split();
    let mut reader = protocol::reader(reading, HELLO_MAX);
    let mut writer = protocol::writer(writing);
    if seat.is_none() {
        let rejected = Greeting::Rejected(Rejection::TooMany);
        return tokio::time::timeout(handshake, protocol::send(&mut writer, &rejected)).await?;
    }
    let greeted = greet(&server, &peer, &mut reader, &mut writer);
    let Some(caller) = tokio::time::timeout(handshake, greeted).await?? else { return Ok(()) };
    reader.decoder_mut().set_max_frame_length(REQUEST_MAX);
    let (pushes, to_push) = mpsc::channel(PUSHES);
    let written = write(&server, writer, to_push);
    let read = Connection { server: Arc::clone(&server), caller, pushes }.read(reader);
    tokio::select! {
        ended = written => ended,
        ended = read => ended,
    }
}

/// The handshake; who the caller is, or none where the client was turned away.
async fn greet(
    server: &Server,
    peer: &Peer,
    reader: &mut Reader<OwnedReadHalf>,
    writer: &mut Writer<OwnedWriteHalf>,
) -> io::Result<Option<Caller>> {
    let Some(hello) = protocol::receive::<Hello, _>(reader).await? else { return Ok(None) };
    let caller = if hello.protocol == PROTOCOL {
        caller(server, peer).await
    } else {
        Err(Rejection::Version { version: env!("CARGO_PKG_VERSION").to_owned() })
    };
    let welcomed = caller.and_then(|caller| {
        let profile = server.desk.profile(&caller);
        let profile = profile.map_err(|error| Rejection::NoStaffList { why: error.to_string() })?;
        let welcome = Welcome { profile, is_production: server.is_production };
        Ok((caller, welcome))
    });
    match welcomed {
        Ok((caller, welcome)) => {
            protocol::send(writer, &Greeting::Welcome(Box::new(welcome))).await?;
            Ok(Some(caller))
        }
        Err(rejection) => {
            tracing::warn!(account = peer.account, %rejection, "a connection was turned away");
            protocol::send(writer, &Greeting::Rejected(rejection)).await?;
            Ok(None)
        }
    }
}

/// Who the staff table says the peer is.
async fn caller(server: &Server, peer: &Peer) -> Result<Caller, Rejection> {
    let not_staff = || Rejection::NotStaff { account: peer.account.clone() };
    let account: AccountName = peer.account.parse().map_err(|_| not_staff())?;
    let member = server.desk.staff_member(&account).await;
    let member = member.map_err(|error| Rejection::NoStaffList { why: error.to_string() })?;
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
    pushes: mpsc::Sender<Push>,
}

impl Connection {
    async fn read(mut self, mut reader: Reader<OwnedReadHalf>) -> io::Result<()> {
        let calls = Arc::new(Semaphore::new(self.server.limits.calls));
        let mut changes = self.server.desk.signals().changes;
        loop {
            let Ok(permit) = Arc::clone(&calls).acquire_owned().await else { return Ok(()) };
            let Some(request) = protocol::receive(&mut reader).await? else { return Ok(()) };
            if changes.has_changed().unwrap_or(false) {
                changes.mark_unchanged();
                if !self.is_still_staff().await {
                    return Ok(());
                }
            }
            let call = self.answer(request);
            self.server.calls.spawn(async move {
                call.await;
                drop(permit);
            });
        }
    }

    /// Something was changed since the last call: perhaps what this account may do.
    async fn is_still_staff(&mut self) -> bool {
        let Ok(account) = self.caller.actor.clerk.parse::<AccountName>() else { return false };
        match self.server.desk.staff_member(&account).await {
            Ok(Some(member)) => {
                self.caller.role = member.role;
                true
            }
            Ok(None) => false,
            // The store is away: so is whatever the call would do there.
            Err(_) => true,
        }
    }

    /// Carries a call out. A counter makes a call that breaks again; here it is not tried
    /// for long.
    fn answer(&self, request: Request) -> impl Future<Output = ()> + Send + use<> {
        let Request { id, call } = request;
        let (server, caller) = (Arc::clone(&self.server), self.caller.clone());
        let pushes = self.pushes.clone();
        async move {
            let answer = server.desk.handle(&caller, call, RetryPolicy::brief()).await;
            if matches!(answer.error(), Some(DeskError::Forbidden { .. })) {
                tokio::time::sleep(server.limits.refusal).await;
            }
            // Without a receiver the client is gone.
            let _ = pushes.send(Push::Answer { id, answer: Box::new(answer) }).await;
        }
    }
}

/// The writing side: answers, and signals as they come.
async fn write(
    server: &Server,
    mut writer: Writer<OwnedWriteHalf>,
    mut pushes: mpsc::Receiver<Push>,
) -> io::Result<()> {
    let mut signals = server.desk.signals();
    // What holds already is told at once.
    signals.connection.mark_changed();
    signals.index.mark_changed();
    loop {
        let push = tokio::select! {
            biased;
            push = pushes.recv() => match push {
                Some(push) => push,
                None => return Ok(()),
            },
            push = next_signal(&mut signals) => push,
        };
        tokio::time::timeout(server.limits.write, protocol::send(&mut writer, &push)).await??;
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
