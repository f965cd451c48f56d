//! One counter: the machine, a desk in memory and a clock that is moved by hand.

use std::time::{Duration, Instant};

use chrono::{FixedOffset, Offset as _, Utc};
use countersign::config::settings::ThemeName;
use countersign::domain::time::Timestamp;
use countersign::service::api::{Answer, Call, Role};
use countersign::tui::app::model::{Model, Screen};
use countersign::tui::app::view::view;
use countersign::tui::app::{deadlines, update};
use countersign::tui::enter_code::state::EnterCode;
use countersign::tui::find::state::Find;
use countersign::tui::log::state::LogPanel;
use countersign::tui::machine::counter_info::{CounterInfo, Mark};
use countersign::tui::machine::effect::Effect;
use countersign::tui::machine::message::Failure;
use countersign::tui::machine::message::Msg;
use countersign::tui::send::state::Send;
use countersign::tui::theme::Theme;
use countersign::tui::tray::state::TrayPanel;
use countersign::tui::verified::state::Verified;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use zeroize::Zeroizing;

use super::desk::{Desk, down};

/// 10:40 by the store's clock.
pub(crate) const START_MILLIS: i64 = 10 * 3_600_000 + 40 * 60_000;

/// How fast a person types, and looks at what is new.
pub(crate) const TYPING_PACE: Duration = Duration::from_millis(170);

pub(crate) struct Counter {
    pub(crate) model: Model,
    pub(crate) desk: Desk,
    pub(crate) now: Instant,
    pub(crate) pending: Vec<Effect>,
    began: Instant,
    /// When the last key was pressed.
    pressed: Instant,
    slow: bool,
}

pub(crate) fn place() -> CounterInfo {
    let utc: FixedOffset = Utc.fix();
    CounterInfo {
        office: "Riverside Billing".into(),
        counter: "3".into(),
        clerk: "amira".into(),
        role: Role::Clerk,
        code_length: 6,
        purposes: vec!["pay a bill".into(), "change of address".into()],
        documents: ["identity card", "passport", "driving licence"].map(str::to_owned).to_vec(),
        country: "US".into(),
        has_tray: true,
        mark: Some(Mark::Demo),
        ascii: false,
        reduced_motion: false,
        zone: utc,
    }
}

impl Counter {
    /// A counter that is open, at the search.
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let model = Model::new(place(), ThemeName::Terminal, (80, 24), "test".into());
        let desk = Desk::new();
        let pending = Vec::new();
        let mut counter = Self { model, desk, now, pending, began: now, pressed: now, slow: false };
        counter.pending = update::start(&mut counter.model, now);
        counter.settle();
        counter
    }

    /// A counter where the keys of `script` were pressed.
    pub(crate) fn after(script: &str) -> Self {
        let mut counter = Self::new();
        counter.keys(script);
        counter
    }

    /// From now on answers come only when asked for, by `settle` or `answer`.
    pub(crate) fn slow(&mut self) -> &mut Self {
        self.slow = true;
        self
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_millis(START_MILLIS).plus(self.now - self.began)
    }

    pub(crate) fn tell(&mut self, msg: Msg) -> &mut Self {
        let mut effects = update::update(&mut self.model, msg, self.now);
        self.pending.append(&mut effects);
        if !self.slow {
            self.settle();
        }
        self
    }

    /// Answers everything, and what comes of the answers.
    pub(crate) fn settle(&mut self) -> &mut Self {
        while !self.pending.is_empty() {
            let effect = self.pending.remove(0);
            self.carry_out(effect);
        }
        self
    }

    fn carry_out(&mut self, effect: Effect) {
        let reply = self.desk.reply(effect.call, self.time());
        let msg = Msg::Answer(effect.id, Box::new(reply));
        let mut effects = update::update(&mut self.model, msg, self.now);
        self.pending.append(&mut effects);
    }

    /// Takes the first pending effect of a kind out.
    pub(crate) fn take(&mut self, wanted: impl Fn(&Call) -> bool) -> Effect {
        let place = self.pending.iter().position(|effect| wanted(&effect.call));
        self.pending.remove(place.expect("such an effect is pending"))
    }

    /// Answers the first pending effect of a kind as the desk would.
    pub(crate) fn settle_one(&mut self, wanted: impl Fn(&Call) -> bool) -> &mut Self {
        let effect = self.take(wanted);
        self.carry_out(effect);
        self
    }

    /// Answers the first pending effect of a kind in another way.
    pub(crate) fn answer(
        &mut self,
        wanted: impl Fn(&Call) -> bool,
        reply: Answer<Failure>,
    ) -> &mut Self {
        let effect = self.take(wanted);
        self.tell(Msg::Answer(effect.id, Box::new(reply)))
    }

    /// The connection breaks in the middle of the first pending effect of a kind.
    pub(crate) fn breaks(&mut self, wanted: impl Fn(&Call) -> bool) -> &mut Self {
        let id = self.pending.iter().find(|effect| wanted(&effect.call)).expect("pending").id;
        self.tell(Msg::Broke(id, down()))
    }

    pub(crate) fn is_pending(&self, wanted: impl Fn(&Call) -> bool) -> bool {
        self.pending.iter().any(|effect| wanted(&effect.call))
    }

    /// Presses keys as a person does: `riv<Enter><Ctrl-R>`. The time that takes
    /// goes by for the keyboard alone.
    pub(crate) fn keys(&mut self, script: &str) -> &mut Self {
        for key in keys(script) {
            let at = self.pressed.max(self.now) + TYPING_PACE;
            self.pressed = at;
            self.tell(Msg::Key(key, at));
            // What was held back is done before a person's next key.
            if let Some(due) = self.model.shared.keyboard.deferred.map(|it| it.due) {
                self.now = self.now.max(due);
                self.tell(Msg::Wake);
            }
        }
        self
    }

    /// Presses keys one `pace` after the other, the first one as a person does.
    pub(crate) fn keys_every(&mut self, pace: Duration, script: &str) -> &mut Self {
        self.now = self.pressed.max(self.now);
        for (at, key) in keys(script).into_iter().enumerate() {
            self.pass(if at == 0 { TYPING_PACE } else { pace });
            self.pressed = self.now;
            self.tell(Msg::Key(key, self.now));
        }
        self
    }

    /// Keys that the line brings in one piece.
    pub(crate) fn keys_at_once(&mut self, script: &str) -> &mut Self {
        self.keys_every(Duration::ZERO, script)
    }

    pub(crate) fn paste(&mut self, text: &str) -> &mut Self {
        self.tell(Msg::Paste(Zeroizing::new(text.into())))
    }

    /// Lets time pass as the runtime would: from one wake to the next.
    pub(crate) fn pass(&mut self, span: Duration) -> &mut Self {
        let end = self.now + span;
        while let Some(wake) =
            deadlines::next_wake(&self.model, self.now).filter(|wake| *wake <= end)
        {
            assert!(wake >= self.now, "the next wake lies ahead");
            self.now = wake.max(self.now + Duration::from_millis(1));
            self.tell(Msg::Wake);
        }
        self.now = self.now.max(end);
        self
    }

    pub(crate) fn notice(&self) -> &str {
        self.model.shared.notice.as_ref().map_or("", |notice| &notice.text)
    }

    /// What is drawn on a terminal of 80 columns, in one line.
    fn drawn(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
        let theme = Theme::of(self.model.shared.theme, true);
        terminal.draw(|frame| view(&self.model, &theme, self.now, frame)).expect("drawn");
        let cells = terminal.backend().buffer().content().chunks(80);
        let lines = cells.map(|line| line.iter().map(ratatui::buffer::Cell::symbol).collect());
        let text = lines.collect::<Vec<String>>().join(" ").replace('|', " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn shows(&self, part: &str) -> &Self {
        let drawn = self.drawn();
        assert!(drawn.contains(part), "{part:?} is not in: {drawn}");
        self
    }

    pub(crate) fn says(&self, part: &str) -> &Self {
        assert!(self.notice().contains(part), "{:?} says nothing of {part:?}", self.notice());
        self
    }

    pub(crate) fn screen(&self) -> &'static str {
        match self.model.screen {
            Screen::Find(_) => "find",
            Screen::Send(_) => "send",
            Screen::EnterCode(_) => "entry",
            Screen::EnterFactor(_) => "factor",
            Screen::Verified(_) => "verified",
        }
    }

    pub(crate) fn is_at(&self, screen: &str) -> &Self {
        assert_eq!(self.screen(), screen, "notice: {:?}", self.notice());
        self
    }

    pub(crate) fn find(&self) -> &Find {
        match &self.model.screen {
            Screen::Find(find) => find,
            _ => panic!("at {}, not at find", self.screen()),
        }
    }

    pub(crate) fn send(&self) -> &Send {
        match &self.model.screen {
            Screen::Send(send) => send,
            _ => panic!("at {}, not at send", self.screen()),
        }
    }

    pub(crate) fn entry(&self) -> &EnterCode {
        match &self.model.screen {
            Screen::EnterCode(entry) => entry,
            _ => panic!("at {}, not at entry: {}", self.screen(), self.notice()),
        }
    }

    pub(crate) fn verified(&self) -> &Verified {
        match &self.model.screen {
            Screen::Verified(verified) => verified,
            _ => panic!("at {}, not at verified", self.screen()),
        }
    }

    pub(crate) fn log(&self) -> &LogPanel {
        self.model.log.as_ref().expect("the log is open")
    }

    pub(crate) fn tray(&self) -> &TrayPanel {
        self.model.tray.as_ref().expect("the tray is open")
    }

    pub(crate) fn typed(&self) -> &str {
        &self.entry().typed.0
    }
}

pub(crate) fn keys(script: &str) -> Vec<KeyEvent> {
    let mut keys = Vec::new();
    let mut rest = script;
    while let Some(char) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix('<').and_then(|it| it.split_once('>')) {
            keys.push(key(name));
            rest = after;
        } else {
            keys.push(KeyEvent::new(KeyCode::Char(char), KeyModifiers::NONE));
            rest = &rest[char.len_utf8()..];
        }
    }
    keys
}

fn key(name: &str) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    if let Some(char) = name.strip_prefix("Ctrl-").and_then(|it| it.chars().next()) {
        let char = char.to_ascii_lowercase();
        return KeyEvent::new(KeyCode::Char(char), KeyModifiers::CONTROL);
    }
    if let Some(char) = name.strip_prefix("Alt-").and_then(|it| it.chars().next()) {
        return KeyEvent::new(KeyCode::Char(char), KeyModifiers::ALT);
    }
    if name == "Repeat-Enter" {
        let kind = KeyEventKind::Repeat;
        return KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, kind);
    }
    if let Some(char) = name.strip_prefix("Release-").and_then(|it| it.chars().next()) {
        let mut key = plain(KeyCode::Char(char));
        key.kind = KeyEventKind::Release;
        return key;
    }
    match name {
        "Enter" => plain(KeyCode::Enter),
        "Esc" => plain(KeyCode::Esc),
        "Up" => plain(KeyCode::Up),
        "Down" => plain(KeyCode::Down),
        "Left" => plain(KeyCode::Left),
        "PgDn" => plain(KeyCode::PageDown),
        "PgUp" => plain(KeyCode::PageUp),
        "Home" => plain(KeyCode::Home),
        "End" => plain(KeyCode::End),
        "Tab" => plain(KeyCode::Tab),
        "BackTab" => KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT),
        "Bs" => plain(KeyCode::Backspace),
        "F1" => plain(KeyCode::F(1)),
        "F2" => plain(KeyCode::F(2)),
        "F3" => plain(KeyCode::F(3)),
        "F4" => plain(KeyCode::F(4)),
        "F5" => plain(KeyCode::F(5)),
        "F6" => plain(KeyCode::F(6)),
        "F7" => plain(KeyCode::F(7)),
        "F8" => plain(KeyCode::F(8)),
        "F9" => plain(KeyCode::F(9)),
        "F10" => plain(KeyCode::F(10)),
        "F12" => plain(KeyCode::F(12)),
        other => panic!("no key is called {other}"),
    }
}
