//! A double of Twilio on this machine: it reads a request as Twilio's
//! documentation describes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::config::settings::{TwilioCredentials, TwilioSender, TwilioSettings};

use crate::http_double::{Double, Request, json};

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
