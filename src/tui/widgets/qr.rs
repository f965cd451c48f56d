//! A QR code as lines, light on dark as its readers want it.

use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use crate::domain::qr;
use crate::tui::theme::Theme;

/// The lines of the QR code of a text; none where the theme has no half blocks, or where it
/// has more than `height` lines: half of one is of no use.
pub fn lines(text: &str, theme: &Theme, height: u16) -> Vec<Line<'static>> {
    let drawn = qr::lines(text).filter(|it| !theme.ascii && it.len() <= usize::from(height));
    let style = Style::new().fg(Color::White).bg(Color::Black);
    let lines = drawn.into_iter().flatten();
    lines.map(|line| Line::from(Span::styled(line, style))).collect()
}
