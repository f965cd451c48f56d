//! The desk over a Unix socket: the same calls as in one process, for counters that hold no secret.
//!
//! ```text
//! protocol.rs           frames, handshake, size limits
//! peer.rs               the peer's account, from the kernel
//! connection_limits.rs  quotas: handshakes, connections, calls
//! listener.rs           the socket, its group and mode
//! server.rs             accepts connections for a desk
//! session.rs            one connection: handshake, calls, answers, signals
//! roster.rs             who may work, read once after each change for all connections
//! sittings.rs           the sitting at a connection: sign-in, sign-out, idle lock
//! client.rs             a `Door` to a desk in another process, with reconnect
//! link.rs               one connection of a client
//! ```

mod client;
mod connection_limits;
mod link;
mod listener;
mod peer;
pub mod protocol;
mod roster;
mod server;
mod session;
mod sittings;

pub use crate::remote::client::{ConnectError, RemoteDesk};
pub use crate::remote::listener::{ListenError, listen};
pub use crate::remote::server::{Server, ServerLimits};
