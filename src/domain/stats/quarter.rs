//! A quarter of an hour, in UTC.

use crate::domain::time::Timestamp;

/// A quarter of an hour in milliseconds.
const LENGTH: i64 = 900_000;

/// A quarter of an hour: how many there were since the Unix epoch.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Quarter(pub i64);

impl Quarter {
    /// The quarter in which a moment lies.
    pub const fn of(moment: Timestamp) -> Self {
        Self(moment.millis().div_euclid(LENGTH))
    }

    /// The first quarter that begins at a moment or after it.
    pub const fn from(moment: Timestamp) -> Self {
        Self(moment.millis().saturating_add(LENGTH - 1).div_euclid(LENGTH))
    }

    /// When it began.
    pub const fn began_at(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(LENGTH))
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_in_the_quarter_that_began_last() {
        for (millis, of, from) in
            [(0, 0, 0), (1, 0, 1), (899_999, 0, 1), (900_000, 1, 1), (-1, -1, 0)]
        {
            let moment = Timestamp::from_millis(millis);
            assert_eq!((Quarter::of(moment).0, Quarter::from(moment).0), (of, from), "{millis}");
        }
        assert_eq!(Quarter(2).began_at().millis(), 1_800_000);
    }
}
