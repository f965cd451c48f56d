//! Text messages against a double of an office's own gateway.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::config::settings::{
    GatewayContent, GatewayHeader, GatewayMethod, GatewaySettings, SmsSettings, TemplateIds,
    TraySettings,
};
use countersign::delivery::{self, DeliveryError, SendTimeouts};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::service::ports::Sender;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::closed_port::ClosedPort;
use crate::http_double::{Double, Request, json};
use crate::message;

const NUMBER: &str = "+15550100142";
const KEY: &str = "canary-gateway-key-91";
const SHORT: SendTimeouts =
    SendTimeouts { step: Duration::from_millis(500), total: Duration::from_secs(1) };

fn settings(url: &str) -> GatewaySettings {
    let header = |name: &str, value: &str| GatewayHeader {
        name: name.into(),
        value: value.to_owned().into(),
    };
    GatewaySettings {
        url: format!("{url}/api/send"),
        method: GatewayMethod::Post,
        content: GatewayContent::Json,
        body: r#"{"to":"{{to}}","sms":{"body":"{{text}}","ref":"{{reference}}"}}"#.into(),
        headers: vec![header("X-Office", "3"), header("Authorization", &format!("Bearer {KEY}"))],
        template_ids: TemplateIds::default(),
        success: None,
        id_pointer: Some("/messages/0/id".into()),
        ca_file: None,
    }
}

fn made(settings: GatewaySettings, times: SendTimeouts) -> Result<Arc<dyn Sender>, DeliveryError> {
    let tray = TraySettings { file: "unused".into() };
    delivery::sms_sender(&SmsSettings::Gateway(settings), &tray, &message::templates(), times)
        .map(|sender| sender.expect("it is on"))
}

async fn send(settings: GatewaySettings) -> SendReport {
    made(settings, SHORT).expect("a sender").send(&message::to(NUMBER)).await
}

fn detail(report: &SendReport) -> &str {
    report.detail.as_ref().map_or("", |it| &it.for_admin)
}

fn takes(request: &Request) -> Option<String> {
    match request.method.as_str() {
        "OPTIONS" => json("405 Method Not Allowed", ""),
        _ => json("200 OK", r#"{"messages":[{"id":4711}]}"#),
    }
}

#[tokio::test]
async fn a_message_goes_out_as_the_configuration_writes_it() {
    let double = Double::start(takes).await;
    assert_eq!(send(settings(&double.url())).await, SendReport::sent(Some("4711".into())));
    let request = &double.requests()[0];
    assert_eq!((&*request.method, &*request.target), ("POST", "/api/send"));
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["x-office"], "3");
    assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    assert_eq!(body["to"], NUMBER);
    assert!(body["sms"]["body"].as_str().expect("text").contains(message::CODE));
    assert_eq!(body["sms"]["ref"], "K7Q");

    let form = GatewaySettings {
        method: GatewayMethod::Put,
        content: GatewayContent::Form,
        body: "nr={{to_digits}}&t={{text}}".into(),
        id_pointer: None,
        ..settings(&double.url())
    };
    assert_eq!(send(form).await, SendReport::sent(None));
    let request = &double.requests()[1];
    assert_eq!(request.method, "PUT");
    assert_eq!(request.form.keys().collect::<Vec<_>>(), ["nr", "t"]);
    assert_eq!(request.form["nr"], "15550100142");
    assert!(request.form["t"].contains(message::CODE));
}

#[tokio::test]
async fn security_22_a_hostile_name_stays_inside_its_field() {
    let double = Double::start(takes).await;
    let mut hostile = message::to(NUMBER);
    hostile.facts.office = "x\",\"to\":\"+19005550100".into();
    hostile.facts.purpose = "&to=+1900{{to}}".into();
    let form = GatewaySettings {
        content: GatewayContent::Form,
        body: "to={{to}}&text={{text}}".into(),
        ..settings(&double.url())
    };
    for settings in [settings(&double.url()), form] {
        let sender = made(settings, SHORT).expect("a sender");
        let report = sender.send(&hostile).await;
        assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    }
    let requests = double.requests();
    let body: Value = serde_json::from_str(&requests[0].body).expect("JSON");
    assert_eq!(body["to"], NUMBER);
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(2));
    assert_eq!(requests[1].form.len(), 2);
    assert_eq!(requests[1].form["to"], NUMBER);
}

#[tokio::test]
async fn what_a_gateway_refuses_is_judged_by_its_status() {
    let again = FailureClass::Provider { retry_after: None };
    let office = FailureClass::Office { every: true };
    for (status, words, state, fault) in [
        ("401 Unauthorized", "refused the login", DeliveryState::Failed, office),
        ("404 Not Found", "does not know", DeliveryState::Failed, office),
        ("402 Payment Required", "paid", DeliveryState::Failed, office),
        ("413 Too Large", "too large", DeliveryState::Undeliverable, FailureClass::Message),
        (
            "400 Bad Request",
            "refuses the message",
            DeliveryState::Undeliverable,
            FailureClass::Unclassified,
        ),
        ("302 Found", "not followed", DeliveryState::Failed, office),
        ("429 Too Many", "more from this office", DeliveryState::Failed, again),
        ("500 Internal Server Error", "fault of its own", DeliveryState::Failed, again),
        ("502 Bad Gateway", "did not confirm", DeliveryState::Unknown, FailureClass::Unknown),
        // Yes without a name, where names are given.
        ("200 OK", "did not confirm", DeliveryState::Unknown, FailureClass::Unknown),
    ] {
        let said = format!("{NUMBER} 15550100142 Bearer {KEY} {KEY} {}", message::CODE);
        let double = Double::start(move |_: &Request| json(status, &said)).await;
        let report = send(settings(&double.url())).await;
        assert_eq!((report.state, report.fault), (state, Some(fault)), "{status}: {report:?}");
        assert!(detail(&report).contains(words), "{status}: {report:?}");
        for canary in [KEY, NUMBER, "15550100142", message::CODE] {
            assert!(!detail(&report).contains(canary), "{status}: {report:?}");
        }
        assert_eq!(double.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn security_20_no_answer_from_a_gateway_is_unknown_and_never_asked_again() {
    let silent = Double::start(|_: &Request| None).await;
    let half = Double::start(|_: &Request| {
        Some("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"messages\":".into())
    })
    .await;
    for double in [silent, half] {
        let report = send(settings(&double.url())).await;
        assert_eq!(report.state, DeliveryState::Unknown, "{report:?}");
        assert_eq!(double.requests().len(), 1);
    }
    let nobody = ClosedPort::take();
    let report = send(settings(&format!("http://127.0.0.1:{}", nobody.number()))).await;
    assert_eq!(report.fault, Some(FailureClass::Provider { retry_after: None }), "{report:?}");
}

#[tokio::test]
async fn a_check_finds_whether_a_gateway_answers_and_sends_nothing() {
    let double = Double::start(takes).await;
    let sender = made(settings(&double.url()), SHORT).expect("a sender");
    assert!(sender.check().await.expect("an answer").contains("127.0.0.1 answers"));
    let requests = double.requests();
    assert!(requests.iter().all(|request| request.method == "OPTIONS"));
    assert!(requests.iter().all(|request| !request.headers.contains_key("authorization")));
    let silent = Double::start(|_: &Request| None).await;
    let sender = made(settings(&silent.url()), SHORT).expect("a sender");
    assert!(sender.check().await.expect_err("silence").for_admin.contains("in time"));
}

#[test]
fn security_22_a_gateway_is_asked_over_https_or_on_this_machine() {
    let far = made(settings("http://sms.example.org"), SHORT);
    assert!(far.err().expect("refused").to_string().contains("https"));
}

/// A gateway that keeps its connections, and counts them.
async fn keeping() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let connections = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            seen.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while stream.read_buf(&mut asked).await.is_ok_and(|read| read > 0) {
                    // Every body here ends like this, and nothing before it does.
                    if asked.ends_with(b"}}") {
                        asked.clear();
                        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
                        let _ = stream.write_all(answer).await;
                    }
                }
            });
        }
    });
    (format!("http://127.0.0.1:{port}"), connections)
}

#[tokio::test]
async fn messages_at_once_share_eight_connections() {
    let (url, connections) = keeping().await;
    let settings = GatewaySettings { id_pointer: None, ..settings(&url) };
    let sender = made(settings, SendTimeouts::default()).expect("a sender");
    for _ in 0..3 {
        let mut sends = JoinSet::new();
        for _ in 0..8 {
            let sender = Arc::clone(&sender);
            sends.spawn(async move { sender.send(&message::to(NUMBER)).await });
        }
        for report in sends.join_all().await {
            assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
        }
        // A connection is put back a moment after its answer was read.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(connections.load(Ordering::SeqCst) <= 8, "{connections:?}");
}

#[tokio::test]
async fn a_gateway_that_takes_get_is_told_in_the_query() {
    let double = Double::start(|_| json("200 OK", "0: Accepted for delivery")).await;
    let get = GatewaySettings {
        method: GatewayMethod::Get,
        content: GatewayContent::Form,
        body: "to={{to}}&tpl={{template}}&otp={{code}}&kind={{kind}}&lang={{locale}}&by={{office}}\
               &min={{minutes}}"
            .into(),
        headers: Vec::new(),
        template_ids: TemplateIds::parse(["code.en = 1107160000000012345"]).expect("a line"),
        success: Some("0: Accepted*".into()),
        id_pointer: None,
        ..settings(&double.url())
    };
    let mut message = message::to(NUMBER);
    message.facts.office = "A & B=C".into();
    let report = made(get.clone(), SHORT).expect("a sender").send(&message).await;
    assert_eq!(report, SendReport::sent(None), "{}", detail(&report));
    let request = &double.requests()[0];
    assert_eq!((&*request.method, &*request.body), ("GET", ""));
    let (path, query) = request.target.split_once('?').expect("a query");
    assert_eq!(path, "/api/send");
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let expected = [
        ("to", NUMBER),
        ("tpl", "1107160000000012345"),
        ("otp", message::CODE),
        ("kind", "code"),
        ("lang", "en"),
        ("by", "A & B=C"),
        ("min", "5"),
    ];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

    // An answer of 200 that is none of success.
    let double = Double::start(|_| json("200 OK", "ERR: no credit for 15550100142")).await;
    let report = send(GatewaySettings { url: format!("{}/x", double.url()), ..get }).await;
    assert_eq!(report.state, DeliveryState::Undeliverable, "{report:?}");
    assert!(detail(&report).contains("no credit") && !detail(&report).contains("15550100142"));
}

#[tokio::test]
async fn registered_words_go_as_they_are_or_not_at_all() {
    let double = Double::start(takes).await;
    let registered = |ids: &[&str]| GatewaySettings {
        body: r#"{"to":"{{to}}","tpl":"{{template}}","text":"{{text}}"}"#.into(),
        template_ids: TemplateIds::parse(ids.iter().copied()).expect("lines"),
        ..settings(&double.url())
    };
    let mut long = message::to(NUMBER);
    long.facts.office = "The Riverside Billing and Waste Collection Office of the County".into();
    let sender = made(registered(&["code.en = 1"]), SHORT).expect("a sender");
    let report = sender.send(&long).await;
    assert_eq!(report.state, DeliveryState::Undeliverable, "{report:?}");
    assert!(detail(&report).contains("registered"), "{}", detail(&report));
    let report = made(registered(&["code.de = 1"]), SHORT).expect("a sender").send(&long).await;
    assert!(detail(&report).contains("sms.template_ids"), "{}", detail(&report));
    assert_eq!(double.requests().len(), 0, "nothing went out");
    let report = made(settings(&double.url()), SHORT).expect("a sender").send(&long).await;
    assert_eq!(report.state, DeliveryState::Sent, "shortened, where nothing is registered");
}
