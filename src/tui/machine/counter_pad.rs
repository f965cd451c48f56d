//! The pad of this counter: the pairing that was begun here, what is known of it, and what the
//! pad is let show. It is read when something changed, and often enough that the counter counts as
//! there.

use crate::domain::customer::CustomerId;
use crate::domain::outcome::Outcome;
use crate::domain::pad::{PAIRING_KEEP_INTERVAL, PairingEnd, PairingId, PairingState};
use crate::domain::request::RequestId;
use crate::domain::session::SessionToken;
use crate::service::messages;
use crate::service::pads::CounterPad;
use crate::service::pads::calls::{
    EndPairing, PadAuthenticator, ReadCounterPad, ShowAtPad, ShownAtPad,
};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::{Command, Context, with_key};
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::message::Failure;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;

/// What the clerk's screen asks for, and the pad with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PadSubject {
    /// The code of a request.
    Request(RequestId),
    /// The code of a customer's authenticator, for a purpose.
    Authenticator { customer: CustomerId, purpose: String },
}

/// The pad of a counter, as far as this terminal knows.
#[derive(Debug, Default)]
pub struct PadLink {
    /// The pairing that was begun here, and goes on.
    pub pairing: Option<PairingId>,
    /// The pairing as it was last read.
    pub known: Option<CounterPad>,
    reading: Reading,
    asked: Option<Now>,
    /// What the pad was told to show last, in which pairing.
    pub shown: Option<(PairingId, Option<PadSubject>)>,
    /// What the desk calls it.
    pub name: Option<RequestId>,
    /// Telling it so.
    showing: Option<EffectId>,
}

impl PadLink {
    /// Whether a pad is paired.
    pub fn is_paired(&self) -> bool {
        self.known.as_ref().is_some_and(|it| it.state == PairingState::Paired)
    }

    /// How many digits of this request are typed at the pad; none where no pad shows it.
    pub fn typed(&self, request: &RequestId) -> Option<u32> {
        self.showing(request).map(|it| it.typed)
    }

    /// The pad as it asks for the code of an authenticator; none where it does not.
    pub fn asking(&self, customer: CustomerId, purpose: &str) -> Option<&CounterPad> {
        let (_, shown) = self.shown.as_ref()?;
        let asked = PadSubject::Authenticator { customer, purpose: purpose.to_owned() };
        let name = self.name.as_ref().filter(|_| shown.as_ref() == Some(&asked))?;
        self.showing(name)
    }

    fn showing(&self, name: &RequestId) -> Option<&CounterPad> {
        let shows =
            |it: &&CounterPad| it.state == PairingState::Paired && it.shown.as_ref() == Some(name);
        self.known.as_ref().filter(shows)
    }

    /// The pairing in which the pad was told to show this request.
    pub fn shown_in(&self, request: &RequestId) -> Option<&PairingId> {
        let (pairing, shown) = self.shown.as_ref()?;
        let is_shown = matches!(shown, Some(PadSubject::Request(it)) if it == request);
        is_shown.then_some(pairing)
    }
}

/// When the pairing is due to be read.
pub fn due(shared: &Shared) -> Option<Now> {
    let PadLink { pairing, reading, asked, .. } = &shared.pad;
    let waits = pairing.is_some() && !reading.is_loading();
    asked.filter(|_| waits).map(|asked| asked + PAIRING_KEEP_INTERVAL)
}

/// Reads it if that is due.
pub(in crate::tui) fn read_if_due(step: &mut Step<'_>) {
    if due(step.shared).is_some_and(|due| due <= step.now) {
        reread(step);
    }
}

/// Reads the pairing, once no read of it is under way.
pub(in crate::tui) fn reread(step: &mut Step<'_>) {
    let Some(pairing) = step.shared.pad.pairing.clone() else { return };
    if step.shared.pad.reading.renew(false) {
        let id = step.call(ReadCounterPad { pairing });
        step.shared.pad.reading.begin(id);
        step.shared.pad.asked = Some(step.now);
    }
}

pub(in crate::tui) fn answered(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<CounterPad>, Failure>,
) {
    if !step.shared.pad.reading.end(id, answer.is_ok()) {
        return;
    }
    match answer {
        Ok(pad) => take(step, pad),
        Err(failure) => step.fail(failure),
    }
    if step.shared.pad.reading.is_stale() {
        reread(step);
    }
}

/// A pairing begins here.
pub(in crate::tui) fn begin(step: &mut Step<'_>, pairing: PairingId) {
    let outdated = step.shared.pad.reading.stop();
    step.forget(outdated);
    step.shared.pad.pairing = Some(pairing);
    step.shared.pad.known = None;
    reread(step);
}

/// Takes a pairing over as an act left it. A read that began before that may tell of the state
/// before: it is made again.
pub(in crate::tui) fn acted(step: &mut Step<'_>, pad: Option<CounterPad>) {
    let outdated = step.shared.pad.reading.stop();
    step.forget(outdated);
    take(step, pad);
    if outdated.is_some() {
        reread(step);
    }
}

/// Takes a pairing over as it was read.
pub(in crate::tui) fn take(step: &mut Step<'_>, pad: Option<CounterPad>) {
    let link = &mut step.shared.pad;
    if pad.as_ref().is_some_and(|it| Some(&it.pairing) != link.pairing.as_ref()) {
        return;
    }
    let before = link.known.take();
    let was_paired = before.as_ref().is_some_and(|it| it.state == PairingState::Paired);
    let ended = match pad.as_ref().map(|it| it.state) {
        None => Some(PairingEnd::TimedOut),
        Some(PairingState::Ended(how)) => Some(how),
        Some(_) => None,
    };
    if let Some(how) = ended {
        link.pairing = None;
        link.asked = None;
        if was_paired && how != PairingEnd::Unpaired {
            let text = format!("The pad is no longer paired: {}.", how.sentence());
            step.say(Tone::Warning, with_key(&text, Context::EnterCode, Command::TogglePad));
        }
        return;
    }
    let outcome = |it: &Option<CounterPad>| it.as_ref().and_then(|it| it.outcome);
    let (last, new) = (outcome(&before), outcome(&pad));
    link.known = pad;
    // What a right code opens is shown, not told.
    if let Some(new) = new.filter(|it| last != Some(*it) && *it != Outcome::Verified) {
        step.say(Tone::Bad, messages::entered_at_pad(new));
    }
}

/// Lets the pad show what the clerk's screen shows, where it does not yet.
pub(in crate::tui) fn show(
    step: &mut Step<'_>,
    wanted: Option<(PadSubject, Option<SessionToken>)>,
) {
    let link = &step.shared.pad;
    let Some(pairing) = link.pairing.clone().filter(|_| link.is_paired()) else { return };
    let (subject, session) = wanted.unzip();
    let shown = link.shown.as_ref().filter(|(of, _)| *of == pairing);
    let is_shown = match shown {
        Some((_, shown)) => *shown == subject,
        None => subject.is_none(),
    };
    if is_shown || link.showing.is_some() {
        return;
    }
    step.shared.pad.shown = Some((pairing.clone(), subject.clone()));
    step.shared.pad.name = None;
    let shown = match subject {
        None => ShownAtPad::Nothing,
        Some(PadSubject::Request(request)) => ShownAtPad::Request(request),
        Some(PadSubject::Authenticator { customer, purpose }) => {
            let key = step.idempotency_key();
            ShownAtPad::Authenticator(PadAuthenticator { customer, purpose, key })
        }
    };
    let id = step.call(ShowAtPad { pairing, shown, session: session.flatten() });
    step.shared.pad.showing = Some(id);
}

/// The pad was told what to show.
pub(in crate::tui) fn told(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<CounterPad>, Failure>,
) {
    if step.shared.pad.showing.take_if(|it| *it == id).is_none() {
        return;
    }
    match answer {
        Ok(pad) => {
            step.shared.pad.name = pad.as_ref().and_then(|it| it.shown.clone());
            take(step, pad);
        }
        Err(failure) => step.fail(failure),
    }
}

/// Ends the pairing, whatever comes of it: the program ends, or nobody is to confirm.
pub(in crate::tui) fn end(step: &mut Step<'_>) -> Option<EffectId> {
    let pairing = step.shared.pad.pairing.take()?;
    step.shared.pad.known = None;
    Some(step.call(EndPairing { pairing }))
}
