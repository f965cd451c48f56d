//! Step three: enter the code, or send it another way.

use crossterm::event::{KeyCode, KeyEvent};
use zeroize::Zeroizing;

use crate::domain::code::TypedCode;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, Status};
use crate::service::messages;
use crate::service::verification::calls::{CancelRequest, ResendCode, VerifyCode};
use crate::service::verification::verify::{RefusedCode, Verification};
use crate::tui::enter_code::refresh;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::input_gate::{self, Judging};
use crate::tui::machine::keymap::{self, Command, Context};
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{Entry, LiveNotice, Notice, Overlay, Question, Tone};
use crate::tui::machine::step::{Step, with_key};
use crate::tui::machine::{field, store_lost};
use crate::tui::{send, verified};

const CHECKING: &str = "The code is being checked; one moment.";
const ACTING: &str = "The last thing asked for is still under way; one moment.";
const CHECK_TYPED: &str = "Press Enter to check the code.";
const ONLY_DIGITS: &str = "A code has digits only; that key typed nothing.";
const CHECK_PASTED: &str = "Press Enter to check the pasted code.";
const NO_CODE_PASTED: &str = "The clipboard holds no code; nothing was entered.";
const CANCELLED: &str = "The code was cancelled; it cannot be used any more.";
const NO_OTHER: &str = "There is no other contact that a code can be sent to.";

/// Boxes with nothing in them, and room for all digits: the text never moves
/// in memory, so no copy of it stays behind.
pub(in crate::tui) fn empty(length: usize) -> TypedCode {
    TypedCode(Zeroizing::new(String::with_capacity(length)))
}

fn length(step: &Step<'_>) -> usize {
    usize::from(step.model.place.code_length)
}

pub(in crate::tui) fn key(step: &mut Step<'_>, key: KeyEvent) {
    let Some(entry) = step.entry() else { return };
    let is_text = field::types(key);
    match key.code {
        _ if entry.verifying.is_some() && is_text => store_lost::wait(step, CHECKING),
        _ if entry.verifying.is_some() => {}
        KeyCode::Backspace => {
            entry.typed.0.pop();
        }
        KeyCode::Char(char) if is_text => match digit(char) {
            Some(digit) => type_digit(step, digit),
            None if char == '-' || char.is_whitespace() => {}
            None => step.hint(Tone::Plain, ONLY_DIGITS),
        },
        _ => {}
    }
}

/// The digit that a character is: also one of full width, or in Arabic, Persian
/// or Devanagari, as other keyboards type them.
pub(in crate::tui) fn digit(char: char) -> Option<char> {
    let zero = ['0', '\u{ff10}', '\u{660}', '\u{6f0}', '\u{966}'];
    let value = |zero: char| u32::from(char).checked_sub(zero.into()).filter(|it| *it < 10);
    zero.into_iter().find_map(value).and_then(|value| char::from_digit(value, 10))
}

fn type_digit(step: &mut Step<'_>, digit: char) {
    let length = length(step);
    let Some(entry) = step.entry() else { return };
    if !send::update::is_open(&entry.request) {
        return say_what_helps(step);
    }
    if entry.typed.0.len() >= length {
        return step.hint(Tone::Plain, CHECK_TYPED);
    }
    entry.typed.0.push(digit);
    if entry.typed.0.len() == length {
        match input_gate::judging(step) {
            Judging::Now => verify(step),
            Judging::Soon => {}
            Judging::ByEnter => step.hint(Tone::Plain, CHECK_TYPED),
            Judging::TooSmall => input_gate::say_too_small(step),
        }
    }
}

/// Checks the code that was typed, unless it is not whole or not open any more.
pub(in crate::tui) fn check(step: &mut Step<'_>) {
    let length = length(step);
    let is_ready = step.entry().is_some_and(|entry| {
        entry.typed.0.len() == length
            && entry.verifying.is_none()
            && send::update::is_open(&entry.request)
    });
    if is_ready {
        verify(step);
    }
}

/// Digits are taken from the clipboard, but never sent off by it: the clerk
/// looks first, and presses Enter.
pub(in crate::tui) fn paste(step: &mut Step<'_>, text: &str) {
    let length = length(step);
    let Some(entry) = step.entry() else { return };
    if entry.verifying.is_some() {
        return;
    }
    if !send::update::is_open(&entry.request) {
        return say_what_helps(step);
    }
    let Some(digits) = pasted_digits(text, length) else {
        return step.hint(Tone::Warning, NO_CODE_PASTED);
    };
    let all = entry.typed.0.len() + digits.len();
    if digits.len() == length {
        entry.typed.0.clear();
    } else if all > length {
        let text = format!("A code has {length} digits; with what was pasted these are {all}.");
        return step.hint(Tone::Warning, text);
    }
    entry.typed.0.push_str(&digits);
    if entry.typed.0.len() == length {
        step.hint(Tone::Plain, CHECK_PASTED);
    }
}

/// The digits of `text` without spaces and dashes; none where it holds
/// anything else, no digit, or more digits than a code has.
fn pasted_digits(text: &str, length: usize) -> Option<Zeroizing<String>> {
    let mut digits = Zeroizing::new(String::with_capacity(length));
    for char in text.chars() {
        match (char, digit(char)) {
            (_, Some(digit)) if digits.len() < length => digits.push(digit),
            ('-' | '\u{2010}'..='\u{2014}', _) => {}
            (char, _) if char.is_whitespace() => {}
            _ => return None,
        }
    }
    (!digits.is_empty()).then_some(digits)
}

pub(in crate::tui) fn command(step: &mut Step<'_>, command: Command) {
    let Some(entry) = step.entry() else { return };
    if entry.verifying.is_some() {
        return store_lost::wait(step, CHECKING);
    }
    match command {
        Command::Clear => entry.typed.0.clear(),
        Command::Accept => accept(step),
        _ if entry.acting.is_some() => store_lost::wait(step, ACTING),
        Command::Resend => resend(step),
        Command::ChangeContact => change_contact(step),
        Command::CancelRequest if send::update::is_open(&entry.request) => {
            step.model.overlay = Some(Overlay::Confirm(Question::CancelRequest));
        }
        Command::CancelRequest => say_how_it_stands(step),
        Command::Back => {
            let open = open_request(entry);
            send::update::back(step, None, open);
        }
        _ => {}
    }
}

fn open_request(entry: &Entry) -> Option<Box<Request>> {
    send::update::is_open(&entry.request).then(|| Box::new(entry.request.clone()))
}

fn accept(step: &mut Step<'_>) {
    let length = length(step);
    let Some(entry) = step.entry() else { return };
    let typed = entry.typed.0.len();
    if !send::update::is_open(&entry.request) {
        say_how_it_stands(step);
    } else if typed == length {
        verify(step);
    } else {
        step.hint(Tone::Plain, format!("A code has {length} digits; {typed} are typed so far."));
    }
}

fn verify(step: &mut Step<'_>) {
    let key = step.idempotency_key();
    let Some(entry) = step.entry() else { return };
    let act = VerifyCode { request: entry.request.id.clone(), code: entry.typed.clone(), key };
    let id = step.call(act);
    step.hush();
    if let Some(entry) = step.entry() {
        entry.verifying = Some(id);
    }
}

/// Another code: for the same request while it is open, else for a new one.
fn resend(step: &mut Step<'_>) {
    let (clock, now) = (step.model.clock, step.now);
    let Some(entry) = step.entry() else { return };
    let waits_until = entry.waits_until();
    if clock.zip(waits_until).is_some_and(|(clock, until)| clock.seconds_until(until, now) > 0) {
        return say_cooldown(step);
    }
    let id = if send::update::is_open(&entry.request) {
        let (request, after) = (entry.request.id.clone(), entry.request.generation);
        step.call(ResendCode { request, after })
    } else {
        let (customer, channel) = (entry.customer.id, entry.request.channel);
        let purpose = entry.purpose;
        send::update::ask(step, customer, channel, purpose)
    };
    step.hush();
    if let Some(entry) = step.entry() {
        entry.acting = Some(id);
    }
}

fn say_cooldown(step: &mut Step<'_>) {
    if let Some(text) = cooldown(step) {
        let said = Notice::live(Tone::Plain, text, LiveNotice::Cooldown);
        step.model.notice = Some(match step.model.notice.take() {
            Some(before) => said.behind(before),
            None => said,
        });
    }
}

/// When another code may be sent; none where there is no request to send it for.
pub(in crate::tui) fn cooldown(step: &mut Step<'_>) -> Option<String> {
    let now = step.store_time();
    let soonest = step.entry()?.request.resend_at;
    let wait = step.told(|clock| messages::wait(soonest, now, clock));
    let sentence = format!("A new code can be sent {wait}.");
    Some(with_key(&sentence, Context::Entry, Command::Resend))
}

fn change_contact(step: &mut Step<'_>) {
    let now = step.store_time();
    let Some(entry) = step.entry() else { return };
    let other = entry.other_choice(now);
    let open = open_request(entry);
    send::update::back(step, other, open);
    if let Some(send) = step.send() {
        send.aside = true;
    }
    if other.is_none() {
        step.hint(Tone::Plain, NO_OTHER);
    }
}

/// The clerk has said yes to cancelling the code.
pub(in crate::tui) fn cancel(step: &mut Step<'_>) {
    let Some(entry) = step.entry().filter(|entry| {
        entry.acting.is_none() && entry.verifying.is_none() && send::update::is_open(&entry.request)
    }) else {
        return;
    };
    let request = entry.request.id.clone();
    let id = step.call(CancelRequest { request });
    if let Some(entry) = step.entry() {
        entry.acting = Some(id);
    }
}

/// Another code was sent from here: it has the boxes to itself.
pub(in crate::tui) fn sent_again(
    step: &mut Step<'_>,
    request: Request,
    delivering: Option<EffectId>,
) {
    let Some(entry) = step.entry() else { return };
    let reading = entry.reading.take();
    entry.request = request;
    entry.typed.0.clear();
    entry.last = None;
    entry.customer_locked = false;
    entry.delivering = delivering;
    step.forget(reading);
    step.hush();
}

/// The request is gone from the store: all that is left is to ask anew.
pub(in crate::tui) fn gone(step: &mut Step<'_>, id: EffectId) {
    if let Some(entry) = step.entry().filter(|it| it.acting == Some(id) || it.reading == Some(id)) {
        entry.acting = None;
        entry.reading = None;
        close(step, Outcome::Superseded, Status::Superseded);
    }
}

pub(in crate::tui) fn verified(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Verification, Failure>,
) {
    let Some(entry) = step.entry().filter(|entry| entry.verifying == Some(id)) else { return };
    entry.verifying = None;
    match answer {
        Ok(Verification::Verified(won)) => {
            let customer = entry.customer.clone();
            return verified::update::go(step, customer, *won);
        }
        Ok(Verification::Refused(refused)) => refuse(step, &refused),
        Ok(malformed @ Verification::Malformed(_)) => {
            entry.typed.0.clear();
            entry.last = Some(Outcome::Malformed);
            let text = step.told(|clock| messages::verification(&malformed, clock));
            step.say(Tone::Warning, text);
        }
        Ok(Verification::NoSuchRequest) => close(step, Outcome::Superseded, Status::Superseded),
        // What was typed stays in the boxes: Enter tries again.
        Err(failure) => step.fail(failure),
    }
    refresh::catch_up(step);
}

/// Shows why a code was not accepted.
fn refuse(step: &mut Step<'_>, refused: &RefusedCode) {
    let Some(entry) = step.entry() else { return };
    entry.request = refused.request.clone();
    entry.typed.0.clear();
    entry.last = Some(refused.outcome);
    entry.customer_locked |= refused.customer_locked;
    let sentence = step.told(|clock| messages::refused_code(refused, clock));
    let text = if refused.customer_locked || send::update::is_open(&refused.request) {
        sentence
    } else {
        with_key(&sentence, Context::Entry, Command::Resend)
    };
    step.say(Tone::Bad, text);
}

/// The request takes no code any more: says so, and what helps.
fn close(step: &mut Step<'_>, outcome: Outcome, status: Status) {
    let Some(entry) = step.entry() else { return };
    let request = Request { status, ..entry.request.clone() };
    let customer_locked = status == Status::Locked && entry.is_customer_locked();
    refuse(
        step,
        &RefusedCode {
            outcome,
            request,
            superseded: None,
            customer_locked,
            clerk_waits_until: None,
        },
    );
}

/// The time to enter the code is over, by the store's clock.
pub(in crate::tui) fn expire(step: &mut Step<'_>) {
    close(step, Outcome::Expired, Status::Expired);
}

/// Digits for a code that takes none: what was said when it ended may still be
/// up, and the same words again would look as if nothing had happened.
fn say_what_helps(step: &mut Step<'_>) {
    let Some(entry) = step.entry() else { return };
    if entry.acting.is_some() {
        return store_lost::wait(step, ACTING);
    }
    if entry.is_customer_locked() {
        let help = messages::CUSTOMER_LOCKED_HELP;
        let text = format!("No code is taken while the customer is locked. {help}");
        return step.say(Tone::Warning, text);
    }
    let happened = match entry.request.status {
        Status::Open => return,
        Status::Expired => "The code has expired.",
        Status::Locked => "The code is locked.",
        Status::Verified => "The code was used; it works once.",
        Status::Superseded => "The code was replaced by a later one.",
        Status::Cancelled => "The code was cancelled.",
    };
    let resend = keymap::key_name(Context::Entry, Command::Resend);
    let change = keymap::key_name(Context::Entry, Command::ChangeContact);
    let other = match entry.request.status {
        // It may have been the contact that changed.
        Status::Cancelled => format!(", {change} shows the customer's other contacts"),
        _ => String::new(),
    };
    step.say(Tone::Warning, format!("{happened} {resend} sends a new code{other}."));
}

pub(in crate::tui) fn say_how_it_stands(step: &mut Step<'_>) {
    let Some(entry) = step.entry() else { return };
    if let Some(outcome) = entry.request.status.refusal() {
        let status = entry.request.status;
        close(step, outcome, status);
    }
}

pub(in crate::tui) fn cancelled(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Request>, Failure>,
) {
    let Some(entry) = step.entry().filter(|entry| entry.acting == Some(id)) else { return };
    entry.acting = None;
    match answer {
        Ok(Some(request)) if request.status == Status::Cancelled => {
            send::update::back(step, None, None);
            // Done with this customer: the next one is searched for afresh.
            step.model.search.clear();
            step.say(Tone::Plain, CANCELLED);
        }
        Ok(Some(request)) => refresh::take(step, request),
        Ok(None) => close(step, Outcome::Superseded, Status::Superseded),
        Err(failure) => step.fail(failure),
    }
    refresh::catch_up(step);
}
