//! One connection: the handshake, then calls in, and answers and signals out.
//!
//! The reader takes the next request only while the account's quota of calls in flight has room; a
//! call is in flight until its answer is written. So a client that sends requests and does not read
//! slows down its own account only.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::domain::event::Actor;
use crate::domain::sign_in::policy::SignInMode;
use crate::domain::staff::{AccountName, StaffMember};
use crate::remote::connection_limits::ConnectionPermit;
use crate::remote::peer::Peer;
use crate::remote::protocol::{
    self, Greeting, HELLO_MAX, Hello, IMPORT_MAX, PROTOCOL, Push, REQUEST_MAX, Reader, Rejection,
    Request, Welcome, Writer,
};
use crate::remote::server::Server;
use crate::remote::sittings::Place;
use crate::service::DeskError;
use crate::service::api::{
    Answer, Authentication, Call, Caller, DeskProfile, Permission, Role, SignInState, Signals,
};
use crate::service::ports::StoreError;
use crate::service::staff::sittings::Visitor;
use crate::service::store_call_retry::RetryPolicy;

/// Frames that may be queued for a client; further ones block their producer.
const MAX_QUEUED_FRAMES: usize = 32;

/// A frame for the client. An answer holds its call's permit until it is written.
struct Outgoing {
    push: Push,
    _permit: Option<OwnedSemaphorePermit>,
}

/// Serves a connection to its end, or until it is closed in favour of a newer one.
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
    let Some(Greeted { place, permit, reader, writer }) = greeted?? else { return Ok(()) };
    let (pushes, to_push) = mpsc::channel(MAX_QUEUED_FRAMES);
    let written = write(&server, writer, to_push);
    let connection = Connection { server: Arc::clone(&server), place, permit, pushes };
    tokio::select! {
        ended = written => ended,
        ended = connection.read(reader) => ended,
    }
}

/// Only imports are large, and only admins import.
fn request_max(caller: Option<&Caller>) -> usize {
    let is_admin = caller.is_some_and(|it| it.may(Permission::Administer));
    if is_admin { IMPORT_MAX } else { REQUEST_MAX }
}

/// A connection after its handshake.
struct Greeted {
    place: Place,
    permit: ConnectionPermit,
    reader: Reader<OwnedReadHalf>,
    writer: Writer<OwnedWriteHalf>,
}

/// Performs the handshake; `None` if the client was rejected.
async fn greet(server: &Arc<Server>, stream: UnixStream) -> io::Result<Option<Greeted>> {
    let credentials = stream.peer_cred()?;
    let (reading, writing) = stream.into_split();
    let mut reader = protocol::reader(reading, HELLO_MAX);
    let mut writer = protocol::writer(writing);
    let Some(hello) = protocol::receive::<Hello, _>(&mut reader).await? else { return Ok(None) };
    let peer = Peer::look_up(credentials).await?;
    match welcome(server, &peer, &hello).await {
        Ok((place, permit, welcome)) => {
            protocol::send(&mut writer, &Greeting::Welcome(Box::new(welcome))).await?;
            Ok(Some(Greeted { place, permit, reader, writer }))
        }
        Err(rejection) => {
            tracing::debug!(uid = peer.uid, account = peer.account, %rejection, "a connection was turned away");
            protocol::send(&mut writer, &Greeting::Rejected(rejection)).await?;
            Ok(None)
        }
    }
}

async fn welcome(
    server: &Arc<Server>,
    peer: &Peer,
    hello: &Hello,
) -> Result<(Place, ConnectionPermit, Welcome), Rejection> {
    if hello.protocol != PROTOCOL {
        return Err(Rejection::Version { version: env!("CARGO_PKG_VERSION").to_owned() });
    }
    let host = &server.desk.actor().counter;
    let counter = match &peer.terminal {
        Some(terminal) => format!("{host} {terminal}"),
        None => host.clone(),
    };
    let visitor = Visitor { peer: peer.account.clone(), counter };
    server.roster.get_anew().await.map_err(|error| no_staff_list(&error.into()))?;
    let by_password = server.desk.sign_in_policy().mode == SignInMode::Password;
    let member = if by_password { None } else { Some(member(server, peer).await?) };
    let permit = server.connections.take(&peer.account).ok_or(Rejection::TooMany)?;
    let place = place(server, visitor, member, hello).await;
    let place = place.map_err(|error| no_staff_list(&error))?;
    let profile = profile(server, &place).map_err(|error| no_staff_list(&error))?;
    let ticket = place.ticket();
    let (is_production, is_rehearsal) = (server.is_production, server.is_rehearsal);
    Ok((place, permit, Welcome { profile, is_production, is_rehearsal, ticket }))
}

/// Who is at the connection: the resumed sitting, the account from the kernel, or nobody yet.
async fn place(
    server: &Arc<Server>,
    visitor: Visitor,
    member: Option<StaffMember>,
    hello: &Hello,
) -> Result<Place, DeskError> {
    if let Some(ticket) = &hello.ticket
        && let Some(sitting) = server.desk.resume(&visitor, ticket).await?
    {
        return Ok(Place::of_sitting(server, visitor, sitting));
    }
    let Some(member) = member else { return Ok(Place::empty(server, visitor)) };
    if hello.is_interface {
        let sitting = server.desk.sit_down(&visitor, &member).await?;
        return Ok(Place::of_sitting(server, visitor, sitting));
    }
    let caller = Caller {
        actor: Actor { clerk: visitor.peer.clone(), counter: visitor.counter.clone() },
        role: member.role,
        authentication: Authentication::PeerCredentials,
    };
    Ok(Place::of_program(server, visitor, caller))
}

/// The profile for the terminal; before the sign-in its name and role have no meaning.
fn profile(server: &Server, place: &Place) -> Result<DeskProfile, DeskError> {
    if let Some(caller) = place.caller() {
        return server.desk.profile(caller);
    }
    let visitor = place.visitor();
    let nobody = Caller {
        actor: Actor { clerk: visitor.peer.clone(), counter: visitor.counter.clone() },
        role: Role::Clerk,
        authentication: Authentication::PeerCredentials,
    };
    let profile = server.desk.profile(&nobody)?;
    Ok(DeskProfile { sign_in: SignInState::Needed, ..profile })
}

/// The cause goes to the service's own log only, since the client may be anybody.
fn no_staff_list(error: &DeskError) -> Rejection {
    tracing::warn!(%error, "the staff cannot be read");
    Rejection::NoStaffList
}

/// Looks up the peer in the staff table.
async fn member(server: &Server, peer: &Peer) -> Result<StaffMember, Rejection> {
    let not_staff = || Rejection::NotStaff { account: peer.account.clone() };
    let account: AccountName = peer.account.parse().map_err(|_| not_staff())?;
    let member = server.desk.staff_member(&account).await;
    member.map_err(|error| no_staff_list(&error))?.ok_or_else(not_staff)
}

/// The reading half.
struct Connection {
    server: Arc<Server>,
    place: Place,
    permit: ConnectionPermit,
    pushes: mpsc::Sender<Outgoing>,
}

/// What the reader waits for.
enum ReaderEvent {
    Request(Option<Box<Request>>),
    /// A change, perhaps of the clerk's role.
    Changed,
    /// The idle lock is due.
    Idle,
}

impl Connection {
    async fn read(mut self, mut reader: Reader<OwnedReadHalf>) -> io::Result<()> {
        let mut changes = self.server.desk.signals().changes;
        loop {
            let calls = Arc::clone(&self.permit.calls);
            let Ok(permit) = calls.acquire_owned().await else { return Ok(()) };
            reader.decoder_mut().set_max_frame_length(request_max(self.place.caller()));
            let Request { id, call } = loop {
                match self.next(&mut reader, &mut changes).await? {
                    ReaderEvent::Request(Some(request)) => break *request,
                    ReaderEvent::Request(None) => return Ok(()),
                    // If that cannot be read, the next call asks again.
                    ReaderEvent::Changed => {
                        if matches!(self.place.is_still_staff().await, Ok(false)) {
                            return Ok(());
                        }
                    }
                    ReaderEvent::Idle => {
                        if let Err(error) = self.place.lock().await {
                            tracing::warn!(%error, "the end of an idle sitting is not in the store");
                        }
                    }
                }
            };
            match self.place.is_still_staff().await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                // A clerk who cannot be looked up may not act.
                Err(error) => {
                    push(&self.pushes, id, call.refused(error.into()), permit).await;
                    continue;
                }
            }
            match self.place.answer(call).await {
                Ok(answer) => push(&self.pushes, id, answer, permit).await,
                Err(call) => {
                    let Some(caller) = self.place.caller() else { return Ok(()) };
                    let answered = self.answer(id, call, caller.clone(), permit);
                    self.server.calls.spawn(answered);
                }
            }
        }
    }

    async fn next(
        &self,
        reader: &mut Reader<OwnedReadHalf>,
        changes: &mut watch::Receiver<u64>,
    ) -> io::Result<ReaderEvent> {
        tokio::select! {
            biased;
            () = until(self.place.locks_at()) => Ok(ReaderEvent::Idle),
            request = protocol::receive(reader) => Ok(ReaderEvent::Request(request?.map(Box::new))),
            Ok(()) = changes.changed() => Ok(ReaderEvent::Changed),
        }
    }

    /// Executes a call. The counter repeats a call that fails because of the store; here it is only
    /// retried briefly.
    fn answer(
        &self,
        id: u64,
        call: Call,
        caller: Caller,
        permit: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (server, pushes) = (Arc::clone(&self.server), self.pushes.clone());
        async move {
            let answer = server.desk.handle(&caller, call, RetryPolicy::brief()).await;
            if matches!(answer.error(), Some(DeskError::Forbidden { .. })) {
                tokio::time::sleep(server.limits.refusal).await;
            }
            push(&pushes, id, answer, permit).await;
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

/// Queues an answer; an error means that the client is gone.
async fn push(
    pushes: &mpsc::Sender<Outgoing>,
    id: u64,
    answer: Answer,
    permit: OwnedSemaphorePermit,
) {
    let push = Push::Answer { id, answer: Box::new(answer) };
    let _ = pushes.send(Outgoing { push, _permit: Some(permit) }).await;
}

/// The writing half: answers, and signals as they occur.
async fn write(
    server: &Server,
    mut writer: Writer<OwnedWriteHalf>,
    mut pushes: mpsc::Receiver<Outgoing>,
) -> io::Result<()> {
    let mut signals = server.desk.signals();
    // Send the current state at once.
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
