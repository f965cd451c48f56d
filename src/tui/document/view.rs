//! The form of a document.
//!
//! ```text
//! ╭ A document · Dana Rivera · WB-004217 ──────────────────────╮
//! │ Kind          identity card                                │
//! │             › passport                                     │
//! │               driving licence                              │
//! │ Name          yes, it is the customer's  n                 │
//! │ Picture       not yet said               p                 │
//! │ Last day      2031-04-30                                   │
//! │                                                            │
//! │ Enter writes it down for "a closure". Never type its       │
//! │ number: it is stored nowhere.                              │
//! ╰────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::document::state::DocumentForm;
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::facts::{LABEL, fact, facts};
use crate::tui::widgets::field;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::rows::{Row, settle};
use crate::tui::widgets::text::{width, wrap};

/// Cells of the form.
const FORM_COLUMNS: u16 = 70;

/// Draws the form.
pub fn draw(cx: DrawContext<'_>, form: &DocumentForm, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let widest = centred(area, FORM_COLUMNS, area.height);
    let room = usize::from(panel::inside(widest, theme).width);
    let kinds = form.kinds.iter().enumerate().map(|(at, kind)| {
        let (mark, style) = if at == form.selected {
            (theme.symbols.pointer, theme.strong)
        } else {
            (" ", theme.muted)
        };
        Line::from(vec![
            Span::styled(format!("{mark} "), theme.accent),
            Span::styled(kind.clone(), style),
        ])
    });
    let mut rows = facts("Kind", kinds.collect(), theme);
    rows.push(matches(cx, "Name", form.name_matches, Command::NameMatches));
    rows.push(matches(cx, "Picture", form.photo_matches, Command::PhotoMatches));
    let day = vec![Span::styled(form.expires.clone(), theme.strong)];
    if let Row::Line(line) = fact("Last day", day, theme) {
        rows.push(Row::Marked(line));
    }
    rows.push(Row::Gap);
    rows.extend(consequence(cx, form, room).into_iter().map(Row::Line));
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let area = centred(area, FORM_COLUMNS, height);
    let of = &form.of.customer;
    let parts = ["A document".to_owned(), of.name.clone(), of.account_no.clone()];
    let title = Title { parts: parts.map(Span::raw).to_vec(), foot: None };
    let inner = panel::draw(frame, area, theme, title, true);
    let settled = settle(rows, inner.height);
    panel::lines(frame, inner, &settled.lines);
    if let Some(row) = settled.marked.filter(|_| form.waiting.is_none()) {
        field::cursor(frame, inner, (usize::from(row), LABEL + width(&form.expires)));
    }
}

fn matches<'a>(cx: DrawContext<'_>, label: &str, is_so: bool, command: Command) -> Row<'a> {
    let theme = cx.theme;
    let (said, style) = if is_so {
        ("yes, it is the customer's", theme.good)
    } else {
        ("not yet said", theme.muted)
    };
    let key = key_name(Context::Document, command);
    fact(
        label,
        vec![Span::styled(format!("{said:<27}"), style), Span::styled(key, theme.key)],
        theme,
    )
}

fn consequence<'a>(cx: DrawContext<'_>, form: &DocumentForm, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    if form.waiting.is_some() {
        return vec![Line::styled("One moment", theme.accent)];
    }
    let key = key_name(Context::Document, Command::Accept);
    let purpose = cx.shared.place.purpose_name(form.of.purpose);
    let text = format!(
        "{key} writes it down for \"{purpose}\". Never type its number: it is stored nowhere."
    );
    wrap(&text, room).into_iter().map(|text| Line::styled(text, theme.muted)).collect()
}
