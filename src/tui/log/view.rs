//! What happened, newest first. A code is never among it: events hold none.
//!
//! ```text
//! All entries
//! Time       What                      Customer        Contact
//! 14:32:05   ✗ Code wrong              Dana Rivera     SMS +4**********12
//! ```

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::event::{Event, EventFilter, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::time::Timestamp;
use crate::tui::log::state::LogPanel;
use crate::tui::log::timeline;
use crate::tui::machine::draw_context::{DrawContext, Focus};
use crate::tui::machine::health::DependencyState;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::theme::Theme;
use crate::tui::widgets::counter_name::counter;
use crate::tui::widgets::field::field;
use crate::tui::widgets::moment::{
    minute_or_date, minute_or_day, same_day, second, second_or_day, short_day,
};
use crate::tui::widgets::panel::{self, Title, show_cursor};
use crate::tui::widgets::rows::flow;
use crate::tui::widgets::table::{self, Cell, Column, EXTRA};
use crate::tui::widgets::text::{fit, pad, width, wrap};

const COLUMNS: [Column; 5] = [
    Column::new("Time", 8, 12, 0),
    Column::new("What", 18, 36, 0).usually(22),
    Column::new("Customer", 10, 30, 0).usually(14),
    Column::new("Contact", 16, 30, EXTRA).usually(18),
    Column::new("Where", 12, 28, EXTRA),
];

const ALL_ENTRIES: &str = "All entries, newest first";

/// The width from which an entry of another day shows its hour too.
const MIN_WIDTH_FOR_HOUR: usize = 70;

/// Draws the log, or a request's timeline over it.
pub fn draw(cx: DrawContext<'_>, log: &LogPanel, frame: &mut Frame<'_>, area: Rect) {
    if let Some(timeline) = &log.timeline {
        return timeline::draw(cx, log, timeline, frame, area);
    }
    let focused = cx.has_focus(Focus::Log);
    let mut title = Title::of("Log");
    if let Some(at) = log.read_at.filter(|_| is_old(cx, log)) {
        let zone = cx.shared.place.zone;
        let text = format!("from {}", minute_or_day(at, cx.time().unwrap_or(at), zone));
        title.parts.push(Span::styled(text, cx.theme.warning));
    }
    if log.older {
        title.foot = Some("older entries below".into());
    }
    let inner = panel::draw(frame, area, cx.theme, title, focused);
    filters(cx, log, frame, Rect { height: 1, ..inner }, focused);
    let below = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    if log.events.is_empty() {
        let text = nothing(cx, log);
        panel::lines(frame, below, &[Line::default(), Line::styled(text, cx.theme.muted)]);
    } else {
        entries(cx, log, frame, below, focused);
    }
}

/// Whether what is shown may be from before something happened.
fn is_old(cx: DrawContext<'_>, log: &LogPanel) -> bool {
    match cx.shared.health.store {
        DependencyState::Ok | DependencyState::Fallback | DependencyState::Off => false,
        DependencyState::Slow => log.reading.is_loading(),
        DependencyState::Down => true,
    }
}

fn nothing(cx: DrawContext<'_>, log: &LogPanel) -> String {
    let store = cx.shared.health.store;
    if store == DependencyState::Down && log.read_at.is_none() {
        "The log is read as soon as the store is back.".into()
    } else if log.reading.is_loading() && store != DependencyState::Ok {
        "Reading the log".into()
    } else if log.filter == EventFilter::default() {
        "Nothing has happened yet.".into()
    } else {
        let key = key_name(Context::Log, Command::FilterNone);
        let looks_like_a_time = log.filter.text.as_ref().is_some_and(|it| it.contains(':'));
        let help = if looks_like_a_time { " A time is written 10:42 or 2026-11-24." } else { "" };
        format!("Nothing matches. {key} shows all entries.{help}")
    }
}

fn filters(cx: DrawContext<'_>, log: &LogPanel, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    let theme = cx.theme;
    if let Some(typing) = &log.typing {
        let label = format!("Customer, request or 10:42 {} ", theme.symbols.pointer);
        let indent = u16::try_from(label.chars().count()).unwrap_or(0);
        let (typed, cursor) = field(&typing.input, area.width.saturating_sub(indent));
        let line = Line::from(vec![Span::styled(label, theme.muted), typed.style(theme.strong)]);
        panel::lines(frame, area, &[line]);
        if focused && area.height > 0 && indent + cursor < area.width {
            frame.set_cursor_position(Position::new(area.x + indent + cursor, area.y));
        }
        return;
    }
    let parts = filter_parts(cx, &log.filter);
    let line = if parts.is_empty() {
        let key = key_name(Context::Log, Command::First);
        let newer = format!("All entries; {key} for the newest");
        Line::styled(if log.newer { newer } else { ALL_ENTRIES.into() }, theme.muted)
    } else {
        let text = format!("Only {}", parts.join(&format!(" {} ", theme.symbols.dot)));
        let text = fit(&text, usize::from(area.width), theme.symbols.ellipsis).into_owned();
        Line::styled(text, theme.accent)
    };
    panel::lines(frame, area, &[line]);
}

/// What a filter lets through, in words.
fn filter_parts(cx: DrawContext<'_>, filter: &EventFilter) -> Vec<String> {
    let zone = cx.shared.place.zone;
    let shown = |at: Timestamp| minute_or_date(at, cx.time().unwrap_or(at), zone);
    let last = filter.before.map(|before| before.minus(Duration::from_millis(1)));
    let named = |name: &Option<String>, of: &str| {
        name.as_ref().map(|it| if it.is_empty() { format!("no {of}") } else { it.clone() })
    };
    let parts = [
        filter.text.as_ref().map(|text| format!("\"{text}\"")),
        filter.from.map(|from| format!("from {}", shown(from))),
        last.map(|last| format!("until {}", shown(last))),
        filter.request.as_ref().map(|request| format!("request {request}")),
        filter.customer.map(|_| "one customer".to_owned()),
        named(&filter.clerk, "clerk"),
        named(&filter.counter, "counter").map(|it| counter(&it)),
        named(&filter.provider, "provider"),
        filter.purpose.clone(),
        filter.kind.map(|kind| kind.label().to_owned()),
        patterns(filter),
        filter.outcome.map(words),
        filter.channel.map(|channel| channel.label().to_owned()),
    ];
    parts.into_iter().flatten().collect()
}

/// The kinds that a filter lets through: the first ones by name.
fn patterns(filter: &EventFilter) -> Option<String> {
    let mut kinds: Vec<&str> = Vec::new();
    for pattern in &filter.patterns {
        let label = pattern.kind.label();
        let is_new = !kinds.contains(&label);
        if is_new {
            kinds.push(label);
        }
    }
    match kinds.as_slice() {
        [] => None,
        [one, two, three, others @ ..] if !others.is_empty() => {
            Some(format!("{one}, {two}, {three} and {} more", others.len()))
        }
        few => Some(few.join(", ")),
    }
}

fn entries(cx: DrawContext<'_>, log: &LogPanel, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    let theme = cx.theme;
    let room = usize::from(area.width);
    let selected = log.selected.min(log.events.len() - 1);
    let narrow = room < MIN_WIDTH_FOR_HOUR;
    let near = |rows: usize| {
        let first = table::offset(selected, log.events.len(), rows);
        (first, log.events.iter().skip(first).take(rows))
    };
    let (_, about) = near(usize::from(area.height));
    let cells_of = |event: &Event| cells(event, cx, narrow);
    let widths = table::widths(&COLUMNS, &about.clone().map(cells_of).collect::<Vec<_>>(), room);
    let details = |event: &Event| details(cx, event, &widths, room);
    // As many lines as any of them needs: the list does not move with each step.
    let lines = about.map(|event| details(event).len()).max().filter(|_| focused).unwrap_or(0);
    let [list, foot] = Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(u16::try_from(lines).unwrap_or(0)),
    ])
    .areas(area);
    if let Some(event) = log.events.get(selected).filter(|_| focused) {
        panel::lines(frame, foot, &details(event));
    }
    let (first, shown) = near(usize::from(list.height.saturating_sub(1)));
    let mut lines = vec![table::heading(&COLUMNS, &widths, theme)];
    lines.extend(shown.map(|event| table::line(&COLUMNS, &widths, cells_of(event), theme)));
    panel::lines(frame, list, &lines);
    if focused {
        let row = u16::try_from(selected - first).unwrap_or(u16::MAX);
        let at = panel::select(frame, list, row.saturating_add(1), widths[0], theme);
        show_cursor(frame, at);
    }
}

/// What the columns had to leave out of the selected entry.
fn details<'a>(cx: DrawContext<'_>, event: &Event, widths: &[usize], room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let is_cut = |at: usize, text: &str| widths.get(at).is_none_or(|room| width(text) > *room);
    let customer = event.customer.as_ref().map(|it| {
        let name = if is_cut(2, &it.name) { it.name.as_str() } else { "" };
        format!("{} {name}", it.account_no).trim_end().to_owned()
    });
    let why = match event.kind {
        EventKind::NotSent | EventKind::Unsure => event.outcome.map(words),
        _ => None,
    };
    let facts = [
        why,
        customer,
        Some(contact(event)).filter(|it| is_cut(3, it)),
        Some(place(event)).filter(|it| is_cut(4, it)),
    ];
    let parts = facts
        .into_iter()
        .flatten()
        .chain(event.detail.clone())
        .filter(|fact| !fact.is_empty())
        .flat_map(|fact| wrap(&fact, room))
        .map(|fact| vec![Span::raw(fact)])
        .collect();
    let mut lines = vec![Line::styled(theme.symbols.rule.repeat(room), theme.border)];
    lines.extend(flow(parts, room, 3));
    lines.truncate(5);
    lines
}

fn cells(event: &Event, cx: DrawContext<'_>, narrow: bool) -> Vec<Cell> {
    let theme = cx.theme;
    let zone = cx.shared.place.zone;
    let time = match cx.time() {
        Some(now) if !same_day(event.at, now, zone) && narrow => short_day(event.at, zone),
        Some(now) => second_or_day(event.at, now, zone),
        None => second(event.at, zone),
    };
    let (mark, style) = mark(event, theme);
    let mark = pad(mark, width(theme.symbols.check), "");
    let customer = event.customer.as_ref().map(|it| it.name.clone()).unwrap_or_default();
    vec![
        (time, theme.muted),
        (format!("{mark} {}", short(event)), style),
        (customer, Style::new()),
        (contact(event), Style::new()),
        (place(event), theme.muted),
    ]
}

/// What happened, with how it ended.
pub fn what(event: &Event) -> String {
    match event.outcome {
        // It says so by itself.
        Some(Outcome::Expired) if event.kind == EventKind::Expired => event.label().to_owned(),
        Some(Outcome::Undeliverable) if event.kind == EventKind::NotSent => {
            event.label().to_owned()
        }
        Some(outcome) => format!("{}: {}", event.label(), words(outcome)),
        None => event.label().to_owned(),
    }
}

/// What happened, in the room of a column.
fn short(event: &Event) -> String {
    match (event.kind, event.outcome) {
        (EventKind::Attempt, Some(outcome)) => format!("Code {}", words(outcome)),
        // It says how it ended by itself; the why is in the details.
        (EventKind::NotSent | EventKind::Unsure, _) => event.label().to_owned(),
        _ => what(event),
    }
}

/// An outcome's word as the other screens have it.
fn words(outcome: Outcome) -> String {
    match outcome {
        Outcome::Superseded => "replaced".into(),
        outcome => outcome.word().replace('_', " "),
    }
}

/// The channel and the masked contact.
pub fn contact(event: &Event) -> String {
    let channel = event.channel.map(|channel| channel.label().to_owned());
    channel.into_iter().chain(event.contact.clone()).collect::<Vec<_>>().join(" ")
}

/// Who and where.
pub fn place(event: &Event) -> String {
    format!("{}, {}", event.actor.clerk, counter(&event.actor.counter))
}

/// The mark and the style of an entry.
pub fn mark(event: &Event, theme: &Theme) -> (&'static str, Style) {
    let symbols = theme.symbols;
    match (event.outcome, event.kind) {
        (Some(Outcome::Verified), _) => (symbols.check, theme.good),
        (Some(Outcome::Locked | Outcome::Undeliverable | Outcome::Forbidden), _)
        | (None, EventKind::NotSent) => (symbols.cross, theme.bad),
        (Some(Outcome::Wrong), _) => (symbols.cross, theme.warning),
        (Some(_), _) | (None, EventKind::Unsure | EventKind::Refused) => {
            (symbols.alert, theme.warning)
        }
        _ => (symbols.info, Style::new()),
    }
}
