//! A question that is answered with yes or no; Enter is the harmless answer.
//!
//! ```text
//! ╭ Cancel this code? ───────────────────────────────╮
//! │                                                  │
//! │ The customer's message stops working at once.    │
//! │                                                  │
//! │ y cancel it   Enter keep it                      │
//! ╰──────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::delivery::DeliveryState;
use crate::domain::request::Status;
use crate::tui::app::model::Screen;
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::navigation::Question;
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::text::wrap;

/// Draws a question.
pub fn draw(
    cx: DrawContext<'_>,
    question: Question,
    screen: &Screen,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = cx.theme;
    let (title, text, yes, no) = words(question, screen);
    let lines = wrap(text, 48);
    let height = u16::try_from(lines.len()).unwrap_or(1) + 5;
    let area = centred(area, 56, height);
    let inner = panel::draw(frame, area, theme, Title::of(title), true);
    let mut drawn = vec![Line::default()];
    drawn.extend(lines.into_iter().map(Line::from));
    drawn.push(Line::default());
    drawn.push(Line::from(vec![
        Span::styled(key_name(Context::Confirm, Command::Accept), theme.key),
        Span::raw(format!(" {yes}   ")),
        Span::styled(key_name(Context::Confirm, Command::Back), theme.key),
        Span::raw(format!(" {no}")),
    ]));
    panel::lines(frame, inner, &drawn);
}

fn words(
    question: Question,
    screen: &Screen,
) -> (&'static str, &'static str, &'static str, &'static str) {
    match question {
        Question::Quit if matches!(screen, Screen::Verified(_)) => (
            "Leave countersign?",
            "The customer is still verified. Leaving logs them out.",
            "leave",
            "stay",
        ),
        Question::Quit if is_waiting(screen) => (
            "Leave countersign?",
            "The message with the code is not sent yet. Once you leave, it is sent only if \
             countersign runs at another counter.",
            "leave",
            "stay",
        ),
        Question::Quit if has_open_code(screen) => (
            "Leave countersign?",
            "A code is still open; it stays open until its time is over.",
            "leave",
            "stay",
        ),
        Question::Quit => ("Leave countersign?", "Nothing is lost by it.", "leave", "stay"),
        Question::CancelRequest => (
            "Cancel this code?",
            "The customer's message stops working at once.",
            "cancel it",
            "keep it",
        ),
    }
}

/// Whether a code is open here.
fn has_open_code(screen: &Screen) -> bool {
    match screen {
        Screen::EnterCode(entry) => entry.request.status == Status::Open,
        Screen::Send(send) => send.open.is_some() || send.sending.is_some(),
        Screen::Find(_) | Screen::Verified(_) => false,
    }
}

/// Whether the open request's message still has to be sent.
fn is_waiting(screen: &Screen) -> bool {
    let request = match screen {
        Screen::EnterCode(entry) => Some(&entry.request),
        Screen::Send(send) => send.open.as_deref(),
        Screen::Find(_) | Screen::Verified(_) => None,
    };
    request.is_some_and(|it| it.delivery.state == DeliveryState::Queued)
}
