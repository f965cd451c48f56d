//! The guard of a send: asked once, right before the step that cannot be taken back, and
//! where it is not given nothing reaches the provider.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign::config::settings::{
    EmailSettings, GatewayContent, GatewayMethod, GatewaySettings, LoginSecret, SendGridSettings,
    SmsSettings, SmtpSettings, SmtpTls, TemplateIds, TraySettings, WhatsappSettings,
    WhatsappTemplate,
};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::message::Fact;
use countersign::service::ports::{SendGuard, Sender};
use tokio::net::TcpListener;

use crate::http_double::{Double, Request, json};
use crate::mail_server::{Kind, Server};
use crate::{message, twilio_double};

const DANA: &str = "dana@example.org";
const NUMBER: &str = "+15550100142";
const SHORT: SendTimeouts =
    SendTimeouts { step: Duration::from_secs(1), total: Duration::from_secs(2) };

/// A guard that looks around whenever it is asked.
struct Asked<'a, T> {
    answer: bool,
    look: &'a (dyn Fn() -> T + Sync),
    seen: Mutex<Vec<T>>,
}

impl<'a, T> Asked<'a, T> {
    fn new(answer: bool, look: &'a (dyn Fn() -> T + Sync)) -> Self {
        Self { answer, look, seen: Mutex::default() }
    }

    /// What there was to see, each time it was asked.
    fn seen(self) -> Vec<T> {
        self.seen.into_inner().expect("no panic")
    }
}

#[async_trait]
impl<T: Send> SendGuard for Asked<'_, T> {
    async fn claim(&self) -> bool {
        self.seen.lock().expect("no panic").push((self.look)());
        self.answer
    }
}

fn tray(file: &Path) -> TraySettings {
    TraySettings { file: file.to_owned() }
}

fn by_email(settings: &EmailSettings, file: &Path) -> Arc<dyn Sender> {
    let templates = message::templates();
    delivery::email_sender(settings, &tray(file), &templates, SHORT)
        .expect("a sender")
        .expect("it is on")
}

fn by_sms(settings: &SmsSettings, file: &Path) -> Arc<dyn Sender> {
    let templates = message::templates();
    delivery::sms_sender(settings, &tray(file), &templates, SHORT)
        .expect("a sender")
        .expect("it is on")
}

fn by_smtp(settings: SmtpSettings) -> Arc<dyn Sender> {
    by_email(&EmailSettings::Smtp(settings), Path::new("unused"))
}

fn withdrawn(report: &SendReport) {
    assert_eq!(report.state, DeliveryState::Failed, "{report:?}");
    assert_eq!(report.fault, Some(FailureClass::Message), "{report:?}");
    assert!(report.detail.as_ref().is_some_and(|it| it.for_clerk.contains("nothing was sent")));
}

#[tokio::test]
async fn security_20_without_a_send_claim_no_letter_is_sent_and_it_is_asked_for_once_after_the_login()
 {
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        let server = Server::start(&Kind::new(tls));
        let sender = by_smtp(server.settings());
        let look = || (server.log("login").len(), server.log("message").len());
        for (answer, connections, letters) in [(false, 1, 0), (true, 2, 1), (false, 2, 1)] {
            let guard = Asked::new(answer, &look);
            let report = sender.send_guarded(&message::to(DANA), &guard).await;
            if answer {
                assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
            } else {
                withdrawn(&report);
            }
            let before = if answer { letters - 1 } else { letters };
            assert_eq!(guard.seen(), [(connections, before)], "{tls:?}");
            assert_eq!(server.log("message").len(), letters, "{tls:?}");
            assert_eq!(server.log("connection").len(), connections, "{tls:?}");
        }
    }
}

#[tokio::test]
async fn no_send_claim_is_asked_for_where_no_letter_could_go_out() {
    let server = Server::start(&Kind::new(SmtpTls::Implicit));
    let mut wrong = server.settings();
    wrong.login.as_mut().expect("a login").proof = LoginSecret::Password("wrong".to_owned().into());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let hanging = SmtpSettings { port, ..server.settings() };
    for (settings, to) in [
        (wrong, DANA),
        (hanging, DANA),
        (server.settings(), "unknown@example.org"),
        (server.settings(), "busy@example.org"),
    ] {
        let look = || ();
        let guard = Asked::new(true, &look);
        let report = by_smtp(settings).send_guarded(&message::to(to), &guard).await;
        assert_ne!(report.state, DeliveryState::Sent, "{to}: {report:?}");
        assert_eq!(guard.seen(), [], "{to}: {report:?}");
    }
    assert_eq!(server.log("message").len(), 0);
}

#[tokio::test]
async fn security_20_without_a_send_claim_nothing_is_posted_and_it_is_asked_for_once() {
    let double = Double::start(|request: &Request| match request.target.as_str() {
        "/v3/mail/send" => Some("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".into()),
        "/sms" => json("200 OK", "{}"),
        _ => twilio_double::twilio(request),
    })
    .await;
    let unused = Path::new("unused");
    let sendgrid = SendGridSettings {
        api_key: "SG.1".to_owned().into(),
        from: "desk@example.org".into(),
        base_url: double.url(),
    };
    let gateway = GatewaySettings {
        url: format!("{}/sms", double.url()),
        method: GatewayMethod::Post,
        content: GatewayContent::Json,
        body: r#"{"to":"{{to}}","text":"{{text}}"}"#.into(),
        headers: Vec::new(),
        template_ids: TemplateIds::default(),
        success: None,
        id_pointer: None,
        ca_file: None,
    };
    let template = WhatsappTemplate {
        content_sid: "HX0123456789abcdef0123456789abcdef".into(),
        variables: vec![Fact::Code],
    };
    let whatsapp = WhatsappSettings::Twilio(double.settings(), template);
    let templates = message::templates();
    let whatsapp = delivery::whatsapp_sender(&whatsapp, &tray(unused), &templates, SHORT);
    for (sender, to) in [
        (by_email(&EmailSettings::SendGridApi(sendgrid), unused), DANA),
        (by_sms(&SmsSettings::Twilio(double.settings()), unused), NUMBER),
        (by_sms(&SmsSettings::Gateway(gateway), unused), NUMBER),
        (whatsapp.expect("a sender").expect("one"), NUMBER),
    ] {
        let before = double.requests().len();
        let look = || double.requests().len();
        for answer in [false, true] {
            let guard = Asked::new(answer, &look);
            let report = sender.send_guarded(&message::to(to), &guard).await;
            assert_eq!(guard.seen(), [before], "{}", sender.provider());
            if answer {
                assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
            } else {
                withdrawn(&report);
                assert_eq!(double.requests().len(), before, "{}", sender.provider());
            }
        }
        assert_eq!(double.requests().len(), before + 1, "{}", sender.provider());
    }
}

#[tokio::test]
async fn without_a_send_claim_nothing_is_put_into_the_tray_and_it_is_asked_for_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tray.jsonl");
    let email = EmailSettings::Tray { from: "desk@example.org".into() };
    for (sender, to) in
        [(by_email(&email, &file), DANA), (by_sms(&SmsSettings::Tray, &file), NUMBER)]
    {
        let lines = || std::fs::read_to_string(&file).unwrap_or_default().lines().count();
        let before = lines();
        let guard = Asked::new(false, &lines);
        withdrawn(&sender.send_guarded(&message::to(to), &guard).await);
        assert_eq!((guard.seen(), lines()), (vec![before], before));
        let guard = Asked::new(true, &lines);
        sender.send_guarded(&message::to(to), &guard).await;
        assert_eq!((guard.seen(), lines()), (vec![before], before + 1));
    }
}
