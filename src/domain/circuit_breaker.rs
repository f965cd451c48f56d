//! The providers as the channels use them, and how each of them does.
//!
//! Every terminal writes what it meets into the store, so that a counter that
//! has sent nothing for an hour knows as well as the others that a provider is
//! down. While it is down nothing is handed to it (a circuit breaker): a message
//! goes by the fallback or waits, and no clerk waits for a time-out again. When
//! the time is over one message tries; fails it, the pause doubles.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::explanation::Explanation;
use crate::domain::time::Timestamp;
use crate::domain::timing::BREAKER_BACKOFF;

/// One provider as a channel uses it: what is up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProviderSlot {
    /// The channel.
    pub channel: Channel,
    /// Whether it is the provider that stands in for the first one.
    pub fallback: bool,
}

impl ProviderSlot {
    /// Every line there can be.
    pub const ALL: [Self; 6] = [
        Self::main(Channel::Email),
        Self::fallback(Channel::Email),
        Self::main(Channel::Sms),
        Self::fallback(Channel::Sms),
        Self::main(Channel::Whatsapp),
        Self::fallback(Channel::Whatsapp),
    ];

    /// The provider that a channel asks first.
    pub const fn main(channel: Channel) -> Self {
        Self { channel, fallback: false }
    }

    /// The provider that stands in for it.
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
            .find(|line| line.to_string() == name)
            .ok_or_else(|| UnknownProviderSlot(name.to_owned()))
    }
}

/// A word that names no line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a line to a provider")]
pub struct UnknownProviderSlot(String);

/// Failures in a row after which a provider counts as down. One may be chance.
pub const FAILURES_TO_OPEN: u32 = 3;

/// A hand-over that took longer is worth a word to the next clerk.
const SLOW: Duration = Duration::from_secs(5);

/// How long that word stands without another slow one.
const SLOW_FOR: Duration = Duration::from_mins(2);

/// How a provider does, as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BreakerRecord {
    /// Which.
    pub line: ProviderSlot,
    /// Hand-overs in a row that failed by its fault or the network's.
    pub failures: u32,
    /// Until when nothing is handed to it.
    pub down_until: Timestamp,
    /// Until when it counts as slow.
    pub slow_until: Timestamp,
    /// What it said last, where it failed.
    pub detail: Option<Explanation>,
    /// The last failure was of a message that it had accepted. That it accepts another one
    /// proves nothing then: one has to arrive.
    pub late: bool,
}

/// How a provider does, in a word.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum BreakerState {
    /// Nothing is known against it.
    Ok,
    /// Of a channel: its first provider is down, and the second one does the work.
    Fallback,
    /// It takes its time.
    Slow,
    /// It is left alone.
    Down,
}

impl BreakerState {
    /// The word on screens and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fallback => "fallback",
            Self::Slow => "slow",
            Self::Down => "down",
        }
    }
}

/// What one hand-over tells about a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendExperience {
    /// It answered, whatever it said about the message, after so long.
    Answered(Duration),
    /// It answered the message that was to find out whether it works again.
    AnsweredAgain(Duration),
    /// It did not do what it is there for.
    Failed,
    /// It did not, for the message that was to find out whether it works again.
    FailedAgain,
    /// It accepted a message, and said later that it sends nothing for this office: an
    /// account that is suspended, a number that is not registered.
    FailedLate,
    /// A message that it accepted has arrived.
    Confirmed,
}

impl BreakerRecord {
    /// Nothing is known against it.
    pub const fn new(line: ProviderSlot) -> Self {
        let never = Timestamp::from_millis(0);
        Self { line, failures: 0, down_until: never, slow_until: never, detail: None, late: false }
    }

    /// In a word.
    pub fn at(&self, now: Timestamp) -> BreakerState {
        if self.is_down(now) {
            BreakerState::Down
        } else if self.slow_until > now || self.is_on_trial(now) {
            BreakerState::Slow
        } else {
            BreakerState::Ok
        }
    }

    /// Whether nothing is to be handed to it.
    pub fn is_down(&self, now: Timestamp) -> bool {
        self.down_until > now
    }

    /// Whether its pause is over and one message is to find out how it does.
    pub fn is_on_trial(&self, now: Timestamp) -> bool {
        self.failures >= FAILURES_TO_OPEN && !self.is_down(now)
    }

    /// How it does after one more hand-over.
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
            // It is left alone for longer each time, until a message arrives.
            SendExperience::AnsweredAgain(_) if self.late => self.failed(self.detail.as_ref(), now),
            SendExperience::Answered(took) | SendExperience::AnsweredAgain(took) => {
                Self { slow_until: self.slow_after(took, now), ..Self::new(self.line) }
            }
            SendExperience::Confirmed if self.late => {
                Self { slow_until: self.slow_until, ..Self::new(self.line) }
            }
            SendExperience::Confirmed => self.clone(),
            // What was under way when it went down says nothing new.
            SendExperience::Failed | SendExperience::FailedLate if self.is_down(now) => {
                self.clone()
            }
            SendExperience::Failed | SendExperience::FailedAgain => self.failed(detail, now),
            SendExperience::FailedLate => Self { late: true, ..self.failed(detail, now) },
        }
    }

    fn slow_after(&self, took: Duration, now: Timestamp) -> Timestamp {
        if took > SLOW { now.plus(SLOW_FOR) } else { Self::new(self.line).slow_until }
    }

    /// After one more failure.
    fn failed(&self, detail: Option<&Explanation>, now: Timestamp) -> Self {
        let failures = self.failures.saturating_add(1);
        let down_until = if failures >= FAILURES_TO_OPEN {
            now.plus(BREAKER_BACKOFF.wait(failures - FAILURES_TO_OPEN))
        } else {
            self.down_until
        };
        Self { failures, down_until, detail: detail.cloned(), ..self.clone() }
    }

    /// Whether the terminals have to hear of a change: it went down, or works again.
    pub fn turned(&self, after: &Self) -> Option<BreakerState> {
        match (self.failures >= FAILURES_TO_OPEN, after.failures >= FAILURES_TO_OPEN) {
            (false, true) => Some(BreakerState::Down),
            (true, false) => Some(BreakerState::Ok),
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
        for line in ProviderSlot::ALL {
            assert_eq!(line.to_string().parse(), Ok(line));
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
            assert_eq!(next.down_until, at(until), "at {now}");
            assert_eq!(health.turned(&next), (next.failures == 3).then_some(BreakerState::Down));
            health = next;
        }
        assert_eq!(health.at(at(806)), BreakerState::Down);
        assert_eq!(health.at(at(807)), BreakerState::Slow, "one message tries");
        let well = health.after(OK, None, at(808));
        assert_eq!(
            (well.at(at(808)), health.turned(&well)),
            (BreakerState::Ok, Some(BreakerState::Ok))
        );
        assert_eq!(well, BreakerRecord::new(well.line));
    }

    #[test]
    fn of_what_fails_while_it_is_down_only_the_trial_counts() {
        let mut health = BreakerRecord::new(ProviderSlot::main(Channel::Sms));
        for _ in 0..FAILURES_TO_OPEN {
            assert!(!health.is_on_trial(at(100)));
            health = health.after(SendExperience::Failed, None, at(100));
        }
        assert!(!health.is_on_trial(at(114)) && health.is_on_trial(at(115)));
        // Its pause grows while the one message is at it.
        health.down_until = at(145);
        assert_eq!(health.after(SendExperience::Failed, None, at(120)), health);
        let again = health.after(SendExperience::FailedAgain, Some(&"refused".into()), at(120));
        assert_eq!((again.failures, again.down_until), (4, at(150)));
    }

    #[test]
    fn what_accepts_messages_and_sends_none_is_down_until_one_arrives() {
        let mut health = BreakerRecord::new(ProviderSlot::main(Channel::Sms));
        for failures in 1..=3 {
            health = health.after(OK, None, at(100));
            health = health.after(SendExperience::FailedLate, Some(&"suspended".into()), at(101));
            assert_eq!(health.failures, failures);
        }
        assert_eq!(health.at(at(102)), BreakerState::Down);
        let in_flight = health.after(SendExperience::FailedLate, None, at(103));
        assert_eq!(in_flight, health, "what was accepted before says nothing new");
        assert_eq!(health.after(OK, None, at(103)), health);
        assert!(health.is_on_trial(at(116)));
        let again = health.after(SendExperience::AnsweredAgain(Duration::ZERO), None, at(116));
        assert_eq!((again.failures, again.down_until), (4, at(146)), "it only accepts");
        assert_eq!(again.detail, Some("suspended".into()));
        let well = again.after(SendExperience::Confirmed, None, at(120));
        assert_eq!(well, BreakerRecord::new(well.line));
        assert_eq!(again.turned(&well), Some(BreakerState::Ok));
    }

    #[test]
    fn an_old_message_that_arrives_says_nothing_of_an_outage() {
        let mut health = BreakerRecord::new(ProviderSlot::main(Channel::Sms));
        for _ in 0..FAILURES_TO_OPEN {
            health = health.after(SendExperience::Failed, None, at(100));
        }
        assert_eq!(health.after(SendExperience::Confirmed, None, at(101)), health);
        let well = health.after(SendExperience::AnsweredAgain(Duration::ZERO), None, at(116));
        assert_eq!(well, BreakerRecord::new(well.line));
    }

    #[test]
    fn what_answers_is_not_down_and_a_long_answer_is_slow_for_a_while() {
        let health = BreakerRecord::new(ProviderSlot::main(Channel::Sms)).after(
            SendExperience::Failed,
            None,
            at(1),
        );
        let slow = health.after(SendExperience::Answered(Duration::from_secs(6)), None, at(10));
        assert_eq!(slow.at(at(11)), BreakerState::Slow);
        assert_eq!(slow.at(at(130)), BreakerState::Ok);
        assert_eq!(slow.after(OK, None, at(12)).at(at(12)), BreakerState::Ok);
        assert_eq!(slow.failures, 0);
    }
}
