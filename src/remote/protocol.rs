//! What crosses the socket.
//!
//! A frame is a length of four bytes (big endian) and so many bytes of JSON. The client
//! begins with [`Hello`], the server answers with [`Greeting`]; then the client sends
//! [`Request`]s, and the server [`Push`]es, in any order. The client names no person and no
//! counter: the server knows them from the kernel.

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

/// The version of all of this. A change that an older side would misread counts it up.
pub const PROTOCOL: u32 = 2;

/// The most bytes of a frame before the handshake is done.
pub const HELLO_MAX: usize = 4 * 1024;

/// The most bytes of a request.
pub const REQUEST_MAX: usize = 256 * 1024;

/// The most bytes of an admin's request: a batch of an import is the largest.
pub const IMPORT_MAX: usize = 2 * 1024 * 1024;

/// The most bytes of what a server sends: a page of the log is the largest.
pub const PUSH_MAX: usize = 16 * 1024 * 1024;

/// The client's first frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`] of the client.
    pub protocol: u32,
    /// The version of the client's program, for the log.
    pub version: String,
    /// Whether it is an interface, at which somebody sits.
    #[serde(default)]
    pub is_interface: bool,
    /// The sitting that it had before its connection broke.
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
    /// The connection can be used.
    Welcome(Box<Welcome>),
    /// It is closed now.
    Rejected(Rejection),
}

/// What a terminal learns of the desk and of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// The desk, and who sits here.
    pub profile: DeskProfile,
    /// Whether customers and messages are real.
    pub is_production: bool,
    /// Whether clerks are trained, so that messages go to the tray.
    #[serde(default)]
    pub is_rehearsal: bool,
    /// To go on with the sitting after the connection broke.
    pub ticket: Option<SittingTicket>,
}

/// Why a connection is closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Rejection {
    /// The two programs do not understand each other.
    #[error(
        "the desk service is countersign {version}, and this program is another version; start \
         the program again, or have it updated"
    )]
    Version {
        /// The version of the server's program.
        version: String,
    },
    /// The account is not of the staff, or may not work now.
    #[error(
        "the account {account} is not on the list of the staff, or may not work now; an admin \
         can add it: countersign staff add {account} --role clerk"
    )]
    NotStaff {
        /// The account, by the kernel's word.
        account: String,
    },
    /// There are too many connections, of this account or in all.
    #[error("too many terminals are connected; close some, or try again in a moment")]
    TooMany,
    /// The store cannot say who is of the staff.
    #[error("the desk service cannot read the list of the staff; its own log says why")]
    NoStaffList,
}

/// A call, and under which number to answer it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The number, of the client's choosing.
    pub id: u64,
    /// The call.
    pub call: Call,
}

/// Anything that the server sends after the handshake.
#[derive(Debug, Serialize, Deserialize)]
pub enum Push {
    /// The answer to a request.
    Answer {
        /// The request's number.
        id: u64,
        /// What came of it.
        answer: Box<Answer>,
    },
    /// Something may have changed, at any counter.
    Changed,
    /// Whether the desk reaches its store.
    Store(Option<StoreError>),
    /// How far the customers' index is being built.
    Index(Option<IndexProgress>),
}

/// Frames that are read.
pub(super) type Reader<R> = FramedRead<R, LengthDelimitedCodec>;

/// Frames that are written.
pub(super) type Writer<W> = FramedWrite<W, LengthDelimitedCodec>;

/// Reads frames of at most `max` bytes.
pub(super) fn reader<R: AsyncRead>(from: R, max: usize) -> Reader<R> {
    FramedRead::new(from, codec(max))
}

/// Writes frames.
pub(super) fn writer<W: AsyncWrite>(to: W) -> Writer<W> {
    FramedWrite::new(to, codec(PUSH_MAX))
}

fn codec(max: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(max).new_codec()
}

/// The next frame; none at the end of the connection. What is not such a frame is an error.
pub(super) async fn receive<T: DeserializeOwned, R: AsyncRead + Unpin>(
    frames: &mut Reader<R>,
) -> io::Result<Option<T>> {
    let Some(frame) = frames.next().await.transpose()? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(&frame)?))
}

/// Writes one frame. The copy of this function is erased: a request may hold a code.
pub(super) async fn send<T: Serialize + Sync, W: AsyncWrite + Unpin + Send>(
    frames: &mut Writer<W>,
    frame: &T,
) -> io::Result<()> {
    let text = Zeroizing::new(serde_json::to_vec(frame)?);
    frames.send(bytes::Bytes::copy_from_slice(&text)).await
}
