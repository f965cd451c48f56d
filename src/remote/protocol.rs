//! The wire protocol.
//!
//! A frame is a length of four bytes (big endian) followed by that many bytes of JSON. The client
//! begins with [`Hello`], the server answers with [`Greeting`]; then the client sends [`Request`]s
//! and the server [`Push`]es, in any order. The client names no person and no counter: the server
//! reads them from the kernel.

use std::io;

use futures_util::{SinkExt, StreamExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};
use zeroize::Zeroizing;

use crate::domain::sign_in::sitting::SittingTicket;
use crate::service::api::{Answer, Call, DeskProfile};
use crate::service::ports::{IndexProgress, StoreError};

/// The protocol version. It is increased by a change that an older peer would misread.
pub const PROTOCOL: u32 = 3;

/// Size limit of a frame before the handshake is done, in bytes.
pub const HELLO_MAX: usize = 4 * 1024;

/// Size limit of a request in bytes.
pub const REQUEST_MAX: usize = 256 * 1024;

/// Size limit of an admin's request in bytes: an import batch is the largest.
pub const IMPORT_MAX: usize = 2 * 1024 * 1024;

/// Size limit of a server frame in bytes: a page of the log is the largest.
pub const PUSH_MAX: usize = 16 * 1024 * 1024;

/// The client's first frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// The client's [`PROTOCOL`].
    pub protocol: u32,
    /// The client's program version, for the log.
    pub version: String,
    /// Whether the client is an interface, at which a clerk sits.
    #[serde(default)]
    pub is_interface: bool,
    /// The ticket of the sitting before the connection was lost.
    #[serde(default)]
    pub ticket: Option<SittingTicket>,
}

impl Hello {
    /// The frame of this program.
    pub fn of_this_program(is_interface: bool, ticket: Option<SittingTicket>) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { protocol: PROTOCOL, version, is_interface, ticket }
    }
}

/// The server's first frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Greeting {
    /// The connection is accepted.
    Welcome(Box<Welcome>),
    /// The connection is closed.
    Rejected(Rejection),
}

/// What a terminal needs to know about the desk and itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// The desk and the clerk.
    pub profile: DeskProfile,
    /// Whether customers and messages are real.
    pub is_production: bool,
    /// Whether clerks are trained, so that messages go to the tray.
    #[serde(default)]
    pub is_rehearsal: bool,
    /// For resuming the sitting after a reconnect.
    pub ticket: Option<SittingTicket>,
}

/// Why a connection is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Rejection {
    /// The protocol versions differ.
    #[error(
        "the desk service is countersign {version}, and this program is another version; start \
         the program again, or have it updated"
    )]
    Version {
        /// The server's program version.
        version: String,
    },
    /// The account is not on the staff list, or is disabled.
    #[error(
        "the account {account} is not on the list of the staff, or may not work now; an admin \
         can add it: countersign staff add {account} --role clerk"
    )]
    NotStaff {
        /// The account as reported by the kernel.
        account: String,
    },
    /// The connection quota of the account or of the server is used up.
    #[error("too many terminals are connected; close some, or try again in a moment")]
    TooMany,
    /// The staff list cannot be read from the store.
    #[error("the desk service cannot read the list of the staff; its own log says why")]
    NoStaffList,
}

/// A call and its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The id, chosen by the client.
    pub id: u64,
    pub call: Call,
}

/// Any server frame after the handshake.
#[derive(Debug, Serialize, Deserialize)]
pub enum Push {
    /// The answer to a request.
    Answer {
        /// The id of the request.
        id: u64,
        answer: Box<Answer>,
    },
    /// Something may have changed, at any counter.
    Changed,
    /// Whether the desk reaches its store.
    Store(Option<StoreError>),
    /// The progress of building the search index.
    Index(Option<IndexProgress>),
}

pub(super) type Reader<R> = FramedRead<R, LengthDelimitedCodec>;

pub(super) type Writer<W> = FramedWrite<W, LengthDelimitedCodec>;

/// Reads frames of at most `max` bytes.
pub(super) fn reader<R: AsyncRead>(from: R, max: usize) -> Reader<R> {
    FramedRead::new(from, codec(max))
}

pub(super) fn writer<W: AsyncWrite>(to: W) -> Writer<W> {
    FramedWrite::new(to, codec(PUSH_MAX))
}

fn codec(max: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(max).new_codec()
}

/// Reads the next frame; `None` at the end of the connection. A malformed frame is an error.
pub(super) async fn receive<T: DeserializeOwned, R: AsyncRead + Unpin>(
    frames: &mut Reader<R>,
) -> io::Result<Option<T>> {
    let Some(frame) = frames.next().await.transpose()? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(&frame)?))
}

/// Writes one frame. The buffer is zeroised, since a request may contain a code.
pub(super) async fn send<T: Serialize + Sync, W: AsyncWrite + Unpin + Send>(
    frames: &mut Writer<W>,
    frame: &T,
) -> io::Result<()> {
    let text = Zeroizing::new(serde_json::to_vec(frame)?);
    frames.send(bytes::Bytes::copy_from_slice(&text)).await
}
