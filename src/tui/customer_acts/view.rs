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
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::customer_acts::state::{ActForm, CustomerAct};
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::revealed::REVEAL_TIME;
use crate::tui::widgets::choice_form::{self, ChoiceForm};
use crate::tui::widgets::counter_name::counter;
use crate::tui::widgets::facts::{LABEL, facts};
use crate::tui::widgets::moment::minute_or_date;
use crate::tui::widgets::rows::{Row, flow};
use crate::tui::widgets::text::wrap;

/// Draws the form.
pub fn draw(cx: DrawContext<'_>, form: &ActForm, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let room = choice_form::room(area, theme);
    let is_choosing = form.typed.value().trim().is_empty();
    let drawn = ChoiceForm {
        title: title(form),
        head: head(cx, form, room),
        label: "Reason",
        typed: &form.typed,
        said: None,
        choices: form.act().usual_reasons(),
        selected: form.selected.unwrap_or(0),
        style_of_choices: if is_choosing { Style::new() } else { theme.muted },
        is_open: form.waiting.is_none(),
        is_choosing: is_choosing && form.selected.is_some(),
        consequence: consequence(cx, form, room),
    };
    choice_form::draw(frame, area, theme, drawn);
}

fn title<'a>(form: &ActForm) -> Vec<Span<'a>> {
    let name = match form.act() {
        CustomerAct::Reveal(_) => "Show a contact in full",
        CustomerAct::Unlock => "Unlock the customer",
        CustomerAct::Confirm(_) => "Confirm a changed contact",
        CustomerAct::Disown => "It was not the customer",
    };
    let subject = &form.subject;
    let parts = [name.to_owned(), subject.name.clone(), subject.account_no.clone()];
    parts.map(Span::raw).to_vec()
}

/// What is done; of a verification also who verified, and where.
fn head<'a>(cx: DrawContext<'_>, form: &ActForm, room: usize) -> Vec<Row<'a>> {
    let mut rows = facts("What", what(cx, form, room), cx.theme);
    let disowned = form.subject.verification.as_ref();
    if let Some(it) = disowned.filter(|_| form.act() == CustomerAct::Disown) {
        let now = cx.time().unwrap_or(it.at);
        let at = minute_or_date(it.at, now, cx.shared.place.zone);
        let by = format!("{at} by {}, {}", it.by.clerk, counter(&it.by.counter));
        let by = wrap(&by, room.saturating_sub(LABEL)).into_iter().map(Line::from).collect();
        rows.extend(facts(if it.is_proof { "Verified" } else { "Entry" }, by, cx.theme));
    }
    rows
}

/// What is chosen, and how the other is.
fn what<'a>(cx: DrawContext<'_>, form: &ActForm, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let name = match form.act() {
        CustomerAct::Reveal(kind) => kind.label().to_owned(),
        CustomerAct::Unlock => "lift the lockout".to_owned(),
        CustomerAct::Confirm(kind) => format!("confirm the {}", kind.label()),
        CustomerAct::Disown => match &form.subject.verification {
            Some(it) => format!("disown {}", it.name),
            None => "disown the verification".to_owned(),
        },
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
        CustomerAct::Disown => {
            format!("{key} ends all sessions and codes, puts the account on hold and files it.")
        }
    };
    let text = format!("{text} The log keeps who did it and why.");
    wrap(&text, room).into_iter().map(|text| Line::styled(text, theme.muted)).collect()
}
