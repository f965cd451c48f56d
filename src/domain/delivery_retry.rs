//! The retry policy of code messages: whether a failed send is retried, when, and by which
//! provider, and when the provider is polled.
//!
//! Each step follows from the result of the one before and the remaining validity of the code, by a
//! table of cases without a clock or a provider.

use std::time::Duration;

use crate::domain::delivery::{DeliveryState, FailureClass, ProviderStatus, SendReport};
use crate::domain::explanation::Explanation;
use crate::domain::timing::{
    FIRST_STATUS_DELAY, FOLLOW_DURATION, MIN_USEFUL_VALIDITY, SEND_BACKOFF, SETTLE_DELAY,
};
use crate::domain::word::words;

/// The next task for an outbox message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum OutboxTask {
    /// Send it.
    Send,
    /// Find out whether a send without a response succeeded.
    Settle,
    /// Poll its delivery state.
    Follow,
}

words!(OutboxTask, "a task of the outbox");

/// The result to record and the next task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStep {
    /// The result to record.
    pub report: SendReport,
    /// The next task and its delay; `None` if there is none.
    pub next: Option<(OutboxTask, Duration)>,
}

/// The state in which a step is decided.
#[derive(Clone, Copy, Debug)]
pub struct MessageStanding {
    /// Number of sends started, including this one.
    pub tries: u32,
    /// Time since the last send started.
    pub age: Duration,
    /// Remaining validity of the code.
    pub left: Duration,
    /// Whether the provider can be polled.
    pub can_tell: bool,
    /// Whether another provider is available for a retry.
    pub has_other: bool,
}

/// The step after a send. After the first failure the other provider is tried at once.
pub fn after_sending(report: SendReport, standing: MessageStanding) -> NextStep {
    let again = |asked_for: Option<Duration>| {
        if standing.has_other && standing.tries == 1 {
            Duration::ZERO
        } else {
            asked_for.unwrap_or_default().max(SEND_BACKOFF.wait(standing.tries.saturating_sub(1)))
        }
    };
    match report.fault {
        Some(FailureClass::Provider { retry_after }) => later(report, again(retry_after), standing),
        Some(FailureClass::Passing) => later(report, again(None), standing),
        // Another provider may accept what this one refuses for the office.
        Some(fault) if fault.is_for_another() && standing.has_other && standing.tries == 1 => {
            later(report, Duration::ZERO, standing)
        }
        Some(
            FailureClass::Recipient(_)
            | FailureClass::Message
            | FailureClass::Office { .. }
            | FailureClass::Unclassified,
        ) => NextStep { report, next: None },
        Some(FailureClass::Unknown) => {
            let next = standing.can_tell.then_some((OutboxTask::Settle, FIRST_STATUS_DELAY));
            NextStep { report, next }
        }
        None => {
            let next = standing.can_tell.then_some((OutboxTask::Follow, FIRST_STATUS_DELAY));
            NextStep { report, next }
        }
    }
}

/// The step after polling a provider about a send without a response.
pub fn after_settling(told: ProviderStatus, standing: MessageStanding) -> NextStep {
    let unsure = |detail: Option<Explanation>| SendReport {
        state: DeliveryState::Unknown,
        provider_id: None,
        detail,
        fault: Some(FailureClass::Unknown),
    };
    match told {
        ProviderStatus::Known(report) => after_asking(ProviderStatus::Known(report), standing),
        ProviderStatus::Nothing if standing.age < SETTLE_DELAY => NextStep {
            report: unsure(None),
            next: Some((OutboxTask::Settle, look_again(standing.age))),
        },
        // The provider never got it, so it may be resent.
        ProviderStatus::Nothing => {
            let detail = "The provider never got the message.".into();
            let report = SendReport {
                state: DeliveryState::Failed,
                provider_id: None,
                detail: Some(detail),
                fault: Some(FailureClass::Provider { retry_after: None }),
            };
            later(report, Duration::ZERO, standing)
        }
        ProviderStatus::Silence(why) => {
            let next = (standing.age < FOLLOW_DURATION)
                .then(|| (OutboxTask::Settle, look_again(standing.age)));
            NextStep { report: unsure(Some(why)), next }
        }
    }
}

/// The step after polling the delivery state.
pub fn after_asking(told: ProviderStatus, standing: MessageStanding) -> NextStep {
    let next =
        (standing.age < FOLLOW_DURATION).then(|| (OutboxTask::Follow, look_again(standing.age)));
    match told {
        ProviderStatus::Known(report) => {
            let over = matches!(
                report.state,
                DeliveryState::Delivered
                    | DeliveryState::Read
                    | DeliveryState::Undeliverable
                    | DeliveryState::Failed
            );
            NextStep { next: if over { None } else { next }, report }
        }
        // The provider may not list an accepted message yet; the known state stays.
        ProviderStatus::Nothing | ProviderStatus::Silence(_) => {
            NextStep { report: SendReport::sent(None), next }
        }
    }
}

/// The step if a worker started a send and never recorded the result.
pub fn after_vanishing(standing: MessageStanding) -> NextStep {
    let report = SendReport {
        state: DeliveryState::Unknown,
        provider_id: None,
        detail: Some("The terminal that was sending it stopped in the middle.".into()),
        fault: Some(FailureClass::Unknown),
    };
    after_sending(report, standing)
}

/// Schedules a retry if the code is still useful by then.
fn later(report: SendReport, wait: Duration, standing: MessageStanding) -> NextStep {
    if wait + MIN_USEFUL_VALIDITY >= standing.left {
        let report = SendReport { state: DeliveryState::Failed, ..report };
        return NextStep { report, next: None };
    }
    let report = SendReport { state: DeliveryState::Queued, ..report };
    NextStep { report, next: Some((OutboxTask::Send, wait)) }
}

/// The polling interval grows with the age: every second at first, since a clerk watches, then a
/// fifth of the age.
fn look_again(age: Duration) -> Duration {
    (age / 5).max(FIRST_STATUS_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact_state::ContactFailure;

    const STANDING: MessageStanding = MessageStanding {
        tries: 1,
        age: Duration::ZERO,
        left: Duration::from_mins(5),
        can_tell: false,
        has_other: false,
    };

    fn failed(fault: FailureClass) -> SendReport {
        SendReport {
            state: DeliveryState::Failed,
            provider_id: None,
            detail: None,
            fault: Some(fault),
        }
    }

    fn transient(retry_after: Option<u64>) -> SendReport {
        failed(FailureClass::Provider { retry_after: retry_after.map(Duration::from_secs) })
    }

    fn unknown() -> SendReport {
        SendReport { state: DeliveryState::Unknown, ..failed(FailureClass::Unknown) }
    }

    fn told(step: &NextStep) -> (DeliveryState, Option<(OutboxTask, u64)>) {
        (step.report.state, step.next.map(|(task, wait)| (task, wait.as_secs())))
    }

    #[test]
    fn what_passes_is_tried_again_at_growing_intervals() {
        for (tries, wait) in [(1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (60, 30)] {
            let step = after_sending(transient(None), MessageStanding { tries, ..STANDING });
            assert_eq!(told(&step), (DeliveryState::Queued, Some((OutboxTask::Send, wait))));
        }
        let step = after_sending(transient(Some(7)), STANDING);
        assert_eq!(told(&step), (DeliveryState::Queued, Some((OutboxTask::Send, 7))));
    }

    #[test]
    fn nothing_is_tried_that_would_come_too_late() {
        for (wait, left, again) in [(None, 33, true), (None, 32, false), (Some(300), 300, false)] {
            let standing = MessageStanding { left: Duration::from_secs(left), ..STANDING };
            let step = after_sending(transient(wait), standing);
            assert_eq!(step.next.is_some(), again, "{left} s left");
            let state = if again { DeliveryState::Queued } else { DeliveryState::Failed };
            assert_eq!(step.report.state, state);
        }
    }

    #[test]
    fn the_other_provider_is_asked_at_once_and_then_both_have_time() {
        let standing = MessageStanding { has_other: true, ..STANDING };
        let office = failed(FailureClass::Office { every: true });
        let barred = SendReport { state: DeliveryState::Undeliverable, ..office.clone() };
        let unclear = SendReport { fault: Some(FailureClass::Unclassified), ..barred.clone() };
        for report in [transient(Some(60)), office, barred, unclear] {
            let step = after_sending(report, standing);
            assert_eq!(told(&step), (DeliveryState::Queued, Some((OutboxTask::Send, 0))));
        }
        let step = after_sending(transient(None), MessageStanding { tries: 2, ..standing });
        assert_eq!(told(&step), (DeliveryState::Queued, Some((OutboxTask::Send, 4))));
        for fault in [FailureClass::Recipient(ContactFailure::Landline), FailureClass::Message] {
            let refused = SendReport { state: DeliveryState::Undeliverable, ..failed(fault) };
            let step = after_sending(refused, standing);
            assert_eq!(told(&step), (DeliveryState::Undeliverable, None), "{fault:?}");
        }
    }

    #[test]
    fn security_20_an_unknown_end_is_asked_about_and_never_sent_again_unasked() {
        assert_eq!(told(&after_sending(unknown(), STANDING)), (DeliveryState::Unknown, None));
        let asks = MessageStanding { can_tell: true, ..STANDING };
        let step = after_sending(unknown(), asks);
        assert_eq!(told(&step), (DeliveryState::Unknown, Some((OutboxTask::Settle, 1))));
        assert_eq!(
            told(&after_vanishing(asks)),
            (DeliveryState::Unknown, Some((OutboxTask::Settle, 1)))
        );
        let step = after_settling(ProviderStatus::Silence("no answer".into()), asks);
        assert_eq!(told(&step), (DeliveryState::Unknown, Some((OutboxTask::Settle, 1))));
        let step = after_settling(ProviderStatus::Nothing, asks);
        assert_eq!(told(&step), (DeliveryState::Unknown, Some((OutboxTask::Settle, 1))));
        // A connection can stall longer than any sender waits, and then deliver.
        let stalled = MessageStanding { age: Duration::from_mins(2), ..asks };
        let step = after_settling(ProviderStatus::Nothing, stalled);
        assert_eq!(told(&step), (DeliveryState::Unknown, Some((OutboxTask::Settle, 24))));
        let sure = MessageStanding { age: SETTLE_DELAY, ..asks };
        let step = after_settling(ProviderStatus::Nothing, sure);
        assert_eq!(told(&step), (DeliveryState::Queued, Some((OutboxTask::Send, 0))));
        let late = MessageStanding { left: MIN_USEFUL_VALIDITY, ..sure };
        assert_eq!(
            told(&after_settling(ProviderStatus::Nothing, late)),
            (DeliveryState::Failed, None)
        );
        let step =
            after_settling(ProviderStatus::Known(SendReport::sent(Some("SM1".into()))), sure);
        assert_eq!(told(&step), (DeliveryState::Sent, Some((OutboxTask::Follow, 36))));
    }

    #[test]
    fn a_message_is_followed_to_its_end_and_not_for_ever() {
        let asks = MessageStanding { can_tell: true, ..STANDING };
        let step = after_sending(SendReport::sent(None), asks);
        assert_eq!(told(&step), (DeliveryState::Sent, Some((OutboxTask::Follow, 1))));
        let report = |state| ProviderStatus::Known(SendReport { state, ..SendReport::sent(None) });
        for (age, next) in [(3, Some(1)), (60, Some(12)), (1_199, Some(239)), (1_200, None)] {
            let standing = MessageStanding { age: Duration::from_secs(age), ..asks };
            let step = after_asking(report(DeliveryState::Forwarded), standing);
            assert_eq!(told(&step).1, next.map(|wait| (OutboxTask::Follow, wait)), "{age} s old");
        }
        for state in [DeliveryState::Delivered, DeliveryState::Undeliverable, DeliveryState::Read] {
            assert_eq!(told(&after_asking(report(state), asks)), (state, None));
        }
    }
}
