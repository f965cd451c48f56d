//! Extracts the digits of a phone number from recorded text.
//!
//! Each character is a digit, a separator, or a reason to reject the text: nothing that could have
//! a meaning is dropped.

use crate::domain::phone::error::PhoneError;
use crate::domain::phone::plan;

/// Labels that may precede a number.
const LABELS: &[&str] = &[
    "c",
    "cel",
    "cell",
    "celular",
    "cellulare",
    "fon",
    "gsm",
    "h",
    "handy",
    "home",
    "m",
    "mob",
    "mobil",
    "mobile",
    "mobiel",
    "mobiltelefon",
    "mobitel",
    "móvil",
    "natel",
    "office",
    "p",
    "ph",
    "phone",
    "portable",
    "private",
    "privat",
    "sms",
    "t",
    "tel",
    "tél",
    "telefon",
    "telefono",
    "telefone",
    "telefoon",
    "telephone",
    "téléphone",
    "teléfono",
    "tlf",
    "w",
    "whatsapp",
    "work",
    "тел",
    "телефон",
    "моб",
    "電話",
    "携帯",
    "携帯電話",
    "电话",
    "手机",
    "전화",
    "هاتف",
    "جوال",
];

/// Words that introduce an extension.
const EXTENSIONS: &[&str] = &[
    "anexo",
    "app",
    "dw",
    "durchwahl",
    "ext",
    "extn",
    "extension",
    "int",
    "interno",
    "nst",
    "poste",
    "ramal",
    "x",
    "доб",
];

/// From this many digits on, a digit group counts as a whole number.
const FEWEST_DIGITS: usize = 5;

/// Digits of the shortest numbers in the world.
const SHORTEST_NUMBER: usize = 3;

/// This many digits on both sides of a slash are two numbers.
const TWO_NUMBERS: usize = 7;

/// The most digits of an alternative ending: `089 123456/7`.
const LONGEST_END: usize = 3;

/// The most digits of an area code with its trunk prefix, and with a country code.
const LONGEST_AREA: usize = 8;
const LONGEST_AREA_ABROAD: usize = 10;

/// The most digits of an extension in brackets.
const LONGEST_EXTENSION: usize = 5;

/// A number as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Writing {
    /// Whether a plus sign precedes the country code.
    pub(super) plus: bool,
    /// The digits in ASCII.
    pub(super) digits: String,
    /// The position of a trunk zero in brackets after the country code, which is dialled nationally
    /// only.
    pub(super) trunk_zero: Option<usize>,
}

impl Writing {
    pub(super) fn read(raw: &str) -> Result<Self, PhoneError> {
        let plain: String = raw.chars().filter_map(plain).collect();
        // Quoting that spreadsheets use for text.
        let text = plain.trim().trim_start_matches(['=', '\'', '"']);
        let text = text.trim_end_matches(['\'', '"', ',', ';', '.']).trim();
        if is_exponent(text) {
            return Err(PhoneError::Exponent);
        }
        digits(whole(unlabelled(text))?)
    }
}

/// Normalises a character: digits of any script to ASCII; `None` for an invisible one.
fn plain(char: char) -> Option<char> {
    match char {
        '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{fe63}' => Some('-'),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0).or(Some(char)),
        char if char.is_whitespace() => Some(' '),
        char if !char.is_ascii() && char.is_numeric() => Some(plan::digit(char).unwrap_or(char)),
        char => Some(char),
    }
}

/// Whether a spreadsheet wrote it in scientific notation.
fn is_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let (whole, places) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    is_digits(whole.trim_start_matches(['+', '-']))
        && is_digits(places)
        && is_digits(exponent.trim_start_matches(['+', '-']))
}

/// The text without a label before the number.
fn unlabelled(text: &str) -> &str {
    let mut rest = text;
    // "Mobile phone:" has two words.
    for _ in 0..2 {
        let end = rest.find(|char: char| !char.is_alphabetic()).unwrap_or(rest.len());
        let word = rest[..end].to_lowercase();
        if !LABELS.contains(&word.as_str()) {
            break;
        }
        rest = rest[end..].trim_start_matches([' ', '.', ':']);
    }
    rest
}

/// The text without decimal places, as in `15112345678.0`.
fn whole(text: &str) -> Result<&str, PhoneError> {
    let Some((whole, places)) = text.split_once(['.', ',']) else { return Ok(text) };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let number = whole.strip_prefix('+').unwrap_or(whole);
    let is_fraction = is_digits(number)
        && number.len() >= SHORTEST_NUMBER
        && is_digits(places)
        && (places.len() <= 2 || places.bytes().all(|it| it == b'0'));
    match is_fraction {
        false => Ok(text),
        true if places.bytes().all(|it| it == b'0') && !number.starts_with('0') => Ok(whole),
        true => Err(PhoneError::DecimalPlaces),
    }
}

fn digits(text: &str) -> Result<Writing, PhoneError> {
    let mut writing = Writing { plus: false, digits: String::new(), trunk_zero: None };
    for (at, char) in text.char_indices() {
        let rest = &text[at + char.len_utf8()..];
        match char {
            '0'..='9' => writing.digits.push(char),
            '+' if writing.digits.is_empty() && !writing.plus => writing.plus = true,
            '+' if writing.digits.len() >= FEWEST_DIGITS => return Err(PhoneError::Several),
            '+' => return Err(PhoneError::Plus),
            '(' if rest.starts_with("0)") && !writing.digits.is_empty() => {
                writing.trunk_zero = Some(writing.digits.len());
            }
            '/' if is_two(&writing.digits, rest, TWO_NUMBERS) => return Err(PhoneError::Several),
            '/' if is_end_of_another(&writing, rest) => return Err(PhoneError::Several),
            '(' | '[' if is_extension(&writing.digits, rest) => return Err(PhoneError::Extension),
            ' ' | '-' | '.' | '/' | '(' | ')' | '[' | ']' => {}
            _ => return Err(reason(char, &writing.digits, &text[at..])),
        }
    }
    if writing.digits.is_empty() { Err(PhoneError::NoDigits) } else { Ok(writing) }
}

/// Whether there are this many digits on both sides of a separator.
fn is_two(before: &str, behind: &str, fewest: usize) -> bool {
    before.len() >= fewest && behind.bytes().filter(u8::is_ascii_digit).count() >= fewest
}

/// Whether a slash does not follow an area code: then an alternative ending follows it.
fn is_end_of_another(before: &Writing, behind: &str) -> bool {
    let behind = behind.bytes().filter(u8::is_ascii_digit).count();
    let is_abroad = before.plus || before.digits.starts_with("00");
    let longest_area = if is_abroad { LONGEST_AREA_ABROAD } else { LONGEST_AREA };
    let before = before.digits.len();
    behind > 0 && (before > longest_area || (before >= TWO_NUMBERS && behind <= LONGEST_END))
}

/// Whether a bracket after a number contains an extension: `030 123456 (12)`.
fn is_extension(before: &str, behind: &str) -> bool {
    let Some((inside, rest)) = behind.split_once([')', ']']) else { return false };
    let digits = inside.bytes().filter(u8::is_ascii_digit).count();
    before.len() >= TWO_NUMBERS
        && (1..=LONGEST_EXTENSION).contains(&digits)
        && !rest.bytes().any(|it| it.is_ascii_digit())
}

/// Why a number is rejected at `char`, with which `rest` begins.
fn reason(char: char, before: &str, rest: &str) -> PhoneError {
    let behind = &rest[char.len_utf8()..];
    let digits_behind = behind.bytes().any(|byte| byte.is_ascii_digit());
    if char == '#' && !before.is_empty() && digits_behind || rest.starts_with(";ext=") {
        return PhoneError::Extension;
    }
    if matches!(char, ',' | ';' | '|' | '&') && is_two(before, behind, FEWEST_DIGITS) {
        return PhoneError::Several;
    }
    if !char.is_alphabetic() {
        return PhoneError::Character(char);
    }
    let end = rest.find(|char: char| !char.is_alphabetic()).unwrap_or(rest.len());
    let word = rest[..end].to_lowercase();
    let is_extension = EXTENSIONS.contains(&word.as_str());
    if is_extension && before.len() >= FEWEST_DIGITS && digits_behind {
        return PhoneError::Extension;
    }
    PhoneError::Letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Result<String, PhoneError> {
        Writing::read(raw).map(|it| if it.plus { format!("+{}", it.digits) } else { it.digits })
    }

    #[test]
    fn every_digit_is_read_and_separators_are_not() {
        for (raw, digits) in [
            ("(0151) 1234-5678", "015112345678"),
            ("030/90182-0", "030901820"),
            ("+49\u{a0}151\u{2011}1234567", "+491511234567"),
            ("\u{202a}+33 6 72 82 99 16\u{202c}", "+33672829916"),
            ("Tel.: 0151 1234567", "01511234567"),
            ("tel:+1-415-555-0142", "+14155550142"),
            ("Mobile phone: 0151 1234567", "01511234567"),
            ("=\"0151 1234567\"", "01511234567"),
            ("'01511234567", "01511234567"),
            ("０９０－１２３４－５６７８", "09012345678"),
            ("٠١٠١٢٣٤٥٦٧٨", "01012345678"),
            ("۰۹۱۲۱۲۳۴۵۶۷", "09121234567"),
            ("०९८७६", "09876"),
            ("15112345678.0", "15112345678"),
            ("15112345678,00", "15112345678"),
            ("0475.12.34.56", "0475123456"),
            ("+49 151/12345678", "+4915112345678"),
            ("033056/345", "033056345"),
            ("0049 33056/3456", "0049330563456"),
            ("06/12 34 56 78", "0612345678"),
            ("0151 (1234) 567", "01511234567"),
        ] {
            assert_eq!(read(raw).as_deref(), Ok(digits), "{raw}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_reason() {
        use PhoneError as E;
        for (raw, reason) in [
            ("", E::NoDigits),
            ("-", E::NoDigits),
            ("unknown", E::Letters),
            ("+3367a829916", E::Letters),
            ("0151 1234567 mob", E::Letters),
            ("0151 1234567 (Axel)", E::Letters),
            ("1-800-FLOWERS", E::Letters),
            ("O151 1234567", E::Letters),
            ("Fax 030 1234567", E::Letters),
            ("+49 30 123456 ext. 9", E::Extension),
            ("030 123456 x9", E::Extension),
            ("030 123456#9", E::Extension),
            ("tel:+4930123456;ext=9", E::Extension),
            ("0151 1234567, 0171 1234567", E::Several),
            ("0151 1234567 / 0171 1234567", E::Several),
            ("+491511234567 +491711234567", E::Several),
            ("089 123456/7", E::Several),
            ("089 123456 / 57", E::Several),
            ("030 123456-12/13", E::Several),
            ("030 1234567/4567", E::Several),
            ("415-555-0142/0143", E::Several),
            ("+49 89 123456/7", E::Several),
            ("030 123456 (12)", E::Extension),
            ("(415) 555-0142 [12]", E::Extension),
            ("4.15E+10", E::Exponent),
            ("1,51123E+10", E::Exponent),
            ("4E10", E::Exponent),
            ("15112345678.5", E::DecimalPlaces),
            ("015112345678.0", E::DecimalPlaces),
            ("0151+1234567", E::Plus),
            ("++491511234567", E::Plus),
            ("*100#", E::Character('*')),
            ("0151 1234567²", E::Character('²')),
            ("0151_1234567", E::Character('_')),
            ("0151 1234567?", E::Character('?')),
        ] {
            assert_eq!(read(raw), Err(reason), "{raw}");
        }
    }
}
