//! One request's timeline: what happened when, and how long after it was asked
//! for.
//!
//! ```text
//! 14:31:58   +0:00  · Code asked for
//!                   │ SMS +4**********12   amira, counter 3
//! 14:32:31   +0:33  ✓ Code entered: verified
//!                   │ amira, counter 3
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::event::Event;
use crate::domain::time::Timestamp;
use crate::tui::log::state::{LogPanel, Timeline};
use crate::tui::log::view::{contact, mark, place, what};
use crate::tui::machine::draw_context::{DrawContext, Focus};
use crate::tui::machine::scroll::Extent;
use crate::tui::widgets::moment::second_or_day;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::rows::flow;
use crate::tui::widgets::scroll_foot::foot;
use crate::tui::widgets::text::{pad, pad_left, wrap};

/// The cells before what happened: the time, the span, and their gaps.
const INDENT: usize = 8 + 2 + 7 + 2;

/// Draws a timeline.
pub fn draw(
    cx: DrawContext<'_>,
    log: &LogPanel,
    timeline: &Timeline,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = cx.theme;
    let (lines, extent) = parts(cx, timeline, area);
    let visible = timeline.scroll.visible(extent);
    let mut title = title(log, timeline);
    title.foot = foot(&visible, extent.lines, theme.symbols.more);
    let inner = panel::draw(frame, area, theme, title, cx.has_focus(Focus::Log));
    panel::lines(frame, inner, lines.get(visible).unwrap_or_default());
}

/// The lines, and how many of them are in sight.
fn parts<'a>(cx: DrawContext<'_>, timeline: &Timeline, area: Rect) -> (Vec<Line<'a>>, Extent) {
    let inside = panel::inside(area, cx.theme);
    let room = usize::from(inside.width);
    let lines = match timeline.events.value() {
        Some(events) => entries(cx, events, room),
        None => vec![Line::default(), Line::styled("Reading the timeline", cx.theme.muted)],
    };
    let extent = Extent { lines: lines.len(), page: usize::from(inside.height) };
    (lines, extent)
}

/// The lines there are to scroll, and how many of them are in sight.
pub fn extent(cx: DrawContext<'_>, timeline: &Timeline, area: Rect) -> Extent {
    parts(cx, timeline, area).1
}

/// Which request, and of whom.
fn title<'a>(log: &LogPanel, timeline: &Timeline) -> Title<'a> {
    let first = match timeline.events.value() {
        Some(events) => events.first(),
        None => log.events.get(log.selected),
    };
    let request = first.and_then(|event| event.request.as_ref());
    let name = request.map_or_else(|| "Timeline".to_owned(), |id| format!("Request {id}"));
    let mut title = Title::of(name);
    if let Some(customer) = first.and_then(|event| event.customer.as_ref()) {
        title.parts.push(Span::raw(customer.name.clone()));
        title.parts.push(Span::raw(customer.account_no.clone()));
    }
    title
}

fn entries<'a>(cx: DrawContext<'_>, events: &[Event], room: usize) -> Vec<Line<'a>> {
    let Some(first) = events.first() else {
        return vec![Line::default(), Line::styled("Nothing is known of it.", cx.theme.muted)];
    };
    let last = events.len() - 1;
    let each = events.iter().enumerate();
    each.flat_map(|(at, event)| entry(cx, event, first.at, at == last, room)).collect()
}

fn entry<'a>(
    cx: DrawContext<'_>,
    event: &Event,
    start: Timestamp,
    last: bool,
    room: usize,
) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let now = cx.time().unwrap_or(event.at);
    let time = second_or_day(event.at, now, cx.shared.place.zone);
    let wide = time.len().saturating_sub(8);
    let after = since(event.at, start);
    let (sign, style) = mark(event, theme);
    let room = room.saturating_sub(INDENT + wide + 3);
    let mut lines = Vec::new();
    for (at, text) in wrap(&what(event), room).into_iter().enumerate() {
        let (time, after, sign) =
            if at == 0 { (time.as_str(), &*after, sign) } else { ("", "", "") };
        lines.push(Line::from(vec![
            Span::styled(pad(time, 8 + wide, ""), theme.muted),
            Span::raw(format!("  {}  ", pad_left(after, 7, ""))),
            Span::styled(pad(sign, 3, ""), style),
            Span::styled(text, style.patch(theme.strong)),
        ]));
    }
    let line = if last { " " } else { theme.symbols.timeline };
    let before = |line: &str| {
        vec![Span::raw(" ".repeat(INDENT + wide)), Span::styled(pad(line, 3, ""), theme.border)]
    };
    let facts = [Some(contact(event)), Some(place(event)), event.detail.clone()];
    let facts = facts.into_iter().flatten().filter(|it| !it.is_empty());
    let facts = facts.flat_map(|it| wrap(&it, room)).map(|it| vec![Span::styled(it, theme.muted)]);
    for about in flow(facts.collect(), room, 3) {
        lines.push(Line::from([before(line), about.spans].concat()));
    }
    if !last {
        lines.push(Line::from(before(line)));
    }
    lines
}

/// `+0.4 s`, `+33 s`, `+4:12`
fn since(at: Timestamp, start: Timestamp) -> String {
    let span = at.since(start);
    match span.as_millis() {
        millis @ 0..10_000 => format!("+{}.{} s", millis / 1_000, millis % 1_000 / 100),
        millis @ 10_000..60_000 => format!("+{} s", millis / 1_000),
        millis => format!("+{}:{:02}", millis / 60_000, millis / 1_000 % 60),
    }
}
