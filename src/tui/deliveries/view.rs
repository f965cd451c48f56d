//! How messages fare: what waits, how long they took, by provider and by hour.
//!
//! ```text
//! Queued         3, the oldest for 12 s
//! Sent           half within 0.4 s, 95 of 100 within 2.1 s (of 120)
//! Delivered      half within 3.2 s, 95 of 100 within 31 s (of 98)
//!
//! twilio         12 sent, 98 delivered, 2 not sent
//! smtp           as fallback: 8 sent
//!
//! 14:00          52 asked for, 50 sent, 2 went wrong
//! ```

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::circuit_breaker::ProviderHealth;
use crate::domain::delivery_stats::{DeliveryStats, HourStats, ProviderShare};
use crate::service::messages;
use crate::tui::deliveries::state::DeliveryStatsPanel;
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::scroll::Extent;
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::moment::{minute, second_or_day};
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::scroll_foot::foot;
use crate::tui::widgets::text::{pad, wrap};

/// The cells of a line's name.
const NAME_CELLS: usize = 16;

/// Draws the delivery stats.
pub fn draw(cx: DrawContext<'_>, panel: &DeliveryStatsPanel, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let (area, lines, extent) = parts(cx, panel, area);
    let visible = panel.scroll.visible(extent);
    let mut title = Title::of("Messages of the last 24 hours");
    title.foot = foot(&visible, extent.lines, theme.symbols.more);
    let inner = panel::draw(frame, area, theme, title, true);
    panel::lines(frame, inner, lines.get(visible).unwrap_or_default());
}

/// The box, the lines, and how many of them are in sight.
fn parts<'a>(
    cx: DrawContext<'_>,
    panel: &DeliveryStatsPanel,
    area: Rect,
) -> (Rect, Vec<Line<'a>>, Extent) {
    let area = centred(area, 78, area.height);
    let room = panel::inside(area, cx.theme);
    let lines = lines(cx, panel, usize::from(room.width));
    let extent = Extent { lines: lines.len(), page: usize::from(room.height) };
    (area, lines, extent)
}

/// The lines there are to scroll, and how many of them are in sight.
pub fn extent(cx: DrawContext<'_>, panel: &DeliveryStatsPanel, area: Rect) -> Extent {
    parts(cx, panel, area).2
}

fn lines<'a>(cx: DrawContext<'_>, panel: &DeliveryStatsPanel, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let Some(stats) = panel.stats.value() else {
        return vec![Line::styled("Adding up", theme.muted)];
    };
    let mut shown = vec![
        ("Queued".to_owned(), queued(stats)),
        ("Sent".to_owned(), messages::spread(stats.accepted)),
        ("Delivered".to_owned(), messages::spread(stats.delivered)),
    ];
    let now = cx.time().unwrap_or_default();
    for health in &cx.shared.providers.known.all {
        let is_ok = health.at(now) == ProviderHealth::Ok;
        if let Some(detail) = health.detail.as_ref().filter(|_| !is_ok) {
            shown.push((health.slot.to_string(), detail.for_admin.clone()));
        }
    }
    let mut lines = rows(shown, room, cx);
    if stats.messages == 0 {
        lines.push(Line::default());
        lines.push(Line::styled("No message was asked for.", theme.muted));
        return lines;
    }
    lines.push(Line::default());
    lines.extend(rows(shares(&stats.shares), room, cx));
    lines.push(Line::default());
    let zone = cx.shared.place.zone;
    let hour = |it: &HourStats| {
        let name = if now.since(it.began_at) < Duration::from_hours(20) {
            minute(it.began_at, zone)
        } else {
            second_or_day(it.began_at, now, zone)
        };
        let shown =
            format!("{} asked for, {} sent, {} went wrong", it.asked, it.accepted, it.failed);
        (name, shown)
    };
    lines.extend(rows(stats.hours.iter().map(hour).collect(), room, cx));
    if stats.more {
        let text = format!("Only the newest {} were looked at.", stats.messages);
        lines.push(Line::styled(text, theme.muted));
    }
    lines
}

fn rows<'a>(shown: Vec<(String, String)>, room: usize, cx: DrawContext<'_>) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let row = |(name, text): (String, String)| {
        let lines = wrap(&text, room.saturating_sub(NAME_CELLS));
        lines.into_iter().enumerate().map(move |(at, text)| {
            let name = if at == 0 { name.as_str() } else { "" };
            let name = pad(name, NAME_CELLS, theme.symbols.ellipsis);
            Line::from(vec![Span::styled(name, theme.muted), Span::raw(text)])
        })
    };
    shown.into_iter().flat_map(|it| row(it).collect::<Vec<_>>()).collect()
}

fn queued(stats: &DeliveryStats) -> String {
    let queue = stats.queue;
    let waiting = match (queue.length, queue.oldest) {
        (0, _) => "nothing".into(),
        (length, None) => length.to_string(),
        (length, Some(oldest)) => format!("{length}, the oldest for {}", messages::span(oldest)),
    };
    match messages::elsewhere(stats.elsewhere) {
        Some(why) => format!("{waiting}; {why}"),
        None => waiting,
    }
}

/// One line a provider, and one more where it stood in for another.
fn shares(shares: &[ProviderShare]) -> Vec<(String, String)> {
    let of_one = |a: &ProviderShare, b: &ProviderShare| {
        (&a.provider, a.fallback) == (&b.provider, b.fallback)
    };
    shares
        .chunk_by(of_one)
        .filter_map(|one| {
            let first = one.first()?;
            let parts: Vec<_> = one
                .iter()
                .map(|it| format!("{} {}", it.count, messages::state(it.state)))
                .collect();
            let role = if first.fallback { "as fallback: " } else { "" };
            Some((first.provider.clone(), format!("{role}{}", parts.join(", "))))
        })
        .collect()
}
