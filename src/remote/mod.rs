//! The desk over a Unix socket: the same calls as in one process, from counters that hold
//! no secret.
//!
//! ```text
//! protocol.rs  frames, the handshake, bounds
//! peer.rs      who is at the other end, by the kernel's word
//! seats.rs     what each may take: handshakes, connections, calls
//! listener.rs  the socket, its group and mode
//! server.rs    accepts connections for a desk
//! session.rs   one connection: handshake, calls, answers, signals
//! sittings.rs  who sits at a connection: signing in and out, and the idle lock
//! client.rs    a door to a desk in another process, which reconnects
//! link.rs      one connection of a client
//! ```

mod client;
mod link;
mod listener;
mod peer;
pub mod protocol;
mod seats;
mod server;
mod session;
mod sittings;

pub use crate::remote::client::{ConnectError, RemoteDesk};
pub use crate::remote::listener::{ListenError, listen};
pub use crate::remote::server::{Server, ServerLimits};
