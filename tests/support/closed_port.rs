//! A port on which nobody listens, as long as it is held: a port that was free a
//! moment ago may be another test's server by now.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// Taken without being listened on, so that a connection to it is refused.
pub(crate) struct ClosedPort(TcpSocket);

impl ClosedPort {
    pub(crate) fn take() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port");
        Self(socket)
    }

    pub(crate) fn number(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }
}
