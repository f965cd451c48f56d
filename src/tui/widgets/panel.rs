//! A rounded box with a title, and lines of text in it.

use ratatui::Frame;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};

use crate::tui::theme::Theme;
use crate::tui::widgets::text::{fit, width};

/// What stands on a box's lines.
#[derive(Debug, Default)]
pub struct Title<'a> {
    /// At the left of the top line, the first part strongest; where there is
    /// no room the first gives way, then the last.
    pub parts: Vec<Span<'a>>,
    /// At the right of the bottom line.
    pub foot: Option<String>,
}

impl<'a> Title<'a> {
    /// A title of one word.
    pub fn of(text: impl Into<Span<'a>>) -> Self {
        Self { parts: vec![text.into()], foot: None }
    }
}

/// Draws a box and gives the room for text in it.
pub fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    theme: &Theme,
    title: Title<'_>,
    focused: bool,
) -> Rect {
    let area = area.intersection(frame.area());
    if !theme.framed {
        return unframed(frame, area, theme, title, focused);
    }
    let lines = if focused { theme.focused } else { theme.border };
    let room = usize::from(area.width).saturating_sub(6);
    let mut block = Block::bordered()
        .border_set(theme.symbols.panel)
        .border_style(lines)
        .title_top(heading(title.parts, room, theme));
    if let Some(foot) = title.foot {
        let foot = format!(" {} ", fit(&foot, room, theme.symbols.ellipsis));
        block = block.title_bottom(Line::styled(foot, theme.muted).right_aligned());
    }
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, theme.text);
    frame.render_widget(block, area);
    inside(area, theme)
}

/// The room for text in a box; where there are no frames, below its title.
pub fn inside(area: Rect, theme: &Theme) -> Rect {
    if theme.framed {
        return area.inner(Margin::new(3, 1));
    }
    let (left, top) = (area.width.min(2), area.height.min(1));
    Rect {
        x: area.x + left,
        y: area.y + top,
        width: area.width.saturating_sub(3),
        height: area.height - top,
    }
}

/// A title and nothing around: a small window has no cells for lines.
fn unframed(
    frame: &mut Frame<'_>,
    area: Rect,
    theme: &Theme,
    title: Title<'_>,
    focused: bool,
) -> Rect {
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, theme.text);
    let foot = title.foot.unwrap_or_default();
    let room = usize::from(area.width).saturating_sub(3 + width(&foot));
    let mut line = heading(title.parts, room, theme);
    if focused {
        line = line.patch_style(theme.focused);
    }
    let top = Rect { height: area.height.min(1), ..area };
    frame.render_widget(line, top);
    frame.render_widget(Line::styled(foot, theme.muted).right_aligned(), top);
    inside(area, theme)
}

/// The first part gives way to the others, but not below this.
const MIN_FIRST_PART_CELLS: usize = 20;

fn heading<'a>(parts: Vec<Span<'a>>, room: usize, theme: &Theme) -> Line<'a> {
    let ellipsis = theme.symbols.ellipsis;
    let others: usize = parts.iter().skip(1).map(|part| width(&part.content) + 3).sum();
    let first = room.saturating_sub(others).max(MIN_FIRST_PART_CELLS.min(room));
    let mut left = room;
    let mut spans = vec![Span::raw(" ")];
    for (at, part) in parts.into_iter().enumerate() {
        if at == 0 {
            let text = fit(&part.content, first, ellipsis).into_owned();
            left = left.saturating_sub(width(&text));
            spans.push(Span::styled(text, theme.title));
            continue;
        }
        let text = fit(&part.content, left.saturating_sub(3), ellipsis).into_owned();
        if left < 3 + width(ellipsis) + 1 {
            break;
        }
        left = left.saturating_sub(width(&text) + 3);
        spans.push(Span::styled(format!(" {} ", theme.symbols.dot), theme.muted));
        spans.push(Span::styled(text, part.style));
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

/// Draws lines from the top; what does not fit below is left out.
pub fn lines(frame: &mut Frame<'_>, area: Rect, lines: &[Line<'_>]) {
    let area = area.intersection(frame.area());
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

/// Marks line `row` of `area` as selected: a pointer before it, and reverse over
/// its first cells. A bar over the whole line would be two lines written anew
/// with each step, which a slow line carries for a tenth of a second. Says where
/// the pointer is: the cursor belongs there, since screen readers, braille lines
/// and magnifiers follow it.
pub fn select(
    frame: &mut Frame<'_>,
    area: Rect,
    row: u16,
    cells: usize,
    theme: &Theme,
) -> Option<Position> {
    if row >= area.height {
        return None;
    }
    let x = area.x.saturating_sub(2);
    let cells = u16::try_from(cells).unwrap_or(u16::MAX).min(area.width);
    let bar = Rect { x, y: area.y + row, width: cells.saturating_add(3), height: 1 };
    let bar = bar.intersection(frame.area());
    if bar.is_empty() {
        return None;
    }
    frame.render_widget(Span::raw(theme.symbols.pointer), bar);
    frame.buffer_mut().set_style(bar, theme.selected);
    Some(bar.as_position())
}

/// Puts the cursor where the selected line is.
pub fn show_cursor(frame: &mut Frame<'_>, at: Option<Position>) {
    if let Some(at) = at {
        frame.set_cursor_position(at);
    }
}
