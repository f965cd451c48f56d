//! Logins to the mail server by a token: fetched once, kept, fetched again
//! where it was refused, and told nobody.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use countersign::config::settings::{
    EmailSettings, Login, LoginSecret, SmtpSettings, SmtpTls, TokenSettings, TraySettings,
};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::delivery::{DeliveryState, FailureClass};
use countersign::service::ports::Sender;

use crate::http_double::{Double, Request, json};
use crate::mail_server::{By, Kind, Server, USER};
use crate::message;

const SECRET: &str = "canary-client-secret-77";
const REFRESH: &str = "canary-refresh-88";
const TIMES: SendTimeouts =
    SendTimeouts { step: Duration::from_secs(5), total: Duration::from_secs(5) };
const SHORT: SendTimeouts =
    SendTimeouts { step: Duration::from_millis(500), total: Duration::from_secs(1) };

/// As long as a real one, and as no other.
static FIRST: LazyLock<String> = LazyLock::new(|| format!("canary-first-{}", "Ab1-".repeat(200)));
static SECOND: LazyLock<String> = LazyLock::new(|| format!("canary-second-{}", "Cd2_".repeat(200)));

/// A token service that gives [`FIRST`] once and [`SECOND`] from then on.
async fn token_service(life: u64) -> Double {
    let given = AtomicUsize::new(0);
    Double::start(move |_: &Request| {
        let first = given.fetch_add(1, Ordering::SeqCst) == 0;
        let token = if first { &*FIRST } else { &*SECOND };
        json(
            "200 OK",
            &format!(r#"{{"token_type":"Bearer","expires_in":{life},"access_token":"{token}"}}"#),
        )
    })
    .await
}

fn server() -> Server {
    Server::start(&Kind { login: By::Token, ..Kind::new(SmtpTls::StartTls) })
}

fn settings(server: &Server, service: &Double) -> SmtpSettings {
    let token = TokenSettings {
        url: format!("{}/tenant/oauth2/v2.0/token", service.url()),
        client_id: "client-1".into(),
        client_secret: SECRET.to_owned().into(),
        scope: Some("https://outlook.office365.com/.default".into()),
        refresh_token: None,
    };
    let login = Login { username: USER.into(), proof: LoginSecret::Token(token) };
    SmtpSettings { provider: "office365", login: Some(login), ..server.settings() }
}

fn sender(settings: SmtpSettings, times: SendTimeouts) -> Arc<dyn Sender> {
    let tray = TraySettings { file: "unused".into() };
    delivery::email_sender(&EmailSettings::Smtp(settings), &tray, &message::templates(), times)
        .expect("a sender")
        .expect("it is on")
}

fn logins(server: &Server) -> Vec<bool> {
    server.log("login").iter().map(|login| login["right"] == true).collect()
}

#[tokio::test]
async fn security_28_office_365_is_logged_in_to_with_a_token_that_is_fetched_once() {
    let (server, service) = (server(), token_service(3600).await);
    server.takes(&[&FIRST]);
    let sender = sender(settings(&server, &service), TIMES);
    // A check parts from its connection, so each is a login of its own.
    for _ in 0..2 {
        let said = sender.check().await.expect("a healthy server");
        assert!(said.contains("takes the login of desk@example.org with a token"), "{said}");
    }
    let report = sender.send(&message::to("dana@example.org")).await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    assert_eq!(logins(&server), [true; 3]);
    let requests = service.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((&*request.method, &*request.target), ("POST", "/tenant/oauth2/v2.0/token"));
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", "client-1"),
        ("client_secret", SECRET),
        ("scope", "https://outlook.office365.com/.default"),
    ] {
        assert_eq!(request.form[name], value);
    }
}

#[tokio::test]
async fn a_refresh_token_is_what_a_person_agreed_to() {
    let (server, service) = (server(), token_service(3600).await);
    server.takes(&[&FIRST]);
    let mut settings = settings(&server, &service);
    let Some(Login { proof: LoginSecret::Token(token), .. }) = &mut settings.login else {
        panic!("a token")
    };
    token.refresh_token = Some(REFRESH.to_owned().into());
    token.scope = None;
    sender(settings, TIMES).check().await.expect("a healthy server");
    let form = &service.requests()[0].form;
    assert_eq!(form["grant_type"], "refresh_token");
    assert_eq!(form["refresh_token"], REFRESH);
    assert!(!form.contains_key("scope"));
}

#[tokio::test]
async fn a_kept_token_that_is_refused_is_fetched_again_once() {
    let (server, service) = (server(), token_service(3600).await);
    server.takes(&[&FIRST]);
    let sender = sender(settings(&server, &service), TIMES);
    sender.check().await.expect("a healthy server");
    server.takes(&[&SECOND]);
    let report = sender.send(&message::to("dana@example.org")).await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    assert_eq!(logins(&server), [true, false, true]);
    assert_eq!((service.requests().len(), server.log("message").len()), (2, 1));
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_is_not_asked_for_again() {
    let (server, service) = (server(), token_service(3600).await);
    let sender = sender(settings(&server, &service), TIMES);
    let report = sender.send(&message::to("dana@example.org")).await;
    assert_eq!(report.state, DeliveryState::Failed, "{report:?}");
    assert_eq!(report.fault, Some(FailureClass::Office { every: true }));
    let said = report.detail.expect("a sentence").for_admin;
    assert!(said.contains("SMTP.SendAsApp"), "{said}");
    assert!(!said.contains("canary"), "{said}");
    assert_eq!((logins(&server), service.requests().len()), (vec![false], 1));
}

#[tokio::test]
async fn a_token_is_fetched_anew_shortly_before_it_ends() {
    let (server, service) = (server(), token_service(59).await);
    server.takes(&[&FIRST, &SECOND]);
    let sender = sender(settings(&server, &service), TIMES);
    for _ in 0..3 {
        sender.check().await.expect("a healthy server");
    }
    assert_eq!(service.requests().len(), 3);
}

#[tokio::test]
async fn what_the_token_service_says_is_told_in_words_and_nothing_is_sent() {
    let refused = |error: &str| {
        let text = format!(r#"{{"error":"{error}","error_description":"no {SECRET} {REFRESH}"}}"#);
        json("400 Bad Request", &text)
    };
    let again = FailureClass::Provider { retry_after: None };
    let wait = FailureClass::Provider { retry_after: Some(Duration::from_secs(9)) };
    let redirect = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\
                    Connection: close\r\n\r\n";
    let busy = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 9\r\nContent-Length: 0\r\n\
                Connection: close\r\n\r\n";
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"access_token\":";
    for (answer, words, fault) in [
        (refused("invalid_client"), "client_secret", FailureClass::Office { every: true }),
        (refused("invalid_grant"), "refresh_token", FailureClass::Office { every: true }),
        (refused("unauthorized_client"), "permissions", FailureClass::Office { every: true }),
        (refused("access_denied"), "gives no token", FailureClass::Office { every: true }),
        (json("200 OK", "{}"), "gives no token", FailureClass::Office { every: true }),
        (
            json("200 OK", r#"{"access_token":"a\r\nRCPT"}"#),
            "gives no token",
            FailureClass::Office { every: true },
        ),
        (json("503 Service Unavailable", ""), "fault of its own", again),
        (Some(redirect.to_owned()), "not followed", FailureClass::Office { every: true }),
        (Some(busy.to_owned()), "wait 9 seconds", wait),
        (Some(half.to_owned()), "in time", again),
        (None, "in time", again),
    ] {
        let server = server();
        let shown = format!("{answer:?}");
        let service = Double::start(move |_: &Request| answer.clone()).await;
        let sender = sender(settings(&server, &service), SHORT);
        let report = sender.send(&message::to("dana@example.org")).await;
        assert_eq!(report.state, DeliveryState::Failed, "{shown}: {report:?}");
        assert_eq!(report.fault, Some(fault), "{shown}: {report:?}");
        let said = report.detail.expect("a sentence").for_admin;
        assert!(said.contains(words), "{shown}: {said}");
        assert!(!said.contains(SECRET), "{said}");
        assert_eq!(server.log("connection").len(), 0, "{shown}");
    }
}

#[tokio::test]
async fn a_server_without_xoauth2_is_told_nothing() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let service = token_service(3600).await;
    let report = sender(settings(&server, &service), TIMES).check().await;
    assert!(report.expect_err("no XOAUTH2").for_admin.contains("no login with a token"));
    assert_eq!(server.log("login").len(), 0);
}
