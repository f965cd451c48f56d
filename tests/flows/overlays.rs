//! Help, palette, questions, themes, and the way out.

use countersign::config::settings::ThemeName;
use countersign::service::api::Call;
use countersign::tui::app::model::Overlay;
use countersign::tui::machine::keymap::{BINDINGS, Command, Context};
use countersign::tui::machine::message::Msg;
use countersign::tui::machine::navigation::Question;
use countersign::tui::machine::scroll::Scroll;

use super::counter::Counter;

const ENTRY: &str = "riv<Enter><Enter>";
const VERIFIED: &str = "riv<Enter><Enter>481902";

fn palette(counter: &Counter) -> Vec<Command> {
    match &counter.model.overlay {
        Some(Overlay::Palette(palette)) => palette.hits.iter().map(|it| it.command).collect(),
        other => panic!("no palette: {other:?}"),
    }
}

fn asks_to_quit(counter: &Counter) -> bool {
    matches!(counter.model.overlay, Some(Overlay::Confirm(Question::Quit)))
}

#[test]
fn one_key_never_ends_the_program() {
    for start in ["", "riv", "riv<Enter>", ENTRY, VERIFIED, "riv<Enter><Enter><Esc>"] {
        for key in ["<Ctrl-Q>", "<Ctrl-C>"] {
            let mut counter = Counter::after(start);
            counter.keys(key);
            assert!(!counter.model.shared.quitting, "{start} {key}");
        }
        // Enter and Esc are the harmless answers.
        for no in ["<Enter>", "<Esc>", "n", "N"] {
            let mut counter = Counter::after(start);
            counter.keys("<Ctrl-Q>");
            assert!(asks_to_quit(&counter), "{start}");
            counter.keys(no);
            assert!(
                counter.model.overlay.is_none() && !counter.model.shared.quitting,
                "{start} {no}"
            );
        }
        for keys in ["<Ctrl-Q>y", "<Ctrl-Q>Y", "<Ctrl-Q><Ctrl-Q>", "<Ctrl-Q><Ctrl-C>"] {
            let mut counter = Counter::after(start);
            assert!(counter.keys(keys).model.shared.quitting, "{start} {keys}");
        }
    }
    assert!(Counter::after("<F1><Ctrl-Q>y").model.shared.quitting);
}

#[test]
fn ctrl_c_empties_and_closes_first_and_asks_before_it_leaves() {
    let mut counter = Counter::after("riv<Ctrl-C>");
    assert_eq!(counter.find().input.value(), "");
    assert!(!asks_to_quit(&counter));
    assert!(asks_to_quit(counter.keys("<Ctrl-C>")));
    assert!(counter.keys("<Ctrl-C>").model.shared.quitting);
    let mut counter = Counter::after(ENTRY);
    counter.keys("48<Ctrl-C>");
    assert_eq!(counter.typed(), "");
    assert!(!asks_to_quit(&counter));
    for open in ["<F1>", "<F2>", "<F3>", "<F4>", "<Ctrl-P>", "<Ctrl-P>abc", "<Ctrl-X>"] {
        let mut counter = Counter::after(ENTRY);
        counter.keys(open).keys("<Ctrl-C>").is_at("entry");
        assert!(counter.model.overlay.is_none() && counter.model.log.is_none(), "{open}");
        assert!(asks_to_quit(counter.keys("<Ctrl-C>")), "{open}");
    }
}

#[test]
fn a_terminals_flow_control_is_no_key() {
    let mut counter = Counter::after("dana<Ctrl-S><Ctrl-Q><Ctrl-S><Ctrl-Q>");
    assert!(counter.model.overlay.is_none() && !counter.model.shared.quitting);
    assert!(asks_to_quit(counter.keys("<Ctrl-Q>")));
}

#[test]
fn help_palette_and_panels_have_a_second_way() {
    for start in ["", "riv<Enter>", ENTRY, VERIFIED, "<F2>", "<F3>"] {
        for (keys, is_help) in [("?", true), ("<Alt-1>", true), (":", false), ("<Alt-x>", false)] {
            let mut counter = Counter::after(start);
            counter.keys(keys);
            let is_open = match counter.model.overlay {
                Some(Overlay::Help(_)) => is_help,
                Some(Overlay::Palette(_)) => !is_help,
                _ => false,
            };
            assert!(is_open, "{start} {keys}");
        }
    }
    // Where something is typed, they are typed.
    let counter = Counter::after("a?:");
    assert_eq!(counter.find().input.value(), "a?:");
    assert!(Counter::after("ri<Alt-2>").model.log.is_some());
    assert!(Counter::after("ri<Alt-3>").model.tray.is_some());
    assert!(matches!(Counter::after("ri<Alt-4>").model.overlay, Some(Overlay::DeliveryStats(_))));
}

#[test]
fn the_session_ends_with_the_program() {
    let is_logout = |act: &Call| matches!(act, Call::EndSession(_));
    let mut counter = Counter::after(VERIFIED);
    counter.slow().keys("<Ctrl-Q>y");
    assert!(counter.is_pending(is_logout));
    let mut counter = Counter::after(VERIFIED);
    counter.slow().tell(Msg::End);
    assert!(counter.is_pending(is_logout) && counter.model.shared.quitting);
    // A code that is just being checked may open one yet.
    let mut counter = Counter::after("riv<Enter><Enter>48190");
    counter.slow().keys("2").tell(Msg::End).settle_one(|act| matches!(act, Call::VerifyCode(_)));
    assert!(counter.is_pending(is_logout));
}

#[test]
fn help_opens_scrolls_and_closes() {
    let mut counter = Counter::after("ri<F1>v<Down><Down><Up>");
    assert!(matches!(counter.model.overlay, Some(Overlay::Help(Scroll { position: 1 }))));
    let mut paged = Counter::after("<F1><PgDn>");
    assert!(matches!(paged.model.overlay, Some(Overlay::Help(Scroll { position: 2.. }))));
    paged.keys("<PgUp>");
    assert!(matches!(paged.model.overlay, Some(Overlay::Help(Scroll { position: 0 }))));
    assert_eq!(counter.find().input.value(), "ri", "keys do not fall through");
    counter.keys("<Esc>v");
    assert_eq!(counter.find().input.value(), "riv");
    assert!(Counter::after("<F1><F1>").model.overlay.is_none());
}

#[test]
fn the_palette_calls_a_command_as_it_is_called_here() {
    let mut counter = Counter::after("riv<Enter><Ctrl-P>");
    counter.keys("send the code");
    let Some(Overlay::Palette(palette)) = &counter.model.overlay else { panic!("no palette") };
    let help = "Send the code over the chosen channel.";
    assert_eq!(palette.hits.first().map(|it| it.help), Some(help));
}

#[test]
fn the_palette_offers_what_holds_here_and_does_it() {
    let mut counter = Counter::after(ENTRY);
    counter.keys("<Ctrl-P>");
    let offered = palette(&counter);
    assert!(offered.contains(&Command::CancelRequest) && offered.contains(&Command::ToggleLog));
    assert!(!offered.contains(&Command::Logout) && !offered.contains(&Command::Up));
    assert_eq!(offered.iter().filter(|it| **it == Command::Quit).count(), 1);
    counter.keys("cancel");
    assert_eq!(palette(&counter)[0], Command::CancelRequest);
    counter.keys("<Enter>");
    assert!(matches!(counter.model.overlay, Some(Overlay::Confirm(Question::CancelRequest))));
    let mut counter = Counter::new();
    counter.keys("<Ctrl-P>qqqq");
    assert!(palette(&counter).is_empty());
    counter.keys("<Enter>");
    assert!(counter.model.overlay.is_none());
    counter.keys("<Ctrl-P><Ctrl-P>");
    assert!(counter.model.overlay.is_none());
    counter.keys("<Ctrl-P>colours<Enter>");
    assert_eq!(counter.model.shared.theme, ThemeName::Light);
}

#[test]
fn a_question_is_answered_before_anything_else() {
    let mut counter = Counter::after(ENTRY);
    counter.keys("<Ctrl-X><F2><F1><Ctrl-P>12");
    assert!(matches!(counter.model.overlay, Some(Overlay::Confirm(Question::CancelRequest))));
    assert!(counter.model.log.is_none());
    counter.keys("<Esc>");
    assert_eq!(counter.typed(), "");
}

#[test]
fn a_question_about_a_request_that_has_ended_does_nothing() {
    let mut counter = Counter::after(ENTRY);
    counter.keys("<Ctrl-X>").pass(std::time::Duration::from_mins(6));
    counter.slow().keys("<Enter>");
    assert!(!counter.is_pending(|act| matches!(act, Call::CancelRequest(_))));
}

#[test]
fn themes_go_round() {
    let mut counter = Counter::new();
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(counter.model.shared.theme);
        counter.keys("<Ctrl-T>");
    }
    assert_eq!(counter.model.shared.theme, ThemeName::Terminal);
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

/// Backspace, Tab and Enter are Ctrl-H, I, J and M to a terminal, Ctrl-S is its
/// own, and digits are for codes.
#[test]
fn no_binding_takes_a_key_that_means_something_else() {
    use crossterm::event::{KeyCode, KeyModifiers};

    for binding in BINDINGS {
        for (modifiers, code) in binding.chords {
            let KeyCode::Char(char) = *code else { continue };
            let is_plain = modifiers.is_empty();
            // No code is typed on the dashboard.
            let is_for_codes = binding.context != Context::Dashboard;
            assert!(!(is_plain && char.is_ascii_digit() && is_for_codes), "{}", binding.key);
            let ctrl = *modifiers == KeyModifiers::CONTROL;
            assert!(!(ctrl && "hijms".contains(char)), "{}", binding.key);
            let field = [Context::Find, Context::LogFilter, Context::Palette];
            assert!(!(is_plain && field.contains(&binding.context)), "{} is text", binding.key);
            let global = binding.context == Context::Global && is_plain;
            assert!(!global || "?:".contains(char), "{} would be text", binding.key);
        }
    }
}

#[test]
fn what_is_chosen_in_the_palette_is_done_where_it_was_offered_or_not_at_all() {
    let mut counter = Counter::after("riv");
    counter.slow().keys("<Enter><Ctrl-P>").settle();
    counter.is_at("send");
    // "choose" was offered at the search; here the same key would send a code.
    assert_eq!(palette(&counter).first(), Some(&Command::Accept));
    let is_ask = |act: &Call| matches!(act, Call::AskForCode(_));
    counter.keys("<Enter>");
    assert!(!counter.is_pending(is_ask));
    assert!(palette(&counter).contains(&Command::NextPurpose), "what is offered here");
    counter.keys("<Enter>");
    assert!(counter.is_pending(is_ask));
}
