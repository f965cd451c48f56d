//! Email against a real mail server, and against hostile ones.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign::config::settings::{
    EmailSettings, LoginSecret, SmtpSettings, SmtpTls, TraySettings,
};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::service::ports::{SendGuard, Sender};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::closed_port::ClosedPort;
use crate::mail_server::{By, Kind, PASSWORD, Server};
use crate::message;

/// Long enough for a busy machine, short enough for a test that waits for it.
const SHORT: SendTimeouts =
    SendTimeouts { step: Duration::from_secs(1), total: Duration::from_secs(2) };

fn sender_within(settings: SmtpSettings, times: SendTimeouts) -> Arc<dyn Sender> {
    let tray = TraySettings { file: "unused".into() };
    let email = EmailSettings::Smtp(settings);
    delivery::email_sender(&email, &tray, &message::templates(), times)
        .expect("a sender")
        .expect("it is on")
}

fn sender(settings: SmtpSettings) -> Arc<dyn Sender> {
    sender_within(settings, SendTimeouts::default())
}

async fn send(server: &Server, to: &str) -> SendReport {
    sender(server.settings()).send(&message::to(to)).await
}

fn detail(report: &SendReport) -> &str {
    report.detail.as_ref().map_or("", |it| &it.for_admin)
}

/// The one message a server got.
fn only(server: &Server) -> Value {
    let messages = server.log("message");
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.into_iter().next().expect("one")
}

#[tokio::test]
async fn an_email_goes_out_over_implicit_tls_and_over_starttls_with_a_login() {
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        let server = Server::start(&Kind::new(tls));
        let report = send(&server, "dana@example.org").await;
        assert_eq!(report, SendReport::sent(Some("TEST4Yx1Zk".into())), "{tls:?}");
        let got = only(&server);
        assert_eq!(got["sender"], "desk@example.org");
        assert_eq!(got["recipients"], serde_json::json!(["dana@example.org"]));
        assert_eq!(got["tls"], true, "{tls:?}");
        let content = got["content"].as_str().expect("text");
        assert!(content.contains("multipart/alternative"));
        assert!(content.contains("text/plain") && content.contains("text/html"));
        assert!(content.split("\r\n").any(|line| line == message::CODE), "{content}");
        assert!(content.contains("Message-ID: <4F7K2M9QXA-1-0123456789abcdef0123@example.org>"));
        let logins = server.log("login");
        assert_eq!(logins.len(), 1);
        assert_eq!(logins[0]["right"], true);
    }
}

#[tokio::test]
async fn a_server_on_this_machine_may_go_without_tls_and_login() {
    let server = Server::start(&Kind::new(SmtpTls::None));
    let report = send(&server, "dana@example.org").await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    assert_eq!(only(&server)["tls"], false);
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_undeliverable_and_else_failed() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    for (to, state, words) in [
        ("unknown@example.org", DeliveryState::Undeliverable, "refuses the customer's address"),
        ("spam@example.org", DeliveryState::Undeliverable, "refused as spam"),
        ("busy@example.org", DeliveryState::Failed, "try later"),
    ] {
        let report = send(&server, to).await;
        assert_eq!(report.state, state, "{to}: {report:?}");
        assert!(detail(&report).contains(words), "{to}: {report:?}");
        assert!(!detail(&report).contains(to), "{report:?}");
    }
}

#[tokio::test]
async fn security_20_a_letter_that_was_not_confirmed_is_unknown() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    for to in ["lost@example.org", "hang@example.org"] {
        let sender = sender_within(server.settings(), SHORT);
        let report = sender.send(&message::to(to)).await;
        assert_eq!(report.state, DeliveryState::Unknown, "{to}: {report:?}");
        assert!(detail(&report).contains("did not confirm"), "{report:?}");
    }
    // Before the letter nothing can have been taken.
    let sender = sender_within(server.settings(), SHORT);
    let report = sender.send(&message::to("silent@example.org")).await;
    assert_eq!(report.state, DeliveryState::Failed, "{report:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_or_says_nothing_is_a_failure_in_time() {
    let server = Server::start(&Kind::new(SmtpTls::StartTls));
    let mut settings = server.settings();
    let nobody = ClosedPort::take();
    settings.port = nobody.number();
    let report = sender(settings.clone()).send(&message::to("dana@example.org")).await;
    assert_eq!(report.state, DeliveryState::Failed);
    assert!(detail(&report).contains("refuses the connection"), "{report:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    settings.port = listener.local_addr().expect("an address").port();
    settings.ca_file = None;
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls, SmtpTls::None] {
        settings.tls = tls;
        let sender = sender_within(settings.clone(), SHORT);
        let dana = message::to("dana@example.org");
        let waited = tokio::time::timeout(SHORT.total * 5, sender.send(&dana));
        let report = waited.await.expect("an end in time");
        assert_eq!(report.state, DeliveryState::Failed, "{tls:?}: {report:?}");
    }
}

#[tokio::test]
async fn a_refused_login_says_what_to_do_and_repeats_no_password() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let mut settings = server.settings();
    settings.provider = "gmail";
    let login = settings.login.as_mut().expect("a login");
    login.proof = LoginSecret::Password("canary-wrong-1".to_owned().into());
    let sender = sender(settings);
    let report = sender.send(&message::to("dana@example.org")).await;
    assert_eq!(report.state, DeliveryState::Failed);
    assert!(detail(&report).contains("app password"), "{report:?}");
    assert!(!detail(&report).contains("canary"));
    let checked = sender.check().await.expect_err("a refused login").for_admin;
    assert!(checked.contains("app password"), "{checked}");
    assert_eq!(server.log("message").len(), 0);
}

#[tokio::test]
async fn a_check_logs_in_and_sends_nothing() {
    let server = Server::start(&Kind::new(SmtpTls::StartTls));
    let said = sender(server.settings()).check().await.expect("a healthy server");
    assert!(said.contains("takes the login of desk@example.org over STARTTLS"), "{said}");
    assert!(!said.contains(PASSWORD));
    assert_eq!(server.log("login").len(), 1);
    assert_eq!(server.log("message").len(), 0);
}

#[tokio::test]
async fn security_24_an_address_that_needs_smtputf8_gets_a_clear_error_without_it() {
    let without = Kind { smtputf8: false, ..Kind::new(SmtpTls::Implicit) };
    let server = Server::start(&without);
    let report = send(&server, "josé@example.org").await;
    assert_eq!(report.state, DeliveryState::Undeliverable);
    assert!(detail(&report).contains("cannot handle such addresses"), "{report:?}");
    assert_eq!(server.log("message").len(), 0);

    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let report = send(&server, "josé@example.org").await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    assert_eq!(only(&server)["recipients"], serde_json::json!(["josé@example.org"]));
}

#[tokio::test]
async fn security_25_a_hostile_name_reaches_one_recipient_and_adds_no_header() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let mut hostile = message::to("dana@example.org");
    hostile.facts.customer = "x\r\nBcc: v@evil.test\r\n\r\n.\r\nRSET {{code}}\u{202e}".into();
    hostile.facts.office = "Desk\r\nBcc: v@evil.test".into();
    let report = sender(server.settings()).send(&hostile).await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    let got = only(&server);
    assert_eq!(got["recipients"], serde_json::json!(["dana@example.org"]));
    let content = got["content"].as_str().expect("text");
    assert!(!content.split("\r\n").any(|line| line.to_lowercase().starts_with("bcc")), "{content}");
    assert!(content.contains("RSET {{code}}"), "{content}");
    assert_eq!(server.log("connection").len(), 1);
}

#[tokio::test]
async fn security_26_no_login_where_the_connection_cannot_be_trusted() {
    for (tls, name, expired, words) in [
        (SmtpTls::Implicit, "other.test", false, "for another name"),
        (SmtpTls::StartTls, "other.test", false, "for another name"),
        (SmtpTls::Implicit, "localhost", true, "has expired"),
        (SmtpTls::StartTls, "localhost", true, "has expired"),
    ] {
        let server = Server::start(&Kind { name, expired, ..Kind::new(tls) });
        let report = send(&server, "dana@example.org").await;
        assert_eq!(report.state, DeliveryState::Failed);
        assert!(detail(&report).contains(words), "{tls:?} {name}: {report:?}");
        assert!(!detail(&report).contains("port and tls"), "{report:?}");
        assert_eq!(server.log("login").len() + server.log("message").len(), 0);
    }
    // Nobody this machine trusts signed for it.
    let (server, other) = (
        Server::start(&Kind::new(SmtpTls::Implicit)),
        Server::start(&Kind::new(SmtpTls::Implicit)),
    );
    let mut settings = server.settings();
    settings.ca_file = Some(other.folder.path().join("ca.pem"));
    let report = sender(settings).send(&message::to("dana@example.org")).await;
    assert!(detail(&report).contains("nobody this machine trusts"), "{report:?}");
    assert!(detail(&report).ends_with("ca_file in [email]."), "{report:?}");
    assert_eq!(server.log("login").len(), 0);
    // A server in clear where TLS was asked for.
    let plain = Server::start(&Kind { login: By::Nothing, ..Kind::new(SmtpTls::None) });
    for (tls, words) in
        [(SmtpTls::StartTls, "offers no protected connection"), (SmtpTls::Implicit, "speak TLS")]
    {
        let settings = SmtpSettings { tls, ..server.settings() };
        let settings = SmtpSettings { port: plain.port, ..settings };
        let report = sender(settings).send(&message::to("dana@example.org")).await;
        assert_eq!(report.state, DeliveryState::Failed);
        assert!(detail(&report).contains(words), "{tls:?}: {report:?}");
    }
    assert_eq!(plain.log("message").len(), 0);
}

/// A server that answers each line by the next of its writes; gives back all
/// that it was told.
async fn scripted(writes: &'static [&'static [u8]]) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let told = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut told = Vec::new();
        for (turn, write) in writes.iter().enumerate() {
            stream.write_all(write).await.expect("a listener");
            while told.split(|byte| *byte == b'\n').count() <= turn + 1 {
                if read(&mut stream, &mut told).await == 0 {
                    return String::from_utf8_lossy(&told).into_owned();
                }
            }
        }
        while read(&mut stream, &mut told).await > 0 {}
        String::from_utf8_lossy(&told).into_owned()
    });
    (port, told)
}

async fn read(stream: &mut TcpStream, told: &mut Vec<u8>) -> usize {
    stream.read_buf(told).await.unwrap_or(0)
}

/// Nobody wants the message any more.
struct Withdrawn;

#[async_trait]
impl SendGuard for Withdrawn {
    async fn claim(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn without_a_send_claim_the_connection_ends_before_the_letter() {
    let words: &'static [&'static [u8]] =
        &[b"220 hello\r\n", b"250 mail.test\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n"];
    let (port, told) = scripted(words).await;
    let settings = SmtpSettings {
        provider: "smtp",
        host: "127.0.0.1".into(),
        port,
        tls: SmtpTls::None,
        login: None,
        from: "desk@example.org".into(),
        ca_file: None,
        ehlo_name: None,
    };
    sender(settings).send_guarded(&message::to("dana@example.org"), &Withdrawn).await;
    let told = told.await.expect("a server");
    assert!(told.ends_with("\r\nDATA\r\n"), "{told:?}");
}

#[tokio::test]
async fn security_27_an_answer_injected_before_tls_ends_the_connection() {
    let server = Server::start(&Kind::new(SmtpTls::StartTls));
    for writes in [
        [
            b"220 hello\r\n".as_slice(),
            b"250-mail.test\r\n250 STARTTLS\r\n",
            b"220 go\r\n250-X\r\n250 AUTH PLAIN\r\n",
        ]
        .as_slice(),
        &[
            b"220 hello\r\n",
            b"250-mail.test\r\n250 STARTTLS\r\n220 go\r\n250-X\r\n250 AUTH PLAIN\r\n",
        ],
        &[b"220 hello\r\n250-mail.test\r\n250 AUTH PLAIN\r\n"],
    ] {
        let (port, told) = scripted(Box::leak(writes.into())).await;
        let settings = SmtpSettings { port, ..server.settings() };
        let report = sender(settings).send(&message::to("dana@example.org")).await;
        assert_eq!(report.state, DeliveryState::Failed);
        assert!(detail(&report).contains("sent more than its answer"), "{report:?}");
        let told = told.await.expect("a server");
        assert!(!told.contains("AUTH") && !told.contains('\u{16}'), "{told:?}");
    }
}

#[tokio::test]
async fn security_26_a_starttls_that_was_taken_out_of_the_answer_ends_the_connection() {
    let server = Server::start(&Kind::new(SmtpTls::StartTls));
    let (port, told) = scripted(&[b"220 hello\r\n", b"250-mail.test\r\n250 AUTH PLAIN\r\n"]).await;
    let ehlo_name = Some("desk3.example.org".into());
    let settings = SmtpSettings { port, ehlo_name, ..server.settings() };
    let report = sender(settings).send(&message::to("dana@example.org")).await;
    assert!(detail(&report).contains("Nothing was sent"), "{report:?}");
    let told = told.await.expect("a server");
    assert_eq!(told, "EHLO desk3.example.org\r\n");
}

#[tokio::test]
async fn security_33_no_report_repeats_the_code_the_password_or_the_address() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let report = send(&server, "echo@example.org").await;
    assert_eq!(report.state, DeliveryState::Undeliverable);
    assert!(detail(&report).contains("e***@example.org … …"), "{report:?}");
    for canary in [message::CODE, PASSWORD, "echo@example.org"] {
        assert!(!format!("{report:?}").contains(canary), "{canary}: {report:?}");
    }
}

#[tokio::test]
async fn security_28_the_end_of_passwords_says_what_to_do() {
    let words: &'static [&'static [u8]] = &[
        b"220 hello\r\n",
        b"250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n",
        b"550 5.7.30 Basic authentication is not supported for Client Submission.\r\n",
    ];
    let (port, _) = scripted(words).await;
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let settings =
        SmtpSettings { port, tls: SmtpTls::None, host: "127.0.0.1".into(), ..server.settings() };
    let report = sender(settings).send(&message::to("dana@example.org")).await;
    assert_eq!(report.fault, Some(FailureClass::Office { every: true }), "{report:?}");
    assert!(detail(&report).contains("xoauth2"), "{report:?}");
}
