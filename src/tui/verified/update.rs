//! Step four: serve the verified customer, as long as the session lives.

use std::time::Duration;

use crate::domain::account::Account;
use crate::domain::customer::Customer;
use crate::domain::session::{Session, SessionEnd};
use crate::service::api::Call;
use crate::service::customers::calls::ReadAccount;
use crate::service::messages;
use crate::service::verification::calls::{EndSession, ReadSession, TouchSession};
use crate::service::verification::verify;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{Screen, Tone, Verified};
use crate::tui::machine::step::{Step, motion, scrolled};
use crate::tui::{find, overlays, view};

/// A clerk at work prolongs the session, but not with every key.
const TOUCH: Duration = Duration::from_secs(15);

/// How soon the store is asked again whether a session is over that should be.
pub const SESSION_CHECK_INTERVAL: Duration = Duration::from_secs(1);

const ENDED: &str = "The session has ended.";

/// To a customer who was just verified. Nothing is read before the session is
/// proven to be alive.
pub(in crate::tui) fn go(step: &mut Step<'_>, customer: Customer, won: verify::VerifiedCustomer) {
    let id = step.call(TouchSession { token: won.token.clone() });
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
        overlays::update::leave(step);
    }
}

pub(in crate::tui) fn command(step: &mut Step<'_>, command: Command) {
    let most = view::most_scroll(step.model, step.now);
    let Some(verified) = step.verified() else { return };
    if let Some(by) = motion(command) {
        verified.scroll = scrolled(verified.scroll, most, by);
    } else if command == Command::Logout {
        logout(step);
    }
}

/// Ends the session; the key is dead until that is answered.
pub(in crate::tui) fn logout(step: &mut Step<'_>) {
    let Some(verified) = step.verified().filter(|it| it.leaving.is_none()) else { return };
    let session = verified.session.id.clone();
    let id = step.call(EndSession { session, how: SessionEnd::Logout });
    if let Some(verified) = step.verified() {
        verified.leaving = Some(id);
    }
}

pub(in crate::tui) fn logged_out(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Session>, Failure>,
) {
    let Some(verified) = step.verified().filter(|it| it.leaving == Some(id)) else { return };
    verified.leaving = None;
    let name = verified.customer.name.clone();
    match answer {
        Ok(_) => {
            find::update::go(step, "");
            step.say(Tone::Good, format!("{name} is logged out."));
        }
        Err(failure) => step.fail(failure),
    }
}

/// The clerk is at work: the session is prolonged.
pub(in crate::tui) fn activity(step: &mut Step<'_>) {
    let now = step.now;
    let Some(verified) = step.verified() else { return };
    let due = now.saturating_duration_since(verified.touched) >= TOUCH;
    if due && verified.touching.is_none() && verified.leaving.is_none() {
        verified.touched = now;
        let token = verified.token.clone();
        ask(step, TouchSession { token });
    }
}

/// Asks how the session stands, without prolonging it.
pub(in crate::tui) fn reread(step: &mut Step<'_>) {
    let Some(verified) = step.verified() else { return };
    if verified.touching.is_some() || verified.leaving.is_some() {
        verified.stale = true;
        return;
    }
    verified.stale = false;
    let session = verified.session.id.clone();
    ask(step, ReadSession { session });
}

fn ask(step: &mut Step<'_>, call: impl Into<Call>) {
    let id = step.call(call);
    let now = step.now;
    if let Some(verified) = step.verified() {
        verified.touching = Some(id);
        verified.checked = now;
    }
}

pub(in crate::tui) fn session(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Session>, Failure>,
) {
    let Some(verified) = step.verified().filter(|it| it.touching == Some(id)) else { return };
    verified.touching = None;
    match answer {
        // A logout is under way: its answer says more.
        Ok(Some(session)) if session.ended.is_some() && verified.leaving.is_none() => {
            let how = session.ended.map(|(_, how)| format!("{}.", messages::session_end(how)));
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
        let id = step.call(ReadAccount { customer });
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
pub(in crate::tui) fn over_while_lost(step: &mut Step<'_>) {
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
    find::update::go(step, "");
    step.say(Tone::Warning, text);
}

pub(in crate::tui) fn account(step: &mut Step<'_>, id: EffectId, answer: Result<Account, Failure>) {
    let Some(verified) = step.verified().filter(|it| it.reading == Some(id)) else { return };
    verified.reading = None;
    match answer {
        Ok(account) => verified.account = Some(account),
        Err(failure) => step.fail(failure),
    }
}
