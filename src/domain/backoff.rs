//! Exponential backoff: a delay that doubles up to a maximum.

use std::time::Duration;

/// The delays between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub first: Duration,
    pub max: Duration,
}

impl Backoff {
    /// The delay after this many earlier delays.
    pub const fn wait(self, earlier: u32) -> Duration {
        let wait = self.first.saturating_mul(2_u32.saturating_pow(earlier));
        if wait.as_nanos() < self.max.as_nanos() { wait } else { self.max }
    }

    /// The sum of the first `count` delays.
    pub const fn total(self, count: u32) -> Duration {
        let (mut total, mut earlier) = (Duration::ZERO, 0);
        while earlier < count {
            total = total.saturating_add(self.wait(earlier));
            earlier += 1;
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_maximum() {
        let backoff = Backoff { first: Duration::from_secs(2), max: Duration::from_secs(30) };
        let waits = [0, 1, 2, 3, 4, 5, 100].map(|earlier| backoff.wait(earlier).as_secs());
        assert_eq!(waits, [2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff.total(5), Duration::from_mins(1));
    }
}
