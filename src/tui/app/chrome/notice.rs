//! The message line: a mark for how it is meant, and its sentences.

use ratatui::text::{Line, Span};

use crate::tui::machine::notice::{Notice, Tone};
use crate::tui::theme::Theme;
use crate::tui::widgets::text::{pad, width, wrap};

/// More lines than this are not read at a counter.
const MAX_LINES: usize = 4;

/// The cells before the sentences: a margin, a mark of at most two, a blank.
const INDENT: usize = 4;

fn wrapped(notice: &Notice, columns: u16) -> Vec<String> {
    wrap(&notice.text, usize::from(columns).saturating_sub(INDENT + 1))
}

/// The lines that a message takes.
pub fn height(notice: Option<&Notice>, columns: u16) -> u16 {
    let lines = notice.map_or(1, |notice| wrapped(notice, columns).len());
    u16::try_from(lines.clamp(1, MAX_LINES)).unwrap_or(1)
}

/// The message.
pub fn lines(notice: &Notice, columns: u16, theme: &Theme) -> Vec<Line<'static>> {
    let symbols = theme.symbols;
    let (mark, style) = match notice.tone {
        Tone::Plain => (symbols.info, theme.text),
        Tone::Good => (symbols.check, theme.good),
        Tone::Warning => (symbols.alert, theme.warning),
        Tone::Bad => (symbols.cross, theme.bad),
    };
    let mut lines = wrapped(notice, columns);
    if lines.len() > MAX_LINES {
        lines.truncate(MAX_LINES);
        if let Some(last) = lines.last_mut() {
            let room = usize::from(columns).saturating_sub(INDENT + 2 + width(symbols.ellipsis));
            *last = format!("{}{}", pad(last, room, "").trim_end(), symbols.ellipsis);
        }
    }
    let marks = std::iter::once(mark).chain(std::iter::repeat(""));
    lines
        .into_iter()
        .zip(marks)
        .map(|(text, mark)| {
            let mark = format!(" {}", pad(mark, INDENT - 1, ""));
            Line::from(vec![Span::styled(mark, style), Span::styled(text, style)])
        })
        .collect()
}
