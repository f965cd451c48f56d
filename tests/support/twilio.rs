//! A double of Twilio on this machine: it reads a request as Twilio's
//! documentation describes it and remembers it.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::config::settings::{TwilioCredentials, TwilioSender, TwilioSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "canary-token-41c7";
pub(crate) const FROM: &str = "+15005550006";
pub(crate) const SID: &str = "SM0123456789abcdef0123456789abcdef";

/// A request, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) form: BTreeMap<String, String>,
}

/// What is written back: a whole HTTP answer, or nothing ever.
type Script = dyn Fn(&Request) -> Option<String> + Send + Sync;

/// A double that listens.
pub(crate) struct Double {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Double {
    /// A double that answers as `script` says; see [`twilio`].
    pub(crate) async fn start(
        script: impl Fn(&Request) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        Self { port, requests }
    }

    /// Settings that reach this double.
    pub(crate) fn settings(&self) -> TwilioSettings {
        TwilioSettings {
            account_sid: ACCOUNT.into(),
            credentials: TwilioCredentials::AuthToken(TOKEN.to_owned().into()),
            sender: TwilioSender::From(FROM.into()),
            base_url: format!("http://127.0.0.1:{}", self.port),
        }
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }
}

/// An answer in JSON.
#[expect(clippy::unnecessary_wraps, reason = "the form of a script's answer")]
pub(crate) fn json(status: &str, body: &str) -> Option<String> {
    Some(format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    ))
}

/// An error as Twilio writes it.
pub(crate) fn error(status: &str, code: u64, message: &str) -> Option<String> {
    let number = status.split(' ').next().unwrap_or_default();
    json(
        status,
        &format!(
            r#"{{"code":{code},"message":"{message}","more_info":"https://www.twilio.com/docs/errors/{code}","status":{number}}}"#
        ),
    )
}

/// Answers as Twilio does: a message is taken when the request is right.
pub(crate) fn twilio(request: &Request) -> Option<String> {
    let messages = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json");
    let account = format!("/2010-04-01/Accounts/{ACCOUNT}.json");
    let login = BASE64.encode(format!("{ACCOUNT}:{TOKEN}"));
    if request.headers.get("authorization") != Some(&format!("Basic {login}")) {
        return error("401 Unauthorized", 20003, "Authenticate");
    }
    match (request.method.as_str(), request.target.as_str()) {
        ("GET", target) if target == account => json(
            "200 OK",
            &format!(r#"{{"sid":"{ACCOUNT}","friendly_name":"Riverside","status":"active"}}"#),
        ),
        ("POST", target) if target == messages => take(request),
        _ => error("404 Not Found", 20404, "The requested resource was not found"),
    }
}

fn take(request: &Request) -> Option<String> {
    let field = |name: &str| request.form.get(name).map(String::as_str).unwrap_or_default();
    let e164 = |number: &str| {
        number.strip_prefix('+').is_some_and(|digits| {
            (2..=15).contains(&digits.len())
                && !digits.starts_with('0')
                && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let content = request.headers.get("content-type").map(String::as_str);
    if content != Some("application/x-www-form-urlencoded") {
        return error("415 Unsupported Media Type", 20001, "content type");
    }
    if !e164(field("To")) {
        return error("400 Bad Request", 21211, "The 'To' number is not a valid phone number.");
    }
    if field("From").is_empty() == field("MessagingServiceSid").is_empty() {
        return error("400 Bad Request", 21603, "A 'From' phone number is required.");
    }
    if field("Body").is_empty() || field("Body").chars().count() > 1600 {
        return error("400 Bad Request", 21602, "Message body is required.");
    }
    json(
        "201 Created",
        &format!(
            r#"{{"sid":"{SID}","status":"queued","num_segments":"1","error_code":null,"error_message":null}}"#
        ),
    )
}

async fn serve(mut stream: TcpStream, script: Arc<Script>, seen: Arc<Mutex<Vec<Request>>>) {
    let Some(request) = receive(&mut stream).await else { return };
    seen.lock().expect("no panic").push(request.clone());
    let Some(answer) = script(&request) else {
        // Held open without a word until the other side gives up.
        let mut end = [0];
        let _ = stream.read(&mut end).await;
        return;
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn receive(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if let Some(request) = parse(&bytes) {
            return Some(request);
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Request> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let (method, target) = (first.next()?, first.next()?);
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
    if body.len() < length {
        return None;
    }
    let form = body
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    Some(Request { method, target, headers, form })
}

/// The text of a value in a form (application/x-www-form-urlencoded).
fn decoded(raw: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let hex = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                let hex = std::str::from_utf8(&hex).expect("hex");
                out.push(u8::from_str_radix(hex, 16).expect("hex"));
            }
            other => out.push(other),
        }
    }
    String::from_utf8(out).expect("text")
}
