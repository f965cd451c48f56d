//! The pad's one screen, in the middle of whatever terminal it is.
//!
//! ```text
//!  Riverside Billing                         counter 3
//!
//!   Type the 6 digits of the message with this word:
//!                        K 7 Q
//!
//!          #  #  ###     #              (large digits)
//!          ####  ###    ##   ___   ___   ___
//!
//!        This code is wrong. Please look again.
//!  Tries left: 4
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::pad::NUMBER_LENGTH;
use crate::domain::request::{Reference, Status};
use crate::service::pads::PadRequest;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::pad::state::{Leaving, Pad, Paired, PairingForm, Said, Screen};
use crate::tui::pad::words::{self, Words};
use crate::tui::theme::Theme;
use crate::tui::widgets::ascii::to_ascii;
use crate::tui::widgets::codeboxes::{self, Boxes};
use crate::tui::widgets::counter_name::counter;
use crate::tui::widgets::text::{fit, width, wrap};
use crate::tui::widgets::{big_digits, panel};

const CLOSE_AGAIN: &str = "Press Ctrl-Q again to close this pad.";
const STAFF_KEYS: &str = "Enter: ask   Ctrl-Q: close";
const STAFF_LOST: &str = "The desk cannot be reached.";
const WAITING: &str = "Wait for the clerk, who sees now that this pad asks and confirms it.";

/// Cells left free at both sides.
const MARGIN: u16 = 1;

/// What the screen says, from the top.
struct Shown {
    /// Before the digits.
    prompt: Vec<Line<'static>>,
    /// The digits typed, of so many; none where none are typed.
    digits: Option<(String, usize)>,
    /// After them.
    said: Vec<Line<'static>>,
    /// The last line.
    foot: Line<'static>,
}

/// Draws the pad.
pub fn view(pad: &Pad, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let theme = &theme.sized((area.width, area.height));
    frame.buffer_mut().set_style(area, theme.text);
    let inner = Rect {
        x: area.x + MARGIN.min(area.width),
        width: area.width.saturating_sub(2 * MARGIN),
        ..area
    };
    let room = usize::from(inner.width);
    let shown = match &pad.screen {
        Screen::Pairing(form) => pairing(form, room, theme),
        Screen::Waiting => Shown {
            prompt: lines(WAITING, room, theme.strong),
            digits: None,
            said: Vec::new(),
            foot: Line::default(),
        },
        Screen::Paired(it) => paired(pad, it, room, theme),
    };
    draw(head(pad, room, theme), foot(pad, shown, theme), inner, theme, frame);
    if theme.ascii {
        to_ascii(frame);
    }
}

fn draw(head: Line<'static>, shown: Shown, area: Rect, theme: &Theme, frame: &mut Frame<'_>) {
    let words = 2 + shown.prompt.len() + shown.said.len();
    let rows = area.height.saturating_sub(u16::try_from(words).unwrap_or(u16::MAX));
    let digits = shown.digits.map_or_else(Vec::new, |(typed, length)| {
        big_digits::draw(&typed, length, (area.width, rows), theme).unwrap_or_else(|| {
            let boxes = Boxes { digits: &typed, length, live: true };
            codeboxes::draw(boxes, false, theme).lines
        })
    });
    // What is left over goes above, below and between.
    let free = usize::from(rows).saturating_sub(digits.len());
    let gap = |share: usize| vec![Line::default(); share];
    let between = (free / 4).min(3);
    let above = (free - 2 * between) / 2;
    let body = [gap(above), shown.prompt, gap(between), digits, gap(between), shown.said].concat();
    let body: Vec<Line<'_>> = body.into_iter().map(Line::centered).collect();
    frame.render_widget(head, Rect { height: area.height.min(1), ..area });
    let below =
        Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(2), ..area };
    panel::lines(frame, below, &body);
    let last =
        Rect { y: area.y + area.height.saturating_sub(1), height: area.height.min(1), ..area };
    frame.render_widget(shown.foot.centered(), last);
}

/// The office, and the counter that the pad belongs to.
fn head(pad: &Pad, room: usize, theme: &Theme) -> Line<'static> {
    let right = match &pad.screen {
        Screen::Paired(it) => counter(&it.counter),
        Screen::Pairing(_) | Screen::Waiting => "pad".to_owned(),
    };
    let right = match pad.mark {
        Some(mark) => format!("{right} {} {}", theme.symbols.dot, mark.word()),
        None => right,
    };
    let left = room.saturating_sub(width(&right) + 2);
    let office = fit(&pad.office, left, theme.symbols.ellipsis).into_owned();
    let gap = room.saturating_sub(width(&office) + width(&right));
    Line::from(vec![
        Span::styled(office, theme.strong),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, theme.muted),
    ])
}

/// The screen with what the staff has to know first.
fn foot(pad: &Pad, shown: Shown, theme: &Theme) -> Shown {
    if pad.leaving != Leaving::No {
        return Shown { foot: Line::styled(CLOSE_AGAIN, theme.warning), ..shown };
    }
    if pad.is_lost && !matches!(pad.screen, Screen::Paired(_)) {
        return Shown { foot: Line::styled(STAFF_LOST, theme.warning), ..shown };
    }
    shown
}

fn lines(text: &str, room: usize, style: Style) -> Vec<Line<'static>> {
    wrap(text, room).into_iter().map(|text| Line::styled(text, style)).collect()
}

fn pairing(form: &PairingForm, room: usize, theme: &Theme) -> Shown {
    let key = key_name(Context::EnterCode, Command::TogglePad);
    let prompt = format!("Type the number that the clerk's screen shows after {key}:");
    let said = match (&form.said, form.asking) {
        (_, Some(_)) => lines("One moment.", room, theme.accent),
        (Some(said), None) => lines(said, room, theme.warning),
        (None, None) => Vec::new(),
    };
    Shown {
        prompt: lines(&prompt, room, theme.text),
        digits: Some((form.typed.0.to_string(), usize::from(NUMBER_LENGTH))),
        said,
        foot: Line::styled(STAFF_KEYS, theme.muted),
    }
}

fn paired(pad: &Pad, it: &Paired, room: usize, theme: &Theme) -> Shown {
    let words = words::of(&it.locales, pad.is_latin());
    let only = |text: &str, style: Style| Shown {
        prompt: lines(text, room, style),
        digits: None,
        said: Vec::new(),
        foot: Line::default(),
    };
    if pad.is_lost {
        return only(words.lost, theme.warning);
    }
    match &it.request {
        _ if it.said == Some(Said::Thanks) => only(words.thanks, theme.good),
        None => only(words.wait, theme.text),
        Some(request) => match request.status {
            Status::Open => open(it, request, words, room, theme),
            Status::Verified => only(words.thanks, theme.good),
            _ => only(words.ask_clerk, theme.warning),
        },
    }
}

/// A code is typed.
fn open(it: &Paired, request: &PadRequest, words: &Words, room: usize, theme: &Theme) -> Shown {
    let digits = request.digits.to_string();
    let with_digits = |text: &str| text.replace("{digits}", &digits);
    let type_code = if request.reference.is_some() { words.type_code } else { words.type_shown };
    let mut prompt = lines(&with_digits(type_code), room, theme.text);
    prompt.extend(request.reference.iter().map(|it| Line::styled(spaced(it), theme.accent)));
    let said = match it.said {
        _ if it.entering.is_some() => lines(words.checking, room, theme.accent),
        Some(Said::Refused(outcome)) if request.reference.is_some() => {
            lines(words.refused(outcome), room, theme.bad)
        }
        Some(Said::Refused(outcome)) => lines(words.refused_shown(outcome), room, theme.bad),
        Some(Said::Replaced) => lines(words.replaced, room, theme.warning),
        Some(Said::TooShort) => lines(&with_digits(words.too_short), room, theme.warning),
        Some(Said::Thanks) | None => Vec::new(),
    };
    let foot = match (it.said, request.attempts_left) {
        (Some(Said::Refused(_)), Some(left)) => {
            let tries = words.tries.replace("{tries}", &left.to_string());
            Line::styled(tries, theme.strong)
        }
        _ => Line::styled(words.keys, theme.muted),
    };
    let digits = Some((it.typed.0.to_string(), usize::from(request.digits)));
    Shown { prompt, digits, said, foot }
}

/// The word in the message, letter by letter.
fn spaced(reference: &Reference) -> String {
    let letters: Vec<String> = reference.as_str().chars().map(String::from).collect();
    letters.join(" ")
}
