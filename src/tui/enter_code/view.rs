//! Step three: the boxes, and all that decides whether the code will do.
//!
//! ```text
//!               ┏━━━┓┏━━━┓┏━━━┓  ┏━━━┓┏━━━┓┏━━━┓
//! Code          ┃ 4 ┃┃ 8 ┃┃ 1 ┃  ┃   ┃┃   ┃┃   ┃
//!               ┗━━━┛┗━━━┛┗━━━┛  ┗━━━┛┗━━━┛┗━━━┛
//!               Ask for the 6 digits in the message with K 7 Q.
//!
//!               ┌─────────┐
//! Reference     │  K 7 Q  │   also in the message
//!               └─────────┘
//! Time left     4:12  ████████████████████████░░░░░░
//! Tries left    ●●●●○  4 of 5
//! Message       SMS to +1*******42  queued ✓  sent ✓  delivered ✓ 2 s ago
//! New code      Ctrl-R in 0:23
//! ```

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::domain::request::{Request, Status};
use crate::domain::timing::MIN_USEFUL_VALIDITY;
use crate::service::messages;
use crate::tui::enter_code::state::EnterCode;
use crate::tui::machine::draw_context::{DrawContext, Focus};
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::permissions::may;
use crate::tui::theme::Theme;
use crate::tui::widgets::codeboxes::{self, Boxes, Drawn};
use crate::tui::widgets::countdown::{bar, digits};
use crate::tui::widgets::customer_title::title;
use crate::tui::widgets::facts::{LABEL, fact, facts, labelled_by};
use crate::tui::widgets::moment::{clock_span, minute};
use crate::tui::widgets::rows::{Row, flow, settle};
use crate::tui::widgets::text::{width, wrap};
use crate::tui::widgets::{delivery, panel, tries};

/// The most cells a bar takes.
const MAX_BAR_CELLS: usize = 40;

/// The most columns of the block that all of it makes up.
const MAX_BLOCK_COLUMNS: u16 = 90;

/// The lines of tall boxes.
const TALL_BOX_LINES: usize = 3;

/// The empty lines without which more lines would be too many.
const MIN_FREE_LINES: usize = 5;

/// Draws the entry of the code.
pub fn draw(cx: DrawContext<'_>, entry: &EnterCode, frame: &mut Frame<'_>, area: Rect) {
    let focused = cx.has_focus(Focus::Work);
    let purpose = match &entry.request.representative {
        None => entry.request.purpose.clone(),
        Some(it) => format!("{}, by {}", entry.request.purpose, it.name),
    };
    let title = title(&entry.customer, Some(&purpose));
    let inner = panel::draw(frame, area, cx.theme, title, focused);
    let inner = block(inner);
    let room = usize::from(inner.width);
    let state = State::of(cx, entry);
    // What is big gives way where height is scarce: the reference, the boxes, then
    // the words below them.
    let height = usize::from(inner.height);
    let small = lines_of(&about(cx, entry, state, room, false));
    let ask = ask(cx, entry, state, room.saturating_sub(LABEL));
    let asks = height > small + ask.len();
    let words = if asks { ask.len() } else { 0 };
    let tall = height >= small + words + TALL_BOX_LINES;
    let big = height
        >= lines_of(&about(cx, entry, state, room, true)) + words + TALL_BOX_LINES + MIN_FREE_LINES;
    let facts = about(cx, entry, state, room, big);
    let mut rows = vec![Row::Gap];
    let mut drawn = None;
    match state {
        State::Typing | State::Checking => {
            let is_live = focused && state == State::Typing;
            let boxes = boxes(cx, entry, is_live, tall, room);
            let left = LABEL.min(room.saturating_sub(boxes.width.into()));
            let middle = boxes.lines.len() / 2;
            rows.extend(boxes.lines.iter().enumerate().map(|(at, line)| {
                let label = if at == middle && left == LABEL { "Code" } else { "" };
                let line = beside(label, left, line.clone(), cx.theme);
                if at == 0 { Row::Marked(line) } else { Row::Line(line) }
            }));
            if asks {
                rows.extend(facts_of(ask, cx.theme));
            }
            drawn = Some((boxes, left));
        }
        State::Closed(status) => rows.extend(closed(cx, entry, status, room)),
    }
    rows.push(Row::Gap);
    rows.extend(facts);
    let settled = settle(rows, inner.height);
    panel::lines(frame, inner, &settled.lines);
    let Some((boxes, left)) = drawn else { return };
    if let (Some(top), Some((column, line))) = (settled.marked, boxes.cursor) {
        let left = u16::try_from(left).unwrap_or(0);
        let at = Position::new(inner.x + left + column, inner.y + top + line);
        if inner.contains(at) {
            frame.set_cursor_position(at);
        }
    }
}

/// The block in the middle of a wide screen; all of it begins on one column.
fn block(inner: Rect) -> Rect {
    let width = inner.width.min(MAX_BLOCK_COLUMNS);
    Rect { x: inner.x + (inner.width - width) / 2, width, ..inner }
}

fn beside<'a>(label: &'a str, cells: usize, line: Line<'a>, theme: &Theme) -> Line<'a> {
    labelled_by(Span::styled(label, theme.muted), cells, vec![line]).remove(0)
}

fn facts_of<'a>(lines: Vec<Line<'a>>, theme: &Theme) -> Vec<Row<'a>> {
    facts("", lines, theme)
}

/// What to ask the customer, or what is under way.
fn ask<'a>(cx: DrawContext<'_>, entry: &EnterCode, state: State, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let reference = spaced(&entry.request);
    let (text, style) = match state {
        State::Closed(_) => return Vec::new(),
        State::Checking => ("Checking the code".to_owned(), theme.accent),
        State::Typing if entry.acting.is_some() => ("One moment".to_owned(), theme.accent),
        State::Typing => {
            let digits = cx.shared.place.code_length;
            let text = match cx.shared.pad.typed(&entry.request.id) {
                Some(_) => format!(
                    "The customer types the {digits} digits at the pad, from the message with \
                     {reference}."
                ),
                None => format!("Ask for the {digits} digits in the message with {reference}."),
            };
            (text, theme.muted)
        }
    };
    wrap(&text, room).into_iter().map(|text| Line::styled(text, style)).collect()
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
    fn of(cx: DrawContext<'_>, entry: &EnterCode) -> Self {
        let over = cx.until(entry.request.expires_at).is_some_and(|left| left.is_zero());
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

fn boxes(cx: DrawContext<'_>, entry: &EnterCode, live: bool, tall: bool, room: usize) -> Drawn {
    let length = usize::from(cx.shared.place.code_length);
    let at_pad = cx.shared.pad.typed(&entry.request.id).unwrap_or(0);
    // Which digits they are stays at the pad.
    let dots = cx.theme.symbols.tries[0].repeat(usize::try_from(at_pad).unwrap_or(0).min(length));
    let digits = if entry.typed.0.is_empty() { dots.as_str() } else { &entry.typed.0 };
    let boxes = Boxes { digits, length, live };
    let drawn = codeboxes::draw(boxes, tall, cx.theme);
    if usize::from(drawn.width) <= room { drawn } else { codeboxes::draw(boxes, false, cx.theme) }
}

/// When a new code can be sent.
fn again(cx: DrawContext<'_>, entry: &EnterCode) -> String {
    let resend = key_name(Context::EnterCode, Command::Resend);
    let wait = entry.waits_until().and_then(|until| cx.until(until));
    match wait.filter(|wait| !wait.is_zero()) {
        None => format!("{resend} sends a new code."),
        Some(wait) => format!("A new code can be sent in {} ({resend}).", clock_span(wait)),
    }
}

/// Where else one can be sent, if anywhere.
fn elsewhere(cx: DrawContext<'_>, entry: &EnterCode) -> String {
    let now = cx.time().unwrap_or_default();
    if entry.other_choice(now).is_none() {
        return String::new();
    }
    format!(" {} shows the other contacts.", key_name(Context::EnterCode, Command::ChangeContact))
}

fn closed<'a>(cx: DrawContext<'_>, entry: &EnterCode, status: Status, room: usize) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let (symbols, request) = (theme.symbols, &entry.request);
    let until = minute(request.expires_at, cx.shared.place.zone);
    let resend = key_name(Context::EnterCode, Command::Resend);
    let again = again(cx, entry);
    let (mark, style, word, happened, help) = match status {
        Status::Expired => (
            symbols.alert,
            theme.warning,
            "EXPIRED",
            format!("This code worked until {until}."),
            format!("{again}{}", elsewhere(cx, entry)),
        ),
        Status::Locked if entry.is_customer_locked() => (
            symbols.cross,
            theme.bad,
            "LOCKED",
            messages::CUSTOMER_LOCKED.into(),
            format!("{} Then press {resend}.", who_lifts(cx)),
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
            "A later request for this customer replaced it.".into(),
            format!("Enter the code at that counter, or send a new one with {resend}."),
        ),
        Status::Cancelled | Status::Open => (
            symbols.info,
            theme.strong,
            "CANCELLED",
            "This code was cancelled; the log says by whom, or why.".into(),
            again,
        ),
    };
    let mut rows = facts("Code", vec![Line::styled(format!("{mark} {word}"), style)], theme);
    for text in [happened, help] {
        let lines = wrap(&text, room.saturating_sub(LABEL)).into_iter().map(Line::from);
        rows.extend(facts("", lines.collect(), theme));
    }
    rows.push(Row::Gap);
    rows
}

/// Who lifts a customer's lockout; whoever may, by which key.
fn who_lifts(cx: DrawContext<'_>) -> String {
    if !may(cx.shared, Command::Lift) {
        return messages::CUSTOMER_LOCKED_HELP.into();
    }
    let key = key_name(Context::Global, Command::Lift);
    format!("It holds at every counter; {key} lifts it, for a reason.")
}

fn about<'a>(
    cx: DrawContext<'_>,
    entry: &EnterCode,
    state: State,
    room: usize,
    big: bool,
) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let request = &entry.request;
    let open = !matches!(state, State::Closed(_));
    let mut rows = if big {
        big_reference(cx, request)
    } else {
        facts("Reference", reference(cx, request, room.saturating_sub(LABEL)), theme)
    };
    rows.push(Row::Gap);
    if open {
        rows.push(fact("Time left", time_left(cx, request, room), theme));
    }
    if !entry.is_customer_locked() {
        rows.push(fact("Tries left", tries::tries(request, theme), theme));
    }
    rows.push(Row::Gap);
    let now = cx.time().filter(|_| open);
    let message = delivery::lines(request, now, room.saturating_sub(LABEL), theme);
    rows.extend(facts("Message", message, theme));
    if open {
        rows.push(fact("New code", new_code(cx, request), theme));
    }
    rows
}

const SHOWN_TOO: &str = "also in the message";

fn spaced(request: &Request) -> String {
    let letters: Vec<String> = request.reference.as_str().chars().map(String::from).collect();
    letters.join(" ")
}

fn reference<'a>(cx: DrawContext<'_>, request: &Request, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let parts = vec![
        vec![Span::styled(spaced(request), theme.accent)],
        vec![Span::styled(SHOWN_TOO, theme.muted)],
    ];
    flow(parts, room, 3)
}

/// The reference in a box of its own: it is read aloud, over a counter.
fn big_reference<'a>(cx: DrawContext<'_>, request: &Request) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let set = theme.symbols.code;
    let word = spaced(request);
    let across = |left: &str, middle: &str, right: &str| {
        let line = format!("{left}{}{right}", middle.repeat(width(&word) + 4));
        vec![Span::styled(line, theme.border)]
    };
    let middle = vec![
        Span::styled(format!("{}  ", set.vertical_left), theme.border),
        Span::styled(word.clone(), theme.accent),
        Span::styled(format!("  {}", set.vertical_right), theme.border),
        Span::styled(format!("   {SHOWN_TOO}"), theme.muted),
    ];
    vec![
        fact("", across(set.top_left, set.horizontal_top, set.top_right), theme),
        fact("Reference", middle, theme),
        fact("", across(set.bottom_left, set.horizontal_bottom, set.bottom_right), theme),
    ]
}

fn time_left<'a>(cx: DrawContext<'_>, request: &Request, room: usize) -> Vec<Span<'a>> {
    let theme = cx.theme;
    let Some(left) = cx.until(request.expires_at) else {
        return vec![Span::styled("reading the clock", theme.muted)];
    };
    let mut spans = vec![digits(left, theme), Span::raw("  ")];
    if !cx.shared.place.reduced_motion {
        let whole = request.expires_at.since(request.sent_at);
        let cells = room.saturating_sub(LABEL + 9).min(MAX_BAR_CELLS);
        spans.extend(bar(left, whole, cells, theme));
    }
    spans
}

fn new_code<'a>(cx: DrawContext<'_>, request: &Request) -> Vec<Span<'a>> {
    let theme = cx.theme;
    let key = key_name(Context::EnterCode, Command::Resend);
    let wait = cx.until(request.resend_at).unwrap_or(Duration::ZERO);
    if wait.is_zero() {
        let ends = cx.until(request.expires_at).is_some_and(|left| left < MIN_USEFUL_VALIDITY);
        let now = if ends {
            Span::styled(" sends one now; the time left is short", theme.warning)
        } else {
            Span::raw(" sends one now")
        };
        return vec![Span::styled(key, theme.key), now];
    }
    vec![
        Span::styled(key, theme.key),
        Span::raw(" in "),
        Span::styled(clock_span(wait), theme.strong),
    ]
}
