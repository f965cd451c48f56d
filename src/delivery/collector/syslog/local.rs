//! The syslog daemon of this machine, at its socket.

use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use tokio::net::{UnixDatagram, UnixStream};

use crate::delivery::collector::TIMES;
use crate::delivery::collector::syslog::{host, message, stream};
use crate::delivery::timeouts::{Deadline, TimedOut};
use crate::domain::audit::shipping::ShippedRecord;
use crate::service::ports::{Collector, CollectorError};

/// Ships to a Unix socket: by datagrams where the daemon takes these, else by a stream.
pub(in crate::delivery::collector) struct LocalSyslog {
    socket: PathBuf,
    host: String,
}

impl LocalSyslog {
    /// The daemon at a socket.
    pub(in crate::delivery::collector) fn new(socket: PathBuf) -> Self {
        Self { socket, host: host() }
    }

    /// A daemon that is slow lets the sender wait: a datagram of a Unix socket is never dropped.
    async fn send(&self, records: &[ShippedRecord], deadline: &Deadline) -> io::Result<bool> {
        let socket = UnixDatagram::unbound()?;
        match socket.connect(&self.socket) {
            Err(error)
                if rustix::io::Errno::from_io_error(&error)
                    == Some(rustix::io::Errno::PROTOTYPE) =>
            {
                return Ok(false);
            }
            connected => connected?,
        }
        for record in records {
            let sent = deadline.rest(socket.send(message(record, &self.host).as_bytes())).await;
            sent.map_err(|TimedOut| io::Error::from(io::ErrorKind::TimedOut))??;
        }
        Ok(true)
    }
}

#[async_trait]
impl Collector for LocalSyslog {
    fn target(&self) -> String {
        format!("syslog {}", self.socket.display())
    }

    async fn ship(&self, records: &[ShippedRecord]) -> Result<(), CollectorError> {
        let failed = |error: io::Error| {
            CollectorError::new(format!("{} does not take it: {error}", self.socket.display()))
        };
        let deadline = TIMES.begin();
        if self.send(records, &deadline).await.map_err(failed)? {
            return Ok(());
        }
        let stream = UnixStream::connect(&self.socket).await.map_err(failed)?;
        stream::ship(stream, records, &self.host, &deadline).await
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::UnixListener;

    use super::*;
    use crate::delivery::collector::syslog::tests::record;

    #[tokio::test]
    async fn a_daemon_takes_one_datagram_a_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let daemon = UnixDatagram::bind(&path).expect("bound");
        let collector = LocalSyslog::new(path);
        collector.ship(&[record(0), record(1)]).await.expect("taken");
        for index in 0..2 {
            let mut datagram = [0; 4096];
            let size = daemon.recv(&mut datagram).await.expect("a datagram");
            let text = std::str::from_utf8(&datagram[..size]).expect("text");
            assert!(text.starts_with("<110>1 "), "{text}");
            assert!(text.contains(&format!("\"sequence\":{index},")), "{text}");
        }
        drop(daemon);
        collector.ship(&[record(2)]).await.expect_err("nobody is there");
    }

    #[tokio::test]
    async fn a_stream_is_confirmed_by_its_end_and_a_daemon_that_dies_confirms_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let daemon = UnixListener::bind(&path).expect("bound");
        let collector = LocalSyslog::new(path);
        let records = [record(0), record(1)];
        let (shipped, read) = tokio::join!(collector.ship(&records), async {
            let (mut stream, _) = daemon.accept().await.expect("a connection");
            let mut text = String::new();
            stream.read_to_string(&mut text).await.expect("read");
            text
        });
        shipped.expect("confirmed");
        assert_eq!(read.matches("<110>1 ").count(), 2, "{read}");
        // It has read nothing, and goes.
        let (shipped, ()) = tokio::join!(collector.ship(&records), async {
            let (stream, _) = daemon.accept().await.expect("a connection");
            stream.readable().await.expect("something to read");
        });
        shipped.expect_err("not read");
    }
}
