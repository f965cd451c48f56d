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
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::second_person::state::{SecondPersonForm, USUAL_REASONS};
use crate::tui::widgets::choice_form::{self, ChoiceForm};
use crate::tui::widgets::facts::facts;
use crate::tui::widgets::text::wrap;

/// Draws the form.
pub fn draw(cx: DrawContext<'_>, form: &SecondPersonForm, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let purpose = cx.shared.place.purpose_name(form.of.purpose);
    let is_open = form.asked.is_none();
    let is_choosing = form.typed.value().trim().is_empty();
    let of = &form.of.customer;
    let parts = ["A second person".to_owned(), of.name.clone(), of.account_no.clone()];
    let drawn = ChoiceForm {
        title: parts.map(Span::raw).to_vec(),
        head: facts("For", vec![Line::styled(purpose, theme.strong)], theme),
        label: "Reason",
        typed: &form.typed,
        said: (!is_open).then(|| form.reason()),
        choices: &USUAL_REASONS,
        selected: form.selected,
        style_of_choices: if is_open && is_choosing { Style::new() } else { theme.muted },
        is_open,
        is_choosing,
        consequence: consequence(cx, form, choice_form::room(area, theme)),
    };
    choice_form::draw(frame, area, theme, drawn);
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
