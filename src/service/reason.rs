//! The reason of an act, as the log takes it.

use crate::domain::text;

/// The most characters of a reason in the log.
const REASON_MAX: usize = 500;

/// A reason as the log takes it.
pub(in crate::service) fn cleaned_reason(reason: &str) -> String {
    text::clean(reason).trim().chars().take(REASON_MAX).collect()
}
