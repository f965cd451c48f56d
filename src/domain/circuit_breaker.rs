//! The circuit breaker of each provider slot.
//!
//! All counters share the circuit breakers: the result of each send is written to the store, so
//! that a counter that has sent nothing for an hour knows that a provider is down.
//!
//! - closed: messages are sent.
//! - open, after [`FAILURES_TO_OPEN`] consecutive failures: nothing is sent. Messages use the
//!   fallback or wait, and no clerk waits for a timeout.
//! - half-open, when the open time is over: one message is sent as a probe. If it fails, the open
//!   time doubles.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::explanation::Explanation;
use crate::domain::time::Timestamp;
use crate::domain::timing::BREAKER_BACKOFF;

/// A channel's main provider or its fallback; each has a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProviderSlot {
    pub channel: Channel,
    pub fallback: bool,
}

impl ProviderSlot {
    /// Every slot, in the order in which their rows are locked.
    pub const ALL: [Self; 6] = [
        Self::main(Channel::Email),
        Self::fallback(Channel::Email),
        Self::main(Channel::Sms),
        Self::fallback(Channel::Sms),
        Self::main(Channel::Whatsapp),
        Self::fallback(Channel::Whatsapp),
    ];

    /// The slot of a channel's main provider.
    pub const fn main(channel: Channel) -> Self {
        Self { channel, fallback: false }
    }

    /// The slot of a channel's fallback provider.
    pub const fn fallback(channel: Channel) -> Self {
        Self { channel, fallback: true }
    }
}

impl fmt::Display for ProviderSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.channel.word())?;
        if self.fallback { f.write_str(" fallback") } else { Ok(()) }
    }
}

impl FromStr for ProviderSlot {
    type Err = UnknownProviderSlot;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|slot| slot.to_string() == name)
            .ok_or_else(|| UnknownProviderSlot(name.to_owned()))
    }
}

/// A text that names no slot.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a provider slot")]
pub struct UnknownProviderSlot(String);

/// Consecutive failures that open a circuit breaker. A single one may be chance.
pub const FAILURES_TO_OPEN: u32 = 3;

/// A provider counts as slow after a send that took longer than this.
const SLOW_SEND: Duration = Duration::from_secs(5);

/// How long it counts as slow.
const SLOW_DURATION: Duration = Duration::from_mins(2);

/// A circuit breaker as stored.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BreakerRecord {
    pub slot: ProviderSlot,
    /// Consecutive failures of the provider or the network.
    pub failures: u32,
    /// The end of the open time.
    pub open_until: Timestamp,
    /// The end of the time in which the provider counts as slow.
    pub slow_until: Timestamp,
    pub detail: Option<Explanation>,
    /// The last failure was of a message that the provider had accepted. Then accepting another one
    /// does not close the circuit breaker; only a delivered message does.
    pub late: bool,
}

/// The health of a provider or a channel, as shown.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ProviderHealth {
    Ok,
    /// Of a channel: the main provider is down and the fallback is used.
    Fallback,
    /// The last send was slow, or the circuit breaker is half-open.
    Slow,
    /// The circuit breaker is open.
    Down,
}

impl ProviderHealth {
    /// The word on screens and in JSON.
    pub const fn word(self) -> &'static str {
        self.into_str()
    }
}

/// The result of a send as far as it concerns the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendExperience {
    /// The provider answered after this time, whatever it said about the message.
    Answered(Duration),
    /// It answered the probe.
    ProbeAnswered(Duration),
    /// It failed or could not be reached.
    Failed,
    /// The probe failed.
    ProbeFailed,
    /// It accepted a message and reported later that it sends nothing for this office, such as for
    /// a suspended account or an unregistered number.
    FailedLate,
    /// A message that it had accepted was delivered.
    Confirmed,
}

impl BreakerRecord {
    /// A closed circuit breaker without failures.
    pub const fn new(slot: ProviderSlot) -> Self {
        let never = Timestamp::from_millis(0);
        Self { slot, failures: 0, open_until: never, slow_until: never, detail: None, late: false }
    }

    /// The provider's health.
    pub fn at(&self, now: Timestamp) -> ProviderHealth {
        if self.is_open(now) {
            ProviderHealth::Down
        } else if self.slow_until > now || self.is_half_open(now) {
            ProviderHealth::Slow
        } else {
            ProviderHealth::Ok
        }
    }

    /// Whether sending is blocked.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.open_until > now
    }

    /// Whether the open time is over, so that one message may be sent as a probe.
    pub fn is_half_open(&self, now: Timestamp) -> bool {
        self.failures >= FAILURES_TO_OPEN && !self.is_open(now)
    }

    /// The circuit breaker after one more result.
    #[must_use]
    pub fn after(
        &self,
        experience: SendExperience,
        detail: Option<&Explanation>,
        now: Timestamp,
    ) -> Self {
        match experience {
            SendExperience::Answered(took) if self.late => {
                Self { slow_until: self.slow_after(took, now), ..self.clone() }
            }
            // The open time doubles each time until a message is delivered.
            SendExperience::ProbeAnswered(_) if self.late => self.failed(self.detail.as_ref(), now),
            SendExperience::Answered(took) | SendExperience::ProbeAnswered(took) => {
                Self { slow_until: self.slow_after(took, now), ..Self::new(self.slot) }
            }
            SendExperience::Confirmed if self.late => {
                Self { slow_until: self.slow_until, ..Self::new(self.slot) }
            }
            SendExperience::Confirmed => self.clone(),
            // A send that was already running when it opened adds no information.
            SendExperience::Failed | SendExperience::FailedLate if self.is_open(now) => {
                self.clone()
            }
            SendExperience::Failed | SendExperience::ProbeFailed => self.failed(detail, now),
            SendExperience::FailedLate => Self { late: true, ..self.failed(detail, now) },
        }
    }

    fn slow_after(&self, took: Duration, now: Timestamp) -> Timestamp {
        if took > SLOW_SEND { now.plus(SLOW_DURATION) } else { Self::new(self.slot).slow_until }
    }

    /// Counts one more failure.
    fn failed(&self, detail: Option<&Explanation>, now: Timestamp) -> Self {
        let failures = self.failures.saturating_add(1);
        let open_until = if failures >= FAILURES_TO_OPEN {
            now.plus(BREAKER_BACKOFF.wait(failures - FAILURES_TO_OPEN))
        } else {
            self.open_until
        };
        Self { failures, open_until, detail: detail.cloned(), ..self.clone() }
    }

    /// The change to log, opened or closed; `None` if there is none.
    pub fn transition_to(&self, after: &Self) -> Option<ProviderHealth> {
        match (self.failures >= FAILURES_TO_OPEN, after.failures >= FAILURES_TO_OPEN) {
            (false, true) => Some(ProviderHealth::Down),
            (true, false) => Some(ProviderHealth::Ok),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    const OK: SendExperience = SendExperience::Answered(Duration::from_millis(200));

    #[test]
    fn names_read_back() {
        for slot in ProviderSlot::ALL {
            assert_eq!(slot.to_string().parse(), Ok(slot));
        }
    }

    #[test]
    fn three_failures_in_a_row_take_a_provider_down_and_each_more_for_longer() {
        let mut health = BreakerRecord::new(ProviderSlot::main(Channel::Email));
        for (now, until) in [
            (100, 0),
            (101, 0),
            (102, 117),
            (117, 147),
            (147, 207),
            (207, 327),
            (327, 567),
            (567, 807),
        ] {
            let next = health.after(SendExperience::Failed, Some(&"refused".into()), at(now));
            assert_eq!(next.open_until, at(until), "at {now}");
            assert_eq!(
                health.transition_to(&next),
                (next.failures == 3).then_some(ProviderHealth::Down)
            );
            health = next;
        }
        assert_eq!(health.at(at(806)), ProviderHealth::Down);
        assert_eq!(health.at(at(807)), ProviderHealth::Slow, "one message tries");
        let well = health.after(OK, None, at(808));
        assert_eq!(
            (well.at(at(808)), health.transition_to(&well)),
            (ProviderHealth::Ok, Some(ProviderHealth::Ok))
        );
        assert_eq!(well, BreakerRecord::new(well.slot));
    }

    #[test]
    fn of_what_fails_while_it_is_open_only_the_trial_counts() {
        let mut health = BreakerRecord::new(ProviderSlot::main(Channel::Sms));
        for _ in 0..FAILURES_TO_OPEN {
            assert!(!health.is_half_open(at(100)));
            health = health.after(SendExperience::Failed, None, at(100));
        }
        assert!(!health.is_half_open(at(114)) && health.is_half_open(at(115)));
        // The open time doubles only after the probe.
        health.open_until = at(145);
        assert_eq!(health.after(SendExperience::Failed, None, at(120)), health);
        let again = health.after(SendExperience::ProbeFailed, Some(&"refused".into()), at(120));
        assert_eq!((again.failures, again.open_until), (4, at(150)));
    }

    #[test]
    fn what_accepts_messages_and_sends_none_is_open_until_one_arrives() {
        let mut health = BreakerRecord::new(ProviderSlot::main(Channel::Sms));
        for failures in 1..=3 {
            health = health.after(OK, None, at(100));
            health = health.after(SendExperience::FailedLate, Some(&"suspended".into()), at(101));
            assert_eq!(health.failures, failures);
        }
        assert_eq!(health.at(at(102)), ProviderHealth::Down);
        let in_flight = health.after(SendExperience::FailedLate, None, at(103));
        assert_eq!(in_flight, health, "what was accepted before says nothing new");
        assert_eq!(health.after(OK, None, at(103)), health);
        assert!(health.is_half_open(at(116)));
        let again = health.after(SendExperience::ProbeAnswered(Duration::ZERO), None, at(116));
        assert_eq!((again.failures, again.open_until), (4, at(146)), "it only accepts");
        assert_eq!(again.detail, Some("suspended".into()));
        let well = again.after(SendExperience::Confirmed, None, at(120));
        assert_eq!(well, BreakerRecord::new(well.slot));
        assert_eq!(again.transition_to(&well), Some(ProviderHealth::Ok));
    }

    #[test]
    fn an_old_message_that_arrives_says_nothing_of_an_outage() {
        let mut health = BreakerRecord::new(ProviderSlot::main(Channel::Sms));
        for _ in 0..FAILURES_TO_OPEN {
            health = health.after(SendExperience::Failed, None, at(100));
        }
        assert_eq!(health.after(SendExperience::Confirmed, None, at(101)), health);
        let well = health.after(SendExperience::ProbeAnswered(Duration::ZERO), None, at(116));
        assert_eq!(well, BreakerRecord::new(well.slot));
    }

    #[test]
    fn what_answers_is_not_down_and_a_long_answer_is_slow_for_a_while() {
        let health = BreakerRecord::new(ProviderSlot::main(Channel::Sms)).after(
            SendExperience::Failed,
            None,
            at(1),
        );
        let slow = health.after(SendExperience::Answered(Duration::from_secs(6)), None, at(10));
        assert_eq!(slow.at(at(11)), ProviderHealth::Slow);
        assert_eq!(slow.at(at(130)), ProviderHealth::Ok);
        assert_eq!(slow.after(OK, None, at(12)).at(at(12)), ProviderHealth::Ok);
        assert_eq!(slow.failures, 0);
    }
}
