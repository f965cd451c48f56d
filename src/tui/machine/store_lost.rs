//! The store is lost, and back again. What is under way is told again below
//! until it is answered; here it is said, and what could not be read is read.

use crate::domain::request::Reference;
use crate::service::api::Call;
use crate::tui::find;
use crate::tui::machine::clock_ticks;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{
    DependencyState, LiveNotice, Model, Notice, PendingAct, Tone, UnderWay,
};
use crate::tui::machine::step::Step;
use crate::tui::machine::update::store_changed;

const BACK: &str = "The store is back.";

/// What an act does that must come to its end; none where it only reads.
pub(in crate::tui) const fn doing(call: &Call) -> Option<PendingAct> {
    match call {
        Call::AskForCode(_) | Call::ResendCode(_) => Some(PendingAct::Ask),
        Call::DeliverCode(deliver) => Some(PendingAct::Deliver(deliver.delivery)),
        Call::VerifyCode(_) => Some(PendingAct::Verify),
        Call::CancelRequest(_) => Some(PendingAct::Cancel),
        Call::EndSession(_) => Some(PendingAct::Logout),
        _ => None,
    }
}

/// The connection broke in the middle of an effect.
pub(in crate::tui) fn broke(step: &mut Step<'_>, id: EffectId, failure: Failure) {
    let Some(it) = step.model.under_way.iter_mut().find(|it| it.id == id) else { return };
    let doing = it.doing;
    if failure.waits {
        it.waits = Some(failure.text.clone());
        return match doing {
            Some(_) => say_it_waits(step, id, failure.text),
            None => step.fail(failure),
        };
    }
    it.broke = true;
    it.waits = None;
    lose(step);
    match doing {
        Some(doing) => say_again(step, id, doing),
        None => step.fail(failure),
    }
}

/// The store cannot be reached: the question for the time finds out when it can.
pub(in crate::tui) fn lose(step: &mut Step<'_>) {
    step.model.health.store = DependencyState::Down;
    clock_ticks::ask_clock(step);
}

/// The store can be reached again: the question for the time, which may wait
/// before it is told again, shows it at once.
pub(in crate::tui) fn reached(step: &mut Step<'_>) {
    if step.model.health.store == DependencyState::Down {
        step.read_clock_anew();
    }
}

/// Says that the store is lost, unless something is said that matters more.
pub(in crate::tui) fn say(step: &mut Step<'_>, text: String) {
    let free =
        step.model.notice.as_ref().is_none_or(|notice| notice.live == Some(LiveNotice::Lost));
    if free {
        step.model.notice = Some(Notice::live(Tone::Bad, text, LiveNotice::Lost));
    }
}

fn say_it_waits(step: &mut Step<'_>, id: EffectId, text: String) {
    step.model.notice = Some(Notice::live(Tone::Warning, text, LiveNotice::Again(id)));
}

fn say_again(step: &mut Step<'_>, id: EffectId, doing: PendingAct) {
    let text = match doing {
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
        PendingAct::Deliver(_) => {
            "The message was handed over, but the connection to the store broke. \
             What became of it is shown when the store is back."
        }
    };
    step.model.notice = Some(Notice::live(Tone::Warning, text, LiveNotice::Again(id)));
}

/// Whether something that must come to its end is told again.
pub(in crate::tui) fn is_telling(model: &Model) -> bool {
    model.under_way.iter().any(|it| it.broke && it.doing.is_some())
}

/// A key that has to wait for what is under way: says `text`, or that it is
/// being told again.
pub(in crate::tui) fn wait(step: &mut Step<'_>, text: &str) {
    let waits = step.model.under_way.iter().find_map(|it| Some((it.id, it.waits.clone()?)));
    if let Some((id, text)) = waits {
        return say_it_waits(step, id, text);
    }
    let again = step.model.under_way.iter().find(|it| it.broke && it.doing.is_some());
    match again.and_then(|it| it.doing.map(|doing| (it.id, doing))) {
        Some((id, doing)) => say_again(step, id, doing),
        None => step.hint(Tone::Plain, text),
    }
}

/// An effect that was told again is answered: what was said meanwhile is over.
pub(in crate::tui) fn unsay(step: &mut Step<'_>, id: EffectId) {
    step.model.notice.take_if(|notice| notice.live == Some(LiveNotice::Again(id)));
}

/// Adds to what was said of an effect that it was told again, and done once.
/// Where the code is one that somebody else has to send, nobody here knows
/// whether that was done.
pub(in crate::tui) fn note(
    step: &mut Step<'_>,
    done: &UnderWay,
    sent_elsewhere: Option<Reference>,
) {
    let Some(doing) = done.doing.filter(|_| done.broke) else { return };
    if let Some(reference) = sent_elsewhere {
        let text = format!(
            "The connection to the store broke meanwhile, and it is not known whether the message \
             with reference {reference} was sent. Ask the customer whether it came."
        );
        return step.say(Tone::Warning, text);
    }
    let once = match doing {
        PendingAct::Ask => "; the code was asked for once",
        PendingAct::Verify => "; the code was checked once",
        PendingAct::Deliver(_) => "; the message was handed over once",
        PendingAct::Cancel | PendingAct::Logout => "",
    };
    let note = format!("The connection to the store broke meanwhile{once}.");
    match &mut step.model.notice {
        None => step.say(Tone::Plain, note),
        Some(notice) if notice.live == Some(LiveNotice::Lost) => step.say(Tone::Plain, note),
        // It is made anew as time goes by, and says what matters.
        Some(notice) if notice.live.is_some() => {}
        Some(notice) => notice.text = format!("{} {note}", notice.text),
    }
}

/// The store has answered again: what is on the screen may be old.
pub(in crate::tui) fn back(step: &mut Step<'_>) {
    let live = step.model.notice.as_ref().and_then(|notice| notice.live.as_ref());
    if live.is_some_and(LiveNotice::is_of_loss) {
        step.say(Tone::Good, BACK);
    }
    find::update::resume(step);
    store_changed(step);
}
