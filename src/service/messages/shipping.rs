//! Sentences about the shipping of the log.

use std::fmt::Write as _;
use std::time::Duration;

use crate::domain::audit::shipping::ShippingStatus;
use crate::service::messages::{Clock, span};

/// A lag up to this is what shipping in batches takes.
const USUAL_LAG: Duration = Duration::from_secs(30);

/// How the shipping of the log does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShippingState {
    /// Everything that is sealed was shipped, or will be in a moment.
    Shipped,
    /// Entries wait for longer than usual, and no attempt failed.
    Behind,
    /// The last attempt failed.
    Failing,
}

impl ShippingState {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::Behind => "behind",
            Self::Failing => "failing",
        }
    }
}

/// How long the first entry that was not shipped waits; none where none does.
pub fn shipping_lag(status: &ShippingStatus) -> Option<Duration> {
    status.waiting_since.map(|since| status.now.since(since))
}

/// How shipping does, in a word.
pub fn shipping_state(status: &ShippingStatus) -> ShippingState {
    if status.failure.is_some() {
        ShippingState::Failing
    } else if shipping_lag(status).is_some_and(|lag| lag > USUAL_LAG) {
        ShippingState::Behind
    } else {
        ShippingState::Shipped
    }
}

/// How shipping does, in sentences for an admin.
pub fn shipping(status: &ShippingStatus, clock: Clock<'_>) -> String {
    let ShippingStatus { cursor, shipped, sealed, .. } = status;
    let mut text = format!("{shipped} of {sealed} sealed entries shipped to {}", cursor.target);
    if let Some(lag) = shipping_lag(status) {
        let _ = write!(text, "; the first that waits is {} old", span(lag));
    }
    text.push('.');
    if let Some(failure) = &status.failure {
        let times = if failure.count == 1 { "time" } else { "times in a row" };
        let _ = write!(
            text,
            " It failed {} {times}, at {} last: {}.",
            failure.count,
            clock(failure.at),
            failure.why.trim_end_matches('.')
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::shipping::{CursorId, ShippingFailure};
    use crate::domain::time::Timestamp;

    fn status() -> ShippingStatus {
        ShippingStatus {
            cursor: CursorId::new("collector", "file /var/log/audit.jsonl"),
            shipped: 90,
            sealed: 100,
            waiting_since: Some(Timestamp::from_millis(0)),
            shipped_at: None,
            failure: None,
            now: Timestamp::from_millis(2_000),
        }
    }

    #[test]
    fn a_lag_is_told_and_a_failure_with_its_reason() {
        let clock = |_| "10:42".to_owned();
        assert_eq!(shipping_state(&status()), ShippingState::Shipped);
        let behind = ShippingStatus { now: Timestamp::from_millis(90_000), ..status() };
        assert_eq!(shipping_state(&behind), ShippingState::Behind);
        let failure = ShippingFailure {
            count: 3,
            at: Timestamp::from_millis(80_000),
            why: "log.example.org:6514 cannot be reached".into(),
        };
        let failing = ShippingStatus { failure: Some(failure), ..behind };
        assert_eq!(shipping_state(&failing), ShippingState::Failing);
        let text = shipping(&failing, &clock);
        for part in [
            "90 of 100",
            "file /var/log/audit.jsonl",
            "3 times in a row, at 10:42",
            "log.example.org",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
