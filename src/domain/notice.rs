//! When a contact is told again that it was changed: nobody waits for it at a
//! counter, so that it has a day, and being told twice harms nobody.

use std::time::Duration;

use super::delivery::{DeliveryState, Fault, Report};

/// The wait before the second try, which doubles with each more up to the most.
const RETRY: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(1));

/// How long it is tried. Whoever hears of it later has heard of it otherwise.
const TRIED: Duration = Duration::from_hours(24);

/// When one that no terminal with its provider came to tell is given up by any
/// other: after a weekend, and after those that have it had their time.
pub const ABANDONED: Duration = Duration::from_hours(5 * 24);

/// How often it is sent where nobody knows whether it came.
const UNSURE: u32 = 3;

/// What comes after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it was told.
    Told,
    /// Another try after so long.
    Again(Duration),
    /// Nothing: it cannot be told.
    GivenUp,
}

/// What comes after a try, the `tries`-th, so long after the change was noticed.
pub fn after(report: &Report, tries: u32, age: Duration) -> Next {
    match (report.state, report.fault) {
        (_, None) => Next::Told,
        // The address is gone, as it often is when somebody has another one.
        (DeliveryState::Undeliverable, Some(Fault::Permanent)) => Next::GivenUp,
        // It may have come each time.
        (_, Some(Fault::Unknown)) if tries >= UNSURE => Next::GivenUp,
        // What is set up wrong here may be right at another terminal.
        (_, Some(Fault::Permanent | Fault::Unknown | Fault::Deferred)) => {
            again(doubled(tries), age)
        }
        (_, Some(Fault::Transient { retry_after })) => {
            again(retry_after.unwrap_or_default().max(doubled(tries)), age)
        }
    }
}

/// What comes where it could not even be tried.
pub fn again(wait: Duration, age: Duration) -> Next {
    if age + wait > TRIED { Next::GivenUp } else { Next::Again(wait) }
}

fn doubled(tries: u32) -> Duration {
    let (first, most) = RETRY;
    first.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(state: DeliveryState, fault: Fault) -> Report {
        Report { state, provider_id: None, detail: None, fault: Some(fault) }
    }

    #[test]
    fn it_is_tried_for_a_day_at_growing_intervals() {
        let busy = failed(DeliveryState::Failed, Fault::Transient { retry_after: None });
        let mut age = Duration::ZERO;
        let mut tries = 0;
        let waits: Vec<u64> = std::iter::from_fn(|| {
            tries += 1;
            let Next::Again(wait) = after(&busy, tries, age) else { return None };
            age += wait;
            Some(wait.as_secs() / 60)
        })
        .collect();
        assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(age <= TRIED && age + Duration::from_hours(1) > TRIED, "{age:?}");
    }

    #[test]
    fn what_may_have_come_is_told_again_and_what_cannot_come_is_not() {
        let hour = Duration::from_hours(1);
        assert_eq!(after(&Report::sent(None), 9, hour), Next::Told);
        let unknown = failed(DeliveryState::Unknown, Fault::Unknown);
        assert_eq!(after(&unknown, 1, hour), Next::Again(Duration::from_mins(1)));
        assert_eq!(after(&unknown, UNSURE, hour), Next::GivenUp);
        let gone = failed(DeliveryState::Undeliverable, Fault::Permanent);
        assert_eq!(after(&gone, 1, hour), Next::GivenUp);
        let login = failed(DeliveryState::Failed, Fault::Permanent);
        assert_eq!(after(&login, 2, hour), Next::Again(Duration::from_mins(2)));
        let later = Fault::Transient { retry_after: Some(2 * hour) };
        assert_eq!(after(&failed(DeliveryState::Failed, later), 1, hour), Next::Again(2 * hour));
    }
}
