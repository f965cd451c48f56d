//! A form over the screen: what it is about, one line to type, what can be chosen below it, and
//! what Enter does.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use tui_input::Input;

use crate::tui::theme::Theme;
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::facts::{LABEL, labelled};
use crate::tui::widgets::field;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::rows::{Row, settle};
use crate::tui::widgets::text::wrap;

/// Cells of the form.
const FORM_COLUMNS: u16 = 70;

/// What a form shows.
pub struct ChoiceForm<'a> {
    /// The parts of the title.
    pub title: Vec<Span<'a>>,
    /// What stands above the field.
    pub head: Vec<Row<'a>>,
    /// The name of the field.
    pub label: &'a str,
    pub typed: &'a Input,
    /// What stands in the place of the field once nothing can be typed any more.
    pub said: Option<&'a str>,
    pub choices: &'a [&'a str],
    pub selected: usize,
    pub style_of_choices: Style,
    /// Whether it can be typed and chosen.
    pub is_open: bool,
    /// Whether what is selected counts.
    pub is_choosing: bool,
    /// What Enter does, or what is waited for.
    pub consequence: Vec<Line<'a>>,
}

/// The cells of a line in it.
pub fn room(area: Rect, theme: &Theme) -> usize {
    usize::from(panel::inside(centred(area, FORM_COLUMNS, area.height), theme).width)
}

/// Draws the form.
pub fn draw(frame: &mut Frame<'_>, area: Rect, theme: &Theme, form: ChoiceForm<'_>) {
    let room = room(area, theme);
    let (typed, column) = field::field(form.typed, cells(room.saturating_sub(LABEL)));
    let style = if form.is_open { theme.strong } else { theme.muted };
    let lines = match form.said {
        Some(said) => {
            let said = wrap(said, room.saturating_sub(LABEL)).into_iter();
            said.map(|text| Line::styled(text, style)).collect()
        }
        None => vec![Line::from(typed.style(style))],
    };
    let mut rows = form.head;
    let written = labelled(Span::styled(form.label.to_owned(), theme.muted), lines);
    rows.extend(written.into_iter().map(Row::Marked));
    rows.push(Line::styled(theme.symbols.rule.repeat(room), theme.border).into());
    let first = rows.len();
    let choice = |it: &&str| Line::styled((*it).to_owned(), form.style_of_choices).into();
    rows.extend(form.choices.iter().map(choice));
    rows.push(Row::Gap);
    rows.extend(form.consequence.into_iter().map(Row::Line));
    let height = cells(rows.len()).saturating_add(2).min(area.height);
    let area = centred(area, FORM_COLUMNS, height);
    let inner = panel::draw(frame, area, theme, Title { parts: form.title, foot: None }, true);
    let settled = settle(rows, inner.height);
    panel::lines(frame, inner, &settled.lines);
    if !form.is_open {
        return;
    }
    if form.is_choosing {
        let longest = form.choices.iter().map(|it| it.len()).max().unwrap_or(0);
        panel::select(frame, inner, cells(first + form.selected), longest, theme);
    }
    if let Some(row) = settled.marked {
        // What is typed goes there.
        field::cursor(frame, inner, (usize::from(row), LABEL + usize::from(column)));
    }
}

fn cells(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}
