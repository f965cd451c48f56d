//! The form in which a colleague's approval is asked for.
//!
//! ```text
//! ╭ A second person · Dana Rivera · WB-004217 ─────────────────╮
//! │ For           a closure                                    │
//! │ Reason        ▏                                            │
//! │ ────────────────────────────────────────────────────────── │
//! │ › Lost the phone                                           │
//! │   No contact on file works                                 │
//! │                                                            │
//! │ Enter asks for it. An admin approves it at another         │
//! │ terminal; this one goes on by itself.                      │
//! ╰────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::second_person::state::{SecondPersonForm, USUAL_REASONS};
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::facts::{LABEL, facts, labelled};
use crate::tui::widgets::field::field;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::rows::{Row, settle};
use crate::tui::widgets::text::wrap;

/// Cells of the form.
const FORM_COLUMNS: u16 = 70;

/// Draws the form.
pub fn draw(cx: DrawContext<'_>, form: &SecondPersonForm, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let widest = centred(area, FORM_COLUMNS, area.height);
    let room = usize::from(panel::inside(widest, theme).width);
    let purpose = cx.shared.place.purpose_name(form.of.purpose);
    let mut rows: Vec<Row<'_>> = facts("For", vec![Line::styled(purpose, theme.strong)], theme);
    let (typed, column) = field(&form.typed, cells(room.saturating_sub(LABEL)));
    let is_asked = form.asked.is_some();
    let reason = if is_asked {
        let wrapped = wrap(form.reason(), room.saturating_sub(LABEL)).into_iter();
        wrapped.map(|text| Line::styled(text, theme.muted)).collect()
    } else {
        vec![Line::from(typed.style(theme.strong))]
    };
    let reason = labelled(Span::styled("Reason", theme.muted), reason);
    rows.extend(reason.into_iter().map(Row::Marked));
    rows.push(Line::styled(theme.symbols.rule.repeat(room), theme.border).into());
    let first = rows.len();
    let is_typed = !form.typed.value().trim().is_empty();
    for reason in USUAL_REASONS {
        let style = if is_typed || is_asked { theme.muted } else { Style::new() };
        rows.push(Line::styled(reason, style).into());
    }
    rows.push(Row::Gap);
    rows.extend(consequence(cx, form, room).into_iter().map(Row::Line));
    let height = cells(rows.len()).saturating_add(2).min(area.height);
    let area = centred(area, FORM_COLUMNS, height);
    let of = &form.of.customer;
    let parts = ["A second person".to_owned(), of.name.clone(), of.account_no.clone()];
    let title = Title { parts: parts.map(Span::raw).to_vec(), foot: None };
    let inner = panel::draw(frame, area, theme, title, true);
    let settled = settle(rows, inner.height);
    panel::lines(frame, inner, &settled.lines);
    if is_asked {
        return;
    }
    if !is_typed {
        let longest = USUAL_REASONS.iter().map(|it| it.len()).max().unwrap_or(0);
        panel::select(frame, inner, cells(first + form.selected), longest, theme);
    }
    if let Some(row) = settled.marked {
        let place = Position::new(inner.x + cells(LABEL) + column, inner.y + row);
        if inner.contains(place) {
            frame.set_cursor_position(place);
        }
    }
}

fn cells(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// What Enter does, or what is waited for.
fn consequence<'a>(cx: DrawContext<'_>, form: &SecondPersonForm, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let key = |command| key_name(Context::SecondPerson, command);
    let (text, style) = match &form.asked {
        None => (
            format!(
                "{} asks for it. An admin approves it at another terminal, within fifteen minutes; \
                 this one goes on by itself. The log keeps who and why.",
                key(Command::Accept)
            ),
            theme.muted,
        ),
        Some(asked) if asked.waits => (
            format!(
                "Waiting for the colleague, who approves it at another terminal. {} leaves it.",
                key(Command::Back)
            ),
            theme.accent,
        ),
        Some(_) => ("One moment".to_owned(), theme.accent),
    };
    wrap(&text, room).into_iter().map(|text| Line::styled(text, style)).collect()
}
