//! Email against a double of `SendGrid`'s Web API.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::Arc;
use std::time::Duration;

use countersign::config::settings::{EmailSettings, SendGridSettings, TraySettings};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::service::ports::Sender;
use serde_json::Value;

use crate::closed_port::ClosedPort;
use crate::http_double::{Double, Request, json};
use crate::message;

const KEY: &str = "SG.canary-key-55";
const DANA: &str = "dana@example.org";
const SHORT: SendTimeouts =
    SendTimeouts { step: Duration::from_millis(500), total: Duration::from_secs(1) };

fn sender_within(base_url: String, times: SendTimeouts) -> Arc<dyn Sender> {
    let settings = SendGridSettings {
        api_key: KEY.to_owned().into(),
        from: "Riverside Billing <desk@example.org>".into(),
        base_url,
    };
    let tray = TraySettings { file: "unused".into() };
    delivery::email_sender(
        &EmailSettings::SendGridApi(settings),
        &tray,
        &message::templates(),
        times,
    )
    .expect("a sender")
    .expect("it is on")
}

async fn send(double: &Double) -> SendReport {
    sender_within(double.url(), SendTimeouts::default()).send(&message::to(DANA)).await
}

fn detail(report: &SendReport) -> &str {
    report.detail.as_ref().map_or("", |it| &it.for_admin)
}

/// An answer without a body but with a header.
fn bare(status: &str, header: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{header}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

fn accepts(request: &Request) -> Option<String> {
    if request.headers.get("authorization") != Some(&format!("Bearer {KEY}")) {
        return json("401 Unauthorized", r#"{"errors":[{"message":"invalid grant"}]}"#);
    }
    match (&*request.method, &*request.target) {
        ("POST", "/v3/mail/send") => Some(bare("202 Accepted", "X-Message-Id: 14c5d75ce93.dfd")),
        ("GET", "/v3/scopes") => json("200 OK", r#"{"scopes":["alerts.read","mail.send"]}"#),
        _ => json("404 Not Found", "{}"),
    }
}

#[tokio::test]
async fn security_22_an_email_is_posted_as_sendgrid_documents_it() {
    let double = Double::start(accepts).await;
    assert_eq!(send(&double).await, SendReport::sent(Some("14c5d75ce93.dfd".into())));
    let requests = double.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.headers["content-type"], "application/json");
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    let to = body.pointer("/personalizations/0/to").expect("a recipient");
    assert_eq!(*to, serde_json::json!([{ "email": DANA, "name": "Dana Rivera" }]));
    assert_eq!(body["from"]["email"], "desk@example.org");
    assert_eq!(body["from"]["name"], "Riverside Billing");
    assert!(body["content"][0]["value"].as_str().expect("text").contains(message::CODE));
    assert_eq!(body["content"][0]["type"], "text/plain");
    assert_eq!(body["content"][1]["type"], "text/html");
    assert_eq!(body["tracking_settings"]["open_tracking"]["enable"], false);
    for secret in [KEY, message::CODE, DANA] {
        assert!(!request.target.contains(secret));
    }
}

#[tokio::test]
async fn security_25_a_hostile_name_stays_a_name() {
    let double = Double::start(accepts).await;
    let mut hostile = message::to(DANA);
    hostile.facts.customer = "x\r\nBcc: v@evil.test\",\"bcc\":[{\"email\":\"v@evil.test\"}]".into();
    let report = sender_within(double.url(), SendTimeouts::default()).send(&hostile).await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    let body: Value = serde_json::from_str(&double.requests()[0].body).expect("JSON");
    let person = body["personalizations"][0].as_object().expect("an object");
    assert_eq!(person.keys().collect::<Vec<_>>(), ["to"]);
    assert_eq!(body["personalizations"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_sendgrid_refuses_says_what_to_do() {
    let again = FailureClass::Provider { retry_after: None };
    let office = FailureClass::Office { every: true };
    for (status, words, state, fault) in [
        ("401 Unauthorized", "API key", DeliveryState::Failed, office),
        ("403 Forbidden", "Sender Authentication", DeliveryState::Failed, office),
        ("413 Too Large", "too large", DeliveryState::Undeliverable, FailureClass::Message),
        (
            "400 Bad Request",
            "refuses the email",
            DeliveryState::Undeliverable,
            FailureClass::Unclassified,
        ),
        ("429 Too Many", "more from this office", DeliveryState::Failed, again),
        ("500 Internal Server Error", "fault of its own", DeliveryState::Failed, again),
        ("503 Service Unavailable", "fault of its own", DeliveryState::Failed, again),
        ("504 Gateway Timeout", "did not confirm", DeliveryState::Unknown, FailureClass::Unknown),
        ("200 OK", "did not confirm", DeliveryState::Unknown, FailureClass::Unknown),
    ] {
        let said = format!(r#"{{"errors":[{{"message":"{DANA} {KEY} {}"}}]}}"#, message::CODE);
        let double = Double::start(move |_: &Request| json(status, &said)).await;
        let report = send(&double).await;
        assert_eq!((report.state, report.fault), (state, Some(fault)), "{status}: {report:?}");
        assert!(detail(&report).contains(words), "{status}: {report:?}");
        for canary in [KEY, DANA, message::CODE] {
            assert!(!detail(&report).contains(canary), "{status}: {report:?}");
        }
        assert_eq!(double.requests().len(), 1, "{status}");
    }
    let double = Double::start(|_: &Request| Some(bare("429 Too Many", "Retry-After: 21"))).await;
    let wait = Some(Duration::from_secs(21));
    assert_eq!(send(&double).await.fault, Some(FailureClass::Provider { retry_after: wait }));
}

#[tokio::test]
async fn security_20_no_answer_from_sendgrid_is_unknown_and_never_posted_again() {
    let silent = Double::start(|_: &Request| None).await;
    let cut = Double::start(|_: &Request| Some(String::new())).await;
    for double in [silent, cut] {
        let report = sender_within(double.url(), SHORT).send(&message::to(DANA)).await;
        assert_eq!(report.state, DeliveryState::Unknown, "{report:?}");
        assert_eq!(double.requests().len(), 1);
    }
    let nobody = ClosedPort::take();
    let gone = sender_within(format!("http://127.0.0.1:{}", nobody.number()), SHORT);
    let report = gone.send(&message::to(DANA)).await;
    assert_eq!(report.fault, Some(FailureClass::Provider { retry_after: None }), "{report:?}");
    assert!(detail(&report).contains("Nothing was sent"), "{report:?}");
}

#[tokio::test]
async fn security_22_a_redirect_of_sendgrids_is_not_followed() {
    let thief = Double::start(accepts).await;
    let to = format!("Location: {}/v3/mail/send", thief.url());
    let double = Double::start(move |_: &Request| Some(bare("307 Temporary Redirect", &to))).await;
    let report = send(&double).await;
    assert_eq!(report.state, DeliveryState::Failed, "{report:?}");
    assert!(detail(&report).contains("not followed"), "{report:?}");
    assert_eq!(thief.requests().len(), 0);
}

#[tokio::test]
async fn a_check_asks_what_the_key_may_do_and_sends_nothing() {
    let check = |double: &Double| {
        let sender = sender_within(double.url(), SHORT);
        async move { sender.check().await }
    };
    let double = Double::start(accepts).await;
    assert!(check(&double).await.expect("a good key").contains("may send mail"));
    assert!(double.requests().iter().all(|request| request.method == "GET"));
    let narrow = Double::start(|_: &Request| json("200 OK", r#"{"scopes":["alerts.read"]}"#)).await;
    assert!(check(&narrow).await.expect_err("a narrow key").for_admin.contains("Mail Send"));
    let refused = Double::start(|_: &Request| json("401 Unauthorized", "{}")).await;
    assert!(check(&refused).await.expect_err("a wrong key").for_admin.contains("API key"));
    let silent = Double::start(|_: &Request| None).await;
    assert!(check(&silent).await.expect_err("silence").for_admin.contains("in time"));
}
