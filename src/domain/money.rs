//! Sums of money, counted in the currency's smallest unit so that they add up.

use std::fmt;

/// A sum in a currency.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Money {
    /// Whole cents (or the currency's smallest unit); negative is a credit.
    pub cents: i64,
    /// The currency's ISO 4217 code.
    pub currency: String,
}

/// `1,234.50 EUR`
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
        write!(f, "{sign}{grouped}.{:02} {}", cents % 100, self.currency)
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
    }
}
