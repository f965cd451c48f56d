//! Delivery errors: the kind says whose fault it is and whether a retry can help; the sentences are
//! for the clerk and for the admin.

use std::fmt;
use std::time::Duration;

use crate::config::keys::KeyPath;
use crate::domain::contact_state::ContactFailure;
use crate::domain::delivery::{DeliveryState, FailureClass, SendReport};
use crate::domain::explanation::Explanation;
use crate::service::ports::SendGuard;

/// The kind of a failure. All decisions are made by it, never by a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The office's fault, for every message: the sender is misconfigured, or the provider refuses
    /// this account. This message can be sent once an admin has corrected that.
    Settings,
    /// The office's fault, for recipients like this one: its account may not send there.
    Barred,
    /// The recipient's fault, permanently.
    Recipient(ContactFailure),
    /// The message's content is refused.
    Message,
    /// The provider refuses the message, and its reply does not tell whose fault it is.
    Unclassified,
    /// Not sent; a retry may succeed.
    Failed {
        /// The delay that the provider asks for.
        retry_after: Option<Duration>,
    },
    /// Not sent: this recipient is refused temporarily, whatever the state of the provider.
    Deferred,
    /// The provider may have the message; a retry could send it twice.
    Uncertain,
    /// The send claim was refused: another worker sends the message, or it is not wanted any more.
    Withdrawn,
}

impl FailureKind {
    /// `Failed` without a delay.
    pub(super) const FAILED: Self = Self::Failed { retry_after: None };
}

/// Why a sender could not be built or a message was not sent. Its texts contain no code, no
/// password and no unmasked contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryError {
    kind: FailureKind,
    /// What happened and what a clerk can do, without configuration details.
    what: String,
    /// What only an admin can do.
    advice: Option<String>,
    /// The provider's reply, masked.
    said: Option<String>,
    key: Option<KeyPath>,
}

/// The clerk's sentence for a misconfiguration.
const NOT_SET_UP: &str = "This channel cannot be used as it is set up.";

impl DeliveryError {
    /// An error with the same sentence for clerk and admin.
    pub(super) fn new(kind: FailureKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), advice: None, said: None, key: None }
    }

    /// A misconfiguration of `key`; the details are for the admin only.
    pub(super) fn misconfigured(key: impl Into<KeyPath>, how: impl Into<String>) -> Self {
        Self::unusable(how).about(key)
    }

    /// A misconfiguration that is not about a single key.
    pub(super) fn unusable(how: impl Into<String>) -> Self {
        Self::new(FailureKind::Settings, "").advising(how)
    }

    /// Adds what only an admin can do.
    #[must_use]
    pub(super) fn advising(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// Adds the provider's reply, which must be masked already.
    #[must_use]
    pub(super) fn quoting(self, said: impl Into<String>) -> Self {
        Self { said: Some(said.into()), ..self }
    }

    /// Sets the configuration key that the error is about.
    #[must_use]
    pub(super) fn about(self, key: impl Into<KeyPath>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The same error with another kind.
    #[must_use]
    pub(super) fn of_kind(self, kind: FailureKind) -> Self {
        Self { kind, ..self }
    }

    /// Adds a sentence for both clerk and admin.
    #[must_use]
    pub(super) fn adding(self, more: &str) -> Self {
        Self { what: format!("{} {more}", self.what), ..self }
    }

    /// Adds a sentence for the admin.
    #[must_use]
    pub(super) fn advising_too(self, more: &str) -> Self {
        let advice = match self.advice {
            Some(advice) => format!("{advice} {more}"),
            None => more.to_owned(),
        };
        Self { advice: Some(advice), ..self }
    }

    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The configuration key that the error is about.
    pub const fn key(&self) -> Option<KeyPath> {
        self.key
    }

    /// The sentences for clerk and admin.
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

    /// The delivery state that results from the error.
    pub const fn state(&self) -> DeliveryState {
        match self.kind {
            FailureKind::Settings
            | FailureKind::Failed { .. }
            | FailureKind::Deferred
            | FailureKind::Withdrawn => DeliveryState::Failed,
            FailureKind::Barred
            | FailureKind::Recipient(_)
            | FailureKind::Message
            | FailureKind::Unclassified => DeliveryState::Undeliverable,
            FailureKind::Uncertain => DeliveryState::Unknown,
        }
    }

    /// Whose fault it is, as the retry policy needs it.
    pub const fn fault(&self) -> FailureClass {
        match self.kind {
            FailureKind::Settings => FailureClass::Office { every: true },
            FailureKind::Barred => FailureClass::Office { every: false },
            FailureKind::Recipient(failure) => FailureClass::Recipient(failure),
            FailureKind::Message | FailureKind::Withdrawn => FailureClass::Message,
            FailureKind::Unclassified => FailureClass::Unclassified,
            FailureKind::Failed { retry_after } => FailureClass::Provider { retry_after },
            FailureKind::Deferred => FailureClass::Passing,
            FailureKind::Uncertain => FailureClass::Unknown,
        }
    }

    /// The sender's report of the error.
    pub(super) fn report(&self) -> SendReport {
        let (state, fault) = (self.state(), Some(self.fault()));
        SendReport { state, provider_id: None, detail: Some(self.explanation()), fault }
    }
}

/// Shows the admin's text.
impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explanation().for_admin)
    }
}

impl std::error::Error for DeliveryError {}

/// Claims the right to send, just before the step that cannot be undone.
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

    /// Asserts that the clerk's sentence has no advice for admins, and that the error's key is in
    /// section `at`.
    pub(in crate::delivery) fn assert_is_told_well(error: &DeliveryError, at: Section) {
        let Explanation { for_clerk, for_admin, .. } = error.explanation();
        assert!(for_clerk.ends_with(['.', ')']), "{for_clerk}");
        assert!(for_admin.ends_with(['.', ')']), "{for_admin}");
        for known in TABLE.iter().filter(|it| it.path.section().name() != "") {
            let section = known.path.section().to_string();
            let mut parts = vec![section.trim_end_matches(']').to_owned(), known.path.to_string()];
            // Key names without an underscore are ordinary words.
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
            FailureKind::Recipient(ContactFailure::Landline),
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
