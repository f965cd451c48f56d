//! What a double of Twilio remembers, and shows as Twilio's documentation
//! describes it.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::{Arc, Mutex};

use serde_json::{Value, json as value};

use crate::http_double::{Request, decoded, json};
use crate::twilio_double::{ACCOUNT, FROM, error, twilio};

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
        let (to, most) = (asked(request, "To")?, asked(request, "PageSize")?.parse().ok()?);
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

/// A value in the query of an address.
pub(crate) fn asked(request: &Request, name: &str) -> Option<String> {
    let (_, query) = request.target.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| decoded(key) == name).map(|(_, value)| decoded(value))
}
