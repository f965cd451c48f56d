//! Why a message was not sent: the kind says whose fault it is and what another attempt could
//! do; the sentences are for the clerk and for the admin.

use std::fmt;
use std::time::Duration;

use crate::config::keys::KeyPath;
use crate::domain::delivery::{DeliveryState, FailureClass, SendReport};
use crate::domain::explanation::Explanation;
use crate::service::ports::SendGuard;

/// What kind of failure it is. Everything that is decided is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The office's fault, for every message: the sender cannot work as it is set up, or
    /// the provider takes nothing from this account. Once an admin has put that right, this
    /// message would go through.
    Settings,
    /// The office's fault, for recipients like this one: its account may not send there.
    Barred,
    /// The recipient's fault: no message gets there, now or later.
    Recipient,
    /// The message's fault: it is not taken as it is.
    Message,
    /// The provider will not take this message, and no code of its says whose fault it is.
    Unclassified,
    /// It was not sent; another attempt may go better, after as long as the provider asks
    /// for, where it does.
    Failed {
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
    },
    /// It was not sent because this recipient gets nothing for now, however well the
    /// provider is.
    Deferred,
    /// The provider may have it. Sending it again could send it twice.
    Uncertain,
    /// The send claim was not granted: somebody else sends it, or nobody wants it any more.
    Withdrawn,
}

impl FailureKind {
    /// It was not sent; another attempt may go better.
    pub(super) const FAILED: Self = Self::Failed { retry_after: None };
}

/// Why a sender could not be made or a message was not sent. Its texts hold no code, no
/// password and no contact in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryError {
    kind: FailureKind,
    /// What happened, and what a clerk can do: without any part of the configuration.
    what: String,
    /// What only an admin can do.
    advice: Option<String>,
    /// What the provider said.
    said: Option<String>,
    key: Option<KeyPath>,
}

/// What a clerk is told where the configuration itself is at fault.
const NOT_SET_UP: &str = "This channel cannot be used as it is set up.";

impl DeliveryError {
    /// An error that says the same to clerk and admin.
    pub(super) fn new(kind: FailureKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), advice: None, said: None, key: None }
    }

    /// The configuration is at fault, in `key`: only an admin is told how.
    pub(super) fn misconfigured(key: impl Into<KeyPath>, how: impl Into<String>) -> Self {
        Self::unusable(how).about(key)
    }

    /// The same where no key alone is at fault.
    pub(super) fn unusable(how: impl Into<String>) -> Self {
        Self::new(FailureKind::Settings, "").advising(how)
    }

    /// Adds what only an admin can do.
    #[must_use]
    pub(super) fn advising(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// Adds what the provider said.
    #[must_use]
    pub(super) fn quoting(self, said: impl Into<String>) -> Self {
        Self { said: Some(said.into()), ..self }
    }

    /// Names the configuration key that it is about.
    #[must_use]
    pub(super) fn about(self, key: impl Into<KeyPath>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The same as another kind of failure.
    #[must_use]
    pub(super) fn of_kind(self, kind: FailureKind) -> Self {
        Self { kind, ..self }
    }

    /// Adds a sentence for both.
    #[must_use]
    pub(super) fn adding(self, more: &str) -> Self {
        Self { what: format!("{} {more}", self.what), ..self }
    }

    /// Adds a sentence to what an admin can do.
    #[must_use]
    pub(super) fn advising_too(self, more: &str) -> Self {
        let advice = match self.advice {
            Some(advice) => format!("{advice} {more}"),
            None => more.to_owned(),
        };
        Self { advice: Some(advice), ..self }
    }

    /// What kind of failure it is.
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The configuration key that it is about.
    pub const fn key(&self) -> Option<KeyPath> {
        self.key
    }

    /// What clerk and admin are told.
    pub fn explanation(&self) -> Explanation {
        let advice = self.advice.as_deref();
        let said = self.said.as_deref();
        let explained = match advice {
            Some(advice) => Explanation::with_advice(&self.what, advice, said),
            None => match said {
                Some(said) => Explanation::plain(format!("{} ({said})", self.what)),
                None => Explanation::plain(&*self.what),
            },
        };
        let explained = if self.what.is_empty() {
            let clerk = Explanation::with_advice(NOT_SET_UP, "", said).for_clerk;
            Explanation { for_clerk: clerk, ..explained }
        } else {
            explained
        };
        Explanation { key: self.key.map(|key| key.to_string()), ..explained }
    }

    /// How far the message came.
    pub const fn state(&self) -> DeliveryState {
        match self.kind {
            FailureKind::Settings
            | FailureKind::Failed { .. }
            | FailureKind::Deferred
            | FailureKind::Withdrawn => DeliveryState::Failed,
            FailureKind::Barred
            | FailureKind::Recipient
            | FailureKind::Message
            | FailureKind::Unclassified => DeliveryState::Undeliverable,
            FailureKind::Uncertain => DeliveryState::Unknown,
        }
    }

    /// Whose fault it is.
    pub const fn fault(&self) -> FailureClass {
        match self.kind {
            FailureKind::Settings => FailureClass::Office { every: true },
            FailureKind::Barred => FailureClass::Office { every: false },
            FailureKind::Recipient => FailureClass::Recipient,
            FailureKind::Message | FailureKind::Withdrawn => FailureClass::Message,
            FailureKind::Unclassified => FailureClass::Unclassified,
            FailureKind::Failed { retry_after } => FailureClass::Provider { retry_after },
            FailureKind::Deferred => FailureClass::Passing,
            FailureKind::Uncertain => FailureClass::Unknown,
        }
    }

    /// What the sender reports.
    pub(super) fn report(&self) -> SendReport {
        let (state, fault) = (self.state(), Some(self.fault()));
        SendReport { state, provider_id: None, detail: Some(self.explanation()), fault }
    }
}

/// The admin's text.
impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explanation().for_admin)
    }
}

impl std::error::Error for DeliveryError {}

/// Claims the send right before the step that cannot be undone.
pub(super) async fn claim(guard: &dyn SendGuard) -> Result<(), DeliveryError> {
    if guard.claim().await {
        return Ok(());
    }
    let what = "The message is not wanted any more; nothing was sent.";
    Err(DeliveryError::new(FailureKind::Withdrawn, what))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::config::keys::{EMAIL_FALLBACK, Section, TABLE};

    /// Fails where a clerk would be told what only an admin can do, or where the error is
    /// about a key of another section.
    pub(in crate::delivery) fn assert_is_told_well(error: &DeliveryError, at: Section) {
        let Explanation { for_clerk, for_admin, .. } = error.explanation();
        assert!(for_clerk.ends_with(['.', ')']), "{for_clerk}");
        assert!(for_admin.ends_with(['.', ')']), "{for_admin}");
        for known in TABLE.iter().filter(|it| it.path.section().name() != "") {
            let section = known.path.section().to_string();
            let mut parts = vec![section.trim_end_matches(']').to_owned(), known.path.to_string()];
            // Others are words of their own.
            parts.extend(known.path.name().contains('_').then(|| known.path.name().to_owned()));
            for part in parts {
                assert!(!for_clerk.contains(&part), "{part}: {for_clerk}");
            }
        }
        if let Some(key) = error.key() {
            assert_eq!(key.section(), at, "{for_admin}");
        }
    }

    #[test]
    fn no_kind_of_failure_tells_a_clerk_what_only_an_admin_can_do() {
        let (at, key) = (EMAIL_FALLBACK.section(), EMAIL_FALLBACK.host.path());
        for kind in [
            FailureKind::Settings,
            FailureKind::Barred,
            FailureKind::Recipient,
            FailureKind::Message,
            FailureKind::Unclassified,
            FailureKind::FAILED,
            FailureKind::Failed { retry_after: Some(Duration::from_secs(1)) },
            FailureKind::Deferred,
            FailureKind::Uncertain,
            FailureKind::Withdrawn,
        ] {
            let error = DeliveryError::new(kind, "The mail server does not answer.")
                .advising(format!("Check host and ca_file in {at}, and {key}."))
                .about(key);
            assert_is_told_well(&error, at);
            let quoted = error.quoting("550 5.7.1 <user@host> [10.0.0.1]. No");
            let explained = quoted.explanation();
            assert!(
                explained.for_clerk.contains("(550 5.7.1 <user@host> [10.0.0.1]. No)"),
                "{explained:?}"
            );
            assert!(explained.for_admin.contains("[email.fallback], and email.fallback.host."));
            assert!(
                explained.for_admin.contains("(550 5.7.1 <user@host> [10.0.0.1]. No)"),
                "{explained:?}"
            );
            assert_eq!(quoted.report().detail, Some(explained));
        }
        assert_is_told_well(&DeliveryError::misconfigured(key, format!("{key} is wrong.")), at);
        assert_is_told_well(&DeliveryError::unusable("The header X: no."), at);
    }
}
