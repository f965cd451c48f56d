//! One step of a feature: what all features share, the moment, and what the feature asks for:
//! effects, another screen, a message.

use std::time::Duration;

use crate::domain::request::Request;
use crate::domain::time::Timestamp;
use crate::service::api::Call;
use crate::service::delivery::calls::DeliverCode;
use crate::service::upkeep::calls::ReadClock;
use crate::tui::machine::effect::{Effect, EffectId};
use crate::tui::machine::health::Dependency;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::{LiveNotice, Notice, Tone};
use crate::tui::machine::pending::{PendingAct, PendingEffect};
use crate::tui::machine::shared::Shared;
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::machine::store_lost;

/// One step of a feature.
pub(in crate::tui) struct Step<'a> {
    /// What all features share.
    pub(in crate::tui) shared: &'a mut Shared,
    /// The present.
    pub(in crate::tui) now: Now,
    effects: &'a mut Vec<Effect>,
    navigation: Vec<Navigation>,
}

impl<'a> Step<'a> {
    pub(in crate::tui) const fn new(
        shared: &'a mut Shared,
        now: Now,
        effects: &'a mut Vec<Effect>,
    ) -> Self {
        Self { shared, now, effects, navigation: Vec::new() }
    }

    /// What the feature asked of the application, in order.
    pub(in crate::tui) fn into_navigation(self) -> Vec<Navigation> {
        self.navigation
    }

    /// Asks the application for something, which is done after this step.
    pub(in crate::tui) fn go(&mut self, to: Navigation) {
        self.navigation.push(to);
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
        self.shared.last_effect += 1;
        let id = EffectId(self.shared.last_effect);
        let act = PendingAct::of(&call);
        let since = self.now;
        self.shared.pending.push(PendingEffect { id, by, since, act, broke: false, waits: None });
        self.effects.push(Effect { id, call });
        id
    }

    /// Wants the store's clock read, unless that is under way.
    pub(in crate::tui) fn read_clock(&mut self) {
        if !self.shared.clock_reading.is_loading() {
            let id = self.call(ReadClock);
            self.shared.clock_reading.begin(id);
            self.shared.clock_asked = Some(self.now);
        }
    }

    /// Wants it read now, whatever is under way.
    pub(in crate::tui) fn read_clock_anew(&mut self) {
        let outdated = self.shared.clock_reading.stop();
        self.forget(outdated);
        self.read_clock();
    }

    /// The idempotency key of the next call, which no other call has.
    pub(in crate::tui) fn idempotency_key(&self) -> String {
        format!("{}-{}", self.shared.process, self.shared.last_effect + 1)
    }

    /// Takes an effect off the list; none where it was not waited for.
    pub(in crate::tui) fn answered(&mut self, id: EffectId) -> Option<PendingEffect> {
        let place = self.shared.pending.iter().position(|it| it.id == id)?;
        Some(self.shared.pending.swap_remove(place))
    }

    /// No longer waits for an effect.
    pub(in crate::tui) fn forget(&mut self, id: Option<EffectId>) {
        if let Some(id) = id {
            self.answered(id);
        }
    }

    pub(in crate::tui) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.shared.notice = Some(Notice::new(tone, text));
    }

    /// Answers a key that did nothing; a verdict stays in front of it.
    pub(in crate::tui) fn hint(&mut self, tone: Tone, text: impl Into<String>) {
        self.shared.notice = Some(Notice::hint(self.shared.notice.take(), tone, text));
    }

    pub(in crate::tui) fn fail(&mut self, failure: Failure) {
        if failure.lost {
            store_lost::say(self, failure.text);
        } else {
            let tone = if failure.awaits_approval { Tone::Warning } else { Tone::Bad };
            self.say(tone, failure.text);
        }
    }

    /// Takes the message away, but for one that still holds.
    pub(in crate::tui) fn clear_notice(&mut self) {
        let is_lost = self.shared.health.is_store_lost();
        let holds = |it: &Notice| is_lost && it.live.as_ref().is_some_and(LiveNotice::is_of_loss);
        self.shared.notice.take_if(|notice| !holds(notice));
    }

    /// What the store's clock says now; the beginning of time where it was
    /// never read, so that every wait is told by the clock on the wall.
    pub(in crate::tui) fn store_time(&self) -> Timestamp {
        self.shared.time(self.now).unwrap_or_default()
    }

    /// Whether a moment has passed, by the store's clock.
    pub(in crate::tui) fn is_past(&self, moment: Timestamp) -> bool {
        self.shared.clock.is_some_and(|clock| clock.seconds_until(moment, self.now) == 0)
    }

    /// A moment the store just named will do as a clock until it is read.
    pub(in crate::tui) fn learn_clock(&mut self, read: Timestamp) {
        self.shared.clock.get_or_insert(StoreClock::new(read, self.now));
    }

    /// A sentence with times in it, as the clock on the wall shows them.
    pub(in crate::tui) fn with_wall_clock(
        &self,
        sentence: impl FnOnce(&dyn Fn(Timestamp) -> String) -> String,
    ) -> String {
        let place = &self.shared.place;
        sentence(&|moment| place.wall_clock(moment))
    }
}
