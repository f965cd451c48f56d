//! Changed cells as bytes for the terminal, as few as there can be: a slow line
//! carries each of them.
//!
//! The pen (colours and weight) stays as the last cell left it, the cursor moves
//! by the shortest sequence, and a run of blanks is one erasure. Colours of the
//! sixteen go as SGR 30 to 37 and 90 to 97, which every terminal of colours knows.

use std::fmt::Write as _;

use ratatui::buffer::Cell;
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier};

/// Blanks from which one erasure is shorter than they are.
const MIN_ERASED_BLANKS: usize = 6;

/// Colours and weight, as they were last sent to the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pen {
    text: Color,
    ground: Color,
    weight: Modifier,
}

const PLAIN: Pen = Pen { text: Color::Reset, ground: Color::Reset, weight: Modifier::empty() };

/// The attributes that are sent, and how each is begun and ended.
const ATTRIBUTES: [(Modifier, u8, u8); 4] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::REVERSED, 7, 27),
];

impl Pen {
    fn of(cell: &Cell) -> Self {
        let known = ATTRIBUTES.iter().fold(Modifier::empty(), |all, it| all | it.0);
        Self { text: cell.fg, ground: cell.bg, weight: cell.modifier & known }
    }

    /// Whether a blank drawn with it is what an erasure leaves behind.
    fn is_bare(self) -> bool {
        let shows = Modifier::UNDERLINED | Modifier::REVERSED;
        self.ground == Color::Reset && !self.weight.intersects(shows)
    }

    /// The codes that set it where nothing is known of the pen before.
    fn anew(self) -> String {
        let mut codes = String::from("0");
        for (_, on, _) in ATTRIBUTES.iter().filter(|it| self.weight.contains(it.0)) {
            let _ = write!(codes, ";{on}");
        }
        if self.text != Color::Reset {
            let _ = write!(codes, ";{}", color(self.text, 30));
        }
        if self.ground != Color::Reset {
            let _ = write!(codes, ";{}", color(self.ground, 40));
        }
        codes
    }

    /// The codes that set it after `before`.
    fn after(self, before: Self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut kept = before.weight;
        for (which, _, off) in ATTRIBUTES {
            if before.weight.contains(which) && !self.weight.contains(which) {
                parts.push(off.to_string());
                // One number ends bold and dim.
                kept -= if off == 22 { Modifier::BOLD | Modifier::DIM } else { which };
            }
        }
        for (which, on, _) in ATTRIBUTES {
            if self.weight.contains(which) && !kept.contains(which) {
                parts.push(on.to_string());
            }
        }
        if self.text != before.text {
            parts.push(color(self.text, 30));
        }
        if self.ground != before.ground {
            parts.push(color(self.ground, 40));
        }
        let codes = parts.join(";");
        // No number at all is a zero.
        let anew = if self == PLAIN { String::new() } else { self.anew() };
        if anew.len() < codes.len() { anew } else { codes }
    }
}

/// A colour's numbers; `base` is 30 for text and 40 for what is behind it.
fn color(color: Color, base: u8) -> String {
    let plain = |index: u8| (base + index).to_string();
    let bright = |index: u8| (base + 60 + index).to_string();
    match color {
        Color::Reset => plain(9),
        Color::Black => plain(0),
        Color::Red => plain(1),
        Color::Green => plain(2),
        Color::Yellow => plain(3),
        Color::Blue => plain(4),
        Color::Magenta => plain(5),
        Color::Cyan => plain(6),
        Color::Gray => plain(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(red, green, blue) => format!("{};2;{red};{green};{blue}", base + 8),
    }
}

/// Whether every terminal moves on by one cell after it. What is rarer is
/// followed by a move to where the next cell is.
fn is_one_cell(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let (Some(first), None) = (chars.next(), chars.next()) else { return false };
    matches!(first, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{2500}'..='\u{259f}')
}

/// The bytes of a frame, and what was sent to the terminal before.
#[derive(Debug, Default)]
pub(in crate::tui) struct Writer {
    pub(in crate::tui) bytes: Vec<u8>,
    /// Columns of the screen.
    pub(in crate::tui) columns: u16,
    /// Where the cursor is; none where it may be anywhere.
    cursor: Option<Position>,
    /// Colours and weight; none where they may be any.
    pen: Option<Pen>,
}

impl Writer {
    /// Forgets what was sent to the terminal: somebody else has written there.
    pub(in crate::tui) fn forget(&mut self) {
        (self.cursor, self.pen) = (None, None);
    }

    /// Where the cursor is, as far as is known.
    pub(in crate::tui) fn cursor(&self) -> Position {
        self.cursor.unwrap_or_default()
    }

    /// Empties the screen.
    pub(in crate::tui) fn clear(&mut self) {
        self.bytes.extend_from_slice(b"\x1b[0m\x1b[2J");
        (self.cursor, self.pen) = (None, Some(PLAIN));
    }

    /// Writes cells that have changed, in the order of rows and columns.
    pub(in crate::tui) fn cells(&mut self, cells: &[(u16, u16, &Cell)]) {
        let mut rest = cells;
        while let [(x, y, cell), after @ ..] = rest {
            let run = blanks(rest);
            if run >= MIN_ERASED_BLANKS {
                self.erase(Position::new(*x, *y), run);
                rest = rest.get(run..).unwrap_or_default();
                continue;
            }
            self.go(Position::new(*x, *y));
            self.take(Pen::of(cell));
            self.bytes.extend_from_slice(cell.symbol().as_bytes());
            let next = Position::new(x.saturating_add(1), *y);
            // In the last column the cursor waits for the next character.
            let is_known = is_one_cell(cell.symbol()) && next.x < self.columns;
            self.cursor = is_known.then_some(next);
            rest = after;
        }
    }

    fn erase(&mut self, from: Position, run: usize) {
        self.go(from);
        if self.pen.is_none_or(|pen| !pen.is_bare()) {
            self.take(PLAIN);
        }
        if usize::from(from.x) + run >= usize::from(self.columns) {
            self.bytes.extend_from_slice(b"\x1b[K");
        } else {
            self.say(format_args!("\x1b[{run}X"));
        }
    }

    /// Moves the cursor.
    pub(in crate::tui) fn go(&mut self, to: Position) {
        if self.cursor == Some(to) {
            return;
        }
        let way = way(self.cursor, to);
        self.bytes.extend_from_slice(way.as_bytes());
        self.cursor = Some(to);
    }

    fn take(&mut self, pen: Pen) {
        if self.pen == Some(pen) {
            return;
        }
        let was_reversed = self.pen.is_some_and(|it| it.weight.contains(Modifier::REVERSED));
        if pen.weight.contains(Modifier::REVERSED) && !was_reversed {
            // Reverse goes alone: it is what a selection is known by.
            self.take(Pen { weight: pen.weight - Modifier::REVERSED, ..pen });
            self.say(format_args!("\x1b[7m"));
        } else {
            let codes = self.pen.map_or_else(|| pen.anew(), |before| pen.after(before));
            self.say(format_args!("\x1b[{codes}m"));
        }
        self.pen = Some(pen);
    }

    fn say(&mut self, text: std::fmt::Arguments<'_>) {
        self.bytes.extend_from_slice(text.to_string().as_bytes());
    }
}

/// The shortest sequence from one place to another.
fn way(from: Option<Position>, to: Position) -> String {
    let (row, column) = (to.y + 1, to.x + 1);
    let there = if column == 1 { format!("\x1b[{row}H") } else { format!("\x1b[{row};{column}H") };
    let step = |by: u16, letter: char| match by {
        1 => format!("\x1b[{letter}"),
        by => format!("\x1b[{by}{letter}"),
    };
    let near = match from {
        Some(from) if from.y == to.y && to.x == 0 => "\r".to_owned(),
        Some(from) if from.y == to.y && to.x > from.x => step(to.x - from.x, 'C'),
        Some(from) if from.y == to.y && from.x - to.x < 3 => "\x08".repeat((from.x - to.x).into()),
        Some(from) if from.y == to.y => step(from.x - to.x, 'D'),
        Some(from) if from.x == to.x && to.y > from.y => step(to.y - from.y, 'B'),
        Some(from) if from.x == to.x => step(from.y - to.y, 'A'),
        _ => return there,
    };
    if near.len() < there.len() { near } else { there }
}

/// How many blanks follow each other that an erasure would leave behind.
fn blanks(cells: &[(u16, u16, &Cell)]) -> usize {
    let Some((x, y, _)) = cells.first() else { return 0 };
    let run = cells.iter().zip(*x..).take_while(|((at, row, cell), column)| {
        at == column && row == y && cell.symbol() == " " && Pen::of(cell).is_bare()
    });
    run.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn written(writer: &mut Writer, row: &[(u16, &str, Style)]) -> String {
        let cells: Vec<(u16, Cell)> = row
            .iter()
            .map(|(x, symbol, style)| {
                let mut cell = Cell::default();
                cell.set_symbol(symbol).set_style(*style);
                (*x, cell)
            })
            .collect();
        let cells: Vec<_> = cells.iter().map(|(x, cell)| (*x, 0, cell)).collect();
        writer.cells(&cells);
        String::from_utf8(std::mem::take(&mut writer.bytes)).expect("text")
    }

    fn writer() -> Writer {
        Writer { columns: 80, ..Writer::default() }
    }

    #[test]
    fn the_sixteen_colours_go_as_every_terminal_knows_them() {
        for (style, codes) in [
            (Style::new().fg(Color::Cyan), "\x1b[0;36m"),
            (Style::new().fg(Color::LightRed), "\x1b[0;91m"),
            (Style::new().fg(Color::Black).bg(Color::Gray), "\x1b[0;30;47m"),
            (Style::new().fg(Color::Indexed(117)), "\x1b[0;38;5;117m"),
            (Style::new().fg(Color::Rgb(1, 2, 3)).bold(), "\x1b[0;1;38;2;1;2;3m"),
        ] {
            let text = written(&mut writer(), &[(0, "a", style)]);
            assert_eq!(text, format!("\x1b[1H{codes}a"));
        }
    }

    #[test]
    fn the_pen_stays_and_changes_by_the_least() {
        let mut writer = writer();
        let bold = Style::new().bold();
        written(&mut writer, &[(0, "a", bold)]);
        assert_eq!(written(&mut writer, &[(1, "b", bold)]), "b");
        assert_eq!(written(&mut writer, &[(2, "c", bold.reversed())]), "\x1b[7mc");
        assert_eq!(written(&mut writer, &[(3, "d", bold)]), "\x1b[27md");
        assert_eq!(written(&mut writer, &[(4, "e", Style::new().dim())]), "\x1b[0;2me");
        assert_eq!(written(&mut writer, &[(5, "f", Style::new())]), "\x1b[mf");
    }

    #[test]
    fn the_cursor_goes_the_shortest_way() {
        let at = |x, y| Some(Position::new(x, y));
        for (from, to, way_there) in [
            (None, (0, 0), "\x1b[1H"),
            (at(3, 4), (9, 7), "\x1b[8;10H"),
            (at(3, 4), (4, 4), "\x1b[C"),
            (at(3, 4), (9, 4), "\x1b[6C"),
            (at(3, 4), (1, 4), "\x08\x08"),
            (at(30, 4), (0, 4), "\r"),
            (at(3, 4), (3, 5), "\x1b[B"),
            (at(3, 4), (3, 2), "\x1b[2A"),
        ] {
            assert_eq!(way(from, Position::new(to.0, to.1)), way_there);
        }
    }

    #[test]
    fn blanks_are_erased_at_once() {
        let blanks: Vec<_> = (0..20).map(|x| (x, " ", Style::new())).collect();
        assert_eq!(written(&mut writer(), &blanks), "\x1b[1H\x1b[0m\x1b[20X");
        let to_the_end: Vec<_> = (60..80).map(|x| (x, " ", Style::new())).collect();
        assert_eq!(written(&mut writer(), &to_the_end), "\x1b[1;61H\x1b[0m\x1b[K");
        let coloured: Vec<_> = (0..20).map(|x| (x, " ", Style::new().reversed())).collect();
        assert!(written(&mut writer(), &coloured).ends_with(&" ".repeat(20)));
    }

    #[test]
    fn after_a_character_of_doubtful_width_the_place_is_told() {
        let row = [(0, "山", Style::new()), (2, "a", Style::new())];
        assert_eq!(written(&mut writer(), &row), "\x1b[1H\x1b[0m山\x1b[1;3Ha");
        let row = [(0, "é", Style::new()), (1, "─", Style::new()), (2, "a", Style::new())];
        assert_eq!(written(&mut writer(), &row), "\x1b[1H\x1b[0mé─a");
    }
}
