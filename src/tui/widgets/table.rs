//! Columns that share a width: each has what its cells need, gives way down to
//! its least, and goes as a whole where even that is too much.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::theme::Theme;
use crate::tui::widgets::text::{pad, pad_left, width, wrap};

/// The cells between two columns.
pub const GAP: usize = 2;

/// The rank of columns that are pleasant to have.
pub const EXTRA: u8 = 3;

/// How a column behaves.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// The least width worth having.
    pub least: usize,
    /// The width it has though its cells need less, so that columns stay in
    /// place while lists come and go.
    pub usual: usize,
    /// The most it takes from other columns; it grows beyond where there is room.
    pub most: usize,
    /// Columns of a higher rank go first; those of rank 0 stay, and those of
    /// rank [`EXTRA`] come only where no other has to give way for them.
    pub rank: u8,
    /// Whether its cells are pushed to the right.
    pub right: bool,
}

impl Column {
    /// A column of `least` to `most` cells.
    pub const fn new(title: &'static str, least: usize, most: usize, rank: u8) -> Self {
        Self { title, least, usual: least, most, rank, right: false }
    }

    /// The column with a width it keeps where there is room.
    #[must_use]
    pub const fn usually(self, usual: usize) -> Self {
        Self { usual, ..self }
    }

    /// The column with its cells pushed to the right.
    #[must_use]
    pub const fn to_the_right(self) -> Self {
        Self { right: true, ..self }
    }
}

/// A cell's text and style.
pub type Cell = (String, Style);

/// The width of each column for these rows; zero for one that goes.
pub fn widths(columns: &[Column], rows: &[Vec<Cell>], room: usize) -> Vec<usize> {
    let mut kept = without_extras(columns, rows, room);
    let least = |kept: &[bool]| {
        let each = columns.iter().zip(kept).filter(|(_, kept)| **kept);
        each.map(|(column, _)| column.least + GAP).sum::<usize>().saturating_sub(GAP)
    };
    while least(&kept) > room {
        let goes = (0..columns.len())
            .filter(|at| kept[*at] && columns[*at].rank > 0)
            .max_by_key(|at| columns[*at].rank);
        let Some(goes) = goes else { break };
        kept[goes] = false;
    }
    let mut widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| if kept[at] { wanted(column, at, rows) } else { 0 })
        .collect();
    for at in (0..columns.len()).filter(|at| kept[*at] && columns[*at].rank >= EXTRA) {
        let over = total(&widths).saturating_sub(room);
        widths[at] = widths[at].saturating_sub(over).max(columns[at].least);
    }
    shrink(columns, &mut widths, room);
    grow(&mut widths, columns, rows, room);
    widths
}

/// Gives what room is left to the columns whose cells are cut, the one that lacks
/// least first: it is the one that may be whole.
fn grow(widths: &mut [usize], columns: &[Column], rows: &[Vec<Cell>], room: usize) {
    let lacks = |at: usize, widths: &[usize]| needed(&columns[at], at, rows) - widths[at];
    let mut cut: Vec<usize> = (0..widths.len())
        .filter(|at| widths[*at] > 0 && needed(&columns[*at], *at, rows) > widths[*at])
        .collect();
    cut.sort_by_key(|at| lacks(*at, widths));
    for at in cut {
        let left = room.saturating_sub(total(widths));
        widths[at] += lacks(at, widths).min(left);
    }
}

/// The width at which none of a column's cells is cut.
fn needed(column: &Column, at: usize, rows: &[Vec<Cell>]) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| width(&cell.0));
    cells.chain([width(column.title)]).max().unwrap_or(0)
}

/// The width a column would like to have.
fn wanted(column: &Column, at: usize, rows: &[Vec<Cell>]) -> usize {
    needed(column, at, rows).max(column.usual).clamp(column.least, column.most)
}

/// Which columns stay: an extra one only where all before it, and all that are
/// no extras, have what they want. It may be cut itself: one long cell does not
/// take the column from everybody.
fn without_extras(columns: &[Column], rows: &[Vec<Cell>], room: usize) -> Vec<bool> {
    let wants = |at: usize| wanted(&columns[at], at, rows) + GAP;
    let is_extra = |at: &usize| columns[*at].rank >= EXTRA;
    let mut used: usize = (0..columns.len()).filter(|at| !is_extra(at)).map(wants).sum();
    (0..columns.len())
        .map(|at| {
            if !is_extra(&at) {
                return true;
            }
            let fits = used + columns[at].least + GAP <= room + GAP;
            used += if fits { wants(at) } else { 0 };
            fits
        })
        .collect()
}

fn total(widths: &[usize]) -> usize {
    let shown = widths.iter().filter(|width| **width > 0);
    shown.map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
}

/// Takes cells from the column that has most over its least until all fit.
fn shrink(columns: &[Column], widths: &mut [usize], room: usize) {
    while total(widths) > room {
        let over = |at: usize, widths: &[usize]| widths[at].saturating_sub(columns[at].least);
        let Some(at) =
            (0..widths.len()).filter(|at| over(*at, widths) > 0).max_by_key(|at| over(*at, widths))
        else {
            break;
        };
        widths[at] -= 1;
    }
}

/// The line of headings.
pub fn heading(columns: &[Column], widths: &[usize], theme: &Theme) -> Line<'static> {
    let cells = columns.iter().map(|column| (column.title.to_owned(), theme.heading));
    line(columns, widths, cells, theme)
}

/// One row.
pub fn line(
    columns: &[Column],
    widths: &[usize],
    cells: impl IntoIterator<Item = Cell>,
    theme: &Theme,
) -> Line<'static> {
    let mut spans = Vec::new();
    let ellipsis = theme.symbols.ellipsis;
    for ((column, room), (text, style)) in columns.iter().zip(widths).zip(cells) {
        if *room == 0 {
            continue;
        }
        if !spans.is_empty() {
            spans.push(Span::raw(" ".repeat(GAP)));
        }
        let text = if column.right {
            pad_left(&text, *room, ellipsis)
        } else {
            pad(&text, *room, ellipsis)
        };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

/// One row on as many lines as its longest cell needs; sums are never broken.
pub fn lines(
    columns: &[Column],
    widths: &[usize],
    cells: Vec<Cell>,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let wrapped: Vec<(Vec<String>, Style)> = cells
        .into_iter()
        .zip(widths.iter().zip(columns))
        .map(|((text, style), (room, column))| {
            let whole = column.right || width(&text) <= *room;
            (if whole { vec![text] } else { wrap(&text, *room) }, style)
        })
        .collect();
    let shown = wrapped.iter().zip(widths).filter(|(_, room)| **room > 0);
    let height = shown.map(|((texts, _), _)| texts.len()).max().unwrap_or(0);
    (0..height)
        .map(|at| {
            let cell = |(texts, style): &(Vec<String>, Style)| {
                (texts.get(at).cloned().unwrap_or_default(), *style)
            };
            line(columns, widths, wrapped.iter().map(cell), theme)
        })
        .collect()
}

/// The first of the rows in sight, so that the selected one is among them. A list
/// turns by whole pages: one that moves with each step is written anew each time,
/// which a slow line carries for a second.
pub fn offset(selected: usize, rows: usize, height: usize) -> usize {
    let page = selected / height.max(1) * height;
    page.min(rows.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column::new("Account", 7, 12, 0),
        Column::new("Name", 8, 30, 0),
        Column::new("Address", 10, 40, 1),
    ];

    #[test]
    fn an_extra_column_takes_nothing_from_the_others() {
        let mut columns = COLUMNS;
        columns[2].rank = EXTRA;
        assert_eq!(widths(&columns, &[row()], 36), [9, 11, 12]);
        assert_eq!(widths(&columns, &[row()], 35), [9, 11, 11]);
        assert_eq!(widths(&columns, &[row()], 33), [9, 11, 0]);
    }

    #[test]
    fn one_long_cell_takes_no_column_from_the_others() {
        let mut columns = COLUMNS;
        columns[2].rank = EXTRA;
        let long = ["1", "Bo", &"long ".repeat(40)].map(|it| (it.to_owned(), Style::new()));
        assert_eq!(widths(&columns, &[row(), long.into()], 40), [9, 11, 16]);
    }

    #[test]
    fn columns_grow_while_there_is_room() {
        let name = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh";
        let long = ["1", name, "2 Mill Lane"].map(|it| (it.to_owned(), Style::new()));
        let rows = [row(), long.into()];
        assert_eq!(widths(&COLUMNS, &rows, 60), [9, 35, 12]);
        assert_eq!(widths(&COLUMNS, &rows, 70), [9, 45, 12]);
        assert_eq!(widths(&COLUMNS, &rows, 200), [9, name.len(), 12]);
    }

    fn row() -> Vec<Cell> {
        ["WB-004217", "Dana Rivera", "12 Mill Lane"].map(|it| (it.to_owned(), Style::new())).into()
    }

    #[test]
    fn columns_take_what_they_need_give_way_and_go() {
        let widths = |room| widths(&COLUMNS, &[row()], room);
        assert_eq!(widths(80), [9, 11, 12]);
        assert_eq!(widths(33), [9, 9, 11]);
        assert_eq!(widths(28), [9, 11, 0]);
        assert_eq!(widths(5), [7, 8, 0]);
    }

    #[test]
    fn the_selected_row_is_always_in_sight() {
        for rows in 0..30 {
            for height in 1..12 {
                for selected in 0..rows {
                    let first = offset(selected, rows, height);
                    assert!(first <= selected && selected < first + height);
                    assert!(rows <= height || first + height <= rows);
                }
            }
        }
    }
}
