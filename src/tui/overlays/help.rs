//! Every key, by the part of the interface where it holds; the part that had
//! the keyboard comes first.
//!
//! ```text
//! Enter code
//! Ctrl-R           Send a new code to the same contact.
//! Ctrl-O           Send a new code to another contact.
//!
//! Everywhere
//! F2, Alt-2        Open or close the log.
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{BINDINGS, Binding, Command, Context, PARTS};
use crate::tui::machine::permissions::may;
use crate::tui::machine::scroll::{Extent, Scroll};
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::scroll_foot::foot;
use crate::tui::widgets::text::{pad, wrap};

/// The cells of a key's name.
const KEY_CELLS: usize = 17;

/// Draws the help; `here` is the part that had the keyboard.
pub fn draw(cx: DrawContext<'_>, scroll: Scroll, here: Context, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let (area, lines, extent) = parts(cx, here, area);
    let visible = scroll.visible(extent);
    let mut title = Title::of("Keys");
    title.foot = foot(&visible, extent.lines, theme.symbols.more);
    let inner = panel::draw(frame, area, theme, title, true);
    panel::lines(frame, inner, lines.get(visible).unwrap_or_default());
}

/// The box, the lines, and how many of them are in sight.
fn parts<'a>(cx: DrawContext<'_>, here: Context, area: Rect) -> (Rect, Vec<Line<'a>>, Extent) {
    let area = centred(area, 78, area.height);
    let room = panel::inside(area, cx.theme);
    let lines = lines(cx, here, usize::from(room.width));
    let extent = Extent { lines: lines.len(), page: usize::from(room.height) };
    (area, lines, extent)
}

/// The lines there are to scroll, and how many of them are in sight.
pub fn extent(cx: DrawContext<'_>, here: Context, area: Rect) -> Extent {
    parts(cx, here, area).2
}

fn lines<'a>(cx: DrawContext<'_>, here: Context, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    // A part that nobody of this role comes to.
    let is_theirs = |context| context != Context::Approvals || may(cx.shared, Command::Approve);
    let parts = PARTS.into_iter().filter(|(context, _)| is_theirs(*context));
    let first = parts.clone().filter(|(context, _)| *context == here);
    let others = parts.filter(|(context, _)| *context != here);
    let mut lines = Vec::new();
    for (context, name) in first.chain(others) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(name, theme.accent));
        let is_offered = |it: &&Binding| it.context == context && may(cx.shared, it.command);
        for binding in BINDINGS.iter().filter(is_offered) {
            let wrapped = wrap(binding.help, room.saturating_sub(KEY_CELLS));
            for (at, text) in wrapped.into_iter().enumerate() {
                let keys = if at == 0 { binding.keys() } else { String::new() };
                lines.push(Line::from(vec![
                    Span::styled(pad(&keys, KEY_CELLS, ""), theme.key),
                    Span::raw(text),
                ]));
            }
        }
    }
    lines
}
