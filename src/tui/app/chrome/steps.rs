//! The four steps, the current one marked by capitals, weight and colour.

use ratatui::text::{Line, Span};

use crate::tui::app::model::Screen;
use crate::tui::theme::Theme;

const STEPS: [&str; 4] = ["Find", "Send", "Enter code", "Verified"];

/// ` Find › Send › ENTER CODE › Verified`
pub fn line(screen: &Screen, theme: &Theme) -> Line<'static> {
    let current = match screen {
        Screen::Find(_) => 0,
        Screen::Send(_) => 1,
        Screen::EnterCode(_) | Screen::EnterFactor(_) => 2,
        Screen::Verified(_) => 3,
    };
    let mut spans = vec![Span::raw(" ")];
    for (at, step) in STEPS.into_iter().enumerate() {
        if at > 0 {
            spans.push(Span::styled(format!(" {} ", theme.symbols.pointer), theme.muted));
        }
        spans.push(match at {
            at if at < current => Span::raw(step),
            at if at == current => Span::styled(step.to_uppercase(), theme.accent),
            _ => Span::styled(step, theme.muted),
        });
    }
    Line::from(spans)
}
