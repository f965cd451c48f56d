//! Sentences about waiting: for a limit, and for a contact in quarantine.

use std::time::Duration;

use crate::domain::contact::ContactKind;
use crate::domain::time::Timestamp;
use crate::service::messages::Clock;
use crate::service::ports::contact_binding::Quarantine;
use crate::service::verification::request::QuarantinedContact;

/// A shorter wait is given in seconds: a clock without seconds would send the reader back
/// too early.
const SECONDS_BELOW: Duration = Duration::from_mins(2);

/// Why a contact in quarantine gets no code, until when, and what else there is.
pub(super) fn quarantined(
    waiting: &QuarantinedContact,
    now: Timestamp,
    clock: Clock<'_>,
) -> String {
    let Quarantine { kind, changed_at, until, other_until } = waiting.quarantine;
    let label = kind.label();
    if other_until.map_or(until, |it| it.min(until)) <= now {
        return format!("The wait after the change of the {label} is over. Try again now.");
    }
    let minutes = now.since(changed_at).as_secs() / 60;
    let changed = match minutes {
        0 => "just now".into(),
        minutes => format!("{} ago, at {}", rough(minutes, u64::div_euclid), clock(changed_at)),
    };
    let till = |until: Timestamp| until_then(until, now, clock);
    if let Some(other_until) = other_until {
        return format!(
            "This {label} was changed {changed}, and the {} was changed too. Neither gets a code \
             until {}: ask an admin.",
            kind.other().label(),
            till(until.min(other_until))
        );
    }
    let instead: Vec<_> = waiting.instead.iter().map(|it| it.label()).collect();
    let help = if instead.is_empty() {
        "ask an admin".to_owned()
    } else {
        format!("use {}, or ask an admin", instead.join(" or "))
    };
    format!("This {label} was changed {changed}. It gets no code until {}: {help}.", till(until))
}

/// Why a contact in quarantine is not offered like the others.
pub fn contact_waits(
    kind: ContactKind,
    until: Timestamp,
    now: Option<Timestamp>,
    clock: Clock<'_>,
) -> String {
    let until = now.map_or_else(|| clock(until), |now| until_then(until, now, clock));
    format!("This {} was changed a short while ago. It gets no code until {until}.", kind.label())
}

/// `14:05, in 3 hours`
fn until_then(until: Timestamp, now: Timestamp, clock: Clock<'_>) -> String {
    let left = rough(until.since(now).as_secs().div_ceil(60), u64::div_ceil);
    format!("{}, in {left}", clock(until))
}

/// `3 hours`. Past time is rounded down and remaining time up, so that no wait is given too
/// short.
fn rough(minutes: u64, divided: fn(u64, u64) -> u64) -> String {
    let (count, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2_880 => (divided(minutes, 60), "hour"),
        _ => (divided(minutes, 1_440), "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// `in 23 seconds`, or `at 10:42` where it takes longer.
pub fn wait(until: Timestamp, now: Timestamp, clock: Clock<'_>) -> String {
    let left = until.since(now);
    if left >= SECONDS_BELOW {
        return format!("at {}", clock(until));
    }
    // Rounded up, so that nobody comes back half a second early.
    match left.as_millis().div_ceil(1_000) {
        0 => "now".into(),
        1 => "in 1 second".into(),
        seconds => format!("in {seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn clock(moment: Timestamp) -> String {
        moment.to_utc().format("%H:%M").to_string()
    }

    #[test]
    fn a_short_wait_is_told_in_seconds_and_a_long_one_by_the_clock() {
        let now = at(600);
        assert_eq!(wait(now.plus(Duration::from_millis(22_100)), now, &clock), "in 23 seconds");
        assert_eq!(wait(now.plus(Duration::from_millis(10)), now, &clock), "in 1 second");
        assert_eq!(wait(now, now, &clock), "now");
        assert_eq!(wait(at(642), now, &clock), "at 10:42");
    }
}
