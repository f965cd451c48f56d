//! Cleans text from outside, so that it is safe to show.
//!
//! A customer's name can contain terminal escapes, direction overrides or invisible characters.
//! They are removed once, where text enters the program (a row read, a file imported, a key typed),
//! so that no screen, log or message has to handle them.

use unicode_normalization::UnicodeNormalization;

pub use crate::domain::fold::fold;

/// `raw` on one line, in NFC, without characters that control a terminal, hide text or change its
/// direction. Line breaks and tabs become spaces.
pub fn clean(raw: &str) -> String {
    if raw.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return raw.to_owned();
    }
    raw.nfc()
        .filter_map(|char| match char {
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
            char if is_unsafe(char) => None,
            char => Some(char),
        })
        .collect()
}

/// Like [`clean`], but keeps line breaks, for the body of a message.
pub fn clean_lines(raw: &str) -> String {
    raw.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// Cleans and trims; `None` if nothing is left.
pub fn clean_optional(raw: &str) -> Option<String> {
    let text = clean(raw);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Removes the byte order mark that some editors put at the start of a file.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Quotes a word for a POSIX shell if it needs it.
pub fn shell_word(word: &str) -> String {
    let plain = |char: char| char.is_alphanumeric() || "-_./:@+,%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The ASCII digits in `text`, in order.
pub fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Passes each part to `take`, prefixed with its length (eight bytes, big endian), so that
/// different lists of parts give different bytes. For what is hashed, signed or bound.
pub fn length_prefixed<'a>(parts: impl IntoIterator<Item = &'a [u8]>, mut take: impl FnMut(&[u8])) {
    for part in parts {
        take(&(part.len() as u64).to_be_bytes());
        take(part);
    }
}

/// Control characters, and Unicode format characters that are invisible or change direction (UTS
/// #39, "Trojan Source").
pub const fn is_unsafe(char: char) -> bool {
    matches!(char,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// A name of the program in people's words: "reveal contact" for `RevealContact`.
pub fn in_words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_overrides_and_invisible_characters_go() {
        assert_eq!(clean("Da\x1b]52;c;x\x07na"), "Da]52;c;xna");
        assert_eq!(clean("a\u{9b}2Jb\u{202e}c\u{2066}d\u{200b}e"), "a2Jbcde");
        assert_eq!(clean("x\r\nBcc: v@evil.test"), "x  Bcc: v@evil.test");
        assert_eq!(clean("e\u{301}"), "é");
    }

    #[test]
    fn only_ascii_digits_are_digits() {
        assert_eq!(digits("+49 (151) 23-45"), "491512345");
    }

    proptest! {
        #[test]
        fn clean_text_holds_nothing_unsafe_and_cleans_to_itself(raw in any::<String>()) {
            let once = clean(&raw);
            prop_assert!(!once.chars().any(is_unsafe));
            prop_assert_eq!(clean(&once), once);
        }
    }
}
