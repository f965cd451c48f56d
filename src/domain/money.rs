//! Amounts of money, in the currency's smallest unit so that sums are exact.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Money {
    /// The amount in cents (or the currency's smallest unit); a negative one is a credit.
    pub cents: i64,
    /// ISO 4217 code; empty if not known.
    pub currency: String,
}

impl Money {
    /// Parses an amount in whole units as a database writes it (`1234.5`, `-0.50`) to cents. A
    /// fraction of a cent is rejected unless it is the rounding error of a floating-point column.
    pub fn cents_of_units(text: &str) -> Option<i64> {
        const NOISE: usize = 9;
        let (sign, digits) = match text.trim().strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.trim()),
        };
        let (whole, parts) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        if !are_digits(whole) || !are_digits(parts) {
            return None;
        }
        let (cents, rest) = parts.split_at_checked(2).unwrap_or((parts, ""));
        let cents: i64 = format!("{cents:0<2}").parse().ok()?;
        let is_noise = rest.len() >= NOISE || rest.bytes().all(|it| it == b'0');
        let up = i64::from(rest.as_bytes().first().is_some_and(|it| *it >= b'5'));
        let whole: i64 = whole.parse().ok()?;
        let sum = whole.checked_mul(100)?.checked_add(cents)?.checked_add(up)?;
        is_noise.then_some(sign * sum)
    }

    /// Parses an amount in cents (`1250`, `1250.00`).
    pub fn cents_of_cents(text: &str) -> Option<i64> {
        let (whole, parts) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        parts.bytes().all(|it| it == b'0').then(|| whole.parse().ok())?
    }
}

/// Formats as `1,234.50 EUR`, without a currency if none is known.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.cents < 0 { "-" } else { "" };
        let cents = self.cents.unsigned_abs();
        let whole = (cents / 100).to_string();
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(f, "{sign}{grouped}.{:02}", cents % 100)?;
        if self.currency.is_empty() { Ok(()) } else { write!(f, " {}", self.currency) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_read_as_people_write_them() {
        let sum = |cents| Money { cents, currency: "EUR".into() }.to_string();
        assert_eq!(sum(5), "0.05 EUR");
        assert_eq!(sum(123_450), "1,234.50 EUR");
        assert_eq!(sum(-100_000_000), "-1,000,000.00 EUR");
        assert_eq!(sum(i64::MIN), "-92,233,720,368,547,758.08 EUR");
        assert_eq!(Money { cents: 5, currency: String::new() }.to_string(), "0.05");
    }

    #[test]
    fn sums_are_read_as_databases_write_them() {
        for (text, cents) in [
            ("12.50", 1_250),
            ("12.5", 1_250),
            ("-0.05", -5),
            ("1234", 123_400),
            (" 7.1000 ", 710),
            ("0.30000000000000004", 30),
            ("12.349999999999999", 1_235),
        ] {
            assert_eq!(Money::cents_of_units(text), Some(cents), "{text}");
        }
        for text in [
            "",
            "-",
            "12.345",
            "1e3",
            "$12.50",
            "12,50",
            ".5",
            "5.",
            "NaN",
            "1 000",
            "99999999999999999999",
        ] {
            assert_eq!(Money::cents_of_units(text), None, "{text}");
        }
        assert_eq!(Money::cents_of_cents("1250"), Some(1_250));
        assert_eq!(Money::cents_of_cents("-1250.00"), Some(-1_250));
        for text in ["", "12.5", "1e3", "x"] {
            assert_eq!(Money::cents_of_cents(text), None, "{text}");
        }
    }
}
