//! Fitting text by the cells it takes, not by its bytes or characters, so that
//! wide and combining characters break no column.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;

/// The cells that `text` takes, counted as the screen's buffer counts them.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { cells(text).map(|(_, width)| width).sum() }
}

/// The cells that spans take.
pub fn width_of(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| width(&span.content)).sum()
}

/// `text` if it fits `room` cells, else as much as does with the ellipsis.
pub fn fit<'a>(text: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    let Some(left) = room.checked_sub(width(ellipsis)) else {
        return Cow::Borrowed(&text[..prefix(text, room)]);
    };
    let kept = text[..prefix(text, left)].trim_end();
    Cow::Owned(format!("{kept}{ellipsis}"))
}

/// `text` fitted and filled up to exactly `room` cells.
pub fn pad(text: &str, room: usize, ellipsis: &str) -> String {
    let fitted = fit(text, room, ellipsis);
    let fill = room.saturating_sub(width(&fitted));
    format!("{fitted}{:fill$}", "")
}

/// `text` fitted and pushed to the right of `room` cells.
pub fn pad_left(text: &str, room: usize, ellipsis: &str) -> String {
    let fitted = fit(text, room, ellipsis);
    let fill = room.saturating_sub(width(&fitted));
    format!("{:fill$}{fitted}", "")
}

/// `text` on lines of at most `room` cells, broken at blanks where it can be.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for mut word in text.split_whitespace() {
        if used > 0 && used + 1 + width(word) > room {
            lines.push(String::new());
            used = 0;
        }
        while width(word) > room {
            let cut = prefix(word, room).max(first(word));
            push(&mut lines, &word[..cut]);
            word = &word[cut..];
            if !word.is_empty() {
                lines.push(String::new());
            }
        }
        if word.is_empty() {
            // Its last grapheme is wider than a line; nothing goes beside it.
            used = room;
            continue;
        }
        if used > 0 {
            push(&mut lines, " ");
            used += 1;
        }
        push(&mut lines, word);
        used += width(word);
    }
    lines
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

/// The bytes of `text` that fit into `room` cells.
fn prefix(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, width) in cells(text) {
        used += width;
        if used > room {
            return at;
        }
    }
    text.len()
}

/// The bytes of the first grapheme.
fn first(text: &str) -> usize {
    text.graphemes(true).next().map_or(0, str::len)
}

fn cells(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.grapheme_indices(true)
        .filter(|(_, grapheme)| !grapheme.contains(char::is_control))
        .map(|(at, grapheme)| (at, usize::from(grapheme.cell_width())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_fitted_by_cells() {
        assert_eq!(fit("Dana Rivera", 11, "…"), "Dana Rivera");
        assert_eq!(fit("Dana Rivera", 8, "…"), "Dana Ri…");
        assert_eq!(fit("Dana Rivera", 6, "…"), "Dana…");
        assert_eq!(fit("山田太郎", 5, "…"), "山田…");
        assert_eq!(fit("山田太郎", 4, "..."), "...");
        assert_eq!(fit("Dana", 2, "..."), "Da");
        assert_eq!(pad("山", 4, "…"), "山  ");
        assert_eq!(pad_left("12", 4, "…"), "  12");
    }

    #[test]
    fn long_text_is_broken_at_blanks_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("a abcdefg", 3), ["a", "abc", "def", "g"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("山田", 2), ["山", "田"]);
        assert_eq!(wrap("𛀀ꢴ a", 2), ["𛀀ꢴ", "a"]);
    }

    proptest! {
        #[test]
        fn any_text_fits(text in any::<String>(), room in 0_usize..30) {
            prop_assert!(width(&fit(&text, room, "…")) <= room);
            prop_assert_eq!(width(&pad(&text, room, "...")), room);
        }

        #[test]
        fn any_text_wraps_into_its_room(text in any::<String>(), room in 2_usize..30) {
            let lines = wrap(&text, room);
            // Some scripts have graphemes wider than two cells.
            let fits = |line: &String| width(line) <= room || first(line) == line.len();
            prop_assert!(lines.iter().all(fits), "{:?}", lines);
            let squeeze = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
