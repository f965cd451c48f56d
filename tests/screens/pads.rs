//! The pad's own screen, at the sizes of small and large terminals and in each language.

use countersign::config::settings::ThemeName;
use countersign::domain::code::TypedCode;
use countersign::domain::outcome::Outcome;
use countersign::domain::pad::PadMark;
use countersign::domain::request::{Reference, RequestId, Status};
use countersign::domain::sign_in::TypedSecret;
use countersign::service::pads::PadRequest;
use countersign::tui::machine::counter_info::Mark;
use countersign::tui::machine::effect::EffectId;
use countersign::tui::pad::state::{Leaving, Pad, Paired, PairingForm, Said, Screen};
use countersign::tui::pad::view::view;
use countersign::tui::pad::words;
use countersign::tui::theme::Theme;
use countersign::tui::widgets::text::width;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use zeroize::Zeroizing;

use crate::any_size::check;
use crate::picture::{Shot, text};
use crate::snapshots::keep;

const SIZES: [(u16, u16); 4] = [(40, 12), (60, 18), (80, 24), (140, 40)];

fn pad(screen: Screen) -> Pad {
    let pad = Pad::new("Riverside Billing".into(), ThemeName::Terminal, false, "test".into());
    Pad { screen, ..pad }
}

fn request(status: Status) -> PadRequest {
    PadRequest {
        mark: PadMark { request: RequestId::from_bits(1), generation: 1 },
        reference: Some(Reference::from_store("K7Q")),
        digits: 6,
        status,
        attempts_left: Some(4),
    }
}

/// A pad that asks for the code of an authenticator.
fn at_an_authenticator(typed: &str, said: Option<Said>, locale: &str) -> Pad {
    let mut pad = paired(typed, said, locale);
    if let Screen::Paired(it) = &mut pad.screen {
        let mark = PadMark { request: RequestId::from_bits(2), generation: 0 };
        let asked = request(Status::Open);
        it.request = Some(PadRequest { mark, reference: None, attempts_left: None, ..asked });
    }
    pad
}

/// A pad at counter 3 with so much typed, in a language.
fn paired(typed: &str, said: Option<Said>, locale: &str) -> Pad {
    let mut it = Paired::new("3".into());
    it.request = Some(request(Status::Open));
    it.typed = TypedCode(Zeroizing::new(typed.into()));
    it.said = said;
    it.locales = vec![locale.into()];
    pad(Screen::Paired(Box::new(it)))
}

fn waiting(said: Option<Said>) -> Pad {
    let mut it = Paired::new("3".into());
    it.said = said;
    pad(Screen::Paired(Box::new(it)))
}

fn pairing(typed: &str, said: Option<&str>) -> Pad {
    let (typed, said) = (TypedSecret::new(typed), said.map(str::to_owned));
    pad(Screen::Pairing(PairingForm { typed, asking: None, said }))
}

fn entering() -> Pad {
    let mut pad = paired("481902", None, "en");
    if let Screen::Paired(it) = &mut pad.screen {
        it.entering = Some(EffectId(1));
    }
    pad
}

fn locked() -> Pad {
    let mut pad = paired("", None, "en");
    if let Screen::Paired(it) = &mut pad.screen {
        it.request = Some(request(Status::Locked));
    }
    pad
}

fn shoot(pad: &Pad, theme: ThemeName, size: (u16, u16)) -> Shot {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a terminal");
    let theme = Theme::of(theme, pad.ascii);
    terminal.draw(|frame| view(pad, &theme, frame)).expect("a picture");
    Shot { buffer: terminal.backend().buffer().clone(), cursor: None }
}

/// Every state by name.
fn states() -> Vec<(&'static str, Pad)> {
    let wrong = Some(Said::Refused(Outcome::Wrong));
    vec![
        ("pad_pairing", pairing("4815", None)),
        ("pad_pairing_wrong", pairing("", Some("No counter shows that number now."))),
        ("pad_waits_for_the_clerk", pad(Screen::Waiting)),
        ("pad_waits", waiting(None)),
        ("pad_typing", paired("4819", None, "en")),
        ("pad_checking", entering()),
        ("pad_wrong", paired("", wrong, "en")),
        ("pad_older_code", paired("", Some(Said::Refused(Outcome::Superseded)), "de")),
        ("pad_replaced", paired("", Some(Said::Replaced), "fr")),
        ("pad_too_short", paired("481", Some(Said::TooShort), "es")),
        ("pad_authenticator", at_an_authenticator("4819", None, "en")),
        ("pad_authenticator_wrong", at_an_authenticator("", wrong, "fr")),
        ("pad_thanks", waiting(Some(Said::Thanks))),
        ("pad_locked", locked()),
        ("pad_lost", Pad { is_lost: true, ..paired("4819", None, "en") }),
        ("pad_leaving", Pad { leaving: Leaving::Asked, ..paired("4819", None, "en") }),
        ("pad_in_rehearsal", Pad { mark: Some(Mark::Rehearsal), ..waiting(None) }),
    ]
}

#[test]
fn each_state_of_a_pad_at_each_size() {
    for (name, pad) in states() {
        let picture = SIZES.map(|size| {
            let shot = shoot(&pad, ThemeName::Terminal, size);
            format!("{} by {}\n{}", size.0, size.1, shot.all())
        });
        keep(name, &picture.join("\n"));
    }
}

#[test]
fn a_pad_in_each_language() {
    let wrong = Some(Said::Refused(Outcome::Wrong));
    let picture: Vec<_> = words::ALL
        .iter()
        .map(|it| {
            let shot = shoot(&paired("48", wrong, it.locale), ThemeName::Terminal, (40, 12));
            format!("{}\n{}", it.locale, text(&shot.buffer))
        })
        .collect();
    keep("pad_languages", &picture.join("\n"));
}

/// What a customer must be able to read is there on the smallest terminal, in each language: the
/// word in the message, a large digit, what is wrong, and how many tries are left.
#[test]
fn the_smallest_terminal_shows_all_of_it_in_each_language() {
    for it in &words::ALL {
        for said in [Outcome::Wrong, Outcome::Superseded] {
            let pad = paired("48", Some(Said::Refused(said)), it.locale);
            let shown = text(&shoot(&pad, ThemeName::Terminal, (40, 12)).buffer);
            let tries = it.tries.replace("{tries}", "4");
            let blank = |it: &str| it.split_whitespace().collect::<String>();
            let all = blank(&shown);
            for part in ["KTQ".replace('T', "7"), blank(&tries), blank(it.refused(said))] {
                assert!(all.contains(&part), "{}: no {part:?} in\n{shown}", it.locale);
            }
            let pad = at_an_authenticator("48", Some(Said::Refused(said)), it.locale);
            let shown = text(&shoot(&pad, ThemeName::Terminal, (40, 12)).buffer);
            let asked = it.type_shown.replace("{digits}", "6");
            for part in [blank(&asked), blank(it.refused_shown(said))] {
                assert!(blank(&shown).contains(&part), "{}: no {part:?} in\n{shown}", it.locale);
            }
            assert!(width(it.keys) <= 38 && width(&tries) <= 38, "{}", it.locale);
            assert!(shown.contains("███"), "{}: no large digit in\n{shown}", it.locale);
        }
    }
}

#[test]
fn a_pad_is_drawn_at_any_size_and_no_cell_steers_the_terminal() {
    for (_, pad) in states() {
        for width in (1..=150).step_by(7) {
            for height in 1..=45 {
                check(&shoot(&pad, ThemeName::Dark, (width, height)).buffer, false);
            }
        }
        let plain = Pad { ascii: true, ..pad };
        check(&shoot(&plain, ThemeName::Mono, (80, 24)).buffer, true);
    }
}

/// On a terminal with ASCII alone a customer reads a language that it can show.
#[test]
fn a_terminal_without_other_alphabets_is_read_in_english() {
    let pad = Pad { ascii: true, ..paired("48", None, "zh") };
    let shown = text(&shoot(&pad, ThemeName::Mono, (60, 18)).buffer);
    assert!(shown.contains("Type the 6 digits") && !shown.contains('?'), "{shown}");
}
