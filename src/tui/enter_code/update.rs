//! Step three: enter the code, or send it another way.

use zeroize::Zeroizing;

use crate::domain::code::TypedCode;
use crate::domain::contact_verification::is_sign_up;
use crate::domain::customer::CustomerId;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, Status};
use crate::service::messages;
use crate::service::pads::calls::TakeFromPad;
use crate::service::verification::calls::{AskForCode, CancelRequest, ResendCode, VerifyCode};
use crate::service::verification::request::CodeRequest;
use crate::service::verification::verify::{RefusedCode, Verification, VerifiedCustomer};
use crate::tui::enter_code::refresh;
use crate::tui::enter_code::state::EnterCode;
use crate::tui::machine::code_answer::{self, CodeAnswer};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::further_proof;
use crate::tui::machine::keymap::{Command, Context, key_name, with_key};
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::{
    ChannelsOfCustomer, CodeOfCustomer, Navigation, OpenSession, Question,
};
use crate::tui::machine::notice::{LiveNotice, Notice, Tone};
use crate::tui::machine::permissions::may;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::machine::store_lost;

pub(super) const CHECKING: &str = "The code is being checked; one moment.";
pub(super) const ACTING: &str = "The last thing asked for is still under way; one moment.";
const CANCELLED: &str = "The code was cancelled; it cannot be used any more.";
const NO_OTHER: &str = "There is no other contact that a code can be sent to.";

/// The boxes of a code, with nothing typed and nothing under way but its message.
pub(in crate::tui) fn begin(step: &mut Step<'_>, code: CodeOfCustomer) -> EnterCode {
    let CodeOfCustomer { customer, choices, purpose, factors, request, delivering, session } = code;
    let length = usize::from(step.shared.place.code_length);
    let mut entry = EnterCode {
        customer,
        choices,
        purpose,
        factors,
        request,
        typed: empty(length),
        verifying: None,
        acting: None,
        delivering,
        reading: Reading::default(),
        customer_locked: false,
        unlocked: false,
        session,
        last: None,
    };
    if delivering.is_none() {
        refresh::reread(&mut entry, step);
    }
    entry
}

/// Boxes with nothing in them, and room for all digits: the text never moves
/// in memory, so no copy of it stays behind.
fn empty(length: usize) -> TypedCode {
    TypedCode(Zeroizing::new(String::with_capacity(length)))
}

/// Digits of a code.
pub(super) fn code_length(step: &Step<'_>) -> usize {
    usize::from(step.shared.place.code_length)
}

/// Checks the code that was typed, unless it is not whole or not open any more.
pub(in crate::tui) fn check(entry: &mut EnterCode, step: &mut Step<'_>) {
    let length = code_length(step);
    let is_whole = entry.typed.0.len() == length;
    if is_whole && entry.verifying.is_none() && entry.is_open() {
        verify(entry, step);
    }
}

pub(in crate::tui) fn command(entry: &mut EnterCode, step: &mut Step<'_>, command: Command) {
    if entry.verifying.is_some() {
        return store_lost::wait(step, CHECKING);
    }
    match command {
        Command::Clear => entry.typed.0.clear(),
        Command::Accept => accept(entry, step),
        _ if entry.acting.is_some() => store_lost::wait(step, ACTING),
        Command::Resend => resend(entry, step),
        Command::ChangeContact => change_contact(entry, step),
        Command::CancelRequest if entry.is_open() => {
            step.go(Navigation::Ask(Question::CancelRequest));
        }
        Command::CancelRequest => say_how_it_stands(entry, step),
        Command::Back => {
            let open = open_request(entry);
            go_back(entry, step, None, open, false);
        }
        _ => {}
    }
}

fn open_request(entry: &EnterCode) -> Option<Box<Request>> {
    entry.is_open().then(|| Box::new(entry.request.clone()))
}

/// Back to the channels; the request stays open where `open` holds it.
fn go_back(
    entry: &mut EnterCode,
    step: &mut Step<'_>,
    selected: Option<usize>,
    open: Option<Box<Request>>,
    is_aside: bool,
) {
    let current = entry.request.channel;
    let of_current = || entry.choices.iter().position(|choice| choice.channel == current);
    let selected = selected.or_else(of_current).unwrap_or(0);
    let (customer, choices) = (entry.customer.clone(), entry.choices.clone());
    let (purpose, factors) = (entry.purpose, entry.factors.clone());
    step.forget(entry.reading.stop());
    step.clear_notice();
    step.go(Navigation::BackToSend(Box::new(ChannelsOfCustomer {
        customer,
        choices,
        selected,
        purpose,
        open,
        factors,
        is_aside,
        session: entry.session.clone(),
    })));
}

fn accept(entry: &mut EnterCode, step: &mut Step<'_>) {
    let length = code_length(step);
    let typed = entry.typed.0.len();
    if !entry.is_open() {
        say_how_it_stands(entry, step);
    } else if typed == length {
        verify(entry, step);
    } else {
        step.hint(Tone::Plain, format!("A code has {length} digits; {typed} are typed so far."));
    }
}

/// Has the code in the boxes checked.
pub(super) fn verify(entry: &mut EnterCode, step: &mut Step<'_>) {
    let key = step.idempotency_key();
    let (request, code) = (entry.request.id.clone(), entry.typed.clone());
    let session = entry.session.as_ref().map(|it| it.token.clone());
    let act = VerifyCode { request, code, key, session };
    entry.verifying = Some(step.call(act));
    step.clear_notice();
}

/// Another code: for the same request while it is open, else for a new one.
fn resend(entry: &mut EnterCode, step: &mut Step<'_>) {
    let (clock, now) = (step.shared.clock, step.now);
    let waits_until = entry.waits_until();
    if clock.zip(waits_until).is_some_and(|(clock, until)| clock.seconds_until(until, now) > 0) {
        return say_cooldown(entry, step);
    }
    let id = if entry.is_open() {
        let (request, after) = (entry.request.id.clone(), entry.request.generation);
        step.call(ResendCode { request, after })
    } else {
        let (customer, channel) = (entry.customer.id, entry.request.channel);
        let purpose = entry.request.purpose.clone();
        // A new idempotency key each time: the same key twice is the same act.
        let idempotency = step.idempotency_key();
        let representative = entry.request.representative.as_ref().map(|it| it.id.clone());
        let ask = CodeRequest { customer, channel, purpose, representative, idempotency };
        step.call(AskForCode(ask))
    };
    entry.acting = Some(id);
    step.clear_notice();
}

fn say_cooldown(entry: &EnterCode, step: &mut Step<'_>) {
    let said = Notice::live(Tone::Plain, cooldown(entry, step), LiveNotice::Cooldown);
    step.shared.notice = Some(match step.shared.notice.take() {
        Some(before) => said.behind(before),
        None => said,
    });
}

/// When another code may be sent.
pub(in crate::tui) fn cooldown(entry: &EnterCode, step: &Step<'_>) -> String {
    let now = step.store_time();
    let soonest = entry.request.resend_at;
    let wait = step.with_wall_clock(|clock| messages::wait(soonest, now, clock));
    let sentence = format!("A new code can be sent {wait}.");
    with_key(&sentence, Context::EnterCode, Command::Resend)
}

fn change_contact(entry: &mut EnterCode, step: &mut Step<'_>) {
    let now = step.store_time();
    let other = entry.other_choice(now);
    let open = open_request(entry);
    go_back(entry, step, other, open, true);
    if other.is_none() {
        step.hint(Tone::Plain, NO_OTHER);
    }
}

/// The clerk has confirmed that the code is to be cancelled.
pub(in crate::tui) fn cancel(entry: &mut EnterCode, step: &mut Step<'_>) {
    if !entry.is_busy() && entry.is_open() {
        let request = entry.request.id.clone();
        entry.acting = Some(step.call(CancelRequest { request }));
    }
}

/// The answer to asking for another code.
pub(in crate::tui) fn asked(
    entry: &mut EnterCode,
    step: &mut Step<'_>,
    id: EffectId,
    answer: CodeAnswer,
) {
    let is_own = entry.acting == Some(id);
    entry.acting.take_if(|acting| *acting == id);
    match answer {
        CodeAnswer::Stored { request, delivering } => {
            if is_own {
                sent_again(entry, step, *request, delivering);
            }
            if delivering.is_none() {
                refresh::reread(entry, step);
            }
        }
        CodeAnswer::Refused(refusal) if is_own => {
            match &refusal.request {
                Some(request) => entry.request = *request.clone(),
                None if refusal.outcome == Outcome::Locked => {
                    (entry.customer_locked, entry.unlocked) = (true, false);
                }
                None => {}
            }
            code_answer::say_refused(step, refusal);
        }
        CodeAnswer::Refused(_) | CodeAnswer::Failed => {}
    }
}

/// Another code was sent from here: it has the boxes to itself.
fn sent_again(
    entry: &mut EnterCode,
    step: &mut Step<'_>,
    request: Request,
    delivering: Option<EffectId>,
) {
    step.forget(entry.reading.stop());
    entry.request = request;
    entry.typed.0.clear();
    entry.last = None;
    (entry.customer_locked, entry.unlocked) = (false, false);
    entry.delivering = delivering;
    step.clear_notice();
}

/// The request is gone from the store: all that is left is to ask anew.
pub(in crate::tui) fn gone(entry: &mut EnterCode, step: &mut Step<'_>, id: EffectId) {
    if entry.acting == Some(id) || entry.reading.awaits(id) {
        entry.acting = None;
        entry.reading.stop();
        close(entry, step, Outcome::Superseded, Status::Superseded);
    }
}

pub(in crate::tui) fn verified(
    entry: &mut EnterCode,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Verification, Failure>,
) {
    if entry.verifying.take_if(|verifying| *verifying == id).is_none() {
        return;
    }
    match answer {
        Ok(Verification::Verified(won)) => return go_on(entry, step, *won),
        Ok(Verification::ContactVerified(_)) => return contact_verified(entry, step),
        Ok(Verification::Refused(refused)) => {
            entry.request = refused.request.clone();
            // The customer was faster at the pad.
            if refused.outcome != Outcome::Used || !take_from_pad(entry, step) {
                refuse(entry, step, &refused);
            }
        }
        Ok(malformed @ Verification::Malformed(_)) => {
            entry.typed.0.clear();
            entry.last = Some(Outcome::Malformed);
            let text = step.with_wall_clock(|clock| messages::verification(&malformed, clock));
            step.say(Tone::Warning, text);
        }
        Ok(Verification::NoSuchRequest) => {
            close(entry, step, Outcome::Superseded, Status::Superseded);
        }
        // What was typed stays in the boxes: Enter tries again.
        Err(failure) => step.fail(failure),
    }
    refresh::catch_up(entry, step);
}

/// What the send screen shows once no code is open.
fn channels(entry: &EnterCode) -> ChannelsOfCustomer {
    ChannelsOfCustomer {
        customer: entry.customer.clone(),
        choices: entry.choices.clone(),
        selected: 0,
        purpose: entry.purpose,
        open: None,
        factors: entry.factors.clone(),
        is_aside: false,
        session: entry.session.clone(),
    }
}

/// A contact is verified at a sign-up: the next one can be verified at once.
fn contact_verified(entry: &EnterCode, step: &mut Step<'_>) {
    let of = channels(entry);
    step.go(Navigation::BackToSend(Box::new(of.clone())));
    step.go(Navigation::SignUp(Box::new(of)));
    step.say(Tone::Good, messages::contact_verified(entry.request.channel.contact_kind()));
}

/// The customer is verified.
fn go_on(entry: &EnterCode, step: &mut Step<'_>, won: VerifiedCustomer) {
    step.clear_notice();
    let of = ChannelsOfCustomer { session: None, ..channels(entry) };
    let won = OpenSession { session: won.session, token: won.token };
    further_proof::proven(step, of, won);
}

/// Asks for the session that the customer's code at the pad opened, where the request was
/// verified while the pad showed it; whether it was asked for.
pub(super) fn take_from_pad(entry: &mut EnterCode, step: &mut Step<'_>) -> bool {
    if entry.request.status != Status::Verified {
        return false;
    }
    let request = entry.request.id.clone();
    let Some(pairing) = step.shared.pad.shown_in(&request).cloned() else { return false };
    if is_sign_up(&entry.request.purpose) {
        contact_verified(entry, step);
        return true;
    }
    let session = entry.session.as_ref().map(|it| it.token.clone());
    entry.typed.0.clear();
    entry.verifying = Some(step.call(TakeFromPad { pairing, request, session }));
    true
}

/// The session of a code from the pad; none where somebody else verified the customer.
pub(in crate::tui) fn taken(
    entry: &mut EnterCode,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Box<VerifiedCustomer>>, Failure>,
) {
    if entry.verifying.take_if(|verifying| *verifying == id).is_none() {
        return;
    }
    match answer {
        Ok(Some(won)) => return go_on(entry, step, *won),
        Ok(None) => say_how_it_stands(entry, step),
        Err(failure) => step.fail(failure),
    }
    refresh::catch_up(entry, step);
}

/// Shows why a code was not accepted.
fn refuse(entry: &mut EnterCode, step: &mut Step<'_>, refused: &RefusedCode) {
    entry.request = refused.request.clone();
    entry.typed.0.clear();
    entry.last = Some(refused.outcome);
    if refused.customer_locked {
        (entry.customer_locked, entry.unlocked) = (true, false);
    }
    let sentence = step.with_wall_clock(|clock| messages::refused_code(refused, clock));
    let text = if refused.customer_locked && may(step.shared, Command::Lift) {
        let key = key_name(Context::Global, Command::Lift);
        format!("{sentence} {key} lifts it, for a reason.")
    } else if refused.customer_locked || refused.request.status == Status::Open {
        sentence
    } else {
        with_key(&sentence, Context::EnterCode, Command::Resend)
    };
    step.say(Tone::Bad, text);
}

/// A customer's lockout was lifted here.
pub(in crate::tui) fn unlocked(entry: &mut EnterCode, customer: CustomerId) {
    entry.unlocked |= entry.customer.id == customer;
}

/// The request takes no code any more: says so, and what helps.
fn close(entry: &mut EnterCode, step: &mut Step<'_>, outcome: Outcome, status: Status) {
    let request = Request { status, ..entry.request.clone() };
    let customer_locked = status == Status::Locked && entry.is_customer_locked();
    let superseded = None;
    let refused =
        RefusedCode { outcome, request, superseded, customer_locked, clerk_waits_until: None };
    refuse(entry, step, &refused);
}

/// What time alone changes: the time to enter the code is over, by the store's clock.
pub(in crate::tui) fn tick(entry: &mut EnterCode, step: &mut Step<'_>) {
    if entry.is_open() && !entry.is_busy() && step.is_past(entry.request.expires_at) {
        close(entry, step, Outcome::Expired, Status::Expired);
    }
}

/// When time alone changes something.
pub(in crate::tui) fn due(entry: &EnterCode, clock: StoreClock, now: Now) -> Option<Now> {
    let expiry = Some(entry.request.expires_at).filter(|_| entry.is_open());
    let moments = [expiry, entry.waits_until()].into_iter().flatten();
    moments.filter_map(|moment| clock.next_second(moment, now)).min()
}

pub(in crate::tui) fn say_how_it_stands(entry: &mut EnterCode, step: &mut Step<'_>) {
    if let Some(outcome) = entry.request.status.refusal() {
        let status = entry.request.status;
        close(entry, step, outcome, status);
    }
}

pub(in crate::tui) fn cancelled(
    entry: &mut EnterCode,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Request>, Failure>,
) {
    if entry.acting.take_if(|acting| *acting == id).is_none() {
        return;
    }
    match answer {
        Ok(Some(request)) if request.status == Status::Cancelled => {
            go_back(entry, step, None, None, false);
            // Done with this customer: the next one is searched for afresh.
            step.shared.search.clear();
            return step.say(Tone::Plain, CANCELLED);
        }
        Ok(Some(request)) => refresh::take(entry, step, request),
        Ok(None) => close(entry, step, Outcome::Superseded, Status::Superseded),
        Err(failure) => step.fail(failure),
    }
    refresh::catch_up(entry, step);
}
