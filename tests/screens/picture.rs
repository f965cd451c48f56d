//! What was drawn, as text: the characters, then each run of one style, so
//! that a change in colour or weight is seen as well as one in words.

use std::fmt::Write as _;
use std::time::Instant;

use countersign::config::settings::ThemeName;
use countersign::tui::app::model::Model;
use countersign::tui::app::view::view;
use countersign::tui::theme::Theme;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::layout::Position;
use ratatui::style::Color;

/// What a terminal shows.
pub(crate) struct Shot {
    pub(crate) buffer: Buffer,
    pub(crate) cursor: Option<Position>,
}

/// Draws a model at its size and moment.
pub(crate) fn shoot(model: &Model, theme: ThemeName, now: Instant, size: (u16, u16)) -> Shot {
    shoot_with(model, &Theme::of(theme, model.shared.place.ascii), now, size)
}

/// Draws a model with styles of its own.
pub(crate) fn shoot_with(model: &Model, theme: &Theme, now: Instant, size: (u16, u16)) -> Shot {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a terminal");
    terminal.draw(|frame| view(model, theme, now, frame)).expect("a picture");
    let cursor = terminal.backend().cursor_visible().then(|| terminal.backend().cursor_position());
    Shot { buffer: terminal.backend().buffer().clone(), cursor }
}

/// The lines of characters.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += symbol.cell_width().max(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn color(color: Color) -> String {
    match color {
        Color::Reset => "default".into(),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Indexed(index) => format!("colour {index}"),
        named => format!("{named:?}").to_lowercase(),
    }
}

fn style(cell: &Cell) -> String {
    let mut words = vec![color(cell.fg)];
    if cell.bg != Color::Reset {
        words.push(format!("on {}", color(cell.bg)));
    }
    if !cell.modifier.is_empty() {
        words.push(format!("{:?}", cell.modifier).to_lowercase().replace(" | ", " "));
    }
    words.join(" ")
}

/// The runs of one style that hold more than blanks of the screen's own.
pub(crate) fn styles(buffer: &Buffer) -> String {
    let corner = (buffer.area.width - 1, buffer.area.height - 1);
    let base = style(&buffer[corner]);
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let style = style(&buffer[(x, y)]);
            match runs.last_mut() {
                Some((_, end, last)) if *last == style => *end = x,
                _ => runs.push((x, x, style)),
            }
        }
        let runs: Vec<String> = runs
            .into_iter()
            .filter(|(.., style)| *style != base)
            .map(|(start, end, style)| format!("{start}-{end} {style}"))
            .collect();
        if !runs.is_empty() {
            let _ = writeln!(text, "{y:>3}: {}", runs.join("; "));
        }
    }
    format!("all: {base}\n{text}")
}

impl Shot {
    /// Text, cursor and styles.
    pub(crate) fn all(&self) -> String {
        let cursor =
            self.cursor.map_or_else(|| "none".to_owned(), |at| format!("{},{}", at.x, at.y));
        format!("{}cursor: {cursor}\n{}", text(&self.buffer), styles(&self.buffer))
    }
}
