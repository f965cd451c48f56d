//! How long something took, as counts by buckets whose width grows with the time: any number
//! of them are merged by adding, and a percentile is off by a twentieth at most.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::delivery_stats::Percentiles;

/// How many buckets there are. The last one begins at more than a day.
const BUCKETS: usize = 200;

/// The longest time of each bucket, in milliseconds: a tenth more than that of the one before.
/// In whole numbers, so that every machine has the same.
const BOUNDS: [u64; BUCKETS] = {
    let mut bounds = [0; BUCKETS];
    let mut at = 1;
    while at < BUCKETS {
        let before = bounds[at - 1];
        bounds[at] = before + if before < 10 { 1 } else { before / 10 };
        at += 1;
    }
    bounds
};

const _: () = assert!(BOUNDS[BUCKETS - 1] > 24 * 3_600_000, "a day has a bucket");

/// A bucket, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(pub u32);

impl Bucket {
    /// The bucket of a time.
    pub fn of(time: Duration) -> Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let place = BOUNDS.partition_point(|bound| *bound < millis).min(BUCKETS - 1);
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// The time in the middle of it.
    fn middle(self) -> Duration {
        let place = usize::try_from(self.0).unwrap_or(BUCKETS).min(BUCKETS - 1);
        let shortest = place.checked_sub(1).map_or(0, |before| BOUNDS[before] + 1);
        Duration::from_millis(shortest.midpoint(BOUNDS[place]))
    }
}

/// Times that were counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<Bucket, u64>);

impl Histogram {
    /// Counts so many times of a bucket more.
    pub fn add(&mut self, bucket: Bucket, count: u64) {
        *self.0.entry(bucket).or_default() += count;
    }

    /// Its percentiles by nearest rank; none where nothing was counted.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let count: u64 = self.0.values().sum();
        let rank = |percent: u64| {
            let rank = (count * percent).div_ceil(100).max(1);
            let mut seen = 0;
            let reached = self.0.iter().find(|(_, held)| {
                seen += **held;
                seen >= rank
            });
            reached.map(|(bucket, _)| bucket.middle())
        };
        let held = usize::try_from(count).unwrap_or(usize::MAX);
        Some(Percentiles { count: held, p50: rank(50)?, p95: rank(95)? })
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a day fit")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_follow_one_another() {
        assert!(BOUNDS.windows(2).all(|pair| pair[0] < pair[1]));
        let place = |millis| Bucket::of(Duration::from_millis(millis)).0;
        assert_eq!([place(0), place(1), place(10), place(11), place(12)], [0, 1, 10, 11, 12]);
        assert_eq!(usize::try_from(place(u64::MAX)), Ok(BUCKETS - 1));
        assert_eq!(Histogram::default().percentiles(), None);
    }

    proptest! {
        #[test]
        fn a_percentile_is_off_by_a_twentieth_at_most(
            mut times in prop::collection::vec(1_u64..86_400_000, 1..200),
            at in 0_usize..200,
        ) {
            let (mut one, mut other) = (Histogram::default(), Histogram::default());
            for (place, time) in times.iter().enumerate() {
                let half = if place < at { &mut one } else { &mut other };
                half.add(Bucket::of(Duration::from_millis(*time)), 1);
            }
            for (bucket, count) in other.0 {
                one.add(bucket, count);
            }
            times.sort_unstable();
            let exact = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1] as f64;
            let found = one.percentiles().expect("some");
            prop_assert_eq!(found.count, times.len());
            for (found, exact) in [(found.p50, exact(50)), (found.p95, exact(95))] {
                let found = found.as_millis() as f64;
                prop_assert!((found - exact).abs() <= exact * 0.05 + 0.5, "{found} {exact}");
            }
        }
    }
}
