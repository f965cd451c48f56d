//! A frame in ASCII alone, for a terminal that shows nothing else.

use ratatui::Frame;

use crate::domain::text::fold;

/// Writes what data brought along in ASCII too: accents fall off, and what has
/// no likeness becomes a question mark.
pub fn to_ascii(frame: &mut Frame<'_>) {
    for cell in &mut frame.buffer_mut().content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let plain = fold(cell.symbol()).chars().next().filter(char::is_ascii_graphic);
        let upper = cell.symbol().chars().next().is_some_and(char::is_uppercase);
        let plain = plain.unwrap_or('?');
        cell.set_char(if upper { plain.to_ascii_uppercase() } else { plain });
    }
}
