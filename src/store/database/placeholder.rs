//! Placeholders for MySQL, which have no numbers: `$1 … $9` become `?` at compile time,
//! and the order in which they stood says which argument each `?` takes.

/// A text whose placeholders have no numbers.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Unnumbered {
    pub(in crate::store) text: &'static str,
    /// The numbers that the placeholders had, from 1.
    pub(in crate::store) order: &'static [u8],
}

/// The number of the placeholder that begins at `at`, and its length; (0, 0) where there is
/// none.
const fn placeholder(text: &[u8], at: usize) -> (u8, usize) {
    if text[at] != b'$' {
        return (0, 0);
    }
    let (mut number, mut length) = (0, 1);
    while at + length < text.len() && text[at + length].is_ascii_digit() {
        number = number * 10 + (text[at + length] - b'0');
        length += 1;
    }
    if length == 1 { (0, 0) } else { (number, length) }
}

/// The highest number of a placeholder: how many arguments a text takes.
pub(in crate::store) const fn highest(text: &str) -> usize {
    let text = text.as_bytes();
    let (mut at, mut highest) = (0, 0);
    while at < text.len() {
        let (number, length) = placeholder(text, at);
        if number as usize > highest {
            highest = number as usize;
        }
        at += if length > 0 { length } else { 1 };
    }
    highest
}

/// The length in bytes of a text with `?` for its placeholders, and how many it has.
pub(in crate::store) const fn unnumbered_shape(text: &str) -> (usize, usize) {
    let text = text.as_bytes();
    let (mut at, mut bytes, mut placeholders) = (0, 0, 0);
    while at < text.len() {
        let (_, length) = placeholder(text, at);
        if length > 0 {
            placeholders += 1;
            at += length;
        } else {
            at += 1;
        }
        bytes += 1;
    }
    (bytes, placeholders)
}

/// The text with `?` for each placeholder, and the numbers that they had.
pub(in crate::store) const fn unnumbered<const BYTES: usize, const PLACEHOLDERS: usize>(
    text: &str,
) -> ([u8; BYTES], [u8; PLACEHOLDERS]) {
    let text = text.as_bytes();
    let (mut bytes, mut order) = ([0; BYTES], [0; PLACEHOLDERS]);
    let (mut at, mut to, mut placeholders) = (0, 0, 0);
    while at < text.len() {
        let (number, length) = placeholder(text, at);
        if length > 0 {
            bytes[to] = b'?';
            order[placeholders] = number;
            placeholders += 1;
            at += length;
        } else {
            bytes[to] = text[at];
            at += 1;
        }
        to += 1;
    }
    (bytes, order)
}
