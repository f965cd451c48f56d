//! Under `NO_COLOR` no colour is sent, and reverse, bold and underline reach the
//! terminal all the same.

use std::num::NonZero;

use countersign::config::settings::ThemeName;
use countersign::tui::app::view::view;
use countersign::tui::terminal::frame_writer::FrameWriter;
use countersign::tui::theme::Theme;

use crate::states;

#[test]
fn selection_and_weight_survive_no_color() {
    let (model, now) = states::find_several();
    let theme = Theme::of(ThemeName::Mono, false);
    let mut drawn = FrameWriter::new((80, 24)).expect("a screen");
    let bytes = drawn.draw((80, 24), |frame| view(&model, &theme, now, frame)).expect("a frame");
    let size = |cells: u16| NonZero::new(cells).expect("a size");
    let mut parser = vt100::Parser::new(size(24), size(80), 0);
    parser.process(&bytes);
    let screen = parser.screen();
    let row = (0..24).find(|row| screen.contents_between(*row, 0, *row, 79).contains("WB-004217"));
    let row = row.expect("the selected customer");
    for column in 1..13 {
        let cell = screen.cell(row, column).expect("a cell");
        assert!(cell.inverse(), "column {column} of the selected row");
    }
    for cell in (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column))) {
        assert_eq!((cell.fgcolor(), cell.bgcolor()), Default::default());
    }
    assert!(screen.cell(0, 1).expect("a cell").bold(), "the office's name");
}
