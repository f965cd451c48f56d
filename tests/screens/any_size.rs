//! Whatever the model holds and whatever the size: it is drawn, and no cell
//! holds anything that could steer the terminal.

use std::time::Duration;

use countersign::config::settings::ThemeName;
use countersign::domain::customer::Customer;
use countersign::domain::text::clean;
use countersign::tui::app::extent::extent;
use countersign::tui::app::model::{Model, Overlay, Screen};
use countersign::tui::dashboard::state::Pane;
use countersign::tui::machine::counter_info::Mark;
use countersign::tui::machine::draw_context::Focus;
use countersign::tui::machine::loaded::Loaded;
use countersign::tui::machine::notice::{Notice, Tone};
use countersign::tui::machine::scroll::Scroll;
use proptest::prelude::*;
use proptest::sample::Index;
use ratatui::buffer::{Buffer, CellWidth};

use crate::models as m;
use crate::picture::{shoot, text};
use crate::snapshots::SIZES;
use crate::states::{self, ALL};

const THEMES: [ThemeName; 5] = [
    ThemeName::Terminal,
    ThemeName::Light,
    ThemeName::Dark,
    ThemeName::HighContrast,
    ThemeName::Mono,
];

/// Text as a hostile or a careless hand would leave it in a record.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x1b\\x07\\x00-\\x1f\\x7f-\\x9fa-z\\[\\];]{0,40}",
        Just("\x1b]52;c;ZXZpbA==\x07Dana\x1b[2J".to_owned()),
        Just("Dana\u{202e}arevi\u{2066}R\u{200b}\u{feff}".to_owned()),
        Just("\u{301}\u{301}\u{301}e\u{301}".to_owned()),
        Just("山田太郎".repeat(30)),
        Just("👩‍👩‍👧‍👦🇩🇪ﾊﾟ".repeat(9)),
        Just(String::new()),
        Just("x".repeat(400)),
    ]
}

/// The characters that must never reach a terminal from data (UTS #39).
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

pub(crate) fn check(buffer: &Buffer, ascii: bool) {
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            assert!(!symbol.chars().any(is_unsafe), "{symbol:?} at {x},{y}");
            assert!(symbol.cell_width() > 0, "{symbol:?} at {x},{y} takes no cell");
            assert!(!ascii || symbol.is_ascii(), "{symbol:?} at {x},{y} is not ASCII");
        }
    }
}

#[derive(Clone, Debug)]
struct Twist {
    state: Index,
    text: String,
    other: String,
    number: u16,
    flags: u16,
    later: u64,
}

fn twist() -> impl Strategy<Value = Twist> {
    (any::<Index>(), hostile(), hostile(), any::<u16>(), any::<u16>(), 0_u64..1_000_000).prop_map(
        |(state, text, other, number, flags, later)| Twist {
            state,
            text: clean(&text),
            other: clean(&other),
            number,
            flags,
            later,
        },
    )
}

fn hostile_customer(customer: &mut Customer, twist: &Twist) {
    customer.name.clone_from(&twist.text);
    customer.account_no.clone_from(&twist.other);
    customer.address = Some(twist.other.clone());
    customer.email = Some(twist.text.clone());
    customer.phone = Some(twist.other.clone());
}

fn apply(model: &mut Model, twist: &Twist) {
    let on = |bit: u16| twist.flags & (1 << bit) != 0;
    model.shared.place.ascii = on(0);
    model.shared.place.reduced_motion = on(1);
    model.shared.place.code_length = 1 + (twist.number % 12).to_le_bytes()[0];
    if on(2) {
        model.shared.place.office.clone_from(&twist.text);
        model.shared.place.counter.clone_from(&twist.other);
        model.shared.place.purposes = vec![twist.other.as_str().into()];
    }
    if on(3) {
        model.shared.notice = Some(Notice::new(Tone::Warning, twist.text.clone()));
    }
    model.log = on(4).then(m::log).or(model.log.take());
    model.tray = on(5).then(m::tray).or(model.tray.take());
    if on(6) {
        model.focus = if on(7) { Focus::Log } else { Focus::Tray };
    }
    if on(8) {
        model.shared.clock = None;
    }
    if let Some(dashboard) = &mut model.dashboard {
        dashboard.selected = [usize::from(twist.number); Pane::ALL.len()];
        if on(10) {
            dashboard.filter.clone_from(&twist.other);
        }
        for alarm in dashboard.alarms.value_mut().into_iter().flatten() {
            alarm.finding.subject.clone_from(&twist.text);
            alarm.finding.detail.clone_from(&twist.other);
        }
        for group in dashboard.groups.iter_mut().filter_map(Loaded::value_mut) {
            for group in group.spans.iter_mut().flat_map(|it| &mut it.groups) {
                group.name.clone_from(&twist.text);
            }
        }
    }
    for event in model.log.iter_mut().flat_map(|log| &mut log.events) {
        event.detail = Some(twist.text.clone());
        event.actor.clerk.clone_from(&twist.other);
    }
    for message in model.tray.iter_mut().flat_map(|tray| &mut tray.messages) {
        message.text.clone_from(&twist.text);
        message.subject = Some(twist.other.clone());
    }
    if !on(9) {
        return;
    }
    let number = usize::from(twist.number);
    match &mut model.screen {
        Screen::Find(find) => {
            find.input = twist.other.clone().into();
            find.selected = number;
            if let Some(found) = find.found.value_mut() {
                found.customers.iter_mut().for_each(|it| hostile_customer(it, twist));
            }
        }
        Screen::Send(send) => {
            hostile_customer(&mut send.customer, twist);
            (send.selected, send.purpose) = (number, number);
        }
        Screen::EnterCode(entry) => {
            hostile_customer(&mut entry.customer, twist);
            entry.request.attempts = u32::from(twist.number);
            entry.request.max_attempts = u32::from(twist.number / 2);
            entry.request.delivery.detail = Some(twist.text.as_str().into());
            entry.request.contact.clone_from(&twist.other);
        }
        Screen::EnterFactor(entry) => {
            hostile_customer(&mut entry.of.customer, twist);
            entry.of.purpose = number;
        }
        Screen::Verified(verified) => {
            hostile_customer(&mut verified.customer, twist);
            verified.scroll = Scroll::at(usize::from(twist.number));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn security_38_any_model_is_drawn_at_any_size_and_no_cell_steers_the_terminal(
        twist in twist(),
        theme in prop::sample::select(THEMES.to_vec()),
        width in 1_u16..=200,
        height in 1_u16..=60,
    ) {
        let (_, state) = ALL[twist.state.index(ALL.len())];
        let (mut model, now) = state();
        apply(&mut model, &twist);
        let now = now + Duration::from_millis(twist.later);
        let shot = shoot(&model, theme, now, (width, height));
        check(&shot.buffer, model.shared.place.ascii);
        if let Some(cursor) = shot.cursor {
            prop_assert!(cursor.x < width && cursor.y < height);
        }
    }
}

#[test]
fn what_scrolls_ends_with_its_last_line_in_sight() {
    for (state, size) in [
        (states::verified_by_sms(), (60, 18)),
        (states::log_timeline(), (60, 18)),
        (states::log_timeline(), (80, 24)),
        (states::help(), (80, 24)),
        (states::help(), (200, 60)),
    ] {
        let (mut model, now) = state;
        model.shared.size = size;
        let most = extent(&model, now).last_position();
        let mut drawn = |scroll: usize| {
            let scroll = Scroll::at(scroll);
            match (&mut model.overlay, &mut model.screen, &mut model.log) {
                (Some(Overlay::Help(now)), ..) => *now = scroll,
                (_, _, Some(log)) => log.timeline.as_mut().expect("a timeline").scroll = scroll,
                (_, Screen::Verified(verified), _) => verified.scroll = scroll,
                _ => panic!("nothing scrolls here"),
            }
            text(&shoot(&model, ThemeName::Terminal, now, size).buffer)
        };
        let last = drawn(most);
        assert!(!last.contains(" below "), "{last}");
        assert_eq!(drawn(most + 1), last, "nothing is behind the last line");
        assert!(most == 0 || drawn(most - 1).contains("1 below"), "{last}");
    }
}

#[test]
fn every_state_is_drawn_at_every_small_size() {
    for (_, state) in ALL {
        let (model, now) = state();
        for width in (1..=64).step_by(3) {
            for height in 1..=20 {
                check(&shoot(&model, ThemeName::Mono, now, (width, height)).buffer, false);
            }
        }
    }
}

/// Whoever trains sees it on every screen, at every size.
#[test]
fn every_screen_of_a_rehearsal_says_so() {
    for (name, state) in ALL {
        for size in SIZES.into_iter().chain([(30, 8)]) {
            let (mut model, now) = state();
            model.shared.place.mark = Some(Mark::Rehearsal);
            let shot = shoot(&model, ThemeName::Terminal, now, size).all();
            assert!(shot.contains("REHEARSAL"), "{name} at {size:?}:\n{shot}");
        }
    }
}
