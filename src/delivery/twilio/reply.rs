//! What Twilio's answer means: for the message, and in words.
//!
//! The codes are those of Twilio's error dictionary
//! (<https://www.twilio.com/docs/api/errors>). Twilio adds codes and splits
//! old ones, so what is not listed here is judged by its HTTP status and shown
//! in Twilio's own words.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::TWILIO;
use crate::config::settings::{TwilioCredentials, TwilioSettings};
use crate::delivery::error::DeliveryError;
use crate::delivery::scrub::Secrets;
use crate::domain::text;

/// What becomes of the message.
#[derive(Clone, Copy)]
enum Fate {
    /// Not this message, not now and not later: it is never sent again.
    Refused,
    /// Nothing is wrong with the message: the office's account is set up wrong.
    Settings,
    /// There is more than Twilio takes for now.
    Busy,
}

/// The codes that have words of their own.
const KNOWN: [(u64, Fate, &str); 29] = [
    (21211, Fate::Refused, "The phone number on file is not valid. Correct the customer's record."),
    (21614, Fate::Refused, "The number on file cannot get text messages. Use another channel."),
    (
        21610,
        Fate::Refused,
        "The customer has opted out of messages from this office by answering STOP. They can \
         answer START, or use another channel.",
    ),
    (21612, Fate::Refused, "Twilio has no way from the office's number to this one."),
    (
        21408,
        Fate::Refused,
        "Twilio may not send to this number's country. An administrator can allow it in Twilio's \
         console under Messaging, Geo Permissions.",
    ),
    (
        21608,
        Fate::Refused,
        "This Twilio account is on trial and sends only to numbers verified in its console.",
    ),
    (
        30450,
        Fate::Refused,
        "Twilio's protection against SMS fraud blocks this number for now. Use another channel.",
    ),
    (
        30453,
        Fate::Refused,
        "Twilio's protection against SMS fraud blocks this number for now. Use another channel.",
    ),
    // What the network says after the hand-over. Each of these pages says that
    // the cause may pass; the same message is not sent again all the same, since
    // it may have been paid for and the customer can be asked.
    (
        30003,
        Fate::Refused,
        "The customer's phone cannot be reached: it is off, without a signal, or takes no text \
         messages. Ask the customer to look, or use another channel.",
    ),
    (
        30004,
        Fate::Refused,
        "Messages from this office to the number on file are blocked, perhaps since the customer \
         answered STOP. Use another channel.",
    ),
    (
        30005,
        Fate::Refused,
        "The network does not know the number on file, or it is out of service. Correct the \
         customer's record, or use another channel.",
    ),
    (
        30006,
        Fate::Refused,
        "The number on file is a landline, or its network cannot be reached. Use another channel.",
    ),
    (
        30007,
        Fate::Refused,
        "The network or Twilio filtered the message out as unwanted. Use another channel, and \
         tell your administrator.",
    ),
    (
        30008,
        Fate::Refused,
        "The network did not deliver the message and does not say why. Send another code, or use \
         another channel.",
    ),
    (20003, Fate::Settings, LOGIN),
    (70051, Fate::Settings, "Twilio's key may not do this. Give it the right to send messages."),
    (20404, Fate::Settings, "Twilio does not know this account. Check account_sid in [sms]."),
    (10001, Fate::Settings, "The Twilio account is not active. Look at it in Twilio's console."),
    (20005, Fate::Settings, "The Twilio account is not active. Look at it in Twilio's console."),
    (21212, Fate::Settings, "The sender is not valid. Check from in [sms]."),
    (
        21606,
        Fate::Settings,
        "The sender is no number of this account that can send. Check from in [sms].",
    ),
    (20429, Fate::Busy, ""),
    (
        21655,
        Fate::Settings,
        "Twilio does not know the WhatsApp template. Check content_sid in [whatsapp].",
    ),
    (
        21656,
        Fate::Settings,
        "The WhatsApp template has other variables. Check variables in [whatsapp].",
    ),
    (
        63028,
        Fate::Settings,
        "The WhatsApp template has other variables. Check variables in [whatsapp].",
    ),
    (
        63007,
        Fate::Settings,
        "The sender is not registered for WhatsApp in this Twilio account. Check from in \
         [whatsapp].",
    ),
    (
        63016,
        Fate::Settings,
        "WhatsApp takes only words that it approved. Check in Twilio's console that the template \
         of content_sid in [whatsapp] is approved.",
    ),
    (
        63024,
        Fate::Refused,
        "The number on file cannot be reached by WhatsApp. Use another channel.",
    ),
    (
        63014,
        Fate::Refused,
        "The customer has blocked messages from this office in WhatsApp. Use another channel.",
    ),
];

const LOGIN: &str = "Twilio refused the login. Check account_sid and auth_token, or api_key and api_secret, in [sms].";
/// The longest name of a message that is kept; Twilio's have 34 characters.
const LONGEST_SID: usize = 64;

/// An answer's fields, where it has them.
#[derive(Default)]
pub(super) struct Answer {
    sid: Option<String>,
    status: Option<String>,
    name: Option<String>,
    code: Option<u64>,
    message: String,
}

impl Answer {
    /// Reads what Twilio wrote. What is no JSON has no fields.
    pub(super) fn parse(body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |key: &str| json.get(key).and_then(Value::as_str).map(str::to_owned);
        let code = |key: &str| json.get(key).and_then(Value::as_u64);
        Self {
            sid: text("sid"),
            status: text("status"),
            name: text("friendly_name"),
            code: code("code").or_else(|| code("error_code")),
            message: text("message").or_else(|| text("error_message")).unwrap_or_default(),
        }
    }

    /// The message's name: plain letters and digits, or none at all.
    fn sid(&self) -> Option<String> {
        let sid = self.sid.as_deref()?;
        let plain = (1..=LONGEST_SID).contains(&sid.len())
            && sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then(|| sid.to_owned())
    }
}

/// What `doctor` says where all is well.
pub(super) fn welcomed(
    answer: &Answer,
    settings: &TwilioSettings,
) -> Result<String, DeliveryError> {
    if let TwilioCredentials::ApiKey { key, .. } = &settings.credentials {
        return Ok(format!("Twilio takes the key {key}"));
    }
    match answer.status.as_deref() {
        Some("active") => Ok(format!(
            "Twilio takes the login of the account \"{}\"",
            text::clean(answer.name.as_deref().unwrap_or(&settings.account_sid))
        )),
        Some(status) => Err(DeliveryError::Settings(format!(
            "The Twilio account is {}, not active. Look at it in Twilio's console.",
            text::clean(status)
        ))),
        None => Err(DeliveryError::Settings(
            "What answers in Twilio's place is not Twilio. Check base_url in [sms].".into(),
        )),
    }
}

/// Judges what Twilio says.
pub(super) struct Verdicts {
    /// What must not be repeated.
    pub(super) secrets: Secrets,
}

impl Verdicts {
    /// What an answer to a hand-over means: the message's name, or why not.
    pub(super) fn sent(
        &self,
        status: StatusCode,
        wait: Option<Duration>,
        answer: &Answer,
    ) -> Result<Option<String>, DeliveryError> {
        if !status.is_success() {
            return Err(self.refused(status, wait, answer));
        }
        if matches!(answer.status.as_deref(), Some("failed" | "undelivered" | "canceled")) {
            return Err(self.refused(StatusCode::BAD_REQUEST, wait, answer));
        }
        answer.sid().map(Some).ok_or_else(|| TWILIO.uncertain())
    }

    /// What a refusal means.
    fn refused(
        &self,
        status: StatusCode,
        wait: Option<Duration>,
        answer: &Answer,
    ) -> DeliveryError {
        let said = self.said(status, answer);
        let known = KNOWN.iter().find(|(code, ..)| answer.code == Some(*code));
        if let Some((code, fate, sentence)) = known {
            let sentence = format!("{sentence} (Twilio {code})");
            return match fate {
                Fate::Refused => DeliveryError::Refused(sentence),
                Fate::Settings => DeliveryError::Settings(sentence),
                Fate::Busy => TWILIO.busy(wait, &said),
            };
        }
        match status.as_u16() {
            401 | 403 => DeliveryError::Settings(format!("{LOGIN} ({said})")),
            429 => TWILIO.busy(wait, &said),
            // A gateway that lost its way cannot say whether Twilio has it.
            408 | 502 | 504 => TWILIO.uncertain(),
            500..=599 => TWILIO.at_fault(wait, &said),
            300..=399 => TWILIO.redirects(&said),
            _ => DeliveryError::Refused(format!("Twilio refuses the message. ({said})")),
        }
    }

    /// What `doctor` says where Twilio says no.
    pub(super) fn turned_away(
        &self,
        status: StatusCode,
        answer: &Answer,
        credentials: &TwilioCredentials,
    ) -> DeliveryError {
        let refusal = self.refused(status, None, answer).in_a_check(TWILIO);
        let by_key = matches!(credentials, TwilioCredentials::ApiKey { .. });
        if by_key && matches!(status.as_u16(), 401 | 403) {
            return DeliveryError::Settings(format!(
                "{refusal} A restricted key that may send and do nothing else cannot be tried \
                 without sending."
            ));
        }
        refusal
    }

    fn said(&self, status: StatusCode, answer: &Answer) -> String {
        let words = self.secrets.quote(&answer.message);
        match answer.code {
            Some(code) => format!("Twilio {code}: {words}"),
            None => format!("HTTP {}", status.as_u16()),
        }
    }
}
