//! Step three: the boxes, and all that decides whether the code will do.
//!
//! ```text
//!            ┌───┐┌───┐┌───┐  ┏━━━┓┌───┐┌───┐
//!            │ 4 ││ 8 ││ 1 │  ┃   ┃│   ││   │
//!            └───┘└───┘└───┘  ┗━━━┛└───┘└───┘
//!
//! Reference     K 7 Q   the customer's message shows this word too
//!
//! Time left     4:12  ████████████████████████░░░░░░
//! Tries left    ●●●●○  4 of 5
//! Message       SMS to +1*******42  queued ✓  sent ✓  delivered ✓ 2 s ago
//! Another code  Ctrl-R in 0:23
//! ```

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::send::title;
use crate::domain::request::{Request, Status};
use crate::tui::model::{Entry, Focus};
use crate::tui::view::Scene;
use crate::tui::widgets::codeboxes::{self, Boxes, Drawn};
use crate::tui::widgets::countdown::{bar, digits};
use crate::tui::widgets::facts::{LABEL, fact, facts};
use crate::tui::widgets::moment::{clock_span, minute};
use crate::tui::widgets::panel;
use crate::tui::widgets::rows::{Row, flow, settle};
use crate::tui::widgets::text::wrap;
use crate::tui::widgets::{delivery, tries};

/// The most cells a bar takes.
const BAR: usize = 40;

/// Lines that make the boxes worth drawing tall.
const TALL: u16 = 11;

/// Draws the entry of the code.
pub fn draw(scene: Scene<'_>, entry: &Entry, frame: &mut Frame<'_>, area: Rect) {
    let focused = scene.has_focus(Focus::Work);
    let title = title(&entry.customer, Some(&entry.request.purpose));
    let inner = panel::draw(frame, area, scene.theme, title, focused);
    let room = usize::from(inner.width);
    let state = State::of(scene, entry);
    let facts = about(scene, entry, state, room);
    let tall = inner.height >= TALL && lines_of(&facts) + 4 <= usize::from(inner.height);
    let mut rows = vec![Row::Gap];
    let mut drawn = None;
    match state {
        State::Typing | State::Checking => {
            let boxes = boxes(scene, entry, state, tall);
            let left = inner.width.saturating_sub(boxes.width) / 2;
            rows.extend(boxes.lines.iter().enumerate().map(|(at, line)| {
                let line = indented(line.clone(), left);
                if at == 0 { Row::Marked(line) } else { Row::Line(line) }
            }));
            rows.push(busy(scene, entry, state));
            drawn = Some((boxes, left));
        }
        State::Closed(status) => rows.extend(closed(scene, entry, status, room)),
    }
    rows.push(Row::Gap);
    rows.extend(facts);
    let settled = settle(rows, inner.height);
    panel::lines(frame, inner, &settled.lines);
    if let (true, Some((boxes, left)), Some(top)) = (focused, drawn, settled.marked)
        && let Some((column, line)) = boxes.cursor
    {
        let at = Position::new(inner.x + left + column, inner.y + top + line);
        if inner.contains(at) {
            frame.set_cursor_position(at);
        }
    }
}

/// What can be done with the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Digits are taken.
    Typing,
    /// A code is being judged.
    Checking,
    /// It is over.
    Closed(Status),
}

impl State {
    fn of(scene: Scene<'_>, entry: &Entry) -> Self {
        let over = scene.until(entry.request.expires_at).is_some_and(|left| left.is_zero());
        match entry.request.status {
            Status::Open if entry.verifying.is_some() => Self::Checking,
            Status::Open if over => Self::Closed(Status::Expired),
            Status::Open => Self::Typing,
            status => Self::Closed(status),
        }
    }
}

fn lines_of(rows: &[Row<'_>]) -> usize {
    rows.iter().filter(|row| !matches!(row, Row::Gap)).count()
}

fn indented(mut line: Line<'static>, by: u16) -> Line<'static> {
    line.spans.insert(0, Span::raw(" ".repeat(usize::from(by))));
    line
}

fn boxes(scene: Scene<'_>, entry: &Entry, state: State, tall: bool) -> Drawn {
    let boxes = Boxes {
        digits: &entry.typed.0,
        length: usize::from(scene.model.place.code_length),
        live: state == State::Typing,
    };
    codeboxes::draw(boxes, tall, scene.theme)
}

/// What is under way; the line is there before, so that nothing moves.
fn busy<'a>(scene: Scene<'_>, entry: &Entry, state: State) -> Row<'a> {
    let text = match state {
        State::Checking => "Checking the code",
        _ if entry.acting.is_some() => "One moment",
        _ => return Row::Gap,
    };
    Line::styled(text, scene.theme.accent).centered().into()
}

fn closed<'a>(scene: Scene<'_>, entry: &Entry, status: Status, room: usize) -> Vec<Row<'a>> {
    let theme = scene.theme;
    let (symbols, request) = (theme.symbols, &entry.request);
    let until = minute(request.expires_at, scene.model.place.zone);
    let again = "Esc, then Enter, sends a new code.";
    let (mark, style, word, happened, help) = match status {
        Status::Expired => (
            symbols.alert,
            theme.warning,
            "EXPIRED",
            format!("This code worked until {until}."),
            "Ctrl-R sends a new code; Ctrl-O uses another contact.",
        ),
        Status::Locked => {
            (symbols.cross, theme.bad, "LOCKED", "Too many wrong codes were entered.".into(), again)
        }
        Status::Verified => (
            symbols.alert,
            theme.warning,
            "USED",
            "The customer was verified with this code; it works once.".into(),
            again,
        ),
        Status::Superseded => (
            symbols.alert,
            theme.warning,
            "REPLACED",
            "A later request for this customer took its place.".into(),
            "Enter the code at that counter, or Esc, then Enter, for a new one.",
        ),
        Status::Cancelled | Status::Open => {
            (symbols.info, theme.strong, "CANCELLED", "This code was withdrawn.".into(), again)
        }
    };
    let mut rows: Vec<Row<'_>> =
        vec![Line::styled(format!("{mark} {word}"), style).centered().into()];
    for (text, style) in [(happened.as_str(), Style::new()), (help, Style::new())] {
        let lines = wrap(text, room).into_iter();
        rows.extend(lines.map(|text| Line::styled(text, style).centered().into()));
    }
    rows.push(Row::Gap);
    rows
}

fn about<'a>(scene: Scene<'_>, entry: &Entry, state: State, room: usize) -> Vec<Row<'a>> {
    let theme = scene.theme;
    let request = &entry.request;
    let open = !matches!(state, State::Closed(_));
    let mut rows = facts("Reference", reference(scene, request, room - LABEL.min(room)), theme);
    rows.push(Row::Gap);
    if open {
        rows.push(fact("Time left", time_left(scene, request, room), theme));
    }
    rows.push(fact("Tries left", tries::tries(request, theme), theme));
    let now = scene.time().filter(|_| open);
    let message = delivery::lines(request, now, room.saturating_sub(LABEL), theme);
    rows.extend(facts("Message", message, theme));
    if open {
        rows.push(fact("Another code", another(scene, request), theme));
    }
    rows
}

fn reference<'a>(scene: Scene<'_>, request: &Request, room: usize) -> Vec<Line<'a>> {
    let theme = scene.theme;
    let spaced: Vec<String> = request.reference.as_str().chars().map(String::from).collect();
    let help = "the customer's message shows it too";
    let parts = vec![
        vec![Span::styled(spaced.join(" "), theme.accent)],
        vec![Span::styled(help, theme.muted)],
    ];
    flow(parts, room, 3)
}

fn time_left<'a>(scene: Scene<'_>, request: &Request, room: usize) -> Vec<Span<'a>> {
    let theme = scene.theme;
    let Some(left) = scene.until(request.expires_at) else {
        return vec![Span::styled("reading the clock", theme.muted)];
    };
    let mut spans = vec![digits(left, theme), Span::raw("  ")];
    if !scene.model.place.reduced_motion {
        let whole = request.expires_at.since(request.sent_at);
        let cells = room.saturating_sub(LABEL + 9).min(BAR);
        spans.extend(bar(left, whole, cells, theme));
    }
    spans
}

fn another<'a>(scene: Scene<'_>, request: &Request) -> Vec<Span<'a>> {
    let theme = scene.theme;
    let wait = scene.until(request.resend_at).unwrap_or(Duration::ZERO);
    if wait.is_zero() {
        return vec![Span::styled("Ctrl-R", theme.key), Span::raw(" sends one now")];
    }
    vec![
        Span::styled("Ctrl-R", theme.key),
        Span::raw(" in "),
        Span::styled(clock_span(wait), theme.strong),
    ]
}
