//! The store is lost, and back again. Calls that broke are retried by the executor until
//! they are answered; here the message line says so.

use crate::domain::request::Reference;
use crate::tui::machine::clock_reading;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::health::DependencyState;
use crate::tui::machine::message::Failure;
use crate::tui::machine::notice::{LiveNotice, Notice, Tone};
use crate::tui::machine::pending::{PendingAct, PendingEffect};
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;

const BACK: &str = "The store is back.";

/// What is said to a key while an act is being done.
pub(in crate::tui) const BEING_DONE: &str = "One moment; it is being done.";

/// The connection broke in the middle of an effect.
pub(in crate::tui) fn broke(step: &mut Step<'_>, id: EffectId, failure: Failure) {
    let Some(it) = step.shared.pending_mut(id) else { return };
    let act = it.act;
    if failure.waits {
        it.waits = Some(failure.text.clone());
        return match act {
            Some(_) => say_it_waits(step, id, failure.text),
            None => step.fail(failure),
        };
    }
    it.broke = true;
    it.waits = None;
    mark_lost(step);
    match act {
        Some(act) => say_again(step, id, act),
        None => step.fail(failure),
    }
}

/// The store cannot be reached: the read of its clock finds out when it can.
pub(in crate::tui) fn mark_lost(step: &mut Step<'_>) {
    step.shared.health.store = DependencyState::Down;
    clock_reading::read_if_due(step);
}

/// The store can be reached again: the read of its clock, which may wait before it is
/// retried, shows that at once.
pub(in crate::tui) fn reached(step: &mut Step<'_>) {
    if step.shared.health.is_store_lost() {
        step.read_clock_anew();
    }
}

/// Says that the store is lost, unless something is said that matters more.
pub(in crate::tui) fn say(step: &mut Step<'_>, text: String) {
    let free =
        step.shared.notice.as_ref().is_none_or(|notice| notice.live == Some(LiveNotice::Lost));
    if free {
        step.shared.notice = Some(Notice::live(Tone::Bad, text, LiveNotice::Lost));
    }
}

fn say_it_waits(step: &mut Step<'_>, id: EffectId, text: String) {
    step.shared.notice = Some(Notice::live(Tone::Warning, text, LiveNotice::Again(id)));
}

fn say_again(step: &mut Step<'_>, id: EffectId, act: PendingAct) {
    let text = match act {
        PendingAct::Ask => {
            "The connection to the store broke while the code was being asked for. \
             Asking again until the store answers."
        }
        PendingAct::Verify => {
            "The connection to the store broke while the code was being checked. \
             Checking again until the store answers."
        }
        PendingAct::Cancel => {
            "The connection to the store broke while the code was being cancelled. \
             Trying again until the store answers."
        }
        PendingAct::Logout => {
            "The connection to the store broke while the customer was being logged out. \
             Trying again until the store answers."
        }
        PendingAct::Administer | PendingAct::Pair => {
            "The connection to the store broke meanwhile. \
             Trying again until the store answers."
        }
        PendingAct::Deliver(_) => {
            "The message was handed over, but the connection to the store broke. \
             What became of it is shown when the store is back."
        }
    };
    step.shared.notice = Some(Notice::live(Tone::Warning, text, LiveNotice::Again(id)));
}

/// Whether an act that must come to its end is tried again.
pub(in crate::tui) fn is_retrying(shared: &Shared) -> bool {
    shared.pending.iter().any(|it| it.broke && it.act.is_some())
}

/// A key that has to wait for what is under way: says `text`, or that it is
/// being tried again.
pub(in crate::tui) fn wait(step: &mut Step<'_>, text: &str) {
    let waits = step.shared.pending.iter().find_map(|it| Some((it.id, it.waits.clone()?)));
    if let Some((id, text)) = waits {
        return say_it_waits(step, id, text);
    }
    let again = step.shared.pending.iter().find(|it| it.broke && it.act.is_some());
    match again.and_then(|it| it.act.map(|act| (it.id, act))) {
        Some((id, act)) => say_again(step, id, act),
        None => step.hint(Tone::Plain, text),
    }
}

/// An effect that was tried again is answered: what was said meanwhile is over.
pub(in crate::tui) fn unsay(step: &mut Step<'_>, id: EffectId) {
    step.shared.notice.take_if(|notice| notice.live == Some(LiveNotice::Again(id)));
}

/// Adds to what was said of an act that it was tried again, and done once.
/// Where the code is one that somebody else has to send, nobody here knows
/// whether that was done.
pub(in crate::tui) fn say_once(
    step: &mut Step<'_>,
    done: &PendingEffect,
    sent_elsewhere: Option<Reference>,
) {
    let Some(act) = done.act.filter(|_| done.broke) else { return };
    if let Some(reference) = sent_elsewhere {
        let text = format!(
            "The connection to the store broke meanwhile, and it is not known whether the message \
             with reference {reference} was sent. Ask the customer whether it came."
        );
        return step.say(Tone::Warning, text);
    }
    let once = match act {
        PendingAct::Ask => "; the code was asked for once",
        PendingAct::Verify => "; the code was checked once",
        PendingAct::Deliver(_) => "; the message was handed over once",
        PendingAct::Administer => "; it was done once",
        PendingAct::Cancel | PendingAct::Logout | PendingAct::Pair => "",
    };
    let note = format!("The connection to the store broke meanwhile{once}.");
    match &mut step.shared.notice {
        None => step.say(Tone::Plain, note),
        Some(notice) if notice.live == Some(LiveNotice::Lost) => step.say(Tone::Plain, note),
        // It is made anew as time goes by, and says what matters.
        Some(notice) if notice.live.is_some() => {}
        Some(notice) => notice.text = format!("{} {note}", notice.text),
    }
}

/// Says that the store has answered again.
pub(in crate::tui) fn say_back(step: &mut Step<'_>) {
    let live = step.shared.notice.as_ref().and_then(|notice| notice.live.as_ref());
    if live.is_some_and(LiveNotice::is_of_loss) {
        step.say(Tone::Good, BACK);
    }
}
