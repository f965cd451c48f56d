//! The GSM 7-bit alphabet (3GPP TS 23.038) and the segmentation of text messages.
//!
//! A text in the GSM 7-bit alphabet has 160 septets in a single message and 153 in each segment of
//! a longer one; a single character outside of it changes the whole text to UCS-2 with 70 and 67
//! units. So one curly apostrophe doubles the price and the latency: values are transliterated to
//! the alphabet, and templates that leave it are refused.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Septets in a message of one segment.
pub(in crate::delivery) const SEGMENT: usize = 160;

/// Replaces a character that cannot be transliterated.
const UNKNOWN: char = '?';

/// The number of segments of a text.
pub(in crate::delivery) fn segments(text: &str) -> usize {
    let (length, alone, part) = text
        .chars()
        .map(places)
        .sum::<Option<usize>>()
        .map_or_else(|| (text.encode_utf16().count(), 70, 67), |length| (length, SEGMENT, 153));
    if length <= alone { length.min(1) } else { length.div_ceil(part) }
}

/// The length in septets; `None` if the text is not in the alphabet.
pub(in crate::delivery) fn length(text: &str) -> Option<usize> {
    text.chars().map(places).sum()
}

/// The first character outside of the alphabet.
pub(in crate::delivery) fn stranger(text: &str) -> Option<char> {
    text.chars().find(|char| places(*char).is_none())
}

/// The non-ASCII characters of the basic table.
const BEYOND_ASCII: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";

/// The septets of a character: two in the extension table, which needs an escape.
fn places(char: char) -> Option<usize> {
    match char {
        '\n' | '\r' | ' '..='Z' | 'a'..='z' | '_' => Some(1),
        '\u{c}' | '[' | ']' | '\\' | '^' | '{' | '|' | '}' | '~' | '€' => Some(2),
        other => BEYOND_ASCII.contains(other).then_some(1),
    }
}

/// Transliterates to the alphabet: typographic marks become plain, letters lose accents that the
/// alphabet lacks, and anything else becomes `?`.
pub(in crate::delivery) fn transliterate(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.nfc() {
        if places(char).is_some() {
            out.push(char);
        } else if let Some(plain) = plain(char) {
            out.push_str(plain);
        } else {
            let base: String = std::iter::once(char)
                .nfkd()
                .filter(|part| !is_combining_mark(*part))
                .flat_map(|part| {
                    plain(part).map_or_else(
                        || vec![if places(part).is_some() { part } else { UNKNOWN }],
                        |plain| plain.chars().collect(),
                    )
                })
                .collect();
            out.push_str(&base);
        }
    }
    out
}

/// Replacements for characters that Unicode decomposition does not reduce.
const fn plain(char: char) -> Option<&'static str> {
    Some(match char {
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{b4}' | '`' => "'",
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '«' | '»' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2022}' | '\u{b7}' => "-",
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => " ",
        'Ł' => "L",
        'ł' => "l",
        'Đ' | 'Ð' => "D",
        'đ' | 'ð' => "d",
        'Þ' => "Th",
        'þ' => "th",
        'Œ' => "OE",
        'œ' => "oe",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn security_21_segments_are_counted_as_the_network_does() {
        for (text, expected) in [
            (String::new(), 0),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ж".repeat(70), 1),
            ("ж".repeat(71), 2),
            ("😀".repeat(35), 1),
            ("😀".repeat(36), 2),
            (format!("{}’", "a".repeat(121)), 2),
            (format!("{}'", "a".repeat(121)), 1),
        ] {
            assert_eq!(segments(&text), expected, "{text}");
        }
    }

    #[test]
    fn the_alphabet_is_that_of_ts_23_038() {
        // The backtick is ASCII but not in the table: 128 characters less the escape.
        let basic = (0..=0x3a9_u32)
            .filter_map(char::from_u32)
            .filter(|char| places(*char) == Some(1))
            .count();
        assert_eq!(basic, 127);
        assert_eq!(stranger("it’s `x`"), Some('’'));
        assert_eq!(stranger("`"), Some('`'));
    }

    #[test]
    fn values_are_brought_into_the_alphabet() {
        assert_eq!(transliterate("O’Hara “Łódź” – café"), "O'Hara \"Lodz\" - café");
        assert_eq!(transliterate("Ñandú №5 日"), "Ñandu No5 ?");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_is_in_the_alphabet_then(raw in any::<String>()) {
            prop_assert_eq!(stranger(&transliterate(&raw)), None);
        }
    }
}
