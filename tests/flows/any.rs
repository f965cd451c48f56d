//! Whatever happens, in whatever order: the machine takes it and stays whole.

use std::time::Duration;

use countersign::domain::event::EventPage;
use countersign::service::api::{Answer, Call, Role};
use countersign::service::approvals::ApprovalOutcome;
use countersign::service::approvals::vouch::Vouched;
use countersign::service::audit::calls::LogPage;
use countersign::service::customers::disown::DisownOutcome;
use countersign::service::factors::document::DocumentSeen;
use countersign::service::verification::amount_due::AmountDue;
use countersign::service::verification::session::ServedFor;
use countersign::tui::app::deadlines::next_wake;
use countersign::tui::app::model::{Model, Overlay, Screen};
use countersign::tui::app::view::view;
use countersign::tui::machine::effect::EffectId;
use countersign::tui::machine::message::Failure;
use countersign::tui::machine::message::Msg;
use countersign::tui::theme::Theme;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use strum::VariantArray as _;
use zeroize::Zeroizing;

use super::counter::Counter;
use super::desk::down;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Happening {
    Keys(&'static str),
    Key(KeyCode, KeyModifiers, KeyEventKind),
    Paste(String),
    Resize(u16, u16),
    StoreChanged,
    Reached(bool),
    Resumed,
    Passes(u64),
    /// The answer to one of the pending effects, as the desk gives it.
    Answer(usize),
    /// That it failed.
    Fails(usize),
    /// That it is told again since the connection broke.
    Breaks(usize),
    /// An answer of another kind under its id.
    WrongAnswer(usize, fn() -> Answer<Failure>),
    /// An answer under an id nobody waits for.
    Stray(u64, fn() -> Answer<Failure>),
    Events(i64),
    Messages(u64),
    /// A pad asks, types, or enters a code.
    AtPad(u32),
}

fn code() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        prop::sample::select(vec![
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::F(1),
            KeyCode::F(2),
            KeyCode::F(3),
            KeyCode::F(8),
            KeyCode::F(12),
        ]),
        any::<char>().prop_map(KeyCode::Char),
        prop::char::range('0', '9').prop_map(KeyCode::Char),
        prop::char::range('a', 'z').prop_map(KeyCode::Char),
    ]
}

fn modifiers() -> impl Strategy<Value = KeyModifiers> {
    prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
    ])
}

fn kind() -> impl Strategy<Value = KeyEventKind> {
    prop::sample::select(vec![KeyEventKind::Press, KeyEventKind::Repeat, KeyEventKind::Release])
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "riv", "<Enter>", "<Esc>", "481902", "000000", "<Ctrl-R>", "<Ctrl-O>", "<Ctrl-X>",
            "<Ctrl-E>", "<Ctrl-L>", "<F2>", "<F3>", "<F5>", "<F6>", "<F7>", "<F8>", "<F8>9a", "srSRe0", "<Ctrl-K>", "<Ctrl-K>yun", "y", "<F5><Enter>", "<F12>", "<F12>seen<Enter>", "<Down><Enter>", "ar", "<Ctrl-P>", "riv<Enter><Enter>", "/oxc",
        ]).prop_map(Happening::Keys),
        3 => (code(), modifiers(), kind()).prop_map(|(code, held, kind)| {
            Happening::Key(code, held, kind)
        }),
        1 => prop_oneof![any::<String>(), "[0-9 -]{0,9}"].prop_map(Happening::Paste),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(columns, rows)| {
            Happening::Resize(columns % 200, rows % 70)
        }),
        1 => Just(Happening::StoreChanged),
        1 => any::<bool>().prop_map(Happening::Reached),
        1 => Just(Happening::Resumed),
        2 => (0_u64..400_000).prop_map(Happening::Passes),
        6 => any::<usize>().prop_map(Happening::Answer),
        1 => any::<usize>().prop_map(Happening::Fails),
        1 => any::<usize>().prop_map(Happening::Breaks),
        1 => (any::<usize>(), prop::sample::select(ANSWERS)).prop_map(|(which, answer)| {
            Happening::WrongAnswer(which, answer)
        }),
        1 => (any::<u64>(), prop::sample::select(ANSWERS)).prop_map(|(id, answer)| {
            Happening::Stray(id, answer)
        }),
        1 => (0_i64..300).prop_map(Happening::Events),
        1 => (0_u64..150).prop_map(Happening::Messages),
        2 => (0_u32..12).prop_map(Happening::AtPad),
    ]
}

/// Answers that nobody asked for: each call of the interface failed, or found nothing.
const ANSWERS: &[fn() -> Answer<Failure>] = &[
    || Answer::ReadClock(Err(down())),
    || Answer::FindCustomers(Err(down())),
    || Answer::OpenCustomer(Err(down())),
    || Answer::OpenCustomer(Ok(None)),
    || Answer::AskForCode(Err(down())),
    || Answer::ResendCode(Err(down())),
    || Answer::ResendCode(Ok(None)),
    || Answer::DeliverCode(Err(down())),
    || Answer::DeliverCode(Ok(None)),
    || Answer::VerifyCode(Err(down())),
    || Answer::CancelRequest(Err(down())),
    || Answer::CancelRequest(Ok(None)),
    || Answer::ReadRequest(Err(down())),
    || Answer::ReadRequest(Ok(None)),
    || Answer::ReadAccount(Err(down())),
    || Answer::ServeFor(Err(down())),
    || Answer::ServeFor(Ok(ServedFor::SessionOver)),
    || Answer::ReadAmountDue(Ok(AmountDue::NoSuchAccount)),
    || Answer::SeeDocument(Ok(DocumentSeen::NotTaken)),
    || Answer::VouchFor(Err(down())),
    || Answer::VouchFor(Ok(Vouched::NoSuchCustomer)),
    || Answer::ReadSignUp(Err(down())),
    || Answer::ReadSignUp(Ok(None)),
    || Answer::ReadSession(Err(down())),
    || Answer::ReadSession(Ok(None)),
    || Answer::EndSession(Err(down())),
    || Answer::EndSession(Ok(None)),
    || Answer::ReadLog(Err(down())),
    || Answer::ReadLog(Ok(LogPage { page: EventPage::Newest, events: Vec::new() })),
    || Answer::ReadTimeline(Err(down())),
    || Answer::ReadTimeline(Ok(Vec::new())),
    || Answer::ReadTray(Err(down())),
    || Answer::ReadTray(Ok(Vec::new())),
    || Answer::ReadBreakers(Err(down())),
    || Answer::ReadDeliveryStats(Err(down())),
    || Answer::RevealContact(Err(down())),
    || Answer::RevealContact(Ok(None)),
    || Answer::UnlockCustomer(Err(down())),
    || Answer::UnlockCustomer(Ok(true)),
    || Answer::ConfirmContact(Ok(false)),
    || Answer::DisownVerification(Err(down())),
    || Answer::DisownVerification(Ok(DisownOutcome::NoSuch)),
    || Answer::FileIncident(Err(down())),
    || Answer::FileIncident(Ok(())),
    || Answer::ListApprovals(Err(down())),
    || Answer::ListApprovals(Ok(Vec::new())),
    || Answer::ApproveAct(Ok(ApprovalOutcome::NotFound)),
    || Answer::RefuseAct(Err(down())),
    || Answer::LeaveVouch(Ok(true)),
    || Answer::ReadStats(Err(down())),
    || Answer::RecordStatsExport(Err(down())),
    || Answer::RecordStatsExport(Ok(())),
    || Answer::ReadOversight(Err(down())),
    || Answer::ReadTrail(Err(down())),
    || Answer::ReadShipping(Ok(None)),
    || Answer::ReadAlarms(Ok(Vec::new())),
    || Answer::CountAlarms(Err(down())),
    || Answer::AcknowledgeAlarm(Ok(None)),
    || Answer::OfferPad(Err(down())),
    || Answer::ReadCounterPad(Ok(None)),
    || Answer::ReadCounterPad(Err(down())),
    || Answer::ConfirmPad(Ok(None)),
    || Answer::EndPairing(Err(down())),
    || Answer::ShowAtPad(Err(down())),
    || Answer::TakeFromPad(Ok(None)),
    || Answer::TakeFactorFromPad(Ok(None)),
];

fn happen(counter: &mut Counter, happening: Happening) {
    let pending = counter.pending.len();
    match happening {
        Happening::Keys(script) => {
            counter.keys(script);
        }
        Happening::Key(code, modifiers, kind) => {
            let mut key = KeyEvent::new(code, modifiers);
            key.kind = kind;
            let now = counter.now;
            counter.tell(Msg::Key(key, now));
        }
        Happening::Paste(text) => {
            counter.tell(Msg::Paste(Zeroizing::new(text)));
        }
        Happening::Resize(columns, rows) => {
            counter.tell(Msg::Resize(columns, rows));
        }
        Happening::StoreChanged => {
            counter.tell(Msg::StoreChanged);
        }
        Happening::Reached(is_back) => {
            counter.tell(Msg::Reached(if is_back { Ok(()) } else { Err(down()) }));
        }
        Happening::Resumed => {
            counter.tell(Msg::Resumed);
        }
        Happening::Passes(millis) => {
            counter.now += Duration::from_millis(millis);
            counter.tell(Msg::Wake);
        }
        Happening::Answer(which) if pending > 0 => {
            let effect = counter.pending.remove(which % pending);
            let reply = counter.desk.reply(effect.call, counter.time());
            counter.tell(Msg::Answer(effect.id, Box::new(reply)));
        }
        Happening::Fails(which) if pending > 0 => {
            let effect = counter.pending.remove(which % pending);
            counter.tell(Msg::Answer(effect.id, Box::new(effect.call.refused(down()))));
        }
        Happening::Breaks(which) if pending > 0 => {
            let id = counter.pending[which % pending].id;
            counter.tell(Msg::Broke(id, down()));
        }
        Happening::WrongAnswer(which, answer) if pending > 0 => {
            let id = counter.pending.remove(which % pending).id;
            counter.tell(Msg::Answer(id, Box::new(answer())));
        }
        Happening::Stray(id, answer) => {
            counter.tell(Msg::Answer(EffectId(id), Box::new(answer())));
        }
        Happening::Events(count) => counter.desk.log(count),
        Happening::Messages(count) => counter.desk.put_into_tray(count),
        Happening::AtPad(what) => {
            let now = counter.time();
            let is_open = counter.desk.request.is_some();
            match (&mut counter.desk.pad, what) {
                (Some(pad), 0..=6) => pad.typed = what,
                (Some(_), 7..=9) => counter.desk.pad_asks(),
                (Some(_), 10) if is_open => counter.desk.entered_at_pad("481902", now),
                (Some(_), _) if is_open => counter.desk.entered_at_pad("000000", now),
                _ => {}
            }
        }
        Happening::Answer(_)
        | Happening::Fails(_)
        | Happening::Breaks(_)
        | Happening::WrongAnswer(..) => {}
    }
}

fn within(selected: usize, length: usize) {
    assert!(selected < length.max(1), "{selected} of {length}");
}

fn is_whole(counter: &Counter) {
    let model = &counter.model;
    match &model.screen {
        Screen::Find(find) => {
            within(find.selected, find.found.value().map_or(0, |hits| hits.customers.len()));
        }
        Screen::Send(send) => {
            within(send.selected, send.lines());
            within(send.purpose, model.shared.place.purposes.len());
        }
        Screen::EnterCode(entry) => {
            assert!(entry.typed.0.len() <= usize::from(model.shared.place.code_length));
            assert!(entry.typed.0.bytes().all(|byte| byte.is_ascii_digit()));
            within(entry.purpose, model.shared.place.purposes.len());
        }
        Screen::EnterFactor(entry) => {
            assert!(entry.typed.0.chars().count() <= 16);
            within(entry.of.purpose, model.shared.place.purposes.len());
        }
        Screen::Verified(_) => {}
    }
    if let Some(log) = &model.log {
        within(log.selected, log.events.len());
        assert!(log.events.len() <= 1_000);
        let ids: Vec<_> = log.events.iter().map(|event| event.id).collect();
        assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "newest first, each once");
    }
    if let Some(tray) = &model.tray {
        within(tray.selected, tray.messages.len());
        assert!(tray.messages.len() <= 100);
    }
    if let Some(Overlay::Palette(palette)) = &model.overlay {
        within(palette.selected, palette.hits.len());
    }
    let verifying = |act: &Call| matches!(act, Call::VerifyCode(_) | Call::TakeFromPad(_));
    let asking = |act: &Call| {
        matches!(act, Call::AskForCode(_) | Call::ResendCode(_) | Call::CancelRequest(_))
    };
    for (what, kind) in [("verify", &verifying as &dyn Fn(&Call) -> bool), ("ask", &asking)] {
        let count = counter.pending.iter().filter(|effect| kind(&effect.call)).count();
        assert!(count <= 1, "{count} times {what} at once");
    }
    for effect in &counter.pending {
        let (name, permission) = (effect.call.name(), effect.call.permission());
        assert!(model.shared.place.may(permission), "{name} is nothing that this role may do");
    }
    let pending = |id| counter.pending.iter().find(|effect| effect.id == id);
    let waited: Vec<_> = model.shared.pending.iter().map(|it| pending(it.id)).collect();
    assert!(waited.iter().all(Option::is_some), "everything waited for was asked for");
    let slots = waited
        .iter()
        .flatten()
        .filter(|effect| !matches!(effect.call, Call::ReadClock(_) | Call::DeliverCode(_)));
    // Nine of them are reads of the dashboard.
    assert!(slots.count() <= 7 + 9 + 5, "effects pile up");
    let wake = next_wake(model, counter.now);
    assert!(wake.is_none_or(|wake| wake + Duration::from_secs(2) > counter.now));
}

fn draw(model: &Model, counter: &Counter) {
    let (columns, rows) = model.shared.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
    let theme = Theme::of(model.shared.theme, model.shared.place.ascii);
    terminal.draw(|frame| view(model, &theme, counter.now, frame)).expect("drawn");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_machine_stays_whole(
        happenings in prop::collection::vec(happening(), 1..120),
        role in prop::sample::select(Role::VARIANTS),
    ) {
        let mut counter = Counter::new();
        counter.model.shared.place.role = role;
        counter.slow();
        for happening in happenings {
            happen(&mut counter, happening);
            if counter.model.shared.quitting {
                break;
            }
            is_whole(&counter);
        }
        draw(&counter.model, &counter);
    }
}
