//! Text messages against a double of Twilio.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::config::settings::{
    SmsSettings, TraySettings, TwilioCredentials, TwilioSender, TwilioSettings, WhatsappSettings,
    WhatsappTemplate,
};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::contact_state::ContactFailure;
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::message::Fact;
use countersign::service::ports::Sender;
use tokio::net::TcpListener;

use crate::closed_port::ClosedPort;
use crate::http_double::{Double, Request, json};
use crate::message;
use crate::twilio_double::{self, ACCOUNT, FROM, SID, TOKEN, error};

const NUMBER: &str = "+15550100142";
/// Long enough for a busy machine, short enough for a test that waits for it.
const SHORT: SendTimeouts =
    SendTimeouts { step: Duration::from_millis(500), total: Duration::from_secs(1) };

fn sender_within(settings: TwilioSettings, times: SendTimeouts) -> Arc<dyn Sender> {
    let tray = TraySettings { file: "unused".into() };
    let sms = SmsSettings::Twilio(settings);
    delivery::sms_sender(&sms, &tray, &message::templates(), times)
        .expect("a sender")
        .expect("it is on")
}

async fn send(settings: TwilioSettings) -> SendReport {
    sender_within(settings, SendTimeouts::default()).send(&message::to(NUMBER)).await
}

fn detail(report: &SendReport) -> &str {
    report.detail.as_ref().map_or("", |it| &it.for_admin)
}

#[tokio::test]
async fn security_22_a_message_is_posted_as_twilio_documents_it() {
    let double = Double::start(twilio_double::twilio).await;
    assert_eq!(send(double.settings()).await, SendReport::sent(Some(SID.into())));
    let requests = double.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    assert_eq!(request.form.keys().collect::<Vec<_>>(), ["Body", "From", "To"]);
    assert_eq!(request.form["To"], NUMBER);
    assert_eq!(request.form["From"], FROM);
    assert_eq!(
        request.form["Body"],
        "073914 is your code at Riverside Billing, counter 3 (pay bill). Ref K7Q. Valid 5 min. \
         Say it only at the counter, never by phone."
    );
    // ASVS 14.2.1: nothing secret in the address.
    for secret in [TOKEN, message::CODE, NUMBER] {
        assert!(!request.target.contains(secret));
    }
}

#[tokio::test]
async fn security_22_an_api_key_and_a_messaging_service_can_stand_in() {
    let double = Double::start(|_: &Request| json("201 Created", r#"{"sid":"SM1"}"#)).await;
    let settings = TwilioSettings {
        credentials: TwilioCredentials::ApiKey {
            key: "SK77".into(),
            secret: "canary-secret".to_owned().into(),
        },
        sender: TwilioSender::MessagingService("MG88".into()),
        ..double.settings()
    };
    assert_eq!(send(settings).await, SendReport::sent(Some("SM1".into())));
    let request = &double.requests()[0];
    assert_eq!(
        request.headers["authorization"],
        format!("Basic {}", BASE64.encode("SK77:canary-secret"))
    );
    assert_eq!(request.target, format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    assert_eq!(request.form["MessagingServiceSid"], "MG88");
    assert!(!request.form.contains_key("From"));
}

#[tokio::test]
async fn security_19_what_twilio_refuses_for_good_is_tried_once_and_undeliverable() {
    let barred = FailureClass::Office { every: false };
    let of = FailureClass::Recipient;
    for (code, words, fault) in [
        (21211, "not valid", of(ContactFailure::UnknownNumber)),
        (21408, "Geo Permissions", barred),
        (21608, "trial", barred),
        (21610, "STOP", of(ContactFailure::Stopped)),
        (21612, "no way", barred),
        (21614, "cannot get text messages", of(ContactFailure::NoTexts)),
        (21635, "landline", of(ContactFailure::Landline)),
        (21617, "its length", FailureClass::Message),
        (30450, "fraud", barred),
        (30453, "fraud", barred),
        (29999, "refuses the message", FailureClass::Unclassified),
    ] {
        let double = Double::start(move |_: &Request| error("400 Bad Request", code, "no")).await;
        let report = send(double.settings()).await;
        assert_eq!(report.state, DeliveryState::Undeliverable, "{code}: {report:?}");
        assert_eq!(report.fault, Some(fault), "{code}: {report:?}");
        let is_customers = detail(&report).contains("Correct the customer");
        assert!(!is_customers || matches!(fault, FailureClass::Recipient(_)), "{code}: {report:?}");
        assert!(detail(&report).contains(words), "{code}: {report:?}");
        assert!(detail(&report).contains(&code.to_string()), "{report:?}");
        assert_eq!(double.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn what_is_no_fault_of_the_message_has_failed() {
    let again = FailureClass::Provider { retry_after: None };
    let office = FailureClass::Office { every: true };
    for (status, code, words, fault) in [
        ("401 Unauthorized", 20003, "refused the login", office),
        ("403 Forbidden", 70051, "may not do this", office),
        ("404 Not Found", 20404, "account_sid", office),
        ("400 Bad Request", 21701, "messaging_service_sid", office),
        ("400 Bad Request", 21703, "messaging_service_sid", office),
        ("400 Bad Request", 21705, "messaging_service_sid", office),
        ("400 Bad Request", 30002, "paid", office),
        ("400 Bad Request", 30032, "toll-free", office),
        ("402 Payment Required", 29999, "paid", office),
        ("429 Too Many Requests", 20429, "more from this office", again),
        ("429 Too Many Requests", 1, "more from this office", again),
        ("500 Internal Server Error", 20500, "fault of its own", again),
        ("503 Service Unavailable", 20503, "fault of its own", again),
    ] {
        let double = Double::start(move |_: &Request| error(status, code, "no")).await;
        let report = send(double.settings()).await;
        assert_eq!(report.state, DeliveryState::Failed, "{code}: {report:?}");
        assert_eq!(report.fault, Some(fault), "{code}: {report:?}");
        assert!(detail(&report).contains(words), "{code}: {report:?}");
        assert_eq!(double.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_wait_that_twilio_asks_for_is_passed_on() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let double = Double::start(move |_: &Request| {
            let head = format!("HTTP/1.1 {status}\r\nRetry-After: 17\r\nConnection: close\r\n");
            Some(format!("{head}Content-Length: 2\r\n\r\n{{}}"))
        })
        .await;
        let report = send(double.settings()).await;
        let wait = Some(Duration::from_secs(17));
        assert_eq!(report.fault, Some(FailureClass::Provider { retry_after: wait }), "{report:?}");
        assert_eq!(double.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn security_20_no_answer_after_the_post_is_unknown_and_never_posted_again() {
    let silent = Double::start(|_: &Request| None).await;
    let cut = Double::start(|_: &Request| Some(String::new())).await;
    let half = Double::start(|_: &Request| {
        Some("HTTP/1.1 201 Created\r\nContent-Length: 999\r\n\r\n{\"sid\":".into())
    })
    .await;
    let nameless = Double::start(|_: &Request| json("201 Created", "{}")).await;
    let gateway = Double::start(|_: &Request| json("504 Gateway Timeout", "")).await;
    for (name, double) in [
        ("silent", silent),
        ("cut", cut),
        ("half", half),
        ("nameless", nameless),
        ("gateway", gateway),
    ] {
        let sender = sender_within(double.settings(), SHORT);
        let report = sender.send(&message::to(NUMBER)).await;
        assert_eq!(report.state, DeliveryState::Unknown, "{name}: {report:?}");
        assert_eq!(report.fault, Some(FailureClass::Unknown), "{name}: {report:?}");
        assert!(detail(&report).contains("did not confirm"), "{name}: {report:?}");
        assert_eq!(double.requests().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn security_20_where_no_connection_came_about_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let double = Double::start(twilio_double::twilio).await;
    // HTTPS that is never answered: the connection does not come about.
    let hanging =
        TwilioSettings { base_url: format!("https://127.0.0.1:{port}"), ..double.settings() };
    let report = sender_within(hanging, SHORT).send(&message::to(NUMBER)).await;
    assert_eq!(report.state, DeliveryState::Failed, "{report:?}");
    let nobody = ClosedPort::take();
    let base_url = format!("http://127.0.0.1:{}", nobody.number());
    let refused = TwilioSettings { base_url, ..double.settings() };
    let report = send(refused).await;
    assert_eq!(report.state, DeliveryState::Failed, "{report:?}");
    assert_eq!(report.fault, Some(FailureClass::Provider { retry_after: None }), "{report:?}");
    assert!(detail(&report).contains("Nothing was sent"), "{report:?}");
}

#[tokio::test]
async fn security_22_a_redirect_is_not_followed() {
    let thief = Double::start(twilio_double::twilio).await;
    let to = thief.settings().base_url;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"]
    {
        let answer = format!(
            "HTTP/1.1 {status}\r\nLocation: {to}/2010-04-01/Accounts/{ACCOUNT}/Messages.json\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let double = Double::start(move |_: &Request| Some(answer.clone())).await;
        let report = send(double.settings()).await;
        assert_eq!(report.state, DeliveryState::Failed, "{status}: {report:?}");
        assert!(detail(&report).contains("not followed"), "{report:?}");
    }
    assert_eq!(thief.requests().len(), 0);
}

#[tokio::test]
async fn security_22_an_answer_without_end_is_not_read_to_its_end() {
    let double = Double::start(|_: &Request| {
        json("201 Created", &format!(r#"{{"sid":"SM1","x":"{}"}}"#, "x".repeat(1 << 20)))
    })
    .await;
    let report = send(double.settings()).await;
    assert_eq!(report.state, DeliveryState::Unknown, "{report:?}");
}

#[tokio::test]
async fn security_33_a_report_repeats_no_code_no_secret_and_no_number() {
    let said = format!(
        "{NUMBER} and 1 555 010 0142 {} {TOKEN} {} \\u001b[2J\\u202e",
        message::CODE,
        BASE64.encode(TOKEN)
    );
    let double = Double::start(move |_: &Request| error("400 Bad Request", 29_998, &said)).await;
    let report = send(double.settings()).await;
    assert_eq!(report.state, DeliveryState::Undeliverable);
    let shown = format!("{report:?}");
    for canary in [NUMBER, "5550100142", "010 0142", message::CODE, TOKEN, &BASE64.encode(TOKEN)] {
        assert!(!shown.contains(canary), "{canary}: {shown}");
    }
    assert!(!detail(&report).contains(['\u{1b}', '\u{202e}']));
    assert!(detail(&report).contains("+1********42"), "{shown}");
}

#[tokio::test]
async fn a_check_logs_in_and_sends_nothing() {
    let double = Double::start(twilio_double::twilio).await;
    let check =
        |settings| async move { sender_within(settings, SendTimeouts::default()).check().await };
    let said = check(double.settings()).await.expect("a healthy account");
    assert_eq!(said, "Twilio takes the login of the account \"Riverside\"");
    let wrong = TwilioCredentials::AuthToken("wrong".to_owned().into());
    let said = check(TwilioSettings { credentials: wrong, ..double.settings() }).await;
    assert!(said.expect_err("a wrong token").for_admin.contains("auth_token"));
    assert!(double.requests().iter().all(|request| request.method == "GET"));

    let suspended = Double::start(|_: &Request| json("200 OK", r#"{"status":"suspended"}"#)).await;
    assert!(
        check(suspended.settings()).await.expect_err("suspended").for_admin.contains("suspended")
    );
    let silent = Double::start(|_: &Request| None).await;
    let said = sender_within(silent.settings(), SHORT).check().await;
    assert!(said.expect_err("silence").for_admin.contains("in time"));
}

#[tokio::test]
async fn an_api_key_is_checked_where_a_standard_key_may_look() {
    let key = || TwilioCredentials::ApiKey { key: "SK77".into(), secret: "s".to_owned().into() };
    let double = Double::start(|_: &Request| json("200 OK", "{}")).await;
    let settings = TwilioSettings { credentials: key(), ..double.settings() };
    let said = sender_within(settings, SendTimeouts::default()).check().await;
    assert_eq!(said, Ok("Twilio takes the key SK77".to_owned()));
    assert_eq!(
        double.requests()[0].target,
        format!("/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json?PageSize=1")
    );
    let narrow = Double::start(|_: &Request| error("401 Unauthorized", 70_051, "no")).await;
    let settings = TwilioSettings { credentials: key(), ..narrow.settings() };
    let said = sender_within(settings, SendTimeouts::default()).check().await;
    assert!(said.expect_err("a narrow key").for_admin.contains("cannot be tried without sending"));
}

fn template(variables: &[Fact]) -> WhatsappTemplate {
    let content_sid = "HX0123456789abcdef0123456789abcdef".into();
    WhatsappTemplate { content_sid, variables: variables.to_vec() }
}

async fn send_by_whatsapp(settings: TwilioSettings, template: WhatsappTemplate) -> SendReport {
    let mut message = message::to(NUMBER);
    message.facts.purpose = "pay\r\n\ta   \u{202e}bill".into();
    message.facts.counter = " ".into();
    let whatsapp = WhatsappSettings::Twilio(settings, template);
    let tray = TraySettings { file: "unused".into() };
    let sender =
        delivery::whatsapp_sender(&whatsapp, &tray, &message::templates(), SendTimeouts::default());
    sender.expect("a sender").expect("one").send(&message).await
}

#[tokio::test]
async fn security_23_whatsapp_goes_by_its_template_and_its_variables_alone() {
    let double = Double::start(twilio_double::twilio).await;
    let report = send_by_whatsapp(double.settings(), template(&[Fact::Code])).await;
    assert_eq!(report, SendReport::sent(Some(SID.into())));
    let form = &double.requests()[0].form;
    let fields: Vec<_> = form.keys().map(String::as_str).collect();
    assert_eq!(fields, ["ContentSid", "ContentVariables", "From", "To"]);
    assert_eq!(form["To"], format!("whatsapp:{NUMBER}"));
    assert_eq!(form["From"], format!("whatsapp:{FROM}"));
    assert_eq!(form["ContentSid"], "HX0123456789abcdef0123456789abcdef");
    assert_eq!(form["ContentVariables"], format!(r#"{{"1":"{}"}}"#, message::CODE));

    let service = TwilioSender::MessagingService("MG88".into());
    let settings = TwilioSettings { sender: service, ..double.settings() };
    let facts = [Fact::Office, Fact::Code, Fact::Purpose, Fact::Minutes, Fact::Counter];
    let report = send_by_whatsapp(settings, template(&facts)).await;
    assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
    let form = &double.requests()[1].form;
    assert_eq!(form["MessagingServiceSid"], "MG88");
    let said: serde_json::Value = serde_json::from_str(&form["ContentVariables"]).expect("JSON");
    // Twilio refuses a line's end, a row of blanks and an empty value (21656).
    let expected = serde_json::json!({
        "1": "Riverside Billing", "2": message::CODE, "3": "pay a bill", "4": "5", "5": "-"
    });
    assert_eq!(said, expected);
}

#[tokio::test]
async fn what_the_network_refuses_at_once_says_what_to_do() {
    for (code, words) in [
        (30003, "cannot be reached"),
        (30004, "blocked"),
        (30005, "does not know the number"),
        (30006, "landline"),
        (30007, "filtered"),
        (30008, "does not say why"),
        (30450, "fraud"),
        (30453, "fraud"),
    ] {
        let said = format!(r#"{{"sid":"{SID}","status":"undelivered","error_code":{code}}}"#);
        let double = Double::start(move |_: &Request| json("201 Created", &said)).await;
        let report = send(double.settings()).await;
        assert_eq!(report.state, DeliveryState::Undeliverable, "{code}: {report:?}");
        let goes_elsewhere = report.fault.is_some_and(FailureClass::is_for_another);
        assert_eq!(goes_elsewhere, [30450, 30453].contains(&code), "{code}: {report:?}");
        let passes =
            matches!(report.fault, Some(FailureClass::Provider { .. } | FailureClass::Passing));
        assert!(!passes, "it is not sent again: {report:?}");
        assert!(detail(&report).contains(words), "{code}: {report:?}");
        assert!(detail(&report).contains(&code.to_string()), "{report:?}");
    }
}

#[tokio::test]
async fn what_whatsapp_refuses_says_what_to_do() {
    for (code, words, state) in [
        (21655, "content_sid", DeliveryState::Failed),
        (21656, "variables", DeliveryState::Failed),
        (63007, "not registered for WhatsApp", DeliveryState::Failed),
        (63016, "approved", DeliveryState::Failed),
        (63024, "Use another channel", DeliveryState::Undeliverable),
    ] {
        let double = Double::start(move |_: &Request| error("400 Bad Request", code, "no")).await;
        let report = send_by_whatsapp(double.settings(), template(&[Fact::Code])).await;
        assert_eq!(report.state, state, "{code}: {report:?}");
        let office = FailureClass::Office { every: true };
        let is_office = state == DeliveryState::Failed;
        let unreachable = FailureClass::Recipient(ContactFailure::Unreachable);
        let fault = if is_office { office } else { unreachable };
        assert_eq!(report.fault, Some(fault), "{code}: {report:?}");
        assert!(detail(&report).contains(words), "{code}: {report:?}");
    }
}
