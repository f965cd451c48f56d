//! The form of an incident.
//!
//! ```text
//! ╭ File an incident · Dana Rivera ────────────────────────────╮
//! │ Seen          ▏                                            │
//! │ ────────────────────────────────────────────────────────── │
//! │ › Somebody pretends to be the customer                     │
//! │   The customer is told what to say                         │
//! ╰────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::domain::flag::IncidentKind;
use crate::tui::incident::state::IncidentForm;
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::facts::{LABEL, labelled};
use crate::tui::widgets::field::field;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::rows::{Row, settle};
use crate::tui::widgets::text::wrap;

/// Cells of the form.
const FORM_COLUMNS: u16 = 70;

/// Draws the form.
pub fn draw(cx: DrawContext<'_>, form: &IncidentForm, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let widest = centred(area, FORM_COLUMNS, area.height);
    let room = usize::from(panel::inside(widest, theme).width);
    let (typed, column) = field(&form.typed, cells(room.saturating_sub(LABEL)));
    let style = if form.waiting.is_some() { theme.muted } else { theme.strong };
    let seen = labelled(Span::styled("Seen", theme.muted), vec![Line::from(typed.style(style))]);
    let mut rows: Vec<Row<'_>> = seen.into_iter().map(Row::Marked).collect();
    rows.push(Line::styled(theme.symbols.rule.repeat(room), theme.border).into());
    let first = rows.len();
    rows.extend(IncidentKind::ALL.map(|it| Line::from(it.label()).into()));
    rows.push(Row::Gap);
    rows.extend(consequence(cx, form, room).into_iter().map(Row::Line));
    let height = cells(rows.len()).saturating_add(2).min(area.height);
    let area = centred(area, FORM_COLUMNS, height);
    let about = form.about.as_ref().map(|(_, name)| Span::raw(name.clone()));
    let parts = std::iter::once(Span::raw("File an incident")).chain(about).collect();
    let inner = panel::draw(frame, area, theme, Title { parts, foot: None }, true);
    let settled = settle(rows, inner.height);
    panel::lines(frame, inner, &settled.lines);
    if form.waiting.is_some() {
        return;
    }
    let longest = IncidentKind::ALL.map(|it| it.label().len()).into_iter().max().unwrap_or(0);
    panel::select(frame, inner, cells(first + form.selected), longest, theme);
    if let Some(row) = settled.marked {
        let place = Position::new(inner.x + cells(LABEL) + column, inner.y + row);
        if inner.contains(place) {
            // What is typed goes there.
            frame.set_cursor_position(place);
        }
    }
}

fn cells(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// What Enter does, or that it is being done.
fn consequence<'a>(cx: DrawContext<'_>, form: &IncidentForm, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    if form.waiting.is_some() {
        return vec![Line::styled("One moment", theme.accent)];
    }
    let key = key_name(Context::Incident, Command::Accept);
    let text = format!("{key} files it: one line of what you saw, with your name, in the log.");
    wrap(&text, room).into_iter().map(|text| Line::styled(text, theme.muted)).collect()
}
