//! Step four: serve the verified customer, as long as the session lives.

use std::time::Duration;

use crate::domain::account::Account;
use crate::domain::customer::Customer;
use crate::domain::customer_factor::CustomerFactors;
use crate::domain::flag::Standing;
use crate::domain::session::{Session, SessionEnd, SessionToken};
use crate::service::api::Call;
use crate::service::customers::calls::ReadAccount;
use crate::service::messages;
use crate::service::verification::calls::{EndSession, ReadSession, TouchSession};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::loaded::{Loaded, Reading};
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::{
    ChannelsOfCustomer, FactorsOfCustomer, Navigation, OpenSession,
};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::scroll::{Extent, Scroll, motion};
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::machine::why_ended::{self, WhyEnded};
use crate::tui::verified::state::Verified;

/// A clerk at work prolongs the session, but not with every key.
const SESSION_TOUCH_INTERVAL: Duration = Duration::from_secs(15);

/// How soon the store is asked again whether a session is over that should be.
const SESSION_CHECK_INTERVAL: Duration = Duration::from_secs(1);

const OF_HOLDER: &str =
    "Nothing is enrolled while a representative stands here: factors are the holder's own.";
const ENDED: &str = "The session has ended.";
const ENDED_WHILE_LOST: &str = "The session's time was over while the store was lost.";

/// A customer who was just verified. Nothing is read before the session is
/// proven to be alive.
pub(in crate::tui) fn begin(
    step: &mut Step<'_>,
    customer: Customer,
    session: Session,
    token: SessionToken,
) -> Verified {
    let id = step.call(TouchSession { token: token.clone() });
    step.read_clock();
    Verified {
        customer,
        session,
        token,
        account: Loaded::default(),
        scroll: Scroll::default(),
        session_reading: Reading::begun(id),
        touched: step.now,
        checked: step.now,
        leaving: None,
    }
}

pub(in crate::tui) fn command(
    verified: &mut Verified,
    step: &mut Step<'_>,
    command: Command,
    extent: Extent,
) {
    if let Some(by) = motion(command) {
        verified.scroll.by(by, extent);
    } else if command == Command::Logout {
        log_out(verified, step);
    } else if command == Command::Factors && verified.session.representative.is_some() {
        step.hint(Tone::Plain, OF_HOLDER);
    } else if command == Command::Factors && verified.leaving.is_none() {
        let (customer, token) = (verified.customer.id, verified.token.clone());
        step.go(Navigation::Factors(FactorsOfCustomer { customer, token }));
    } else if command == Command::AnotherPurpose && verified.leaving.is_none() {
        another_purpose(verified, step);
    }
}

/// To the channels, for another purpose or for what is still missing for this one.
fn another_purpose(verified: &mut Verified, step: &mut Step<'_>) {
    let place = &step.shared.place;
    let own = place.purpose_place(&verified.session.purpose).unwrap_or(0);
    let next = (own + 1) % place.purposes.len().max(1);
    let purpose = if verified.session.is_reached { next } else { own };
    let (session, token) = (verified.session.clone(), verified.token.clone());
    for id in [verified.account.reading.stop(), verified.session_reading.stop()] {
        step.forget(id);
    }
    step.clear_notice();
    step.go(Navigation::BackToSend(Box::new(ChannelsOfCustomer {
        customer: verified.customer.clone(),
        choices: Vec::new(),
        selected: 0,
        purpose,
        open: None,
        factors: CustomerFactors::default(),
        is_aside: false,
        session: Some(Box::new(OpenSession { session, token })),
    })));
}

/// Ends the session; the key is dead until that is answered.
pub(in crate::tui) fn log_out(verified: &mut Verified, step: &mut Step<'_>) {
    if verified.leaving.is_none() {
        let session = verified.session.id.clone();
        verified.leaving = Some(step.call(EndSession { session, how: SessionEnd::Logout }));
    }
}

pub(in crate::tui) fn logged_out(
    verified: &mut Verified,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Session>, Failure>,
) {
    if verified.leaving.take_if(|leaving| *leaving == id).is_none() {
        return;
    }
    match answer {
        Ok(_) => {
            step.go(Navigation::Find { typed: String::new() });
            step.say(Tone::Good, format!("{} is logged out.", verified.customer.name));
        }
        Err(failure) => step.fail(failure),
    }
}

/// The clerk is at work: the session is prolonged.
pub(in crate::tui) fn activity(verified: &mut Verified, step: &mut Step<'_>) {
    let is_due = step.now.saturating_duration_since(verified.touched) >= SESSION_TOUCH_INTERVAL;
    if is_due && !verified.session_reading.is_loading() && verified.leaving.is_none() {
        verified.touched = step.now;
        let token = verified.token.clone();
        ask(verified, step, TouchSession { token });
    }
}

/// Asks how the session stands, without prolonging it.
pub(in crate::tui) fn reread(verified: &mut Verified, step: &mut Step<'_>) {
    if verified.session_reading.renew(verified.leaving.is_some()) {
        let session = verified.session.id.clone();
        ask(verified, step, ReadSession { session });
    }
}

fn ask(verified: &mut Verified, step: &mut Step<'_>, call: impl Into<Call>) {
    verified.session_reading.begin(step.call(call));
    verified.checked = step.now;
}

pub(in crate::tui) fn session(
    verified: &mut Verified,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Session>, Failure>,
) {
    if !verified.session_reading.end(id, answer.is_ok()) {
        return;
    }
    match answer {
        // A logout is under way: its answer says more.
        Ok(Some(session)) if session.ended.is_some() && verified.leaving.is_none() => {
            let how = session.ended.map(|(_, how)| format!("{}.", messages::session_end(how)));
            let is_revoked = matches!(session.ended, Some((_, SessionEnd::Revoked)));
            over(verified, step, how.as_deref().unwrap_or(ENDED));
            if is_revoked {
                let who = Standing::of(session.representative.as_ref());
                let ended = WhyEnded::session(who, session.created_at);
                why_ended::ask(step, &verified.customer, ended);
            }
            return;
        }
        Ok(Some(session)) => verified.session = session,
        Ok(None) => return over(verified, step, ENDED),
        Err(failure) => {
            step.fail(failure);
            return catch_up(verified, step);
        }
    }
    let is_shown = verified.account.value().is_some() || verified.account.reading.is_loading();
    if verified.session.is_verified() && !is_shown {
        let (customer, token) = (verified.customer.id, verified.token.clone());
        verified.account.reading.begin(step.call(ReadAccount { customer, token }));
    }
    catch_up(verified, step);
}

/// Asks about what changed while the session was being asked about.
fn catch_up(verified: &mut Verified, step: &mut Step<'_>) {
    if verified.session_reading.is_stale() {
        reread(verified, step);
    }
}

/// What time alone changes. The session should be over by now; the store decides.
/// While it is lost it has none, and nobody can prolong the session: what the office has on
/// the customer does not stay on the screen until one does.
pub(in crate::tui) fn tick(verified: &mut Verified, step: &mut Step<'_>) {
    if !step.is_past(verified.session.ends_at()) {
        return;
    }
    if step.shared.health.is_store_lost() {
        return over(verified, step, ENDED_WHILE_LOST);
    }
    let is_free = !verified.session_reading.is_loading() && verified.leaving.is_none();
    if is_free && verified.checked + SESSION_CHECK_INTERVAL <= step.now {
        reread(verified, step);
    }
}

/// When time alone changes something.
pub(in crate::tui) fn due(
    verified: &Verified,
    shared: &Shared,
    clock: StoreClock,
    now: Now,
) -> Option<Now> {
    let is_free = !verified.session_reading.is_loading() && verified.leaving.is_none();
    let asks = is_free && !shared.health.is_store_lost();
    let second = clock.next_second(verified.session.ends_at(), now);
    second.or_else(|| asks.then_some(verified.checked + SESSION_CHECK_INTERVAL))
}

/// The session is over, and not by this clerk: back to the search, saying why.
fn over(verified: &mut Verified, step: &mut Step<'_>, why: &str) {
    for id in [verified.account.reading.stop(), verified.leaving.take()] {
        step.forget(id);
    }
    step.go(Navigation::Find { typed: String::new() });
    let text = format!("{}: {why} Verify again to go on.", verified.customer.name);
    step.say(Tone::Warning, text);
}

pub(in crate::tui) fn account(
    verified: &mut Verified,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Account, Failure>,
) {
    if let Some(failure) = verified.account.take(id, answer) {
        step.fail(failure);
    }
}
