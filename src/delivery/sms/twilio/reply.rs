//! Classifies Twilio's responses and words the error.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::config::keys::{KeyPath, SMS, SmsKeys, WHATSAPP};
use crate::config::settings::{TwilioCredentials, TwilioSettings};
use crate::delivery::error::{DeliveryError, FailureKind};
use crate::delivery::http::HttpPeer;
use crate::delivery::redact::Secrets;
use crate::delivery::sms::twilio::codes::{self, AdviceKey, CodeMeaning, LOGIN};
use crate::domain::explanation::Explanation;
use crate::domain::text;

/// The longest name of a message that is kept; Twilio's have 34 characters.
const SID_MAX: usize = 64;

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
    (1..=SID_MAX).contains(&sid.len()) && sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Where an account and its sender are set up.
#[derive(Clone, Copy)]
pub(in crate::delivery) struct TwilioKeys {
    account: &'static SmsKeys,
    from: KeyPath,
    service: KeyPath,
}

impl TwilioKeys {
    /// For text messages.
    pub(in crate::delivery) const fn sms(keys: &'static SmsKeys) -> Self {
        let (from, service) = (keys.from.path(), keys.messaging_service_sid.path());
        Self { account: keys, from, service }
    }

    /// For WhatsApp messages, which go through the account of the text messages.
    pub(in crate::delivery) fn whatsapp() -> Self {
        let (from, service) = (WHATSAPP.from.path(), WHATSAPP.messaging_service_sid.path());
        Self { account: &SMS, from, service }
    }

    pub(super) const fn peer(self) -> HttpPeer {
        HttpPeer { name: "Twilio", key: self.account.base_url.path(), ca_file: None }
    }

    /// The account's or the sender's set-up is at fault.
    fn misconfigured(self, what: &str, advice: &str, key: AdviceKey) -> DeliveryError {
        let key = match key {
            AdviceKey::Account(key) => key(self.account),
            AdviceKey::From => self.from,
            AdviceKey::Service => self.service,
            AdviceKey::Whatsapp(key) => key(&WHATSAPP),
        };
        DeliveryError::new(FailureKind::Settings, what)
            .advising(format!("{advice} in {}.", key.section()))
            .about(key)
    }
}

/// The sentence of a successful check.
pub(super) fn welcomed(
    answer: &Answer,
    settings: &TwilioSettings,
    at: TwilioKeys,
) -> Result<String, DeliveryError> {
    if let TwilioCredentials::ApiKey { key, .. } = &settings.credentials {
        return Ok(format!("Twilio takes the key {key}"));
    }
    match answer.status.as_deref() {
        Some("active") => Ok(format!(
            "Twilio takes the login of the account \"{}\"",
            text::clean(answer.name.as_deref().unwrap_or(&settings.account_sid))
        )),
        Some(status) => {
            let what = format!("The Twilio account is {}, not active.", text::clean(status));
            Err(DeliveryError::new(FailureKind::Settings, what)
                .advising("Look at it in Twilio's console."))
        }
        None => Err(at.misconfigured(
            "What answers in Twilio's place is not Twilio.",
            "Check base_url",
            AdviceKey::Account(|keys| keys.base_url.path()),
        )),
    }
}

/// Classifies Twilio's responses.
pub(super) struct Verdicts {
    pub(super) at: TwilioKeys,
    /// What must not be repeated.
    pub(super) secrets: Secrets,
}

impl Verdicts {
    /// Classifies the response to a send: the message's SID, or the error.
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
        answer.sid().map(Some).ok_or_else(|| self.at.peer().uncertain())
    }

    /// The error if Twilio accepted the message and failed it at once. It may have been charged, so
    /// a temporary cause is not retried here.
    fn given_up(&self, answer: &Answer) -> DeliveryError {
        let error = self.undelivered(answer);
        match error.kind() {
            FailureKind::Failed { .. } => error.of_kind(FailureKind::Message),
            _ => error,
        }
    }

    /// Classifies a refusal.
    fn refused(
        &self,
        status: StatusCode,
        wait: Option<Duration>,
        answer: &Answer,
    ) -> DeliveryError {
        let (said, peer) = (self.said(status, answer), self.at.peer());
        if let Some(code) = answer.code
            && let Some(error) = self.by_code(code)
        {
            return match error.kind() {
                FailureKind::Failed { .. } => peer.busy(wait, &said),
                _ => error,
            };
        }
        let error = match status.as_u16() {
            401 | 403 => self.at.misconfigured(LOGIN.0, LOGIN.1, LOGIN.2),
            402 => DeliveryError::new(
                FailureKind::Settings,
                "Twilio wants to be paid first. Tell your administrator to look at the account in \
                 Twilio's console.",
            ),
            429 => return peer.busy(wait, &said),
            // A proxy error does not tell whether Twilio has the message.
            408 | 502 | 504 => return peer.uncertain(),
            500..=599 => return peer.at_fault(wait, &said),
            300..=399 => return peer.redirects(&said),
            _ => DeliveryError::new(
                FailureKind::Unclassified,
                "Twilio refuses the message. Use another channel, and tell your administrator.",
            ),
        };
        error.quoting(said)
    }

    /// The error for a code that has its own text.
    fn by_code(&self, code: u64) -> Option<DeliveryError> {
        let known = codes::known(code)?;
        let kind = match known.meaning {
            CodeMeaning::Recipient(failure) => FailureKind::Recipient(failure),
            CodeMeaning::Message => FailureKind::Message,
            CodeMeaning::Barred => FailureKind::Barred,
            CodeMeaning::Account => FailureKind::Settings,
            CodeMeaning::Busy => FailureKind::FAILED,
        };
        let error = match known.advice {
            Some((advice, key)) => self.at.misconfigured(known.what, advice, key),
            None => DeliveryError::new(kind, known.what),
        };
        Some(error.quoting(format!("Twilio {code}")))
    }

    /// The error of a failed check.
    pub(super) fn turned_away(
        &self,
        status: StatusCode,
        answer: &Answer,
        credentials: &TwilioCredentials,
    ) -> DeliveryError {
        let refusal = self.refused(status, None, answer).in_a_check(self.at.peer());
        let by_key = matches!(credentials, TwilioCredentials::ApiKey { .. });
        if by_key && matches!(status.as_u16(), 401 | 403) {
            return refusal.of_kind(FailureKind::Settings).advising_too(
                "A restricted key that may send and do nothing else cannot be tried without \
                 sending.",
            );
        }
        refusal
    }

    /// The error for a message that Twilio accepted and could not deliver, and whose fault it is.
    pub(super) fn undelivered(&self, answer: &Answer) -> DeliveryError {
        let Some(code) = answer.code else {
            let what = if answer.status.as_deref() == Some("canceled") {
                "The message was cancelled at Twilio before it was sent. Use another channel."
            } else {
                "Twilio could not deliver the message and does not say why. Use another channel."
            };
            return DeliveryError::new(FailureKind::Unclassified, what);
        };
        match self.by_code(code) {
            Some(error) if error.kind() == FailureKind::Settings => {
                error.adding("Use another channel.")
            }
            Some(error) => error,
            None => DeliveryError::new(
                FailureKind::Unclassified,
                "Twilio could not deliver the message. Use another channel.",
            )
            .quoting(self.said(StatusCode::OK, answer)),
        }
    }

    /// Why Twilio does not give a message's status.
    pub(super) fn silent(&self, status: StatusCode, answer: &Answer) -> Explanation {
        let said = self.said(status, answer);
        let what = match status.as_u16() {
            401 | 403 => {
                return Explanation::with_advice(
                    "Twilio does not let this office see what became of its messages.",
                    &format!(
                        "Give the key of {} the right to read them.",
                        self.at.account.section()
                    ),
                    Some(&said),
                );
            }
            300..=399 => return self.at.peer().redirects(&said).explanation(),
            429 => "Twilio is asked about more messages than it answers for.",
            _ => "Twilio does not say what became of the message.",
        };
        Explanation::plain(format!("{what} ({said})"))
    }

    pub(super) fn said(&self, status: StatusCode, answer: &Answer) -> String {
        let words = self.secrets.quote(&answer.message);
        match answer.code {
            Some(code) => format!("Twilio {code}: {words}"),
            None => format!("HTTP {}", status.as_u16()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::SMS_FALLBACK;
    use crate::delivery::error::tests::assert_is_told_well;

    #[test]
    fn no_refusal_tells_a_clerk_what_only_an_admin_can_do() {
        let senders = [
            (SMS.section(), TwilioKeys::sms(&SMS)),
            (SMS_FALLBACK.section(), TwilioKeys::sms(&SMS_FALLBACK)),
            (WHATSAPP.section(), TwilioKeys::whatsapp()),
        ];
        for (sender, at) in senders {
            let verdicts = Verdicts { at, secrets: Secrets::new() };
            let account = at.account.section();
            for code in (10_000..100_000).filter(|code| codes::known(*code).is_some()) {
                let error = verdicts.by_code(code).expect("a known code");
                let of = error.key().map_or(sender, KeyPath::section);
                assert!([sender, account, WHATSAPP.section()].contains(&of), "{code}");
                assert_is_told_well(&error, of);
            }
            for status in (300..600).filter_map(|it| StatusCode::from_u16(it).ok()) {
                let error = verdicts.refused(status, None, &Answer::default());
                assert_is_told_well(&error, account);
                let silent = verdicts.silent(status, &Answer::default());
                assert!(!silent.for_clerk.contains('['), "{silent:?}");
            }
        }
    }
}
