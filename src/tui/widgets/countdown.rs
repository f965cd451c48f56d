//! A countdown: digits, and a bar that a glance is enough for.

use std::time::Duration;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::tui::theme::Theme;
use crate::tui::widgets::moment::clock_span;

/// The style for the time that is left: it turns in the last minute and again
/// in the last quarter of it. The digits say the same.
pub fn style(left: Duration, theme: &Theme) -> Style {
    match left.as_secs() {
        0..15 => theme.bad,
        15..60 => theme.warning,
        _ => theme.strong,
    }
}

/// `4:12`, in the style of its urgency.
pub fn digits(left: Duration, theme: &Theme) -> Span<'static> {
    Span::styled(clock_span(left), style(left, theme))
}

/// A bar of `room` cells, full at `whole`.
pub fn bar(left: Duration, whole: Duration, room: usize, theme: &Theme) -> Vec<Span<'static>> {
    let [full, empty] = theme.symbols.bar;
    let share = |part: Duration| part.as_millis().max(1);
    let filled = (left.as_millis() * room as u128).div_ceil(share(whole));
    let filled = usize::try_from(filled).unwrap_or(room).min(room);
    let style = if left.as_secs() < 60 { style(left, theme) } else { theme.accent };
    vec![
        Span::styled(full.repeat(filled), style),
        Span::styled(empty.repeat(room - filled), theme.muted),
    ]
}
