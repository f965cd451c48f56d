//! What the senders write into the log at its most talkative: that a message
//! was handed over and how it went, and nothing of what was in it.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "delivery/http_double.rs"]
mod http_double;
#[path = "delivery/mail_server.rs"]
mod mail_server;
#[path = "support/message.rs"]
mod message;
#[path = "delivery/twilio_double.rs"]
mod twilio_double;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::config::settings::{
    EmailSettings, GatewayContent, GatewayHeader, GatewayMethod, GatewaySettings, Login,
    LoginSecret, SendGridSettings, SmsSettings, SmtpSettings, SmtpTls, TokenSettings, TraySettings,
};
use countersign::delivery::{self, SendTimeouts};
use countersign::service::ports::Sender;
use tracing_subscriber::filter::LevelFilter;

use http_double::{Double, Request, json};
use mail_server::{By, Kind, PASSWORD, Server, USER};
use twilio_double::{ACCOUNT, SID, TOKEN, error};

const TIMES: SendTimeouts =
    SendTimeouts { step: Duration::from_secs(5), total: Duration::from_secs(5) };
const ACCESS: &str = "canary-access-1a2b";
const REFRESH: &str = "canary-refresh-3c4d";
const CLIENT_SECRET: &str = "canary-client-5e6f";
const KEY: &str = "SG.canary-7a8b";
const GATEWAY_KEY: &str = "canary-gateway-9c0d";
const NUMBER: &str = "+15550100142";
const ADDRESSES: [&str; 4] =
    ["dana@example.org", "unknown@example.org", "echo@example.org", "lost@example.org"];

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn use_up(sender: Arc<dyn Sender>, to: &[&str]) {
    let _ = sender.check().await;
    for to in to {
        sender.send(&message::to(to)).await;
    }
}

#[tokio::test]
async fn security_33_the_log_at_trace_holds_no_code_no_secret_and_no_contact() {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);

    let folder = tempfile::tempdir().expect("a folder");
    let tray = TraySettings { file: folder.path().join("tray.jsonl") };
    let templates = message::templates();
    let any_email = |settings| {
        delivery::email_sender(&settings, &tray, &templates, TIMES)
            .expect("a sender")
            .expect("it is on")
    };
    let email = |settings| any_email(EmailSettings::Smtp(settings));
    let sms = |settings| {
        let sms = SmsSettings::Twilio(settings);
        delivery::sms_sender(&sms, &tray, &templates, TIMES).expect("a sender").expect("it is on")
    };
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        let server = Server::start(&Kind::new(tls));
        use_up(email(server.settings()), &ADDRESSES).await;
        assert_eq!(server.log("message").len(), 3);
        let mut wrong = server.settings();
        wrong.login.as_mut().expect("a login").proof =
            LoginSecret::Password(format!("{PASSWORD}x").into());
        use_up(email(wrong), &ADDRESSES[..1]).await;
    }
    for right in [true, false] {
        let server = Server::start(&Kind { login: By::Token, ..Kind::new(SmtpTls::StartTls) });
        server.takes(if right { &[ACCESS] } else { &[] });
        let service = Double::start(|_: &Request| {
            json("200 OK", &format!(r#"{{"access_token":"{ACCESS}","expires_in":3600}}"#))
        })
        .await;
        let token = TokenSettings {
            url: service.url(),
            client_id: "client-1".into(),
            client_secret: CLIENT_SECRET.to_owned().into(),
            scope: None,
            refresh_token: Some(REFRESH.to_owned().into()),
        };
        let login = Login { username: USER.into(), proof: LoginSecret::Token(token) };
        let settings = SmtpSettings { login: Some(login), ..server.settings() };
        use_up(email(settings), &ADDRESSES[..1]).await;
        assert_eq!(server.log("message").len(), usize::from(right));
        assert_eq!(service.requests()[0].form["client_secret"], CLIENT_SECRET);
    }
    for status in ["202 Accepted", "401 Unauthorized", "500 Internal Server Error"] {
        let said = format!(r#"{{"errors":[{{"message":"{KEY} {}"}}]}}"#, message::CODE);
        let double = Double::start(move |_: &Request| json(status, &said)).await;
        let api_key = KEY.to_owned().into();
        let from = "desk@example.org".to_owned();
        let settings = SendGridSettings { api_key, from, base_url: double.url() };
        use_up(any_email(EmailSettings::SendGridApi(settings)), &ADDRESSES[..1]).await;
        assert!(double.requests()[1].body.contains(message::CODE));
    }
    let said = format!("{NUMBER} {} {TOKEN}", message::CODE);
    for double in [
        Double::start(twilio_double::twilio).await,
        Double::start(move |_: &Request| error("400 Bad Request", 1, &said)).await,
        Double::start(|_: &Request| json("302 Found", SID)).await,
        Double::start(|_: &Request| Some(String::new())).await,
    ] {
        use_up(sms(double.settings()), &[NUMBER]).await;
        assert!(double.requests().len() >= 2);
    }
    for status in ["200 OK", "400 Bad Request", "503 Service Unavailable"] {
        let said = format!("{GATEWAY_KEY} {NUMBER} {}", message::CODE);
        let double = Double::start(move |_: &Request| json(status, &said)).await;
        let key = GatewayHeader { name: "X-Key".into(), value: GATEWAY_KEY.to_owned().into() };
        let gateway = SmsSettings::Gateway(GatewaySettings {
            url: double.url(),
            method: GatewayMethod::Post,
            content: GatewayContent::Form,
            body: "to={{to}}&text={{text}}".into(),
            headers: vec![key],
            id_pointer: None,
            success: None,
            template_ids: countersign::config::settings::TemplateIds::default(),
            ca_file: None,
        });
        let sender = delivery::sms_sender(&gateway, &tray, &templates, TIMES)
            .expect("a sender")
            .expect("it is on");
        use_up(sender, &[NUMBER]).await;
        assert_eq!(double.requests()[1].headers["x-key"], GATEWAY_KEY);
    }
    let sender = delivery::sms_sender(&SmsSettings::Tray, &tray, &templates, TIMES)
        .expect("a sender")
        .expect("it is on");
    use_up(sender, &[NUMBER]).await;

    let log = String::from_utf8(kept.0.lock().expect("no panic").clone()).expect("text");
    assert_eq!(log.matches("message handed over").count(), 23, "{log}");
    holds_no_secret(&log);
}

/// No code, password, token, key, contact or login, in clear or as it is sent.
fn holds_no_secret(log: &str) {
    let logins = [
        format!("\0{USER}\0{PASSWORD}"),
        PASSWORD.to_owned(),
        format!("{ACCOUNT}:{TOKEN}"),
        format!("user={USER}\x01auth=Bearer {ACCESS}\x01\x01"),
    ]
    .map(|login| BASE64.encode(login));
    let secrets =
        [message::CODE, PASSWORD, TOKEN, NUMBER, "5550100142", ACCESS, REFRESH, CLIENT_SECRET, KEY];
    for canary in secrets.into_iter().chain(ADDRESSES).chain(logins.iter().map(String::as_str)) {
        assert!(!log.contains(canary), "{canary}: {log}");
    }
}
