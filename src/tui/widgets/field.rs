//! A field of one line to type into, scrolled so that the cursor is in sight.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;
use tui_input::Input;
use unicode_segmentation::UnicodeSegmentation;

use crate::tui::widgets::text::width;

/// The part of the text in sight and the cursor's column in it.
pub fn field(input: &Input, room: u16) -> (Span<'static>, u16) {
    let room = usize::from(room);
    let value = input.value();
    let cursor: String = value.chars().take(input.cursor()).collect();
    let before = width(&cursor);
    // One cell stays free for the cursor behind the last character.
    let mut skip = (before + 1).saturating_sub(room);
    let mut shown = String::new();
    let (mut used, mut skipped) = (0, 0);
    for grapheme in value.graphemes(true) {
        let cells = width(grapheme);
        if skipped < skip {
            skipped += cells;
            continue;
        }
        if used + cells > room {
            break;
        }
        used += cells;
        shown.push_str(grapheme);
    }
    // A wide character cut in half is skipped as a whole.
    skip = skip.max(skipped);
    let column = before.saturating_sub(skip).min(room.saturating_sub(1));
    (Span::raw(shown), u16::try_from(column).unwrap_or(0))
}

/// Puts the cursor at a line and a column of an area, where those are in it.
pub fn cursor(frame: &mut Frame<'_>, area: Rect, (row, column): (usize, usize)) {
    let cells = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let x = area.x.saturating_add(cells(column));
    let place = Position::new(x, area.y.saturating_add(cells(row)));
    if area.contains(place) {
        frame.set_cursor_position(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, room: u16) -> (String, u16) {
        let (span, column) = field(&Input::new(text.into()), room);
        (span.content.into_owned(), column)
    }

    #[test]
    fn the_cursor_stays_in_sight() {
        assert_eq!(shown("riv", 10), ("riv".into(), 3));
        assert_eq!(shown("rivera", 4), ("era".into(), 3));
        assert_eq!(shown("山田太郎", 5), ("太郎".into(), 4));
        assert_eq!(shown("山田太郎", 4), ("郎".into(), 2));
        assert_eq!(shown("", 0), (String::new(), 0));
    }
}
