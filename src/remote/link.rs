//! One client connection: sends requests and dispatches the answers.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};

use crate::remote::client::ConnectError;
use crate::remote::protocol::{
    self, Greeting, Hello, PUSH_MAX, Push, Reader, Request, Welcome, Writer,
};
use crate::service::api::{Answer, Call};
use crate::service::ports::StoreError;

/// Timeout of the handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);

/// Timeout of an answer: longer than any call takes in the desk.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(3);

/// Requests that may be queued for writing.
const MAX_QUEUED_REQUESTS: usize = 32;

/// The connection was lost while a call was in flight.
const LOST: &str = "the desk service went away";

/// The receivers of pending answers; `None` once the connection is lost.
type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Answer>>>>>;

/// An open connection.
#[derive(Debug)]
pub(super) struct Link {
    requests: mpsc::Sender<Request>,
    waiting: Waiting,
    last_id: AtomicU64,
}

/// Both ends of a new connection, for [`run`].
pub(super) struct LinkEnds {
    reader: Reader<OwnedReadHalf>,
    writer: Writer<OwnedWriteHalf>,
    requests: mpsc::Receiver<Request>,
    waiting: Waiting,
}

impl Link {
    /// Connects and performs the handshake.
    pub(super) async fn open(
        socket: &Path,
        hello: &Hello,
    ) -> Result<(Self, LinkEnds, Welcome), ConnectError> {
        let greeted = tokio::time::timeout(HANDSHAKE_TIMEOUT, greet(socket, hello)).await;
        let (reader, writer, welcome) = greeted.map_err(|_| ConnectError::Silent)??;
        let (requests, to_write) = mpsc::channel(MAX_QUEUED_REQUESTS);
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let ends = LinkEnds { reader, writer, requests: to_write, waiting: Arc::clone(&waiting) };
        Ok((Self { requests, waiting, last_id: AtomicU64::new(0) }, ends, welcome))
    }

    /// Sends a call and waits for its answer.
    pub(super) async fn ask(&self, call: Call) -> Result<Answer, StoreError> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (answer, answered) = oneshot::channel();
        match &mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(waiting) => waiting.insert(id, answer),
            None => return Err(StoreError::Unreachable(LOST.into())),
        };
        if self.requests.send(Request { id, call }).await.is_err() {
            return Err(StoreError::Unreachable(LOST.into()));
        }
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, answered).await;
        // From here on it is unknown whether the call was executed.
        answered.ok().and_then(Result::ok).ok_or_else(|| StoreError::Unknown(LOST.into()))
    }
}

async fn greet(
    socket: &Path,
    hello: &Hello,
) -> Result<(Reader<OwnedReadHalf>, Writer<OwnedWriteHalf>, Welcome), ConnectError> {
    let stream = UnixStream::connect(socket).await.map_err(|error| ConnectError::of(&error))?;
    let (reading, writing) = stream.into_split();
    let mut reader = protocol::reader(reading, PUSH_MAX);
    let mut writer = protocol::writer(writing);
    let broken = |error: io::Error| ConnectError::Protocol(error.to_string());
    // A server that rejects a client does not read its hello.
    let hello = protocol::send(&mut writer, hello).await;
    match protocol::receive(&mut reader).await.map_err(broken)? {
        Some(Greeting::Welcome(welcome)) => {
            hello.map_err(broken)?;
            Ok((reader, writer, *welcome))
        }
        Some(Greeting::Rejected(rejection)) => Err(ConnectError::Rejected(rejection)),
        None => Err(ConnectError::Protocol("the connection was closed".into())),
    }
}

/// Runs a connection to its end; `pushed` gets every push but answers.
pub(super) async fn run(ends: LinkEnds, pushed: impl Fn(Push) + Send) {
    let LinkEnds { mut reader, mut writer, mut requests, waiting } = ends;
    let write = async {
        while let Some(request) = requests.recv().await {
            if let Err(error) = protocol::send(&mut writer, &request).await {
                tracing::warn!(%error, "a request could not be written");
                return;
            }
        }
    };
    let read = async {
        loop {
            match protocol::receive(&mut reader).await {
                Ok(Some(Push::Answer { id, answer })) => deliver(&waiting, id, *answer),
                Ok(Some(push)) => pushed(push),
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "the desk service sent what cannot be read");
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = write => {}
        () = read => {}
    }
    // Pending calls fail.
    drop(waiting.lock().unwrap_or_else(PoisonError::into_inner).take());
}

fn deliver(waiting: &Waiting, id: u64, answer: Answer) {
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(receiver) = waiting.as_mut().and_then(|it| it.remove(&id)) {
        // The receiver is gone if the caller has given up.
        let _ = receiver.send(answer);
    }
}
