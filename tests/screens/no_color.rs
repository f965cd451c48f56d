//! Under `NO_COLOR` crossterm writes colours as nothing at all, which turns a
//! change of colour into a reset of every attribute (crossterm#1069). The theme
//! without colours never changes a colour, so its reverse, bold and underline
//! reach the terminal either way.

use std::num::NonZero;

use countersign::config::settings::ThemeName;
use countersign::tui::theme::Theme;
use countersign::tui::view::view;
use crossterm::style::Colored;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};

use crate::states;

fn drawn() -> vt100::Parser {
    let (model, now) = states::find_several();
    let theme = Theme::of(ThemeName::Mono, false);
    let mut bytes = Vec::new();
    {
        let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
        let options = TerminalOptions { viewport };
        let backend = CrosstermBackend::new(&mut bytes);
        let mut terminal = Terminal::with_options(backend, options).expect("a terminal");
        terminal.draw(|frame| view(&model, &theme, now, frame)).expect("a picture");
    }
    let size = |cells: u16| NonZero::new(cells).expect("a size");
    let mut parser = vt100::Parser::new(size(24), size(80), 0);
    parser.process(&bytes);
    parser
}

#[test]
fn selection_and_weight_survive_no_color() {
    for disabled in [true, false] {
        Colored::set_ansi_color_disabled(disabled);
        let parser = drawn();
        let screen = parser.screen();
        let row = (0..24).find(|row| {
            let text = screen.contents_between(*row, 0, *row, 79);
            text.contains("WB-004217")
        });
        let row = row.expect("the selected customer");
        for column in 1..79 {
            let cell = screen.cell(row, column).expect("a cell");
            assert!(cell.inverse(), "column {column} of the selected row, disabled: {disabled}");
        }
        let office = screen.cell(0, 1).expect("a cell");
        assert!(office.bold(), "the office's name, disabled: {disabled}");
    }
    Colored::set_ansi_color_disabled(false);
}
