//! Lines under each other, with gaps that give way where height is scarce.

use ratatui::text::{Line, Span};

use crate::tui::widgets::text::width_of;

/// A line or a gap.
#[derive(Clone, Debug)]
pub enum Row<'a> {
    /// A line that stays.
    Line(Line<'a>),
    /// The line whose place is asked for: the selected one, or where the cursor is.
    Marked(Line<'a>),
    /// An empty line that may go.
    Gap,
}

impl<'a> From<Line<'a>> for Row<'a> {
    fn from(line: Line<'a>) -> Self {
        Self::Line(line)
    }
}

/// Rows that have found their places.
#[derive(Debug, Default)]
pub struct Settled<'a> {
    /// The lines from the top.
    pub lines: Vec<Line<'a>>,
    /// Where the marked line is.
    pub marked: Option<u16>,
}

/// Gives the rows their places, with as many gaps as `height` allows: those
/// further up stay longest.
pub fn settle(rows: Vec<Row<'_>>, height: u16) -> Settled<'_> {
    let fixed = rows.iter().filter(|row| !matches!(row, Row::Gap)).count();
    let mut gaps = usize::from(height).saturating_sub(fixed);
    let mut settled = Settled::default();
    for row in rows {
        match row {
            Row::Line(line) => settled.lines.push(line),
            Row::Marked(line) => {
                settled.marked = u16::try_from(settled.lines.len()).ok();
                settled.lines.push(line);
            }
            Row::Gap if gaps > 0 => {
                gaps -= 1;
                settled.lines.push(Line::default());
            }
            Row::Gap => {}
        }
    }
    settled
}

/// Spans at the left and at the right of a line.
pub fn spread<'a>(left: Vec<Span<'a>>, right: Vec<Span<'a>>, room: usize) -> Line<'a> {
    let gap = room.saturating_sub(width_of(&left) + width_of(&right));
    let mut spans = left;
    spans.push(Span::raw(" ".repeat(gap)));
    spans.extend(right);
    Line::from(spans)
}

/// Parts that must not be broken, on as few lines as they need.
pub fn flow<'a>(parts: Vec<Vec<Span<'a>>>, room: usize, gap: usize) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut used = 0;
    for part in parts {
        let width = width_of(&part);
        match lines.last_mut() {
            Some(line) if used + gap + width <= room => {
                line.push_span(Span::raw(" ".repeat(gap)));
                line.spans.extend(part);
                used += gap + width;
            }
            _ => {
                lines.push(Line::from(part));
                used = width;
            }
        }
    }
    lines
}
