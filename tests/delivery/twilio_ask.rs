//! What becomes of a message is asked of a double of Twilio.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::Arc;
use std::time::Duration;

use countersign::config::settings::{
    SmsSettings, TraySettings, TwilioSettings, WhatsappSettings, WhatsappTemplate,
};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::delivery::{
    DeliveryState, FailureClass, MessageTrace, ProviderStatus, SendReport,
};
use countersign::domain::message::Fact;
use countersign::domain::request::Reference;
use countersign::domain::time::Timestamp;
use countersign::service::ports::Sender;
use serde_json::{Value, json as value};

use crate::http_double::{Double, Request, json};
use crate::message;
use crate::twilio_double::{ACCOUNT, TOKEN, error};
use crate::twilio_records::{self, Books, asked};

const NUMBER: &str = "+15550100142";
const OTHER: &str = "+15550100143";
const SID: &str = "SM0123456789abcdef0123456789abcdef";
/// When [`message::to`]'s message is handed over, 14:00:00 by the store's clock.
const NOW: &str = "Sat, 22 Nov 2025 14:00:00 +0000";
const SHORT: SendTimeouts =
    SendTimeouts { step: Duration::from_millis(500), total: Duration::from_secs(1) };

fn by_sms(settings: TwilioSettings) -> Arc<dyn Sender> {
    let tray = TraySettings { file: "unused".into() };
    let sms = SmsSettings::Twilio(settings);
    delivery::sms_sender(&sms, &tray, &message::templates(), SHORT)
        .expect("a sender")
        .expect("it is on")
}

fn by_whatsapp(settings: TwilioSettings, variables: &[Fact]) -> Arc<dyn Sender> {
    let content_sid = "HX0123456789abcdef0123456789abcdef".into();
    let template = WhatsappTemplate { content_sid, variables: variables.to_vec() };
    let tray = TraySettings { file: "unused".into() };
    let whatsapp = WhatsappSettings::Twilio(settings, template);
    let sender = delivery::whatsapp_sender(&whatsapp, &tray, &message::templates(), SHORT);
    sender.expect("a sender").expect("one")
}

fn trace(provider_id: Option<&str>) -> MessageTrace {
    let message = message::to(NUMBER);
    MessageTrace {
        provider_id: provider_id.map(str::to_owned),
        to: message.to,
        reference: message.facts.reference,
        begun_at: message.at,
    }
}

/// What a sender is told by a Twilio that answers everything like this.
async fn told_by(answer: Option<String>, provider_id: Option<&str>) -> ProviderStatus {
    let double = Double::start(move |_: &Request| answer.clone()).await;
    by_sms(double.settings()).ask(&trace(provider_id)).await
}

/// The same of a list.
async fn told_by_list(messages: &[Value]) -> ProviderStatus {
    let list = value!({ "messages": messages, "next_page_uri": null });
    told_by(json("200 OK", &list.to_string()), None).await
}

fn report(told: ProviderStatus) -> SendReport {
    match told {
        ProviderStatus::Known(report) => report,
        other => panic!("{other:?}"),
    }
}

fn silence(told: ProviderStatus) -> String {
    match told {
        ProviderStatus::Silence(why) => why.for_admin,
        other => panic!("{other:?}"),
    }
}

/// The message as Twilio lists it, so many seconds after the hand-over began.
fn listed(body: &str, seconds: i64) -> Value {
    let at = message::to(NUMBER).at.millis() + seconds * 1000;
    let date = Timestamp::from_millis(at).to_utc().to_rfc2822();
    twilio_records::message(NUMBER, body, &date)
}

const BODY: &str = "Riverside Billing: your code is 073914. Ref K7Q.";

#[tokio::test]
async fn a_message_is_followed_by_its_name() {
    let books = Books::default();
    let shown = books.clone();
    let double = Double::start(move |request: &Request| shown.answer(request, NOW)).await;
    let sender = by_sms(double.settings());
    assert!(sender.can_tell());
    assert_eq!(sender.send(&message::to(NUMBER)).await.state, DeliveryState::Sent);
    let sid = books.newest();
    for (status, state) in [
        ("accepted", DeliveryState::Sent),
        ("scheduled", DeliveryState::Sent),
        ("queued", DeliveryState::Sent),
        ("sending", DeliveryState::Sent),
        ("sent", DeliveryState::Forwarded),
        ("delivered", DeliveryState::Delivered),
        ("read", DeliveryState::Read),
        // What Twilio has, whatever it calls it.
        ("on a pigeon", DeliveryState::Sent),
    ] {
        books.turn("status", status.into());
        let report = report(sender.ask(&trace(Some(&sid))).await);
        assert_eq!(report, SendReport { state, ..SendReport::sent(Some(sid.clone())) }, "{status}");
    }
    let request = double.requests().pop().expect("one");
    assert_eq!(request.method, "GET");
    assert_eq!(request.target, format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json"));
    assert_eq!(sender.ask(&trace(Some("SM77"))).await, ProviderStatus::Nothing);
}

#[tokio::test]
async fn what_could_not_be_delivered_says_why_and_what_to_do() {
    let books = Books::default();
    books.add(listed(BODY, 1));
    let (sid, shown) = (books.newest(), books.clone());
    let double = Double::start(move |request: &Request| shown.answer(request, NOW)).await;
    let sender = by_sms(double.settings());
    for (status, code, words) in [
        ("undelivered", Some(30001), "Send a new code"),
        ("failed", Some(30002), "suspended"),
        ("undelivered", Some(30003), "cannot be reached"),
        ("undelivered", Some(30004), "blocked"),
        ("undelivered", Some(30005), "does not know the number"),
        ("undelivered", Some(30006), "landline"),
        ("undelivered", Some(30007), "filtered"),
        ("undelivered", Some(30008), "does not say why"),
        ("undelivered", Some(30034), "A2P 10DLC"),
        ("failed", Some(30036), "waited at Twilio"),
        ("failed", Some(21211), "not valid"),
        ("failed", Some(21265), "short code"),
        ("failed", Some(21408), "Geo Permissions"),
        ("failed", Some(21608), "trial"),
        ("failed", Some(21610), "STOP"),
        ("failed", Some(21614), "cannot get text messages"),
        ("failed", Some(21635), "landline"),
        ("failed", Some(63003), "no WhatsApp"),
        ("undelivered", Some(63016), "approved"),
        ("undelivered", Some(63049), "advertising"),
        ("undelivered", Some(29999), "Use another channel"),
        ("failed", None, "does not say why"),
        ("canceled", None, "cancelled"),
    ] {
        books.turn("status", status.into());
        books.turn("error_code", code.into());
        let report = report(sender.ask(&trace(Some(&sid))).await);
        assert_eq!(report.state, DeliveryState::Undeliverable, "{code:?}");
        let fault = report.fault.expect("somebody's fault");
        let is_office = matches!(code, Some(21408 | 21608 | 30002 | 30034 | 63016 | 63049));
        assert_eq!(matches!(fault, FailureClass::Office { .. }), is_office, "{code:?}: {fault:?}");
        let detail = report.detail.expect("a sentence").for_admin;
        assert!(detail.contains(words), "{code:?}: {detail}");
        let named = code.is_none_or(|code| detail.contains(&format!("Twilio {code}")));
        assert!(named, "{code:?}: {detail}");
    }
}

#[tokio::test]
async fn security_20_a_post_without_an_answer_is_settled_by_asking_and_taken_once() {
    let books = Books::default();
    let shown = books.clone();
    let double = Double::start(move |request: &Request| {
        let answer = shown.answer(request, NOW);
        // Taken, and the answer never comes.
        answer.filter(|_| request.method != "POST")
    })
    .await;
    let sender = by_sms(double.settings());
    assert_eq!(sender.ask(&trace(None)).await, ProviderStatus::Nothing);
    let report_of_it = sender.send(&message::to(NUMBER)).await;
    assert_eq!(report_of_it.state, DeliveryState::Unknown);
    let known = report(sender.ask(&trace(None)).await);
    assert_eq!(known, SendReport::sent(Some(books.newest())));
    let posted = double.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!(posted, 1);
    let question = double.requests().pop().expect("one");
    assert_eq!(asked(&question, "To").as_deref(), Some(NUMBER));
    assert!(!question.target.contains("DateSent"), "what waits to be sent has no such date");
}

#[tokio::test]
async fn the_one_message_is_found_among_others() {
    let ours = |seconds| listed(BODY, seconds);
    let other = listed("Riverside Billing: your code is 111111. Ref M4W.", 1);
    let mut strangers = ours(2);
    strangers["to"] = OTHER.into();
    let mut answered = ours(3);
    answered["direction"] = "inbound".into();
    let old = listed("An older message with K7Q by chance.", -3_600);
    let newest = listed("Your code is 073914 (K7Q).", 9);
    // Twilio's clock may be off.
    for (seconds, found) in [(0, true), (90, true), (-600, true), (-1_200, false)] {
        let list = [other.clone(), strangers.clone(), answered.clone(), ours(seconds), old.clone()];
        let expected = if found {
            ProviderStatus::Known(SendReport::sent(
                ours(seconds)["sid"].as_str().map(str::to_owned),
            ))
        } else {
            ProviderStatus::Nothing
        };
        assert_eq!(told_by_list(&list).await, expected, "{seconds} s");
    }
    let report = report(told_by_list(&[ours(1), newest.clone(), ours(5)]).await);
    assert_eq!(report.provider_id.as_deref(), newest["sid"].as_str(), "the newest counts");
    assert_eq!(told_by_list(&[]).await, ProviderStatus::Nothing);
    assert_eq!(told_by_list(&[other, strangers, answered, old]).await, ProviderStatus::Nothing);
}

#[tokio::test]
async fn security_20_what_is_not_shown_to_be_missing_is_not_taken_for_missing() {
    // A word in another place is no reference: the body may have lost its own.
    let inside = listed("Your parcel K7QX is on its way.", 1);
    let redacted = listed("", 1);
    let mut undated = listed(BODY, 1);
    undated["date_created"] = "yesterday".into();
    let mut odd = listed(BODY, 1);
    odd["body"] = value!(["K7Q"]);
    let mut nameless = listed(BODY, 1);
    nameless["sid"] = "../../Accounts".into();
    let mut stateless = listed(BODY, 1);
    stateless["status"] = 7.into();
    for entry in [inside, redacted, undated, odd, nameless, stateless, value!(null), value!("x")] {
        let why = silence(told_by_list(std::slice::from_ref(&entry)).await);
        assert!(!why.contains("K7Q"), "{entry}: {why}");
    }
    let more = value!({ "messages": [], "next_page_uri": "/2010-04-01/more" });
    for body in [more.to_string(), "{}".into(), r#"{"messages":[]}"#.into()] {
        silence(told_by(json("200 OK", &body), None).await);
    }
}

#[tokio::test]
async fn security_22_hostile_answers_about_a_message_tell_nothing_and_are_read_to_a_bound() {
    let many: Vec<_> = (0..5_000).map(|at| listed("Ref M4W.", at)).collect();
    silence(told_by_list(&many).await);
    let long = format!(r#"{{"sid":"{SID}","status":"delivered","x":"{}"}}"#, "x".repeat(1 << 20));
    let deep = "[".repeat(100_000);
    for body in [
        long.as_str(),
        &deep,
        "",
        "no JSON",
        "null",
        "[]",
        "{}",
        r#"{"sid":7,"status":"delivered"}"#,
        r#"{"sid":"SM99","status":"delivered"}"#,
        r#"{"sid":"SM0123456789abcdef0123456789abcdef","status":["delivered"]}"#,
        r#"{"sid":"SM0123456789abcdef0123456789abcdef"}"#,
    ] {
        for name in [Some(SID), None] {
            let shown = body.get(..40).unwrap_or(body);
            assert!(!silence(told_by(json("200 OK", body), name).await).is_empty(), "{shown}");
        }
    }
    // A name that Twilio never gave is asked for nowhere.
    let double = Double::start(|_: &Request| json("200 OK", "{}")).await;
    for name in ["", "..", "../../Accounts", "SM1/x", "SM1?x", "tray 7", &"x".repeat(65)] {
        silence(by_sms(double.settings()).ask(&trace(Some(name))).await);
    }
    assert_eq!(double.requests().len(), 0);
}

#[tokio::test]
async fn where_twilio_does_not_say_it_is_silence_with_a_reason() {
    for (answer, words) in [
        (error("401 Unauthorized", 20003, "Authenticate"), "right to read"),
        (error("403 Forbidden", 70051, "no"), "right to read"),
        (error("429 Too Many Requests", 20429, "no"), "more messages than it answers for"),
        (error("500 Internal Server Error", 20500, "no"), "does not say"),
        (json("503 Service Unavailable", ""), "does not say"),
        (json("418 Teapot", "{}"), "does not say"),
        (None, "did not answer"),
        (Some(String::new()), "did not answer"),
        (Some("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"sid".into()), "cannot be read"),
    ] {
        for name in [Some(SID), None] {
            let why = silence(told_by(answer.clone(), name).await);
            assert!(why.contains(words), "{answer:?}: {why}");
        }
    }
    // An account that is not there has no list; a message may not be there.
    let gone = || error("404 Not Found", 20404, "not found");
    silence(told_by(gone(), None).await);
    assert_eq!(told_by(gone(), Some(SID)).await, ProviderStatus::Nothing);
    let double = Double::start(|_: &Request| None).await;
    let closed = TwilioSettings { base_url: "http://127.0.0.1:1".into(), ..double.settings() };
    let why = silence(by_sms(closed).ask(&trace(None)).await);
    assert!(why.contains("cannot be reached"), "{why}");
}

#[tokio::test]
async fn security_22_a_redirect_of_a_question_is_not_followed() {
    let thief = Double::start(|_: &Request| json("200 OK", "{}")).await;
    let to = thief.url();
    for name in [Some(SID), None] {
        let answer = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}/\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        );
        let why = silence(told_by(Some(answer), name).await);
        assert!(why.contains("not followed"), "{why}");
    }
    assert_eq!(thief.requests().len(), 0);
}

#[tokio::test]
async fn security_33_what_is_told_of_a_message_repeats_no_secret_and_no_number() {
    let said = format!("{NUMBER} 1 555 010 0142 {} {TOKEN} \\u001b[2J", message::CODE);
    let refused = error("500 Internal Server Error", 20500, &said);
    let failed = format!(
        r#"{{"sid":"{SID}","status":"failed","error_code":29998,"error_message":"{said}"}}"#
    );
    for answer in [refused, json("200 OK", &failed)] {
        let shown = format!("{:?}", told_by(answer, Some(SID)).await);
        for canary in [NUMBER, "010 0142", message::CODE, TOKEN, "\u{1b}", "u{1b}"] {
            assert!(!shown.contains(canary), "{canary}: {shown}");
        }
    }
    let mut listed = listed(BODY, 1);
    listed["status"] = "failed".into();
    listed["error_message"] = said.into();
    listed["error_code"] = 29_998.into();
    let shown = format!("{:?}", told_by_list(&[listed]).await);
    assert!(!shown.contains(NUMBER) && !shown.contains(message::CODE), "{shown}");
}

#[tokio::test]
async fn a_whatsapp_message_is_found_where_its_template_shows_the_reference() {
    let books = Books::default();
    let shown = books.clone();
    let double = Double::start(move |request: &Request| shown.answer(request, NOW)).await;
    let mut about = trace(None);
    about.reference = Reference::from_store("K7Q");
    let bare = by_whatsapp(double.settings(), &[Fact::Code]);
    assert!(silence(bare.ask(&about).await).contains("no reference"));
    assert_eq!(double.requests().len(), 0);
    let named = by_whatsapp(double.settings(), &[Fact::Code, Fact::Reference]);
    assert_eq!(named.ask(&about).await, ProviderStatus::Nothing);
    assert_eq!(named.send(&message::to(NUMBER)).await.state, DeliveryState::Sent);
    assert_eq!(report(named.ask(&about).await).provider_id, Some(books.newest()));
    let question = double.requests().pop().expect("one");
    assert_eq!(asked(&question, "To"), Some(format!("whatsapp:{NUMBER}")));
    // By its name it is found in any case.
    let report = report(bare.ask(&trace(Some(&books.newest()))).await);
    assert_eq!(report.state, DeliveryState::Sent);
}
