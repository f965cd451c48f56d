//! Chance that can be had again: what is drawn follows from a seed.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// Numbers out of a seed (`SplitMix64`).
pub(crate) struct Chance(u64);

impl Chance {
    /// The seed of the environment, or one of its own; with its words for a report.
    pub(crate) fn new() -> (Self, u64) {
        let given = env::var("COUNTERSIGN_TEST_SEED").ok().and_then(|it| it.parse().ok());
        let seed = given.unwrap_or_else(seed);
        (Self::of(seed), seed)
    }

    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a number").max(1);
        usize::try_from(self.next() % end).expect("a number")
    }
}

#[expect(clippy::disallowed_methods, reason = "any number will do")]
fn seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    u64::from(since.subsec_nanos())
}
