//! The tray: messages that went nowhere, and the selected one as the customer
//! would read it. It exists in development only.
//!
//! ```text
//! Time       Channel   Ref   To
//! › 14:31:13 SMS       K7Q   +4915112345612
//!   14:24:24 Email     K7Q   jose.rivera@example.org
//! ──────────────────────────────────────────────────
//! To            +4915112345612
//!
//! Riverside Billing, counter 3: your code is …
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::service::ports::TrayMessage;
use crate::tui::machine::draw_context::{DrawContext, Focus};
use crate::tui::machine::scroll::Extent;
use crate::tui::tray::state::TrayPanel;
use crate::tui::widgets::facts::facts;
use crate::tui::widgets::moment::{second, second_or_day};
use crate::tui::widgets::panel::{self, Title, show_cursor};
use crate::tui::widgets::rows::settle;
use crate::tui::widgets::scroll_foot::foot;
use crate::tui::widgets::table::{self, Cell, Column};
use crate::tui::widgets::text::wrap;

const COLUMNS: [Column; 4] = [
    Column::new("Time", 8, 12, 0),
    Column::new("Channel", 7, 7, 0),
    Column::new("Ref", 3, 6, 0),
    Column::new("To", 10, 40, 0),
];

/// The most lines of the list, its heading included.
const MAX_LIST_LINES: u16 = 8;

/// The most of them where the message needs the height.
const MAX_SHORT_LIST_LINES: u16 = 4;

/// The lines from which the list may be long.
const MIN_ROOMY_LINES: u16 = 24;

/// Draws the tray.
pub fn draw(cx: DrawContext<'_>, tray: &TrayPanel, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let focused = cx.has_focus(Focus::Tray);
    let mut title = Title::of("Tray");
    title.parts.push(Span::styled("nothing here was really sent", theme.muted));
    let shown = tray.preview.place(tray.selected, tray.messages.len());
    let (lines, places) = parts(cx, tray, shown, area);
    let visible = tray.scroll.visible(places.extent(&lines));
    title.foot = foot(&visible, lines.len(), theme.symbols.more);
    let inner = panel::draw(frame, area, theme, title, focused);
    if tray.messages.is_empty() {
        let text = "No message yet. A code that is sent appears here.";
        let mut lines = vec![Line::default()];
        let wrapped = wrap(text, usize::from(inner.width)).into_iter();
        lines.extend(wrapped.map(|text| Line::styled(text, theme.muted)));
        return panel::lines(frame, inner, &lines);
    }
    let selected = tray.selected.min(tray.messages.len() - 1);
    list(cx, tray, selected, frame, Rect { height: places.list, ..inner }, focused);
    let rule = Line::styled(theme.symbols.rule.repeat(usize::from(inner.width)), theme.border);
    panel::lines(frame, Rect { y: inner.y + places.list, height: 1, ..inner }, &[rule]);
    let below = Rect { y: inner.y + places.list + 1, height: places.message, ..inner };
    panel::lines(frame, below, lines.get(visible).unwrap_or_default());
}

/// The lines there are for the list and, below a rule, for the message.
struct Places {
    list: u16,
    message: u16,
}

impl Places {
    const fn extent(&self, message: &[Line<'_>]) -> Extent {
        Extent { lines: message.len(), page: self.message as usize }
    }
}

/// The lines of the message that is `shown`, and the places of them and of the list.
fn parts<'a>(
    cx: DrawContext<'_>,
    tray: &TrayPanel,
    shown: usize,
    area: Rect,
) -> (Vec<Line<'a>>, Places) {
    let inside = panel::inside(area, cx.theme);
    let height = inside.height;
    let most = if height < MIN_ROOMY_LINES { MAX_SHORT_LIST_LINES } else { MAX_LIST_LINES };
    let wanted = u16::try_from(tray.messages.len() + 1).unwrap_or(MAX_LIST_LINES);
    let list = wanted.min(most).min(height / 3).max(2);
    let places = Places { list, message: height.saturating_sub(list + 1) };
    let room = usize::from(inside.width);
    (tray.messages.get(shown).map_or_else(Vec::new, |message| reading(cx, message, room)), places)
}

/// The lines of the selected message, and how many of them are in sight.
pub fn extent(cx: DrawContext<'_>, tray: &TrayPanel, area: Rect) -> Extent {
    let (lines, places) = parts(cx, tray, tray.selected, area);
    places.extent(&lines)
}

fn list(
    cx: DrawContext<'_>,
    tray: &TrayPanel,
    selected: usize,
    frame: &mut Frame<'_>,
    area: Rect,
    focused: bool,
) {
    let theme = cx.theme;
    let rows = usize::from(area.height.saturating_sub(1));
    let first = table::offset(selected, tray.messages.len(), rows);
    let shown: Vec<Vec<Cell>> =
        tray.messages.iter().skip(first).take(rows).map(|it| cells(cx, it)).collect();
    let widths = table::widths(&COLUMNS, &shown, usize::from(area.width));
    let mut lines = vec![table::heading(&COLUMNS, &widths, theme)];
    lines.extend(shown.into_iter().map(|row| table::line(&COLUMNS, &widths, row, theme)));
    panel::lines(frame, area, &lines);
    if focused {
        let row = u16::try_from(selected - first).unwrap_or(u16::MAX);
        let at = panel::select(frame, area, row.saturating_add(1), widths[0], theme);
        show_cursor(frame, at);
    }
}

fn cells(cx: DrawContext<'_>, message: &TrayMessage) -> Vec<Cell> {
    let zone = cx.shared.place.zone;
    let time = match cx.time() {
        Some(now) => second_or_day(message.at, now, zone),
        None => second(message.at, zone),
    };
    vec![
        (time, cx.theme.muted),
        (message.channel.label().to_owned(), Style::new()),
        (message.reference.clone(), Style::new()),
        (message.to.clone(), Style::new()),
    ]
}

/// The message as the customer reads it.
fn reading<'a>(cx: DrawContext<'_>, message: &TrayMessage, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let value =
        |text: &str| wrap(text, room.saturating_sub(14)).into_iter().map(Line::from).collect();
    let mut rows = facts("To", value(&message.to), theme);
    if let Some(subject) = &message.subject {
        rows.extend(facts("Subject", value(subject), theme));
    }
    let mut lines = settle(rows, 0).lines;
    lines.push(Line::default());
    for paragraph in message.text.lines() {
        lines.extend(wrap(paragraph, room).into_iter().map(Line::from));
    }
    lines
}
