//! A message without a code, to try a provider out.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::path::Path;
use std::sync::Arc;

use countersign::config::settings::{
    EmailSettings, GatewayContent, GatewayMethod, GatewaySettings, SendGridSettings, SmsSettings,
    SmtpTls, TemplateIds, TraySettings, WhatsappSettings, WhatsappTemplate,
};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::message::{Fact, TestMessage};
use countersign::service::ports::Sender;
use serde_json::Value;

use crate::http_double::{Double, Request, json};
use crate::mail_server::{Kind, Server};
use crate::{message, twilio_double};

const DANA: &str = "dana@example.org";
const NUMBER: &str = "+15550100142";
const WORDS: &str =
    "Test message from Riverside Billing, counter 3: messages arrive. No code, nothing to do.";

fn test(to: &str) -> TestMessage {
    let like = message::to(to);
    TestMessage {
        to: like.to,
        name: "test-7F3A".into(),
        at: like.at,
        office: like.facts.office,
        counter: like.facts.counter,
    }
}

fn tray(file: &Path) -> TraySettings {
    TraySettings { file: file.to_owned() }
}

fn by_email(settings: &EmailSettings, file: &Path) -> Arc<dyn Sender> {
    let templates = message::templates();
    delivery::email_sender(settings, &tray(file), &templates, SendTimeouts::default())
        .expect("a sender")
        .expect("it is on")
}

fn by_sms(settings: &SmsSettings, file: &Path) -> Arc<dyn Sender> {
    let templates = message::templates();
    delivery::sms_sender(settings, &tray(file), &templates, SendTimeouts::default())
        .expect("a sender")
        .expect("it is on")
}

fn sendgrid(double: &Double) -> Arc<dyn Sender> {
    let settings = SendGridSettings {
        api_key: "SG.1".to_owned().into(),
        from: "desk@example.org".into(),
        base_url: double.url(),
    };
    by_email(&EmailSettings::SendGridApi(settings), Path::new("unused"))
}

fn twilio(double: &Double) -> Arc<dyn Sender> {
    by_sms(&SmsSettings::Twilio(double.settings()), Path::new("unused"))
}

fn gateway(double: &Double) -> Arc<dyn Sender> {
    let settings = GatewaySettings {
        url: format!("{}/sms", double.url()),
        method: GatewayMethod::Post,
        content: GatewayContent::Json,
        body: r#"{"to":"{{to}}","text":"{{text}}","ref":"{{reference}}"}"#.into(),
        headers: Vec::new(),
        template_ids: TemplateIds::default(),
        success: None,
        id_pointer: None,
        ca_file: None,
    };
    by_sms(&SmsSettings::Gateway(settings), Path::new("unused"))
}

#[tokio::test]
async fn a_test_goes_by_mail_with_two_parts_that_say_the_same() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let sender = by_email(&EmailSettings::Smtp(server.settings()), Path::new("unused"));
    let report = sender.send_test(&test(DANA)).await;
    assert_eq!(report, SendReport::sent(Some("TEST4Yx1Zk".into())));
    let messages = server.log("message");
    assert_eq!(messages.len(), 1);
    let content = messages[0]["content"].as_str().expect("text");
    for part in [
        "Subject: Riverside Billing: test message",
        "To: dana@example.org",
        "Message-ID: <test-7F3A@example.org>",
        "Date: Sat, 22 Nov 2025 14:00:00 +0000",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(content.split("\r\n").any(|line| line == part), "{part}: {content}");
    }
    // Both parts, whatever the lines are wrapped to.
    let unwrapped = content.replace("=\r\n", "").replace("\r\n", " ");
    assert_eq!(unwrapped.matches(WORDS).count(), 2, "{content}");
    assert_eq!(content.matches("text/html").count(), 1);

    let double = Double::start(|_: &Request| {
        Some("HTTP/1.1 202 Accepted\r\nX-Message-Id: a1\r\nContent-Length: 0\r\n\r\n".into())
    })
    .await;
    let report = sendgrid(&double).send_test(&test(DANA)).await;
    assert_eq!(report, SendReport::sent(Some("a1".into())));
    let body: Value = serde_json::from_str(&double.requests()[0].body).expect("JSON");
    assert_eq!(body["personalizations"][0]["to"], serde_json::json!([{ "email": DANA }]));
    assert_eq!(body["subject"], "Riverside Billing: test message");
    for part in [0, 1] {
        let words = body["content"][part]["value"].as_str().expect("text");
        assert!(words.contains(WORDS), "{words}");
    }
}

#[tokio::test]
async fn a_test_goes_as_one_text_message_in_plain_letters() {
    let double = Double::start(|request: &Request| match request.target.as_str() {
        "/sms" => json("200 OK", "{}"),
        _ => twilio_double::twilio(request),
    })
    .await;
    let report = twilio(&double).send_test(&test(NUMBER)).await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    let report = gateway(&double).send_test(&test(NUMBER)).await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    let requests = double.requests();
    let [first, second] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((&*first.form["To"], &*first.form["Body"]), (NUMBER, WORDS));
    let body: Value = serde_json::from_str(&second.body).expect("JSON");
    assert_eq!(body, serde_json::json!({ "to": NUMBER, "text": WORDS, "ref": "TEST" }));
}

#[tokio::test]
async fn a_test_that_is_refused_says_why_and_repeats_no_contact() {
    let said = format!(r#"{{"code":21610,"message":"{NUMBER}"}}"#);
    let double = Double::start(move |_: &Request| json("400 Bad Request", &said)).await;
    for (sender, to) in
        [(twilio(&double), NUMBER), (gateway(&double), NUMBER), (sendgrid(&double), DANA)]
    {
        let report = sender.send_test(&test(to)).await;
        assert_eq!(report.state, DeliveryState::Undeliverable, "{report:?}");
        assert!(!format!("{report:?}").contains(to), "{report:?}");
    }
    let sent = double.requests().len();
    // The wrong kind of contact goes nowhere.
    for (sender, to) in
        [(twilio(&double), DANA), (gateway(&double), DANA), (sendgrid(&double), NUMBER)]
    {
        let report = sender.send_test(&test(to)).await;
        assert_eq!(report.state, DeliveryState::Undeliverable, "{report:?}");
    }
    assert_eq!(double.requests().len(), sent);
}

#[tokio::test]
async fn security_23_whatsapp_is_never_sent_a_code_to_try_it_out() {
    let double = Double::start(twilio_double::twilio).await;
    let template = WhatsappTemplate {
        content_sid: "HX0123456789abcdef0123456789abcdef".into(),
        variables: vec![Fact::Code],
    };
    let whatsapp = WhatsappSettings::Twilio(double.settings(), template);
    let tray = tray(Path::new("unused"));
    let sender =
        delivery::whatsapp_sender(&whatsapp, &tray, &message::templates(), SendTimeouts::default());
    let report = sender.expect("a sender").expect("one").send_test(&test(NUMBER)).await;
    assert_eq!(report.state, DeliveryState::Undeliverable);
    assert_eq!(report.fault, Some(FailureClass::Message));
    assert!(report.detail.as_ref().is_some_and(|it| it.for_clerk.contains("approved template")));
    assert_eq!(double.requests().len(), 0);
}

#[tokio::test]
async fn a_test_lies_in_the_tray_where_messages_go_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tray.jsonl");
    let email = EmailSettings::Tray { from: "desk@example.org".into() };
    by_email(&email, &file).send_test(&test(DANA)).await;
    by_sms(&SmsSettings::Tray, &file).send_test(&test(NUMBER)).await;
    let messages = delivery::tray(&tray(&file)).messages(0, 10).await.expect("a tray");
    let [mail, text] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(mail.subject.as_deref(), Some("Riverside Billing: test message"));
    assert_eq!((mail.text.trim_end(), &*text.text), (WORDS, WORDS));
    assert_eq!((&*mail.reference, &*text.reference), ("TEST", "TEST"));
}
