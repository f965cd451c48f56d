//! Random numbers from the operating system (NIST SP 800-63B-4, 3.1.3.2;
//! ASVS 6.5.3). Codes, tokens and keys come from here and from nowhere else.

use rand::TryRng;
use rand::rngs::{SysError, SysRng};

use crate::service::ports::{Random, RandomError};

/// The operating system's own generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn below(&self, bound: u64) -> Result<u64, RandomError> {
        // The highest numbers that do not fill a whole round of `bound` are
        // drawn again: taking the remainder of all would favour low results.
        let uneven = (u64::MAX % bound + 1) % bound;
        loop {
            let drawn = SysRng.try_next_u64().map_err(no_random)?;
            if drawn <= u64::MAX - uneven {
                return Ok(drawn % bound);
            }
        }
    }

    fn secret(&self) -> Result<[u8; 32], RandomError> {
        let mut secret = [0; 32];
        SysRng.try_fill_bytes(&mut secret).map_err(no_random)?;
        Ok(secret)
    }
}

fn no_random(error: SysError) -> RandomError {
    RandomError(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;

    /// The upper 0.1 % point of chi-squared with 9 degrees of freedom.
    const CHI_SQUARED_9_P_001: f64 = 27.877;

    #[test]
    fn security_01_digits_are_even_in_every_position() {
        const DRAWS: u32 = 1_000_000;
        let mut counts = [[0_u32; 10]; 6];
        for _ in 0..DRAWS {
            let number = OsRandom.below(Code::space(6)).expect("random numbers");
            let code = Code::from_number(number, 6);
            for (position, digit) in code.reveal().bytes().enumerate() {
                counts[position][usize::from(digit - b'0')] += 1;
            }
        }
        let expected = f64::from(DRAWS) / 10.0;
        for (position, counts) in counts.iter().enumerate() {
            let chi: f64 =
                counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
            // One honest run in 170 would miss p > 0.001 in one of six positions;
            // twice the bound is missed by one in a billion.
            assert!(chi < 2.0 * CHI_SQUARED_9_P_001, "position {position}: {chi}");
        }
    }

    #[test]
    fn numbers_stay_below_their_bound_and_secrets_differ() {
        for bound in [1, 2, 3, 1 << 50, u64::MAX] {
            assert!(OsRandom.below(bound).expect("random numbers") < bound);
        }
        assert_ne!(OsRandom.secret().expect("bytes"), OsRandom.secret().expect("bytes"));
    }
}
