//! Every command by name: a field, and what matches with its key.
//!
//! ```text
//! › co▏
//! ──────────────────────────────────────────────────
//!   Ctrl-R     Send a new code to the same contact
//! › Ctrl-O     Send a new code to another contact
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::Binding;
use crate::tui::overlays::state::Palette;
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::field::field;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::table;
use crate::tui::widgets::text::{fit, pad};

/// The cells of a key's name, as in the help.
const KEY_CELLS: usize = 11;

/// Draws the palette.
pub fn draw(cx: DrawContext<'_>, palette: &Palette, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let area = centred(area, 76, area.height.min(16));
    let inner = panel::draw(frame, area, theme, Title::of("What would you like to do?"), true);
    let before = format!("{} ", theme.symbols.pointer);
    let (typed, cursor) = field(&palette.input, inner.width.saturating_sub(2));
    let rule = theme.symbols.rule.repeat(usize::from(inner.width));
    let field = Line::from(vec![Span::styled(before, theme.muted), typed.style(theme.strong)]);
    panel::lines(frame, inner, &[field, Line::styled(rule, theme.border)]);
    if inner.height > 0 {
        frame.set_cursor_position(Position::new(inner.x + 2 + cursor, inner.y));
    }
    let below = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    if palette.hits.is_empty() {
        let text = "Nothing has this name. Try another word.";
        return panel::lines(frame, below, &[Line::styled(text, theme.muted)]);
    }
    let rows = usize::from(below.height);
    let selected = palette.selected.min(palette.hits.len() - 1);
    let first = table::offset(selected, palette.hits.len(), rows);
    let lines: Vec<Line<'_>> = palette
        .hits
        .iter()
        .skip(first)
        .take(rows)
        .map(|binding| line(cx, binding, usize::from(below.width)))
        .collect();
    panel::lines(frame, below, &lines);
    // The cursor stays in the field: what is typed goes there.
    let row = u16::try_from(selected - first).unwrap_or(u16::MAX);
    panel::select(frame, below, row, KEY_CELLS - 2, theme);
}

fn line<'a>(cx: DrawContext<'_>, binding: &'static Binding, room: usize) -> Line<'a> {
    let theme = cx.theme;
    let room = room.saturating_sub(KEY_CELLS);
    let name = fit(name(binding, room), room, theme.symbols.ellipsis).into_owned();
    Line::from(vec![Span::styled(pad(binding.key, KEY_CELLS, ""), theme.key), Span::raw(name)])
}

/// What a command does; without what is said behind a colon or a semicolon where there is
/// no room for it.
fn name(binding: &'static Binding, room: usize) -> &'static str {
    let whole = binding.help.trim_end_matches('.');
    if whole.chars().count() <= room {
        return whole;
    }
    whole.split([':', ';']).next().unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::machine::keymap::BINDINGS;

    /// The room behind a key's name where the window has 60 columns.
    const SMALLEST_ROOM: usize = 43;

    #[test]
    fn no_command_is_cut_in_the_smallest_window() {
        for binding in BINDINGS {
            let name = name(binding, SMALLEST_ROOM);
            assert!(name.chars().count() <= SMALLEST_ROOM, "{name}");
        }
    }
}
