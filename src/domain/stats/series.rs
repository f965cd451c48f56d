//! What events are counted together within a quarter of an hour.

use sha2::{Digest as _, Sha256};

use crate::domain::audit::leaf::StoredEvent;

/// Events that differ in nothing but their moment, their request and their customer. What an
/// event does not have is an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the columns of the log, as an event names them")]
pub struct StatsSeries {
    pub counter: String,
    pub clerk: String,
    pub channel: String,
    pub provider: String,
    pub purpose: String,
    pub kind: String,
    pub outcome: String,
}

impl StatsSeries {
    /// The series of an event.
    pub fn of(event: &StoredEvent) -> Self {
        let text = |it: &Option<String>| it.clone().unwrap_or_default();
        Self {
            counter: event.counter.clone(),
            clerk: event.clerk.clone(),
            channel: text(&event.channel),
            provider: text(&event.provider),
            purpose: text(&event.purpose),
            kind: event.kind.clone(),
            outcome: text(&event.outcome),
        }
    }

    /// The same at all counters, by all clerks: times are kept for these.
    #[must_use]
    pub fn of_office(&self) -> Self {
        Self { counter: String::new(), clerk: String::new(), ..self.clone() }
    }

    /// The same at all counters, by all channels and for all purposes: quick codes are kept for
    /// these.
    #[must_use]
    pub fn of_clerk(&self) -> Self {
        let Self { clerk, kind, outcome, .. } = self.clone();
        Self { clerk, kind, outcome, ..Self::default() }
    }

    /// The number of the series in every store: 63 bits of the hash of its names, so that
    /// nothing is looked up while events are sealed. An office has some thousands of series.
    pub fn number(&self) -> i64 {
        let names = [
            &self.counter,
            &self.clerk,
            &self.channel,
            &self.provider,
            &self.purpose,
            &self.kind,
            &self.outcome,
        ];
        let mut hash = Sha256::new();
        for name in names {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let number = hash.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        i64::try_from(number >> 1).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_tells_series_apart_and_stays() {
        let dana = StatsSeries { clerk: "dana".into(), kind: "sent".into(), ..Default::default() };
        let moved = StatsSeries { counter: "dana".into(), clerk: String::new(), ..dana.clone() };
        let split = StatsSeries { counter: "d".into(), clerk: "ana".into(), ..dana.clone() };
        assert_ne!(dana.number(), moved.number());
        assert_ne!(dana.number(), split.number());
        assert_eq!(dana.of_office().number(), moved.of_office().number());
        // Stores have it.
        assert_eq!(dana.number(), 4_836_330_421_008_959_635);
    }
}
