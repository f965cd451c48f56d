//! Connections to a mail server that are kept for the next message.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::config::settings::{EmailSettings, SmtpSettings, SmtpTls, TraySettings};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::delivery::{DeliveryState, FailureClass};
use countersign::service::ports::Sender;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::mail_server::{Kind, Server};
use crate::message;

fn sender(settings: SmtpSettings) -> Arc<dyn Sender> {
    let tray = TraySettings { file: "unused".into() };
    let email = EmailSettings::Smtp(settings);
    delivery::email_sender(&email, &tray, &message::templates(), SendTimeouts::default())
        .expect("a sender")
        .expect("it is on")
}

#[tokio::test]
async fn the_next_message_takes_the_same_connection() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let sender = sender(server.settings());
    for _ in 0..3 {
        let report = sender.send(&message::to("dana@example.org")).await;
        assert_eq!(report.state, DeliveryState::Sent);
    }
    assert_eq!(server.log("message").len(), 3);
    assert_eq!(server.log("connection").len(), 1);
    assert_eq!(server.log("login").len(), 1);
}

#[tokio::test]
async fn messages_at_once_share_eight_connections_and_each_logs_in_once() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let sender = sender(server.settings());
    for round in 1..=3 {
        let mut sends = JoinSet::new();
        for _ in 0..8 {
            let sender = Arc::clone(&sender);
            sends.spawn(async move { sender.send(&message::to("dana@example.org")).await });
        }
        for report in sends.join_all().await {
            assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
        }
        assert_eq!(server.log("message").len(), 8 * round);
        assert!(server.log("connection").len() <= 8, "{}", server.log("connection").len());
    }
    assert_eq!(server.log("login").len(), server.log("connection").len());
}

#[tokio::test]
async fn connections_that_all_ended_are_replaced_by_one() {
    let server = Counting::start("NOOP", "").await;
    let sender = sender(server.settings());
    let mut sends = JoinSet::new();
    for _ in 0..4 {
        let sender = Arc::clone(&sender);
        sends.spawn(async move { sender.send(&message::to("dana@example.org")).await });
    }
    sends.join_all().await;
    let (before, _) = server.counts();
    let report = sender.send(&message::to("dana@example.org")).await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    assert_eq!(server.counts(), (before + 1, 5));
}

/// A server that counts: each connection takes one message, and ends where the
/// plan says in the second one's conversation.
struct Counting {
    port: u16,
    connections: Arc<AtomicUsize>,
    letters: Arc<AtomicUsize>,
}

impl Counting {
    /// `ending` is the command of a connection's second conversation at which
    /// the connection ends, after the answer if there is one.
    async fn start(ending: &'static str, answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (connections, letters) = (Arc::default(), Arc::default());
        let counting = Self { port, connections, letters };
        let (connections, letters) =
            (Arc::clone(&counting.connections), Arc::clone(&counting.letters));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(converse(stream, ending, answer, Arc::clone(&letters)));
            }
        });
        counting
    }

    fn counts(&self) -> (usize, usize) {
        (self.connections.load(Ordering::SeqCst), self.letters.load(Ordering::SeqCst))
    }

    fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            provider: "smtp",
            host: "127.0.0.1".into(),
            port: self.port,
            tls: SmtpTls::None,
            login: None,
            from: "desk@example.org".into(),
            ca_file: None,
            ehlo_name: None,
        }
    }
}

async fn converse(
    mut stream: TcpStream,
    ending: &str,
    answer: &str,
    letters: Arc<AtomicUsize>,
) -> Option<()> {
    stream.write_all(b"220 counting\r\n").await.ok()?;
    let mut lines = BufReader::new(stream);
    let (mut mine, mut line) = (0, String::new());
    loop {
        line.clear();
        lines.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let command = line.split([' ', '\r']).next().unwrap_or_default().to_owned();
        if mine > 0 && command == ending {
            lines.write_all(answer.as_bytes()).await.ok()?;
            return None;
        }
        if command == "DATA" {
            lines.write_all(b"354 go\r\n").await.ok()?;
            while line != ".\r\n" {
                line.clear();
                lines.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
            }
            mine += 1;
            letters.fetch_add(1, Ordering::SeqCst);
            if mine > 1 && ending == "." {
                return None;
            }
        }
        lines.write_all(b"250 ok\r\n").await.ok()?;
    }
}

#[tokio::test]
async fn a_connection_that_ended_is_replaced_before_the_letter_and_nothing_is_sent_twice() {
    const CLOSING: &str = "421 4.4.2 closing\r\n";
    for (ending, answer) in [
        ("NOOP", ""),
        ("NOOP", CLOSING),
        ("MAIL", ""),
        ("MAIL", CLOSING),
        ("RCPT", ""),
        ("DATA", ""),
    ] {
        let server = Counting::start(ending, answer).await;
        let sender = sender(server.settings());
        for sent in 1..=2 {
            let report = sender.send(&message::to("dana@example.org")).await;
            assert_eq!(report.state, DeliveryState::Sent, "{ending} {answer}: {report:?}");
            assert_eq!(server.counts(), (sent, sent), "{ending} {answer}");
        }
    }
}

#[tokio::test]
async fn security_20_a_kept_connection_that_ends_after_the_letter_is_not_begun_again() {
    let server = Counting::start(".", "").await;
    let sender = sender(server.settings());
    let report = sender.send(&message::to("dana@example.org")).await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    let report = sender.send(&message::to("dana@example.org")).await;
    assert_eq!(report.state, DeliveryState::Unknown, "{report:?}");
    assert_eq!(report.fault, Some(FailureClass::Unknown));
    assert_eq!(server.counts(), (1, 2));
}

#[tokio::test]
async fn a_refusal_on_a_kept_connection_is_not_asked_for_again() {
    let server = Counting::start("RCPT", "450 4.2.1 try later\r\n").await;
    let sender = sender(server.settings());
    sender.send(&message::to("dana@example.org")).await;
    let report = sender.send(&message::to("dana@example.org")).await;
    assert_eq!(report.state, DeliveryState::Failed, "{report:?}");
    assert_eq!(report.fault, Some(FailureClass::Passing));
    assert_eq!(server.counts(), (1, 1));
}
