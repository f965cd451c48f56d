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
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::flag::IncidentKind;
use crate::tui::incident::state::IncidentForm;
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::widgets::choice_form::{self, ChoiceForm};
use crate::tui::widgets::text::wrap;

/// Draws the form.
pub fn draw(cx: DrawContext<'_>, form: &IncidentForm, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let about = form.about.as_ref().map(|(_, name)| Span::raw(name.clone()));
    let drawn = ChoiceForm {
        title: std::iter::once(Span::raw("File an incident")).chain(about).collect(),
        head: Vec::new(),
        label: "Seen",
        typed: &form.typed,
        said: None,
        choices: &IncidentKind::ALL.map(IncidentKind::label),
        selected: form.selected.unwrap_or(0),
        style_of_choices: Style::new(),
        is_open: form.waiting.is_none(),
        is_choosing: form.selected.is_some(),
        consequence: consequence(cx, form, choice_form::room(area, theme)),
    };
    choice_form::draw(frame, area, theme, drawn);
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
