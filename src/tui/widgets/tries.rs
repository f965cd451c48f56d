//! Tries left, as dots and in words.

use ratatui::text::Span;

use crate::domain::request::Request;
use crate::tui::theme::Theme;

/// More dots than this say less than the words beside them.
const MAX_DOTS: u32 = 12;

/// `●●●●○  4 of 5`
pub fn tries(request: &Request, theme: &Theme) -> Vec<Span<'static>> {
    let (left, all) = (request.attempts_left(), request.max_attempts);
    let style = match left {
        0 | 1 => theme.bad,
        2 => theme.warning,
        _ => theme.accent,
    };
    let mut spans = Vec::new();
    if all <= MAX_DOTS {
        let [open, gone] = theme.symbols.tries;
        spans.push(Span::styled(open.repeat(left as usize), style));
        spans.push(Span::styled(gone.repeat((all - left) as usize), theme.muted));
        spans.push(Span::raw("  "));
    }
    spans.push(Span::styled(
        format!("{left} of {all}"),
        if left <= 1 { style } else { theme.strong },
    ));
    spans
}
