//! Step three, where nothing is sent.
//!
//! ```text
//! Ask for the code that the authenticator shows now.
//!
//! Code          481902
//! For           pay a bill
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::customer_factor::FactorKind;
use crate::domain::totp;
use crate::service::messages;
use crate::tui::enter_factor::state::EnterFactor;
use crate::tui::machine::draw_context::{DrawContext, Focus};
use crate::tui::widgets::customer_title::title;
use crate::tui::widgets::facts::{LABEL, fact};
use crate::tui::widgets::field;
use crate::tui::widgets::panel;
use crate::tui::widgets::rows::{Row, settle};
use crate::tui::widgets::text::{width, wrap};

/// Draws the field.
pub fn draw(cx: DrawContext<'_>, entry: &EnterFactor, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let focused = cx.has_focus(Focus::Work);
    let inner = panel::draw(frame, area, theme, title(&entry.of.customer, None), focused);
    let room = usize::from(inner.width);
    let purpose = cx.shared.place.purpose_name(entry.of.purpose);
    let mut rows = vec![Row::Gap];
    let pad = cx.shared.pad.asking(entry.of.customer.id, &purpose);
    let pad = pad.filter(|_| entry.kind == FactorKind::Totp);
    rows.extend(
        wrap(asked(entry, pad.is_some()), room).into_iter().map(|it| Row::Line(Line::from(it))),
    );
    rows.push(Row::Gap);
    // Which digits they are stays at the pad.
    let at_pad = pad.map_or(0, |it| usize::try_from(it.typed).unwrap_or(0));
    let dots = theme.symbols.tries[0].repeat(at_pad.min(usize::from(totp::DIGITS)));
    let typed = if entry.typed.0.is_empty() { dots.as_str() } else { entry.typed.0.as_str() };
    let field = if entry.verifying.is_some() {
        Span::styled("being checked", theme.accent)
    } else {
        Span::styled(typed.to_owned(), theme.strong)
    };
    let Row::Line(line) = fact("Code", vec![field], theme) else { return };
    rows.push(Row::Marked(line));
    rows.push(fact("For", vec![Span::raw(purpose)], theme));
    if entry.customer_locked {
        rows.push(Row::Gap);
        let text = format!("{} {}", messages::CUSTOMER_LOCKED, messages::CUSTOMER_LOCKED_HELP);
        let lines = wrap(&text, room).into_iter();
        rows.extend(lines.map(|it| Row::Line(Line::styled(it, theme.bad))));
    }
    let settled = settle(rows, inner.height);
    panel::lines(frame, inner, &settled.lines);
    if let (Some(row), true) = (settled.marked, focused && entry.verifying.is_none()) {
        field::cursor(frame, inner, (usize::from(row), LABEL + width(typed)));
    }
}

const fn asked(entry: &EnterFactor, at_pad: bool) -> &'static str {
    match entry.kind {
        FactorKind::Totp if at_pad => {
            "The customer types the code that their authenticator shows at the pad."
        }
        FactorKind::Totp => "Ask for the code that the customer's authenticator shows now.",
        FactorKind::BackupCodes => {
            "Ask for one of the customer's backup codes: its number, then the code, such as \
             3 K7Q29-XBM4T."
        }
    }
}
