//! The box of the pad.
//!
//! ```text
//! ╭ Pad ────────────────────────────────────────────╮
//! │ Type this number at the pad:                    │
//! │                                                 │
//! │                481 516                          │
//! │                                                 │
//! │ It works once, for 1:42.                        │
//! │ n shows another   Esc closes                    │
//! ╰─────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::pad::PairingState;
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::pairing::state::PairingPanel;
use crate::tui::pairing::update::name;
use crate::tui::theme::Theme;
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::moment::{clock_span, minute};
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::text::wrap;

const COLUMNS: u16 = 58;

/// Draws the box.
pub fn draw(cx: DrawContext<'_>, it: &PairingPanel, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let widest = centred(area, COLUMNS, area.height);
    let room = usize::from(panel::inside(widest, theme).width);
    let lines = lines(cx, it, room);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = centred(area, COLUMNS, height.min(area.height));
    let inner = panel::draw(frame, area, theme, Title::of("Pad"), true);
    panel::lines(frame, inner, &lines);
}

fn lines(cx: DrawContext<'_>, it: &PairingPanel, room: usize) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let text = |text: &str| -> Vec<Line<'static>> {
        wrap(text, room).into_iter().map(Line::from).collect()
    };
    let pad = cx.shared.pad.known.as_ref();
    let who = pad.and_then(|it| it.pad.as_ref()).map(name).unwrap_or_default();
    let (mut lines, keys) = match pad.map(|it| (it.state, it.expires_at)) {
        Some((PairingState::Asking, _)) => (
            [
                text(&format!("{who} asks to be the pad of this counter.")),
                text("Is it the one in front of your customer?"),
            ]
            .concat(),
            vec![(Command::PairPad, "pairs it"), (Command::UnpairPad, "refuses it")],
        ),
        Some((PairingState::Paired, expires_at)) => {
            let until = minute(expires_at, cx.shared.place.zone);
            let shown = format!(
                "{who} is the pad of this counter, until {until} at the latest. It shows the \
                 request on your screen; the customer types the code."
            );
            (text(&shown), vec![(Command::UnpairPad, "unpairs it")])
        }
        _ => number(cx, it, text),
    };
    lines.push(Line::default());
    lines.push(keys_line(&keys, theme));
    lines
}

type Shown = (Vec<Line<'static>>, Vec<(Command, &'static str)>);

fn number(
    cx: DrawContext<'_>,
    it: &PairingPanel,
    text: impl Fn(&str) -> Vec<Line<'static>>,
) -> Shown {
    let theme = cx.theme;
    let another = vec![(Command::NewPairingNumber, "shows another number")];
    let Some(offer) = &it.offer else {
        let said = if it.offering.is_some() { "One moment" } else { "No number is shown." };
        return (text(said), another);
    };
    let left = cx.until(offer.expires_at);
    if left.is_some_and(|it| it.is_zero()) {
        return (text("That number has run out."), another);
    }
    let (first, second) = offer.number.0.split_at_checked(3).unwrap_or((&offer.number.0, ""));
    let number = Line::styled(format!("{first} {second}"), theme.accent).centered();
    let works = match left {
        Some(left) => format!("It works once, for {}.", clock_span(left)),
        None => "It works once, for two minutes.".to_owned(),
    };
    let lines = [
        text("Type this number at the pad:"),
        vec![Line::default(), number, Line::default()],
        text(&works),
    ];
    (lines.concat(), another)
}

fn keys_line(keys: &[(Command, &'static str)], theme: &Theme) -> Line<'static> {
    let mut spans = Vec::new();
    for (command, does) in keys.iter().copied().chain([(Command::Back, "closes")]) {
        if !spans.is_empty() {
            spans.push(Span::raw("   "));
        }
        spans.push(Span::styled(key_name(Context::Pairing, command), theme.key));
        spans.push(Span::raw(format!(" {does}")));
    }
    Line::from(spans)
}
