//! The values of cells: addresses, numbers, languages, sums.

use crate::domain::contact::{EmailAddress, PhoneNumber};
use crate::domain::locale::is_tag;
use crate::domain::money::Money;
use crate::service::customers::csv_import::problem::CellFault;

pub(super) fn email(raw: &str) -> Result<EmailAddress, CellFault> {
    EmailAddress::parse(raw).map_err(|error| {
        let parts = raw.split([';', ',', '/', '|', ' ']).filter(|part| part.contains('@'));
        if parts.count() > 1 { CellFault::Several } else { CellFault::Contact(error) }
    })
}

pub(super) fn phone(raw: &str, country: &str) -> Result<PhoneNumber, CellFault> {
    PhoneNumber::parse(raw, country).map_err(|error| CellFault::Contact(error.into()))
}

/// A language tag. `en_US` and `de_DE.UTF-8`, as programs write them, become `en-US` and
/// `de-DE`.
pub(super) fn locale(raw: &str) -> Result<String, CellFault> {
    let end = raw.find(['.', '@']).unwrap_or(raw.len());
    let tag = raw[..end].trim().replace('_', "-");
    if is_tag(&tag) { Ok(tag) } else { Err(CellFault::Locale) }
}

/// Whether a cell holds a word for "none", or an error of a spreadsheet.
pub(super) fn is_placeholder(raw: &str) -> bool {
    let word = raw.to_lowercase();
    raw.chars().all(|it| "-–—?.".contains(it))
        || matches!(
            word.as_str(),
            "null" | "(null)" | "n/a" | "n.a." | "none" | "nil" | "nan" | "undefined" | "unknown"
        )
}

/// Whether it is an error of a spreadsheet, or a formula that was not computed.
pub(super) fn is_formula(raw: &str) -> bool {
    let is_error = raw.strip_prefix('#').is_some_and(|word| {
        matches!(word, "N/A" | "NV" | "NUM!" | "ZAHL!") || word.ends_with(['!', '?'])
    });
    raw.starts_with('=') || is_error || (raw.len() > 4 && raw.chars().all(|it| it == '#'))
}

/// Whether it is `1.23E+11`, which many numbers may have become.
pub(super) fn is_rounded(raw: &str) -> bool {
    let Some((mantissa, exponent)) = raw.split_once(['E', 'e']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let (whole, part) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    is_number(whole) && is_number(part) && exponent.strip_prefix(['+', '-']).is_some_and(is_number)
}

pub(super) fn currency(raw: &str) -> Result<String, CellFault> {
    let currency = raw.to_ascii_uppercase();
    if currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(currency)
    } else {
        Err(CellFault::Currency)
    }
}

/// Currency signs, and the currencies that they may mean.
const SIGNS: [(char, &str); 6] =
    [('€', "EUR"), ('£', "GBP"), ('¥', "JPY CNY"), ('₹', "INR"), ('₺', "TRY"), ('$', "")];

/// A sum as people and accounting programs write it: `1234.5`, `-1234,50`, `$1,234.50`,
/// `1.234,50 €`, `(12.50)`. An ambiguous one, such as `1,234`, is refused.
pub(super) fn money(raw: &str, currency: String) -> Result<Money, CellFault> {
    let digits = unsigned(raw, &currency).ok_or(CellFault::Balance)?;
    let (is_negative, digits) = digits;
    let cents = cents(&digits).ok_or(CellFault::Balance)?;
    Ok(Money { cents: if is_negative { -cents } else { cents }, currency })
}

/// Whether it is negative, and the rest without sign, currency and blanks.
fn unsigned(raw: &str, currency: &str) -> Option<(bool, String)> {
    let mut text: String = raw.chars().filter(|it| !it.is_whitespace()).collect();
    if let Some(code) = text.to_ascii_uppercase().find(currency) {
        text.replace_range(code..code + currency.len(), "");
    }
    if let Some((sign, codes)) = SIGNS.iter().find(|(sign, _)| text.contains(*sign)) {
        if !codes.is_empty() && !codes.contains(currency) {
            return None;
        }
        text = text.replacen(*sign, "", 1);
    }
    let text = text.replace('\u{2212}', "-");
    let in_brackets = text.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
    let signed = text.strip_prefix('-').or_else(|| text.strip_suffix('-'));
    match (in_brackets, signed) {
        (Some(inside), _) => Some((true, inside.to_owned())),
        (None, Some(rest)) => Some((true, rest.to_owned())),
        (None, None) => Some((false, text.strip_prefix('+').unwrap_or(&text).to_owned())),
    }
}

fn cents(text: &str) -> Option<i64> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let separators: Vec<char> = text.chars().filter(|it| !it.is_ascii_digit()).collect();
    let last = separators.last().copied();
    // The last mark is the decimal mark if no other is equal to it and few digits follow.
    let (whole, part) = match last {
        Some(mark @ ('.' | ',')) => {
            let (whole, part) = text.rsplit_once(mark)?;
            let is_decimal =
                part.len() <= 2 && separators.iter().filter(|it| **it == mark).count() == 1;
            if is_decimal { (whole, part) } else { (text, "0") }
        }
        _ => (text, "0"),
    };
    let groups: Vec<&str> = whole.split(['.', ',', '\'', '’']).collect();
    let marks: Vec<char> = whole.chars().filter(|it| !it.is_ascii_digit()).collect();
    let is_grouped = groups.len() == 1
        || ((1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|it| it.len() == 3));
    let is_one_mark = marks.windows(2).all(|two| two[0] == two[1]);
    // A single mark before three digits may separate thousands or be a decimal mark.
    let is_twofold =
        last.is_some_and(|it| ".,".contains(it)) && separators.len() == 1 && groups.len() == 2;
    if !is_number(part)
        || !groups.iter().all(|it| is_number(it))
        || !is_grouped
        || !is_one_mark
        || is_twofold
    {
        return None;
    }
    format!("{}{part:0<2}", groups.concat()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_as_they_are_written_and_never_in_two_ways() {
        let cents = |sum: &str| money(sum, "EUR".into()).map(|it| it.cents);
        for (sum, expected) in [
            ("12", 1_200),
            ("0.05", 5),
            ("-1234,5", -123_450),
            ("1,234.50", 123_450),
            ("1.234,50", 123_450),
            ("1.234.567", 123_456_700),
            ("1'234'567.8", 123_456_780),
            ("1 234,50 €", 123_450),
            ("EUR 12.50", 1_250),
            ("(12.50)", -1_250),
            ("12.50-", -1_250),
            ("\u{2212}3", -300),
        ] {
            assert_eq!(cents(sum), Ok(expected), "{sum:?}");
        }
        for bad in [
            "1,234",
            "1.234",
            "",
            "-",
            ".5",
            "1.",
            "1e3",
            "99999999999999999999",
            "1,23,4",
            "£5",
            "1.2.3",
            "12,34,56",
            "1.234,567.00",
            "((1))",
            "--1",
            "1,2345.00",
            "$5 USD",
        ] {
            assert_eq!(cents(bad), Err(CellFault::Balance), "{bad:?}");
        }
        assert_eq!(money("$12.50", "USD".into()).map(|it| it.cents), Ok(1_250));
        assert_eq!(currency("euro"), Err(CellFault::Currency));
    }

    #[test]
    fn words_for_none_and_errors_of_spreadsheets_are_known() {
        for none in ["NULL", "n/a", "-", "--", "None", "?", "(null)"] {
            assert!(is_placeholder(none), "{none}");
        }
        assert!(!is_placeholder("Nullmeier") && !is_placeholder("Nan Wu"));
        for error in ["#N/A", "#REF!", "#BEZUG!", "#NAME?", "=A2&B2", "#######"] {
            assert!(is_formula(error), "{error}");
        }
        assert!(!is_formula("#12 Main St"));
        for rounded in ["1.23E+11", "4,217E+03", "1E+5"] {
            assert!(is_rounded(rounded), "{rounded}");
        }
        for other in ["E-17", "12E", "1E5", "WB-E+1", "4217"] {
            assert!(!is_rounded(other), "{other}");
        }
    }

    #[test]
    fn languages_are_read_as_programs_name_them() {
        for (raw, tag) in [("en_US", "en-US"), ("de_DE.UTF-8", "de-DE"), ("zh-Hant", "zh-Hant")] {
            assert_eq!(locale(raw).as_deref(), Ok(tag));
        }
        for none in ["x", "English", "C", "en/US"] {
            assert_eq!(locale(none), Err(CellFault::Locale), "{none}");
        }
    }

    #[test]
    fn two_addresses_in_a_cell_are_told_as_two() {
        assert_eq!(email("a@example.org; b@example.org").err(), Some(CellFault::Several));
        assert!(matches!(email("NULL").err(), Some(CellFault::Contact(_))));
    }
}
