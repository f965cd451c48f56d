//! The panel of a customer's factors. Where an authenticator is enrolled, its QR code stands at
//! the left, as high as the smallest promised window allows, and the words beside it.
//!
//! ```text
//! ╭ Authenticator and backup codes ─────────────────╮
//! │ Authenticator   enrolled since 22 Nov 2026      │
//! │ Backup codes    7 left: 1, 2, 4, 5, 6, 9, 10    │
//! │                                                 │
//! │ e enrols another one …                          │
//! ╰─────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::customer_factor::CustomerFactors;
use crate::domain::totp::TotpOffer;
use crate::service::factors::NumberedCode;
use crate::service::messages;
use crate::tui::factors::state::{FactorPanel, FactorStage, Sure};
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::notice::Tone;
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::moment::minute_or_day;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::text::{pad, width, wrap};
use crate::tui::widgets::{field, qr};

/// Cells of a line's name.
const NAME_CELLS: usize = 16;

/// Cells between a QR code and the words beside it.
const GAP: u16 = 2;

/// Draws the panel.
pub fn draw(cx: DrawContext<'_>, panel: &FactorPanel, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    if let FactorStage::Enrol { offer, .. } = &panel.stage {
        return draw_enrolment(cx, panel, offer, frame, area);
    }
    let widest = centred(area, 72, area.height);
    let room = usize::from(panel::inside(widest, theme).width);
    let lines = lines(cx, panel, room);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = centred(area, 72, height.min(area.height));
    let title = Title::of("Authenticator and backup codes");
    let inner = panel::draw(frame, area, theme, title, true);
    panel::lines(frame, inner, &lines);
}

fn lines<'a>(cx: DrawContext<'_>, panel: &FactorPanel, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let mut lines = match (&panel.stage, &panel.factors) {
        (FactorStage::Codes(codes), _) => shown_codes(cx, codes, room),
        (FactorStage::Sure(sure), _) => said(ask(*sure), room),
        (_, Some(factors)) => overview(cx, factors, room),
        (_, None) => vec![Line::styled("Reading", theme.muted)],
    };
    lines.extend(message(cx, panel, room));
    lines
}

fn said<'a>(text: &str, room: usize) -> Vec<Line<'a>> {
    wrap(text, room).into_iter().map(Line::from).collect()
}

fn message<'a>(cx: DrawContext<'_>, panel: &FactorPanel, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let (style, text) = match &panel.message {
        _ if panel.waiting.is_some() && panel.message.is_none() => (theme.muted, "One moment …"),
        None => return Vec::new(),
        Some((Tone::Good, text)) => (theme.good, text.as_str()),
        Some((Tone::Bad, text)) => (theme.bad, text.as_str()),
        Some((_, text)) => (theme.warning, text.as_str()),
    };
    let mut lines = vec![Line::default()];
    lines.extend(wrap(text, room).into_iter().map(|it| Line::styled(it, style)));
    lines
}

fn overview<'a>(cx: DrawContext<'_>, factors: &CustomerFactors, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let zone = cx.shared.place.zone;
    let name = |text: &str| Span::styled(pad(text, NAME_CELLS, ""), theme.muted);
    let totp = factors.totp_since.map_or_else(
        || Span::styled("none", theme.muted),
        |it| {
            Span::raw(format!(
                "enrolled since {}",
                minute_or_day(it, cx.time().unwrap_or_default(), zone)
            ))
        },
    );
    let codes = factors.backup_codes.as_ref().map_or_else(
        || Span::styled("none", theme.muted),
        |codes| {
            let numbers: Vec<String> = codes.left.iter().map(u8::to_string).collect();
            match messages::codes_left(codes.left.len()) {
                Some(few) => Span::styled(few, theme.warning),
                None => Span::raw(format!("{} left: {}", numbers.len(), numbers.join(", "))),
            }
        },
    );
    let key = |command| key_name(Context::Factors, command);
    let help = format!(
        "{} enrols an authenticator, {} removes it, {} makes backup codes. The customer's other \
         contact is told.",
        key(Command::EnrolTotp),
        key(Command::RemoveTotp),
        key(Command::MakeBackupCodes)
    );
    let mut lines = vec![
        Line::from(vec![name("Authenticator"), totp]),
        Line::from(vec![name("Backup codes"), codes]),
        Line::default(),
    ];
    lines.extend(wrap(&help, room).into_iter().map(|it| Line::styled(it, theme.muted)));
    lines
}

const fn ask(sure: Sure) -> &'static str {
    match sure {
        Sure::ReplaceTotp => {
            "The customer has an authenticator. Another one takes its place: the codes of the old \
             one stop working once the new one is confirmed. Enter goes on, Esc keeps the old one."
        }
        Sure::RemoveTotp => {
            "The authenticator's codes stop working at once. Enter removes it, Esc keeps it."
        }
        Sure::ReplaceCodes => {
            "The customer has backup codes. New ones take their place: those on the customer's \
             paper stop working at once. Enter makes new ones, Esc keeps the old ones."
        }
    }
}

fn shown_codes<'a>(cx: DrawContext<'_>, codes: &[NumberedCode], room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let mut lines = said(messages::BACKUP_CODES_ONCE, room);
    lines.push(Line::default());
    let half = codes.len().div_ceil(2);
    let shown = |it: &NumberedCode| format!("{:>3}  {}", it.number, it.code.0.as_str());
    for (at, left) in codes.iter().take(half).enumerate() {
        let right = codes.get(half + at).map(shown).unwrap_or_default();
        lines.push(Line::styled(format!("{}      {right}", shown(left)), theme.strong));
    }
    lines
}

/// The QR code at the left, and at the right what to do; where it has no room, the words alone.
fn draw_enrolment(
    cx: DrawContext<'_>,
    panel: &FactorPanel,
    offer: &TotpOffer,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = cx.theme;
    let inner = panel::draw(frame, area, theme, Title::of("Enrol an authenticator"), true);
    let drawn = qr::lines(&offer.uri.0, theme, inner.height);
    let code_width = drawn.first().map_or(0, |it| u16::try_from(it.width()).unwrap_or(0));
    let is_beside = code_width > 0 && inner.width >= code_width + GAP + 24;
    let beside = if is_beside { code_width + GAP } else { 0 };
    if is_beside {
        panel::lines(frame, inner, &drawn);
    }
    let words = Rect { x: inner.x + beside, width: inner.width - beside, ..inner };
    let room = usize::from(words.width);
    let intro = if is_beside {
        "Let the customer's authenticator read this, then give the six digits that it shows."
    } else {
        "Type this into the customer's authenticator, then give the six digits that it shows. A \
         larger window shows a code to be read."
    };
    let mut lines = said(intro, room);
    lines.push(Line::default());
    lines.extend(said(&offer.words.0, room));
    lines.push(Line::default());
    let label = "Code  ";
    let typed = panel.typed.0.as_str();
    let row = lines.len();
    lines.push(Line::from(vec![
        Span::styled(label, theme.strong),
        Span::styled(typed.to_owned(), theme.strong),
    ]));
    lines.extend(message(cx, panel, room));
    panel::lines(frame, words, &lines);
    if panel.waiting.is_none() {
        field::cursor(frame, words, (row, width(label) + width(typed)));
    }
}
