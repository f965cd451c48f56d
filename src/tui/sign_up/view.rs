//! The contacts of a sign-up.
//!
//! ```text
//! ╭ Sign-up · Dana Rivera · WB-004217 ─────────────────────────╮
//! │› Email         dana@gmial.com  not verified                │
//! │                Did you mean gmail.com? Then have the       │
//! │                record corrected first.                     │
//! │  Phone         +4915112345678  verified 21 Nov by SMS      │
//! │                                                            │
//! │  Read it back to the customer. Enter sends a code there.   │
//! ╰────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::contact::ContactKind;
use crate::service::customers::sign_up::SignUpContact;
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::sign_up::state::SignUpPanel;
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::facts::{LABEL, labelled};
use crate::tui::widgets::moment::short_day;
use crate::tui::widgets::panel::{self, Title, show_cursor};
use crate::tui::widgets::rows::{Row, flow, settle};
use crate::tui::widgets::text::wrap;

/// Cells of the panel.
const PANEL_COLUMNS: u16 = 76;

/// Draws the panel.
pub fn draw(cx: DrawContext<'_>, sign_up: &SignUpPanel, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let widest = centred(area, PANEL_COLUMNS, area.height);
    let room = usize::from(panel::inside(widest, theme).width).saturating_sub(2);
    let mut rows = Vec::new();
    for (at, contact) in sign_up.contacts().iter().enumerate() {
        let lines = lines(cx, contact, room).into_iter().enumerate();
        rows.extend(lines.map(|(line, it)| {
            if at == sign_up.selected && line == 0 { Row::Marked(it) } else { Row::Line(it) }
        }));
    }
    if !rows.is_empty() {
        rows.push(Row::Gap);
    }
    let foot = wrap(&foot(sign_up), room).into_iter();
    rows.extend(foot.map(|text| Row::Line(Line::styled(text, theme.muted))));
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let area = centred(area, PANEL_COLUMNS, height);
    let of = &sign_up.of.customer;
    let parts = ["Sign-up".to_owned(), of.name.clone(), of.account_no.clone()];
    let title = Title { parts: parts.map(Span::raw).to_vec(), foot: None };
    let inner = panel::draw(frame, area, theme, title, true);
    let settled = settle(rows, inner.height);
    panel::lines(frame, inner, &settled.lines);
    if let Some(row) = settled.marked {
        let at = panel::select(frame, inner, row, LABEL - 2, theme);
        show_cursor(frame, at);
    }
}

/// A contact, whether it is verified, and what looks wrong with it.
fn lines<'a>(cx: DrawContext<'_>, contact: &SignUpContact, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let label = match contact.kind {
        ContactKind::Email => "Email",
        ContactKind::Phone => "Phone",
    };
    let (said, style) = match contact.verified {
        Some((at, channel)) => {
            let day = short_day(at, cx.shared.place.zone);
            (format!("verified {day} by {}", channel.label()), theme.good)
        }
        None => ("not verified".to_owned(), theme.muted),
    };
    let room = room.saturating_sub(LABEL);
    let parts = vec![
        vec![Span::styled(contact.contact.clone(), theme.strong)],
        vec![Span::styled(said, style)],
    ];
    let mut lines = flow(parts, room, 2);
    let mut warn = |text: String| {
        lines.extend(wrap(&text, room).into_iter().map(|it| Line::styled(it, theme.warning)));
    };
    if let Some(meant) = &contact.probably_meant {
        warn(format!("Did you mean {meant}? Then have the record corrected first."));
    }
    if let Some(refusal) = contact.refusal() {
        warn(format!("No code can go there: {}.", refusal.trim_end_matches('.')));
    }
    labelled(Span::styled(label, Style::new()), lines)
}

/// What Enter does, or what is being done.
fn foot(sign_up: &SignUpPanel) -> String {
    let key = key_name(Context::SignUp, Command::Accept);
    match sign_up.read.value() {
        _ if sign_up.sending.is_some() => "The code is being asked for".into(),
        None if sign_up.read.reading.is_loading() => "Reading the contacts".into(),
        None => "The contacts could not be read.".into(),
        Some(None) => "There is no such customer any more.".into(),
        Some(Some(it)) if it.contacts.is_empty() => {
            "There is no contact on file. Correct the customer's record first.".into()
        }
        Some(Some(_)) => format!(
            "{key} sends a code there; the right one verifies the contact, and opens nothing. To \
             read one back, {} shows it in full, for a reason.",
            key_name(Context::Global, Command::Reveal)
        ),
    }
}
