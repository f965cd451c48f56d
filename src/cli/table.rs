//! Text tables whose columns are as wide as their widest cell.

use std::io;

use unicode_width::UnicodeWidthStr as _;

use crate::cli::output::Output;
use crate::domain::text;

/// Rows of `N` cells, the headings first.
pub struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub fn new(headings: [&str; N]) -> Self {
        Self { rows: vec![headings.map(str::to_owned)] }
    }

    pub fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| text::clean(&cell)));
    }

    /// Prints the table; the last column is not padded.
    pub fn print(&self, output: &mut Output) -> io::Result<()> {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        for row in &self.rows {
            output.line(&line(row, &widths))?;
        }
        Ok(())
    }
}

/// One row, its cells padded to `widths` columns on the screen.
pub fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_keep_the_columns_straight() {
        let row = |first: &str| line(&[first.to_owned(), "x".to_owned()], &[4, 1]);
        assert_eq!(row("田中"), "田中  x");
        assert_eq!(row("ab"), "ab    x");
    }
}
