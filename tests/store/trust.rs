//! Whom a store on a server is taken for: nothing is said to a server that
//! cannot prove who it is, where the configuration asks it to.

use std::sync::{Arc, Mutex};

use countersign::config::settings::{ServerAddress, ServerSettings, StoreSettings, StoreTls};
use countersign::service::ports::{StoreError, StoreHealth};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::servers::{Kind, Options, PASSWORD, Server, USER};
use crate::support::{open, server_settings};

/// What a terminal said to a server, as somebody on the way reads it.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn holds(&self, text: &str) -> bool {
        self.0.lock().expect("a lock").windows(text.len()).any(|it| it == text.as_bytes())
    }

    fn len(&self) -> usize {
        self.0.lock().expect("a lock").len()
    }
}

/// A way to a port on which everything that is said is written down.
async fn listen_in(port: u16) -> (u16, Said) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let way = listener.local_addr().expect("a port").port();
    let said = Said::default();
    let heard = said.clone();
    tokio::spawn(async move {
        while let Ok((terminal, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", port)).await.expect("the server");
            let (mut from_terminal, mut to_terminal) = terminal.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_terminal).await });
            let heard = heard.clone();
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = from_terminal.read(&mut bytes).await {
                    heard.0.lock().expect("a lock").extend(&bytes[..count]);
                    let _ = to_server.write_all(&bytes[..count]).await;
                }
            });
        }
    });
    (way, said)
}

/// Asks a store for the time. A database without tables answers too.
async fn ask(settings: &ServerSettings) -> Result<(), StoreError> {
    let store = open(&StoreSettings::Server(settings.clone())).await?;
    let answer = store.now().await.map(drop);
    store.close().await;
    match answer {
        Err(StoreError::NotMigrated(_)) => Ok(()),
        answer => answer,
    }
}

/// A server's settings by a way that is listened in on.
async fn overheard(server: &Server, tls: StoreTls) -> (ServerSettings, Said) {
    let (port, said) = listen_in(server.port()).await;
    let mut settings = server_settings(&server.database("trust").url);
    settings.address = ServerAddress::Tcp { host: "localhost".into(), port };
    settings.tls = tls;
    settings.ca_file = (tls == StoreTls::Verify).then(|| server.ca());
    (settings, said)
}

/// That a store is refused before anything about the account was said.
async fn refused(settings: &ServerSettings, said: &Said, told: &str) {
    match ask(settings).await {
        Err(StoreError::Refused(why)) => {
            let why = why.for_admin;
            assert!(why.contains(told) && why.contains("no password was sent"), "{why}");
        }
        other => panic!("{told}: {other:?}"),
    }
    assert!(said.len() < 2_000 && !said.holds(USER) && !said.holds(PASSWORD));
}

fn with_tls(kind: Kind) -> Server {
    Server::new(kind, Options { tls: true, ..Options::default() })
}

const KINDS: [Kind; 2] = [Kind::Postgres, Kind::MariaDb];

#[tokio::test(flavor = "multi_thread")]
async fn security_26_a_store_must_prove_who_it_is() {
    for kind in KINDS {
        let server = with_tls(kind);
        let (settings, said) = overheard(&server, StoreTls::Verify).await;
        ask(&settings).await.expect("a certificate that holds");
        assert!(!said.holds(USER), "{kind:?}: what is said is encrypted");
        let (settings, said) = overheard(&server, StoreTls::Verify).await;
        refused(&ServerSettings { ca_file: None, ..settings }, &said, "store.ca_file").await;

        server.certify(&["elsewhere.example"], false);
        let (settings, said) = overheard(&server, StoreTls::Verify).await;
        refused(&settings, &said, "is for another name").await;
        server.certify(&["localhost"], true);
        let (settings, said) = overheard(&server, StoreTls::Verify).await;
        refused(&settings, &said, "has expired").await;

        // In so many words: encrypted, but to whoever answers.
        let (settings, said) = overheard(&server, StoreTls::Encrypt).await;
        ask(&settings).await.expect("any certificate");
        assert!(!said.holds(USER), "{kind:?}: what is said is encrypted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_26_a_store_without_tls_hears_no_password() {
    for server in [Server::postgres(), Server::mariadb()] {
        for tls in [StoreTls::Verify, StoreTls::Encrypt] {
            let (settings, said) = overheard(server, tls).await;
            let settings = ServerSettings { ca_file: None, ..settings };
            refused(&settings, &said, "store.tls = \"off\"").await;
            assert!(said.len() <= 8, "{} bytes were said", said.len());
        }
        let (settings, said) = overheard(server, StoreTls::Off).await;
        ask(&settings).await.expect("in clear, as it is configured");
        assert!(said.holds(USER));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_tls_says_so() {
    for kind in KINDS {
        let server = with_tls(kind);
        let (settings, _) = overheard(&server, StoreTls::Off).await;
        let answer = ask(&settings).await;
        assert!(matches!(answer, Err(StoreError::Refused(_))), "{kind:?}: {answer:?}");
    }
}
