//! Every key, by the part of the interface where it holds; the part that had
//! the keyboard comes first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::machine::keymap::{BINDINGS, PARTS};
use crate::tui::overlays::centred;
use crate::tui::verified::view::foot;
use crate::tui::view::Scene;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::text::{pad, wrap};

/// The cells of a key's name.
const KEY: usize = 17;

/// Draws the help.
pub fn draw(scene: Scene<'_>, scroll: u16, frame: &mut Frame<'_>, area: Rect) {
    let theme = scene.theme;
    let (area, lines, height) = parts(scene, area);
    let most = lines.len().saturating_sub(height);
    let scroll = usize::from(scroll).min(most);
    let mut title = Title::of("Keys");
    title.foot = foot(scroll, most, theme.symbols.more);
    let inner = panel::draw(frame, area, theme, title, true);
    let end = (scroll + height).min(lines.len());
    panel::lines(frame, inner, lines.get(scroll..end).unwrap_or_default());
}

/// The box, the lines, and how many of them are in sight.
fn parts<'a>(scene: Scene<'_>, area: Rect) -> (Rect, Vec<Line<'a>>, usize) {
    let area = centred(area, 78, area.height);
    let room = panel::inside(area, scene.theme);
    (area, lines(scene, usize::from(room.width)), usize::from(room.height))
}

/// The lines that can be scrolled away.
pub fn most_scroll(scene: Scene<'_>, area: Rect) -> usize {
    let (_, lines, height) = parts(scene, area);
    lines.len().saturating_sub(height)
}

fn lines<'a>(scene: Scene<'_>, room: usize) -> Vec<Line<'a>> {
    let theme = scene.theme;
    let here = scene.model.context_beneath();
    let first = PARTS.into_iter().filter(|(context, _)| *context == here);
    let others = PARTS.into_iter().filter(|(context, _)| *context != here);
    let mut lines = Vec::new();
    for (context, name) in first.chain(others) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(name, theme.accent));
        for binding in BINDINGS.iter().filter(|it| it.context == context) {
            let wrapped = wrap(binding.help, room.saturating_sub(KEY));
            for (at, text) in wrapped.into_iter().enumerate() {
                let keys = if at == 0 { binding.keys() } else { String::new() };
                lines.push(Line::from(vec![
                    Span::styled(pad(&keys, KEY, ""), theme.key),
                    Span::raw(text),
                ]));
            }
        }
    }
    lines
}
