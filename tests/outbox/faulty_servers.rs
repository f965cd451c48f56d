//! Servers that fail in one way, for each provider, and senders that reach them.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::any::Any;
use std::fs;
use std::io::BufReader;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign::config::settings::{
    EmailSettings, GatewayContent, GatewayHeader, GatewayMethod, GatewaySettings, LoginSecret,
    SendGridSettings, SmsSettings, SmtpSettings, SmtpTls, TemplateIds, TraySettings,
    TwilioCredentials, TwilioSender, TwilioSettings,
};
use countersign::delivery::{self, SendTimeouts};
use countersign::service::ports::Sender;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::certificates::certify;
use crate::closed_port::ClosedPort;
use crate::faults::{Provider, Trouble};
use crate::http_double::{Double, Request, json};
use crate::post_office::{At, Does, PostOffice};
use crate::twilio_double::{ACCOUNT, FROM, TOKEN, error};
use crate::twilio_records::Books;
use crate::{mail_server, message};

/// Long enough for a busy machine, short enough for a test that waits for it.
pub(crate) const SHORT: SendTimeouts =
    SendTimeouts { step: Duration::from_secs(2), total: Duration::from_secs(4) };

/// A good answer that takes its time.
const SLOW: Duration = Duration::from_millis(1_500);

/// How long a provider with too much to do asks to be left alone.
pub(crate) const LEFT_ALONE: u64 = 3;

/// What a wrong login says; never to be seen.
pub(crate) const CANARY: &str = "canary-wrong-7d";

/// SendGrid took a message.
const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\nX-Message-Id: 14c5d75ce93.dfd\r\n\
                        Content-Length: 0\r\nConnection: close\r\n\r\n";

/// A server and a sender that reaches it.
pub(crate) struct Place {
    pub(crate) sender: Arc<dyn Sender>,
    pub(crate) seen: Arc<Seen>,
    /// Ends with the test.
    _server: Box<dyn Any + Send>,
}

/// What a server counted.
#[derive(Default)]
pub(crate) struct Seen {
    taken: AtomicUsize,
    asked: Mutex<Vec<Instant>>,
    office: Mutex<Option<Arc<PostOffice>>>,
    mail: Mutex<Option<Arc<mail_server::Server>>>,
}

impl Seen {
    /// How many messages the server got whole and did not refuse.
    pub(crate) fn received(&self) -> usize {
        let office = self.office.lock().expect("no panic");
        let mail = self.mail.lock().expect("no panic");
        self.taken.load(Ordering::SeqCst)
            + office.as_ref().map_or(0, |it| it.letters().len())
            + mail.as_ref().map_or(0, |it| it.log("message").len())
    }

    /// When it was asked to take a message.
    pub(crate) fn asked(&self) -> Vec<Instant> {
        self.asked.lock().expect("no panic").clone()
    }

    pub(crate) fn take(&self) {
        self.taken.fetch_add(1, Ordering::SeqCst);
    }

    fn ask(&self) -> usize {
        let mut asked = self.asked.lock().expect("no panic");
        asked.push(Instant::now());
        asked.len()
    }
}

impl Place {
    /// A server of this kind with this trouble, the first time or always.
    pub(crate) async fn new(provider: Provider, trouble: Trouble, passes: bool) -> Self {
        match (provider, trouble) {
            (Provider::Smtp, Trouble::WrongLogin | Trouble::Expired) => mail(trouble),
            (Provider::Smtp, Trouble::Injection) => injecting().await,
            (Provider::Smtp, _) => smtp(trouble, passes).await,
            (_, Trouble::Refused) => {
                let nobody = ClosedPort::take();
                let sender =
                    http_sender(provider, &format!("http://127.0.0.1:{}", nobody.number()));
                Self { sender, seen: Arc::default(), _server: Box::new(nobody) }
            }
            (_, Trouble::HangsAfterConnect) => {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let port = listener.local_addr().expect("an address").port();
                let sender = http_sender(provider, &format!("http://127.0.0.1:{port}"));
                Self { sender, seen: Arc::default(), _server: Box::new(listener) }
            }
            (_, Trouble::Expired) => expired(provider).await,
            _ => http(provider, trouble, passes).await,
        }
    }
}

fn tray() -> TraySettings {
    TraySettings { file: "unused".into() }
}

/// A sender of email by this server.
pub(crate) fn smtp_sender(settings: SmtpSettings) -> Arc<dyn Sender> {
    smtp_sender_within(settings, SHORT)
}

pub(crate) fn smtp_sender_within(settings: SmtpSettings, times: SendTimeouts) -> Arc<dyn Sender> {
    let email = EmailSettings::Smtp(settings);
    delivery::email_sender(&email, &tray(), &message::templates(), times)
        .expect("a sender")
        .expect("it is on")
}

async fn smtp(trouble: Trouble, passes: bool) -> Place {
    let plan = match trouble {
        Trouble::HangsAfterConnect => (At::Greeting, Does::Hang),
        Trouble::HangsAfterMessage => (At::Letter, Does::Hang),
        Trouble::Says4xx => (At::Recipient, Does::Say("450 4.2.1 mailbox busy, try later\r\n")),
        Trouble::Says5xx => (At::Letter, Does::Say("554 5.7.1 refused as spam\r\n")),
        Trouble::Busy => (At::Greeting, Does::Say("421 4.7.0 too many connections\r\n")),
        Trouble::HalfAnswer => (At::Letter, Does::Break("25")),
        Trouble::Slow => (At::Letter, Does::Wait(SLOW)),
        Trouble::Refused | Trouble::WrongLogin | Trouble::Expired | Trouble::Injection => {
            (At::Greeting, Does::Close)
        }
    };
    let seen = Arc::new(Seen::default());
    let counted = Arc::clone(&seen);
    let office = PostOffice::start(move |number| {
        counted.ask();
        (!passes || number == 0).then_some(plan)
    })
    .await;
    let mut settings = office.settings();
    let nobody = ClosedPort::take();
    if trouble == Trouble::Refused {
        settings.port = nobody.number();
    }
    *seen.office.lock().expect("no panic") = Some(Arc::new(office));
    Place { sender: smtp_sender(settings), seen, _server: Box::new(nobody) }
}

/// A real mail server, with TLS and a login.
fn mail(trouble: Trouble) -> Place {
    let kind = mail_server::Kind {
        expired: trouble == Trouble::Expired,
        ..mail_server::Kind::new(SmtpTls::Implicit)
    };
    let server = mail_server::Server::start(&kind);
    let mut settings = server.settings();
    if trouble == Trouble::WrongLogin {
        let login = settings.login.as_mut().expect("a login");
        login.proof = LoginSecret::Password(CANARY.to_owned().into());
    }
    let seen = Seen { mail: Mutex::new(Some(Arc::new(server))), ..Seen::default() };
    Place { sender: smtp_sender(settings), seen: Arc::new(seen), _server: Box::new(()) }
}

/// A server that says more than its answer before TLS.
async fn injecting() -> Place {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let said = b"220 hello\r\n250-mail.test\r\n250 AUTH PLAIN\r\n";
            let _ = stream.write_all(said).await;
        }
    });
    let server = mail_server::Server::start(&mail_server::Kind::new(SmtpTls::StartTls));
    let settings = SmtpSettings { port, ..server.settings() };
    let seen = Seen { mail: Mutex::new(Some(Arc::new(server))), ..Seen::default() };
    Place { sender: smtp_sender(settings), seen: Arc::new(seen), _server: Box::new(()) }
}

fn http_sender(provider: Provider, url: &str) -> Arc<dyn Sender> {
    made(provider, url, TOKEN, None, SHORT)
}

/// A sender that waits no longer than this.
pub(crate) fn http_sender_within(
    provider: Provider,
    url: &str,
    times: SendTimeouts,
) -> Arc<dyn Sender> {
    made(provider, url, TOKEN, None, times)
}

fn made(
    provider: Provider,
    url: &str,
    secret: &str,
    ca_file: Option<std::path::PathBuf>,
    times: SendTimeouts,
) -> Arc<dyn Sender> {
    let templates = message::templates();
    let secret = || secret.to_owned().into();
    match provider {
        Provider::SendGrid => {
            let settings = SendGridSettings {
                api_key: secret(),
                from: "Riverside Billing <desk@example.org>".into(),
                base_url: url.into(),
            };
            let email = EmailSettings::SendGridApi(settings);
            delivery::email_sender(&email, &tray(), &templates, times)
        }
        Provider::Twilio => {
            let settings = TwilioSettings {
                account_sid: ACCOUNT.into(),
                credentials: TwilioCredentials::AuthToken(secret()),
                sender: TwilioSender::From(FROM.into()),
                base_url: url.into(),
            };
            delivery::sms_sender(&SmsSettings::Twilio(settings), &tray(), &templates, times)
        }
        Provider::Gateway | Provider::Smtp => {
            let name = "X-Key".into();
            let settings = GatewaySettings {
                url: format!("{url}/send"),
                method: GatewayMethod::Post,
                content: GatewayContent::Json,
                body: r#"{"to":"{{to}}","text":"{{text}}"}"#.into(),
                headers: vec![GatewayHeader { name, value: secret() }],
                id_pointer: Some("/id".into()),
                success: None,
                template_ids: TemplateIds::default(),
                ca_file,
            };
            delivery::sms_sender(&SmsSettings::Gateway(settings), &tray(), &templates, times)
        }
    }
    .expect("a sender")
    .expect("it is on")
}

async fn http(provider: Provider, trouble: Trouble, passes: bool) -> Place {
    let seen = Arc::new(Seen::default());
    let (counted, books) = (Arc::clone(&seen), Books::default());
    let double = Double::start(move |request: &Request| {
        if request.method != "POST" {
            return books.answer(request, &date());
        }
        let number = counted.ask();
        let troubled = !passes || number == 1;
        let refused = troubled
            && matches!(
                trouble,
                Trouble::Says4xx | Trouble::Says5xx | Trouble::Busy | Trouble::WrongLogin
            );
        if refused {
            return refusal(provider, trouble);
        }
        counted.take();
        let taken = match provider {
            Provider::Twilio => books.answer(request, &date()),
            Provider::SendGrid => Some(ACCEPTED.into()),
            Provider::Gateway | Provider::Smtp => json("200 OK", r#"{"id":4711}"#),
        };
        let taken = taken.expect("an answer");
        match trouble {
            Trouble::HangsAfterMessage if troubled => None,
            Trouble::HalfAnswer if troubled => Some(taken[..taken.len() - 20].to_owned()),
            Trouble::Slow => {
                tokio::task::block_in_place(|| std::thread::sleep(SLOW));
                Some(taken)
            }
            _ => Some(taken),
        }
    })
    .await;
    let secret = if trouble == Trouble::WrongLogin { CANARY } else { TOKEN };
    let sender = made(provider, &double.url(), secret, None, SHORT);
    Place { sender, seen, _server: Box::new(double) }
}

/// Now, as Twilio writes it (RFC 2822).
#[expect(clippy::disallowed_methods, reason = "a double has a clock of its own")]
pub(crate) fn date() -> String {
    chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

fn refusal(provider: Provider, trouble: Trouble) -> Option<String> {
    let (status, code, said) = match trouble {
        Trouble::Says4xx => ("400 Bad Request", 21211, "not a valid phone number"),
        Trouble::WrongLogin => ("401 Unauthorized", 20003, "Authenticate"),
        Trouble::Busy => ("429 Too Many Requests", 20429, "Too Many Requests"),
        _ => ("500 Internal Server Error", 20500, "Internal Server Error"),
    };
    let answer = match provider {
        Provider::Twilio => error(status, code, said),
        _ => json(status, r#"{"errors":[{"message":"no"}]}"#),
    };
    let wait = format!("\r\nRetry-After: {LEFT_ALONE}\r\nConnection:");
    let patient = |answer: String| answer.replacen("\r\nConnection:", &wait, 1);
    if trouble == Trouble::Busy { answer.map(patient) } else { answer }
}

/// A server whose certificate has expired, by an authority that is trusted
/// where the configuration can say so.
async fn expired(provider: Provider) -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = certify(folder.path(), &["localhost"], true);
    let open = |name: &str| fs::read(folder.path().join(name)).expect("a file");
    let chain = CertificateDer::pem_reader_iter(BufReader::new(&*open("server.pem")))
        .collect::<Result<Vec<_>, _>>()
        .expect("certificates");
    let key = PrivateKeyDer::from_pem_slice(&open("server.key")).expect("a key");
    let crypto = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = Arc::new(Seen::default());
    let counted = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if acceptor.accept(stream).await.is_ok() {
                // Whoever comes this far would hand its message over.
                counted.take();
            }
        }
    });
    let sender =
        made(provider, &format!("https://localhost:{port}"), TOKEN, Some(authority), SHORT);
    Place { sender, seen, _server: Box::new(folder) }
}
