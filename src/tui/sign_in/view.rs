//! A form in the middle of an empty screen: nothing of a customer is seen behind it.
//!
//! ```text
//! ╭ Riverside Billing · sign in ─────────────────────╮
//! │  Sign in. The first time, give the set-up code … │
//! │                                                  │
//! │  Name                    amira                   │
//! │  Password                ••••••••                │
//! ╰──────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::notice::Tone;
use crate::tui::sign_in::state::{Reason, SignInForm, SignInStage};
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::field::{self, field};
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::qr;
use crate::tui::widgets::text::{pad, wrap};

/// Cells of the form.
const FORM_COLUMNS: u16 = 64;

/// Cells of a field's name.
const LABEL_CELLS: usize = 24;

/// Draws the form.
pub fn draw(cx: DrawContext<'_>, form: &SignInForm, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let widest = centred(area, FORM_COLUMNS, area.height);
    let room = usize::from(panel::inside(widest, theme).width);
    let mut lines: Vec<Line<'_>> = Vec::new();
    lines.extend(wrap(intro(form), room).into_iter().map(Line::from));
    lines.push(Line::default());
    let code = form.offer.as_ref().filter(|_| form.stage == SignInStage::Enrol);
    if let Some(offer) = code {
        if area.width >= FORM_COLUMNS {
            lines.extend(qr::lines(&offer.uri.0, theme, area.height.saturating_sub(12)));
        }
        lines.push(Line::from(vec![
            Span::styled("To be typed there: ", theme.muted),
            Span::raw(offer.words.0.to_string()),
        ]));
        lines.push(Line::default());
    }
    let first = lines.len();
    let mut cursor = None;
    for (at, label) in labels(form).iter().enumerate() {
        let is_name = form.stage == SignInStage::Credentials && at == 0;
        let width = u16::try_from(room.saturating_sub(LABEL_CELLS)).unwrap_or(0);
        let (shown, column) = if is_name {
            field(&form.name, width)
        } else {
            let secret = usize::from(at == 1 && form.stage == SignInStage::NewPassword);
            let length = form.secrets[secret].length().min(usize::from(width.saturating_sub(1)));
            let mark = if theme.ascii { "*" } else { "•" };
            (Span::raw(mark.repeat(length)), u16::try_from(length).unwrap_or(0))
        };
        if at == form.field && form.waiting.is_none() {
            cursor = Some((at, column));
        }
        let style = if at == form.field { theme.strong } else { theme.muted };
        lines.push(Line::from(vec![Span::styled(pad(label, LABEL_CELLS, ""), style), shown]));
    }
    if form.waiting.is_some() {
        lines.push(Line::default());
        lines.push(Line::styled("One moment …", theme.muted));
    } else if let Some((tone, text)) = &form.message {
        lines.push(Line::default());
        let style = if *tone == Tone::Bad { theme.bad } else { theme.warning };
        lines.extend(wrap(text, room).into_iter().map(|line| Line::styled(line, style)));
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = centred(area, FORM_COLUMNS, height.min(area.height));
    let title = format!("{} {} {}", cx.shared.place.office, theme.symbols.dot, title(form));
    let inner = panel::draw(frame, area, theme, Title::of(title), true);
    panel::lines(frame, inner, &lines);
    if let Some((at, column)) = cursor {
        let column = LABEL_CELLS + usize::from(column);
        field::cursor(frame, inner, (first + at, column));
    }
}

const fn title(form: &SignInForm) -> &'static str {
    match (form.reason, form.stage) {
        (Reason::Covered, _) | (Reason::Locked, SignInStage::Credentials) => "locked",
        (_, SignInStage::Credentials) => "sign in",
        (_, SignInStage::NewPassword) => "set a password",
        (_, SignInStage::Totp) => "second factor",
        (_, SignInStage::Enrol) => "enrol an authenticator",
    }
}

const fn intro(form: &SignInForm) -> &'static str {
    match (form.reason, form.stage) {
        (Reason::Covered, _) => "This terminal is locked. Enter goes on.",
        (Reason::Locked, SignInStage::Credentials) => {
            "This terminal is locked. Whoever signs in goes on where it stands."
        }
        (Reason::SignedOut, SignInStage::Credentials) => {
            "Sign in. The first time, give the set-up code that an admin gave you."
        }
        (_, SignInStage::NewPassword) => {
            "Choose a password that nobody else knows: eight characters or more, of any kind. \
             Some words in a row make a good one."
        }
        (_, SignInStage::Totp) => "Give the code that your authenticator shows now.",
        (_, SignInStage::Enrol) => {
            "Your role signs in with an authenticator too. Let it read this code, then give the \
             six digits that it shows."
        }
    }
}

fn labels(form: &SignInForm) -> &'static [&'static str] {
    match (form.reason, form.stage) {
        (Reason::Covered, _) => &[],
        (_, SignInStage::Credentials) => &["Name", "Password"],
        (_, SignInStage::NewPassword) => &["New password", "The same again"],
        (_, SignInStage::Totp) => &["Code"],
        (_, SignInStage::Enrol) => &["Code that it shows"],
    }
}
