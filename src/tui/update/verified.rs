//! Step four: serve the verified customer, as long as the session lives.

use std::time::Duration;

use super::step::{Step, motion, scrolled};
use super::{find, overlay};
use crate::domain::customer::{Account, Customer};
use crate::domain::session::Session;
use crate::service::verify;
use crate::service::wording;
use crate::tui::effect::{Act, EffectId};
use crate::tui::keymap::Command;
use crate::tui::model::{Screen, Tone, Verified};
use crate::tui::msg::Failure;
use crate::tui::view;

/// A clerk at work prolongs the session, but not with every key.
const TOUCH: Duration = Duration::from_secs(15);

/// How soon the store is asked again whether a session is over that should be.
pub const CHECK: Duration = Duration::from_secs(1);

const ENDED: &str = "The session has ended.";

/// To a customer who was just verified. Nothing is read before the session is
/// proven to be alive.
pub(super) fn go(step: &mut Step<'_>, customer: Customer, won: verify::Verified) {
    let id = step.act(Act::Touch { token: won.token.clone() });
    step.read_clock();
    step.hush();
    step.model.screen = Screen::Verified(Box::new(Verified {
        customer,
        session: won.session,
        token: won.token,
        account: None,
        scroll: 0,
        reading: None,
        touching: Some(id),
        stale: false,
        touched: step.now,
        checked: step.now,
        leaving: None,
    }));
    if step.model.quitting {
        overlay::leave(step);
    }
}

pub(super) fn command(step: &mut Step<'_>, command: Command) {
    let most = view::most_scroll(step.model, step.now);
    let Some(verified) = step.verified() else { return };
    if let Some(by) = motion(command) {
        verified.scroll = scrolled(verified.scroll, most, by);
    } else if command == Command::Logout {
        logout(step);
    }
}

/// Ends the session; the key is dead until that is answered.
pub(super) fn logout(step: &mut Step<'_>) {
    let Some(verified) = step.verified().filter(|it| it.leaving.is_none()) else { return };
    let session = verified.session.id.clone();
    let id = step.act(Act::Logout { session });
    if let Some(verified) = step.verified() {
        verified.leaving = Some(id);
    }
}

pub(super) fn logged_out(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Session>, Failure>,
) {
    let Some(verified) = step.verified().filter(|it| it.leaving == Some(id)) else { return };
    verified.leaving = None;
    let name = verified.customer.name.clone();
    match answer {
        Ok(_) => {
            find::go(step, "");
            step.say(Tone::Good, format!("{name} is logged out."));
        }
        Err(failure) => step.fail(failure),
    }
}

/// The clerk is at work: the session is prolonged.
pub(super) fn activity(step: &mut Step<'_>) {
    let now = step.now;
    let Some(verified) = step.verified() else { return };
    let due = now.saturating_duration_since(verified.touched) >= TOUCH;
    if due && verified.touching.is_none() && verified.leaving.is_none() {
        verified.touched = now;
        let token = verified.token.clone();
        ask(step, Act::Touch { token });
    }
}

/// Asks how the session stands, without prolonging it.
pub(super) fn reread(step: &mut Step<'_>) {
    let Some(verified) = step.verified() else { return };
    if verified.touching.is_some() || verified.leaving.is_some() {
        verified.stale = true;
        return;
    }
    verified.stale = false;
    let session = verified.session.id.clone();
    ask(step, Act::ReadSession { session });
}

fn ask(step: &mut Step<'_>, act: Act) {
    let id = step.act(act);
    let now = step.now;
    if let Some(verified) = step.verified() {
        verified.touching = Some(id);
        verified.checked = now;
    }
}

pub(super) fn session(step: &mut Step<'_>, id: EffectId, answer: Result<Option<Session>, Failure>) {
    let Some(verified) = step.verified().filter(|it| it.touching == Some(id)) else { return };
    verified.touching = None;
    match answer {
        // A logout is under way: its answer says more.
        Ok(Some(session)) if session.ended.is_some() && verified.leaving.is_none() => {
            let how = session.ended.map(|(_, how)| format!("{}.", wording::session_end(how)));
            return over(step, how.as_deref().unwrap_or(ENDED));
        }
        Ok(Some(session)) => verified.session = session,
        Ok(None) => return over(step, ENDED),
        Err(failure) => {
            step.fail(failure);
            return catch_up(step);
        }
    }
    if verified.account.is_none() && verified.reading.is_none() {
        let customer = verified.customer.id;
        let id = step.act(Act::ReadAccount { customer });
        if let Some(verified) = step.verified() {
            verified.reading = Some(id);
        }
    }
    catch_up(step);
}

/// Asks about what changed while the session was being asked about.
fn catch_up(step: &mut Step<'_>) {
    if step.verified().is_some_and(|verified| verified.stale) {
        reread(step);
    }
}

/// The time is over, and no store says so: what the office has on the customer
/// does not stay on the screen until one does.
pub(super) fn over_while_lost(step: &mut Step<'_>) {
    over(step, "The session's time was over while the store was lost.");
}

/// The session is over, and not by this clerk: back to the search, saying why.
fn over(step: &mut Step<'_>, why: &str) {
    let Some(verified) = step.verified() else { return };
    let text = format!("{}: {why} Verify again to go on.", verified.customer.name);
    let waiting = [verified.reading.take(), verified.leaving.take()];
    for id in waiting {
        step.forget(id);
    }
    find::go(step, "");
    step.say(Tone::Warning, text);
}

pub(super) fn account(step: &mut Step<'_>, id: EffectId, answer: Result<Account, Failure>) {
    let Some(verified) = step.verified().filter(|it| it.reading == Some(id)) else { return };
    verified.reading = None;
    match answer {
        Ok(account) => verified.account = Some(account),
        Err(failure) => step.fail(failure),
    }
}
