//! A label and what there is to say, the labels under each other.

use ratatui::text::{Line, Span};

use super::rows::Row;
use super::text::pad;
use crate::tui::theme::Theme;

/// The cells of a label, the gap behind it included.
pub const LABEL: usize = 14;

/// A fact of one line.
pub fn fact<'a>(label: &str, value: Vec<Span<'a>>, theme: &Theme) -> Row<'a> {
    let mut spans = vec![Span::styled(pad(label, LABEL, theme.symbols.ellipsis), theme.muted)];
    spans.extend(value);
    Row::Line(Line::from(spans))
}

/// A fact of several lines, the later ones under the first.
pub fn facts<'a>(label: &str, values: Vec<Line<'a>>, theme: &Theme) -> Vec<Row<'a>> {
    let label = std::iter::once(label).chain(std::iter::repeat(""));
    values.into_iter().zip(label).map(|(line, label)| fact(label, line.spans, theme)).collect()
}
