//! One step of the machine: the model, the moment and the effects so far.

use std::time::Duration;

use crate::domain::request::Request;
use crate::domain::time::Timestamp;
use crate::service::api::Call;
use crate::service::delivery::calls::DeliverCode;
use crate::service::upkeep::calls::ReadClock;
use crate::tui::machine::effect::{Effect, EffectId};
use crate::tui::machine::keymap::{self, Command, Context};
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{
    Dependency, DependencyState, Entry, Find, LiveNotice, LogPanel, Model, Notice, Screen, Send,
    Tone, TrayPanel, UnderWay, Verified,
};
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::machine::store_lost;

/// One step of the machine.
pub(in crate::tui) struct Step<'a> {
    pub(in crate::tui) model: &'a mut Model,
    pub(in crate::tui) now: Now,
    pub(in crate::tui) effects: Vec<Effect>,
}

impl<'a> Step<'a> {
    pub(in crate::tui) const fn new(model: &'a mut Model, now: Now) -> Self {
        Self { model, now, effects: Vec::new() }
    }

    pub(in crate::tui) fn done(self) -> Vec<Effect> {
        self.effects
    }

    /// Asks the desk for something; its answer will carry the id given back.
    pub(in crate::tui) fn call(&mut self, call: impl Into<Call>) -> EffectId {
        self.begin(call.into(), Dependency::Store)
    }

    /// Asks for the message of a request that was just stored to be sent.
    pub(in crate::tui) fn deliver(&mut self, request: &Request) -> EffectId {
        let call = DeliverCode { delivery: request.delivery.id, max_elapsed: Duration::ZERO };
        self.begin(call.into(), Dependency::of(request.channel))
    }

    fn begin(&mut self, call: Call, by: Dependency) -> EffectId {
        self.model.last_effect += 1;
        let id = EffectId(self.model.last_effect);
        let doing = store_lost::doing(&call);
        self.model.under_way.push(UnderWay {
            id,
            by,
            since: self.now,
            doing,
            broke: false,
            waits: None,
        });
        self.effects.push(Effect { id, call });
        id
    }

    /// Wants the store's clock read, unless that is under way.
    pub(in crate::tui) fn read_clock(&mut self) {
        if self.model.reading_clock.is_none() {
            let id = self.call(ReadClock);
            self.model.reading_clock = Some(id);
            self.model.clock_asked = Some(self.now);
        }
    }

    /// Wants it read now, whatever is under way.
    pub(in crate::tui) fn read_clock_anew(&mut self) {
        let outdated = self.model.reading_clock.take();
        self.forget(outdated);
        self.read_clock();
    }

    /// The idempotency key of the next call, which no other call has.
    pub(in crate::tui) fn idempotency_key(&self) -> String {
        format!("{}-{}", self.model.process, self.model.last_effect + 1)
    }

    /// Takes an effect off the list; none where it was not waited for.
    pub(in crate::tui) fn answered(&mut self, id: EffectId) -> Option<UnderWay> {
        let place = self.model.under_way.iter().position(|it| it.id == id)?;
        Some(self.model.under_way.swap_remove(place))
    }

    /// No longer waits for an effect.
    pub(in crate::tui) fn forget(&mut self, id: Option<EffectId>) {
        if let Some(id) = id {
            self.answered(id);
        }
    }

    pub(in crate::tui) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.model.notice = Some(Notice::new(tone, text));
    }

    /// Answers a key that did nothing; a verdict stays in front of it.
    pub(in crate::tui) fn hint(&mut self, tone: Tone, text: impl Into<String>) {
        self.model.notice = Some(Notice::hint(self.model.notice.take(), tone, text));
    }

    pub(in crate::tui) fn fail(&mut self, failure: Failure) {
        if failure.lost {
            store_lost::say(self, failure.text);
        } else {
            self.say(Tone::Bad, failure.text);
        }
    }

    /// Takes the message away, but for one that still holds.
    pub(in crate::tui) fn hush(&mut self) {
        let is_lost = self.model.health.store == DependencyState::Down;
        let holds = |it: &Notice| is_lost && it.live.as_ref().is_some_and(LiveNotice::is_of_loss);
        self.model.notice.take_if(|notice| !holds(notice));
    }

    /// What the store's clock says now; the beginning of time where it was
    /// never read, so that every wait is told by the clock on the wall.
    pub(in crate::tui) fn store_time(&self) -> Timestamp {
        self.model.clock.map(|clock| clock.time(self.now)).unwrap_or_default()
    }

    /// A moment the store just named will do as a clock until it is read.
    pub(in crate::tui) fn learn_clock(&mut self, read: Timestamp) {
        self.model.clock.get_or_insert(StoreClock::new(read, self.now));
    }

    /// The sentence of `words`, given a clock as it hangs on the wall.
    pub(in crate::tui) fn told(
        &self,
        words: impl FnOnce(&dyn Fn(Timestamp) -> String) -> String,
    ) -> String {
        let place = &self.model.place;
        words(&|moment| place.wall_clock(moment))
    }

    pub(in crate::tui) fn find(&mut self) -> Option<&mut Find> {
        match &mut self.model.screen {
            Screen::Find(find) => Some(find),
            _ => None,
        }
    }

    pub(in crate::tui) fn send(&mut self) -> Option<&mut Send> {
        match &mut self.model.screen {
            Screen::Send(send) => Some(send),
            _ => None,
        }
    }

    pub(in crate::tui) fn entry(&mut self) -> Option<&mut Entry> {
        match &mut self.model.screen {
            Screen::Entry(entry) => Some(entry),
            _ => None,
        }
    }

    pub(in crate::tui) fn verified(&mut self) -> Option<&mut Verified> {
        match &mut self.model.screen {
            Screen::Verified(verified) => Some(verified),
            _ => None,
        }
    }

    pub(in crate::tui) const fn log(&mut self) -> Option<&mut LogPanel> {
        self.model.log.as_mut()
    }

    pub(in crate::tui) const fn tray(&mut self) -> Option<&mut TrayPanel> {
        self.model.tray.as_mut()
    }
}

/// `sentence`, with the key that does what its last words say: `Send a new
/// one (Ctrl-R).`
pub(in crate::tui) fn with_key(sentence: &str, context: Context, command: Command) -> String {
    let body = sentence.trim_end_matches('.');
    match keymap::binding(context, command) {
        Some(binding) => format!("{body} ({}).", binding.key),
        None => sentence.to_owned(),
    }
}

/// A line up or down a list of `length`, or several.
pub(in crate::tui) fn moved(selected: usize, length: usize, by: isize) -> usize {
    selected.saturating_add_signed(by).min(length.saturating_sub(1))
}

/// The lines a page key moves by.
pub(in crate::tui) const PAGE: isize = 10;

const HALF_PAGE: isize = PAGE / 2;

/// How far a command moves, in lines; none where it does not.
pub(in crate::tui) const fn motion(command: Command) -> Option<isize> {
    match command {
        Command::Up => Some(-1),
        Command::Down => Some(1),
        Command::PageUp => Some(-PAGE),
        Command::PageDown => Some(PAGE),
        Command::HalfPageUp => Some(-HALF_PAGE),
        Command::HalfPageDown => Some(HALF_PAGE),
        Command::First => Some(isize::MIN),
        Command::Last => Some(isize::MAX),
        _ => None,
    }
}

/// Scrolls by some lines, at most by `most`.
pub(in crate::tui) fn scrolled(scroll: u16, most: usize, by: isize) -> u16 {
    u16::try_from(moved(usize::from(scroll), most.saturating_add(1), by)).unwrap_or(u16::MAX)
}
