//! A double of Twilio on this machine: it reads a request as Twilio's
//! documentation describes it.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::config::settings::{TwilioCredentials, TwilioSender, TwilioSettings};
use serde_json::{Value, json as value};

use crate::double::{Double, Request, json};

pub(crate) const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "canary-token-41c7";
pub(crate) const FROM: &str = "+15005550006";
pub(crate) const SID: &str = "SM0123456789abcdef0123456789abcdef";

impl Double {
    /// Settings that reach this double.
    pub(crate) fn settings(&self) -> TwilioSettings {
        TwilioSettings {
            account_sid: ACCOUNT.into(),
            credentials: TwilioCredentials::AuthToken(TOKEN.to_owned().into()),
            sender: TwilioSender::From(FROM.into()),
            base_url: self.url(),
        }
    }
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
    let (to, by_whatsapp) = match field("To").strip_prefix("whatsapp:") {
        Some(number) => (number, true),
        None => (field("To"), false),
    };
    if by_whatsapp && !field("Body").is_empty() {
        return error("400 Bad Request", 63016, "freeform message");
    }
    if by_whatsapp && !field("From").is_empty() && !field("From").starts_with("whatsapp:+") {
        return error("400 Bad Request", 63007, "no Channel with the specified From address");
    }
    if by_whatsapp && !field("ContentSid").starts_with("HX") {
        return error("400 Bad Request", 21655, "The ContentSid is Invalid");
    }
    if !e164(to) {
        return error("400 Bad Request", 21211, "The 'To' number is not a valid phone number.");
    }
    if field("From").is_empty() == field("MessagingServiceSid").is_empty() {
        return error("400 Bad Request", 21603, "A 'From' phone number is required.");
    }
    if !by_whatsapp && field("Body").is_empty() || field("Body").chars().count() > 1600 {
        return error("400 Bad Request", 21602, "Message body is required.");
    }
    json(
        "201 Created",
        &format!(
            r#"{{"sid":"{SID}","status":"queued","num_segments":"1","error_code":null,"error_message":null}}"#
        ),
    )
}

/// The messages that a double of Twilio has taken, as it shows them.
#[derive(Clone, Default)]
pub(crate) struct Books(Arc<Mutex<Vec<Value>>>);

impl Books {
    /// Writes a message down, the newest first, as Twilio lists them.
    pub(crate) fn add(&self, message: Value) {
        self.0.lock().expect("no panic").insert(0, message);
    }

    /// The name of the newest message.
    pub(crate) fn newest(&self) -> String {
        self.0.lock().expect("no panic")[0]["sid"].as_str().expect("a name").to_owned()
    }

    /// Changes the newest message.
    pub(crate) fn turn(&self, field: &str, now: Value) {
        self.0.lock().expect("no panic")[0][field] = now;
    }

    /// Answers what is asked about the messages, and takes messages as
    /// [`twilio`] does; `date` is when.
    pub(crate) fn answer(&self, request: &Request, date: &str) -> Option<String> {
        let taken = twilio(request);
        let messages = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages");
        let Some(which) = request.target.strip_prefix(&messages) else { return taken };
        if taken.as_deref().is_some_and(|it| it.starts_with("HTTP/1.1 401")) {
            return taken;
        }
        if request.method == "POST" {
            let field = |name: &str| request.form.get(name).cloned().unwrap_or_default();
            let spoken = field("Body") + &field("ContentVariables");
            self.add(message(&field("To"), &spoken, date));
            return taken;
        }
        if let Some(sid) = which.strip_prefix('/').and_then(|it| it.strip_suffix(".json")) {
            let books = self.0.lock().expect("no panic");
            return match books.iter().find(|message| message["sid"] == sid) {
                Some(message) => json("200 OK", &message.to_string()),
                None => error("404 Not Found", 20404, "The requested resource was not found"),
            };
        }
        let (to, most) = (request.asked("To")?, request.asked("PageSize")?.parse().ok()?);
        let books = self.0.lock().expect("no panic");
        let fit: Vec<_> = books.iter().filter(|message| message["to"] == *to).collect();
        let next = (fit.len() > most).then(|| format!("{which}&Page=1"));
        let page: Vec<_> = fit.into_iter().take(most).collect();
        json("200 OK", &value!({ "messages": page, "next_page_uri": next }).to_string())
    }
}

/// A message as Twilio shows it that has not gone out yet.
pub(crate) fn message(to: &str, body: &str, date: &str) -> Value {
    let digest = body
        .bytes()
        .chain(date.bytes())
        .fold(7_u128, |sum, byte| sum.wrapping_mul(0x0100_0193).wrapping_add(u128::from(byte)));
    value!({
        "sid": format!("SM{digest:032x}"),
        "account_sid": ACCOUNT,
        "to": to,
        "from": FROM,
        "body": body,
        "status": "queued",
        "direction": "outbound-api",
        "date_created": date,
        "date_sent": null,
        "error_code": null,
        "error_message": null,
    })
}
