//! The form in which a reason is given: what is done to whom, a field, and the usual reasons.
//!
//! ```text
//! ╭ Show a contact in full · Dana Rivera · WB-004217 ──────────╮
//! │ What          ‹ phone number ›  1 of 2, Tab for the next   │
//! │ Reason        ▏                                            │
//! │ ────────────────────────────────────────────────────────── │
//! │ › Customer reads it back to me                             │
//! │   Customer says that no message came                       │
//! ╰────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::customer_acts::state::{ActForm, CustomerAct};
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::revealed::REVEAL_TIME;
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::facts::{LABEL, facts, labelled};
use crate::tui::widgets::field::field;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::rows::{Row, flow, settle};
use crate::tui::widgets::text::wrap;

/// Cells of the form.
const FORM_COLUMNS: u16 = 70;

/// Draws the form.
pub fn draw(cx: DrawContext<'_>, form: &ActForm, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let widest = centred(area, FORM_COLUMNS, area.height);
    let room = usize::from(panel::inside(widest, theme).width);
    let (typed, column) = field(&form.typed, cells(room.saturating_sub(LABEL)));
    let mut rows: Vec<Row<'_>> = facts("What", what(cx, form, room), theme);
    let style = if form.waiting.is_some() { theme.muted } else { theme.strong };
    let reason =
        labelled(Span::styled("Reason", theme.muted), vec![Line::from(typed.style(style))]);
    rows.extend(reason.into_iter().map(Row::Marked));
    rows.push(Line::styled(theme.symbols.rule.repeat(room), theme.border).into());
    let first = rows.len();
    let is_typed = !form.typed.value().trim().is_empty();
    for reason in form.act().usual_reasons() {
        let style = if is_typed { theme.muted } else { Style::new() };
        rows.push(Line::styled(*reason, style).into());
    }
    rows.push(Row::Gap);
    rows.extend(consequence(cx, form, room).into_iter().map(Row::Line));
    let height = cells(rows.len()).saturating_add(2).min(area.height);
    let area = centred(area, FORM_COLUMNS, height);
    let inner = panel::draw(frame, area, theme, title(form), true);
    let settled = settle(rows, inner.height);
    panel::lines(frame, inner, &settled.lines);
    let longest = form.act().usual_reasons().iter().map(|it| it.len()).max().unwrap_or(0);
    if !is_typed && form.waiting.is_none() {
        panel::select(frame, inner, cells(first + form.selected), longest, theme);
    }
    if let Some(row) = settled.marked.filter(|_| form.waiting.is_none()) {
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

fn title<'a>(form: &ActForm) -> Title<'a> {
    let name = match form.act() {
        CustomerAct::Reveal(_) => "Show a contact in full",
        CustomerAct::Unlock => "Unlock the customer",
        CustomerAct::Confirm(_) => "Confirm a changed contact",
    };
    let subject = &form.subject;
    let parts = [name.to_owned(), subject.name.clone(), subject.account_no.clone()];
    Title { parts: parts.map(Span::raw).to_vec(), foot: None }
}

/// What is chosen, and how the other is.
fn what<'a>(cx: DrawContext<'_>, form: &ActForm, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let name = match form.act() {
        CustomerAct::Reveal(kind) => kind.label().to_owned(),
        CustomerAct::Unlock => "lift the lockout".to_owned(),
        CustomerAct::Confirm(kind) => format!("confirm the {}", kind.label()),
    };
    if form.acts.len() < 2 {
        return vec![Line::styled(name, theme.strong)];
    }
    let [before, after] = theme.symbols.turn;
    let key = key_name(Context::CustomerAct, Command::NextAct);
    let place = format!("{} of {}, {key} for the next", form.chosen + 1, form.acts.len());
    let parts = vec![
        vec![
            Span::styled(format!("{before} "), theme.accent),
            Span::styled(name, theme.strong),
            Span::styled(format!(" {after}"), theme.accent),
        ],
        vec![Span::styled(place, theme.muted)],
    ];
    flow(parts, room.saturating_sub(LABEL), 2)
}

/// What Enter does, or that it is being done.
fn consequence<'a>(cx: DrawContext<'_>, form: &ActForm, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    if form.waiting.is_some() {
        return vec![Line::styled("One moment", theme.accent)];
    }
    let key = key_name(Context::CustomerAct, Command::Accept);
    let text = match form.act() {
        CustomerAct::Reveal(_) => {
            format!("{key} shows it for {} seconds.", REVEAL_TIME.as_secs())
        }
        CustomerAct::Unlock => format!("{key} forgives the wrong codes, at every counter."),
        CustomerAct::Confirm(_) => format!("{key} lets codes go to it at once."),
    };
    let text = format!("{text} The log keeps who did it and why.");
    wrap(&text, room).into_iter().map(|text| Line::styled(text, theme.muted)).collect()
}
