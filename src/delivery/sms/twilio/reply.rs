//! What Twilio's answer means: for the message, and in words.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::config::settings::{TwilioCredentials, TwilioSettings};
use crate::delivery::error::DeliveryError;
use crate::delivery::redact::Secrets;
use crate::delivery::sms::twilio::TWILIO;
use crate::delivery::sms::twilio::codes::{self, CodeMeaning, LOGIN};
use crate::domain::delivery::FailureClass;
use crate::domain::text;

/// The longest name of a message that is kept; Twilio's have 34 characters.
const LONGEST_SID: usize = 64;

/// An answer's fields, where it has them.
#[derive(Default)]
pub(super) struct Answer {
    sid: Option<String>,
    pub(super) status: Option<String>,
    name: Option<String>,
    pub(super) code: Option<u64>,
    message: String,
}

impl Answer {
    /// Reads what Twilio wrote. What is no JSON has no fields.
    pub(super) fn parse(body: &[u8]) -> Self {
        Self::of(&serde_json::from_slice(body).unwrap_or_default())
    }

    /// Reads one thing in what Twilio wrote.
    pub(super) fn of(json: &Value) -> Self {
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

    /// The message's name, or none at all.
    pub(super) fn sid(&self) -> Option<String> {
        self.sid.clone().filter(|sid| is_sid(sid))
    }
}

/// Whether a message can have this name: plain letters and digits.
pub(super) fn is_sid(sid: &str) -> bool {
    (1..=LONGEST_SID).contains(&sid.len()) && sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
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
            return Err(self.given_up(answer));
        }
        answer.sid().map(Some).ok_or_else(|| TWILIO.uncertain())
    }

    /// What it means that Twilio took the message and gave it up at once. It may have been
    /// paid for: what passes is not sent again here.
    fn given_up(&self, answer: &Answer) -> DeliveryError {
        let (sentence, fault) = self.undelivered(answer);
        match fault {
            FailureClass::Recipient => DeliveryError::Recipient(sentence),
            FailureClass::Office { every: true } => DeliveryError::Settings(sentence),
            FailureClass::Office { every: false } => DeliveryError::Barred(sentence),
            FailureClass::Unclassified => DeliveryError::Unclassified(sentence),
            _ => DeliveryError::Message(sentence),
        }
    }

    /// What a refusal means.
    fn refused(
        &self,
        status: StatusCode,
        wait: Option<Duration>,
        answer: &Answer,
    ) -> DeliveryError {
        let said = self.said(status, answer);
        if let Some(code) = answer.code
            && let Some((fate, sentence)) = codes::known(code)
        {
            let sentence = format!("{sentence} (Twilio {code})");
            return match fate {
                CodeMeaning::Recipient => DeliveryError::Recipient(sentence),
                CodeMeaning::Message => DeliveryError::Message(sentence),
                CodeMeaning::Barred => DeliveryError::Barred(sentence),
                CodeMeaning::Account => DeliveryError::Settings(sentence),
                CodeMeaning::Busy => TWILIO.busy(wait, &said),
            };
        }
        match status.as_u16() {
            401 | 403 => DeliveryError::Settings(format!("{LOGIN} ({said})")),
            402 => DeliveryError::Settings(format!(
                "Twilio wants to be paid first. Tell your administrator to look at the account in \
                 Twilio's console. ({said})"
            )),
            429 => TWILIO.busy(wait, &said),
            // A gateway that lost its way cannot say whether Twilio has it.
            408 | 502 | 504 => TWILIO.uncertain(),
            500..=599 => TWILIO.at_fault(wait, &said),
            300..=399 => TWILIO.redirects(&said),
            _ => DeliveryError::Unclassified(format!(
                "Twilio refuses the message. Use another channel, and tell your administrator. \
                 ({said})"
            )),
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

    /// What to say of a message that Twilio took and could not deliver, and whose fault
    /// that is.
    pub(super) fn undelivered(&self, answer: &Answer) -> (String, FailureClass) {
        let Some(code) = answer.code else {
            let why = if answer.status.as_deref() == Some("canceled") {
                "The message was cancelled at Twilio before it was sent. Use another channel."
            } else {
                "Twilio could not deliver the message and does not say why. Use another channel."
            };
            return (why.into(), FailureClass::Unclassified);
        };
        match codes::known(code) {
            Some((CodeMeaning::Account, sentence)) => (
                format!("{sentence} Use another channel. (Twilio {code})"),
                FailureClass::Office { every: true },
            ),
            Some((fate, sentence)) => {
                let fault = match fate {
                    CodeMeaning::Recipient => FailureClass::Recipient,
                    CodeMeaning::Message => FailureClass::Message,
                    CodeMeaning::Barred | CodeMeaning::Account => {
                        FailureClass::Office { every: false }
                    }
                    CodeMeaning::Busy => FailureClass::Provider { retry_after: None },
                };
                (format!("{sentence} (Twilio {code})"), fault)
            }
            None => (
                format!(
                    "Twilio could not deliver the message. Use another channel. ({})",
                    self.said(StatusCode::OK, answer)
                ),
                FailureClass::Unclassified,
            ),
        }
    }

    /// Why Twilio does not say what became of a message.
    pub(super) fn silent(&self, status: StatusCode, answer: &Answer) -> String {
        let said = self.said(status, answer);
        match status.as_u16() {
            401 | 403 => format!(
                "Twilio does not let this office see what became of its messages. Give the key of \
                 [sms] the right to read them. ({said})"
            ),
            429 => format!("Twilio is asked about more messages than it answers for. ({said})"),
            300..=399 => TWILIO.redirects(&said).to_string(),
            _ => format!("Twilio does not say what became of the message. ({said})"),
        }
    }

    pub(super) fn said(&self, status: StatusCode, answer: &Answer) -> String {
        let words = self.secrets.quote(&answer.message);
        match answer.code {
            Some(code) => format!("Twilio {code}: {words}"),
            None => format!("HTTP {}", status.as_u16()),
        }
    }
}
