//! A port on which nothing listens for as long as it is held. A port that merely was free a moment
//! ago may be another test's server by now.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// Bound without listening, so that connections are refused.
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
