//! Collectors of the log: a syslog server over TLS that confirms or does not, and one that takes
//! JSON lines.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::path::Path;
use std::sync::Arc;

use countersign::config::settings::{ShippingServer, ShippingSettings};
use countersign::delivery;
use countersign::domain::audit::export::{ExportedEntry, ExportedLeaf, PurgedEntry};
use countersign::domain::audit::hash::TreeHash;
use countersign::domain::audit::shipping::ShippedRecord;
use countersign::service::ports::Collector;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificates::certify;
use crate::http_double::{Double, json};

fn records(count: u64) -> Vec<ShippedRecord> {
    let record = |index: u64| {
        let leaf = TreeHash::leaf(&index.to_be_bytes());
        let gone = PurgedEntry { index, event: 1, leaf, purged: true };
        let entry = ExportedEntry { entry: ExportedLeaf::Purged(gone), erased: false };
        ShippedRecord::new("countersign/riverside", "a note\n", entry)
    };
    (0..count).map(record).collect()
}

/// A syslog server with a certificate of the test's own.
struct Syslog {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Syslog {
    async fn start(folder: &Path) -> Self {
        certify(folder, &["localhost"], false);
        let chain = vec![CertificateDer::from_pem_file(folder.join("server.pem")).expect("read")];
        let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("read");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// A collector that ships to it by this name.
    fn collector(&self, name: &str, ca_file: Option<&Path>) -> Arc<dyn Collector> {
        let port = self.listener.local_addr().expect("an address").port();
        let settings = ShippingServer {
            place: format!("{name}:{port}"),
            token: None,
            ca_file: ca_file.map(Path::to_owned),
        };
        delivery::collector(&ShippingSettings::Syslog(settings)).expect("a collector")
    }

    async fn accept(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let (stream, _) = self.listener.accept().await.expect("a connection");
        self.acceptor.accept(stream).await
    }
}

#[tokio::test]
async fn security_66_a_syslog_server_has_what_it_read_to_the_end_and_said_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Syslog::start(folder.path()).await;
    let ca_file = folder.path().join("ca.pem");
    let collector = server.collector("localhost", Some(&ca_file));
    let records = records(3);
    let (shipped, read) = tokio::join!(collector.ship(&records), async {
        let mut stream = server.accept().await.expect("TLS");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("to its end");
        tokio::io::AsyncWriteExt::shutdown(&mut stream).await.expect("said");
        text
    });
    shipped.expect("confirmed");
    let mut rest = &*read;
    for index in 0..3 {
        let (count, after) = rest.split_once(' ').expect("a count");
        let (message, after) = after.split_at(count.parse().expect("octets"));
        assert!(message.starts_with("<110>1 - "), "{message}");
        assert!(message.contains(&format!("\"sequence\":{index},")), "{message}");
        rest = after;
    }
    assert_eq!(rest, "");

    // It reads, and dies without a word: what it had in hand may be lost.
    let (shipped, ()) = tokio::join!(collector.ship(&records), async {
        let mut stream = server.accept().await.expect("TLS");
        let mut some = [0; 64];
        stream.read_exact(&mut some).await.expect("read");
    });
    let why = shipped.expect_err("not confirmed").why;
    assert!(why.contains("did not confirm"), "{why}");
    // It reads everything, and whoever stands between ends the connection in its name.
    let (shipped, ()) = tokio::join!(collector.ship(&records), async {
        let mut stream = server.accept().await.expect("TLS");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("to its end");
        let (tcp, _) = stream.into_inner();
        drop(tcp);
    });
    shipped.expect_err("not confirmed");
}

#[tokio::test]
async fn a_syslog_server_that_is_not_who_it_says_hears_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Syslog::start(folder.path()).await;
    let ca_file = folder.path().join("ca.pem");
    for (name, ca_file) in [("127.0.0.1", Some(&*ca_file)), ("localhost", None)] {
        let collector = server.collector(name, ca_file);
        let records = records(1);
        let (shipped, accepted) = tokio::join!(collector.ship(&records), server.accept());
        let why = shipped.expect_err("not trusted").why;
        assert!(why.contains("certificate"), "{why}");
        assert!(accepted.is_err());
    }
}

fn by_https(url: &str) -> Arc<dyn Collector> {
    let server = ShippingServer { place: url.into(), token: Some("tok-77".into()), ca_file: None };
    delivery::collector(&ShippingSettings::Https(server)).expect("a collector")
}

#[tokio::test]
async fn json_lines_are_posted_with_the_token_and_taken_where_the_answer_says_so() {
    let double = Double::start(|_| json("200 OK", "{}")).await;
    by_https(&format!("{}/audit", double.url())).ship(&records(2)).await.expect("taken");
    let request = double.requests().remove(0);
    assert_eq!((&*request.method, &*request.target), ("POST", "/audit"));
    assert_eq!(request.headers["authorization"], "Bearer tok-77");
    assert_eq!(request.headers["content-type"], "application/x-ndjson");
    assert_eq!(request.body.lines().count(), 2);
    for line in request.body.lines() {
        serde_json::from_str::<ShippedRecord>(line).expect("a record");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_of_success_keeps_the_batch_and_tells_no_token() {
    for (status, part) in [
        ("401 Unauthorized", "audit.ship.token"),
        ("302 Found\r\nLocation: http://127.0.0.1:1/", "not followed"),
        ("500 Internal Server Error", "HTTP 500"),
    ] {
        let double = Double::start(move |_| json(status, "no: Bearer tok-77")).await;
        let why = by_https(&double.url()).ship(&records(1)).await.expect_err(status).why;
        assert!(why.contains(part) && !why.contains("tok-77"), "{why}");
        assert_eq!(double.requests().len(), 1, "{status}: once");
    }
    let busy = "503 Service Unavailable\r\nRetry-After: 7";
    let double = Double::start(move |_| json(busy, "")).await;
    let error = by_https(&double.url()).ship(&records(1)).await.expect_err("busy");
    assert_eq!(error.retry_after.map(|it| it.as_secs()), Some(7));
}
