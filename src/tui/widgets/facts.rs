//! A label and what there is to say, the labels under each other.

use ratatui::text::{Line, Span};

use crate::tui::theme::Theme;
use crate::tui::widgets::rows::Row;
use crate::tui::widgets::text::{pad, width};

/// The cells of a label, the gap behind it included.
pub const LABEL: usize = 14;

/// A fact of one line.
pub fn fact<'a>(label: &str, value: Vec<Span<'a>>, theme: &Theme) -> Row<'a> {
    let mut spans = vec![Span::styled(pad(label, LABEL, theme.symbols.ellipsis), theme.muted)];
    spans.extend(value);
    Row::Line(Line::from(spans))
}

/// A fact of several lines, the later ones under the first.
pub fn facts<'a>(label: &'a str, values: Vec<Line<'a>>, theme: &Theme) -> Vec<Row<'a>> {
    labelled(Span::styled(label, theme.muted), values).into_iter().map(Row::Line).collect()
}

/// Lines beside a label of any style.
pub fn labelled<'a>(label: Span<'a>, values: Vec<Line<'a>>) -> Vec<Line<'a>> {
    labelled_by(label, LABEL, values)
}

/// Lines beside a label of so many cells.
pub fn labelled_by<'a>(label: Span<'a>, cells: usize, values: Vec<Line<'a>>) -> Vec<Line<'a>> {
    let mut label = Some(label);
    values
        .into_iter()
        .map(|line| {
            let label = label.take().unwrap_or_default();
            let gap = cells.saturating_sub(width(&label.content));
            let style = line.style;
            let values = line.spans.into_iter().map(|span| {
                let own = span.style;
                span.style(style.patch(own))
            });
            let before = [label, Span::raw(" ".repeat(gap))];
            Line::from(before.into_iter().chain(values).collect::<Vec<_>>())
        })
        .collect()
}
