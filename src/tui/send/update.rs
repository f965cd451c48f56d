//! Step two: choose how the code reaches the customer, and ask for it.

use crate::domain::channel::Channel;
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::event::Actor;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, Status};
use crate::service::customers::calls::OpenCustomer;
use crate::service::customers::calls::OpenedCustomer;
use crate::service::customers::lookup::ChannelChoice;
use crate::service::messages;
use crate::service::verification::calls::AskForCode;
use crate::service::verification::request::{CodeRequest, CodeRequestOutcome, Refusal};
use crate::tui::enter_code::{self, refresh};
use crate::tui::find;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{Entry, LiveNotice, Notice, Screen, Send, Tone};
use crate::tui::machine::step::{Step, motion, moved};
use crate::tui::machine::store_lost;

const WAIT: &str = "The code is being asked for; one moment.";
const NO_CHANNEL: &str =
    "No code can be sent to this customer. Correct the customer's record first.";
const NOT_OPEN: &str = "No code is open for this customer. Press Enter to send one.";

/// To the channels of a customer who was just opened.
pub(in crate::tui) fn go(step: &mut Step<'_>, opened: OpenedCustomer) {
    let OpenedCustomer { customer, choices, open } = opened;
    let now = step.store_time();
    let usable = choices.iter().position(|choice| choice.is_usable(now));
    // What waits is told in full when it is tried.
    let usable = usable.or_else(|| choices.iter().position(|choice| choice.refusal.is_none()));
    step.hush();
    if usable.is_none() {
        step.say(Tone::Warning, NO_CHANNEL);
    } else {
        say_elsewhere(step, open.as_deref());
    }
    step.model.screen = screen(customer, choices, usable.unwrap_or(0), 0, open);
}

/// Says whose request is open, where another clerk or counter asked for it.
fn say_elsewhere(step: &mut Step<'_>, open: Option<&Request>) {
    let place = &step.model.place;
    let is_own = |it: &Actor| it.clerk == place.clerk && it.counter == place.counter;
    if let Some(open) = open.filter(|it| !is_own(&it.asked_by)) {
        let text = step.told(|clock| messages::verified_elsewhere(open, clock));
        step.say(Tone::Warning, text);
    }
}

/// The channels, with nothing under way.
fn screen(
    customer: Customer,
    choices: Vec<ChannelChoice>,
    selected: usize,
    purpose: usize,
    open: Option<Box<Request>>,
) -> Screen {
    Screen::Send(Box::new(Send {
        customer,
        choices,
        selected,
        purpose,
        sending: None,
        open,
        aside: false,
        reading: None,
        stale: false,
    }))
}

/// Reads the customer and their channels again: a contact may be another one by
/// now, or be confirmed.
pub(in crate::tui) fn reread(step: &mut Step<'_>) {
    let Some(send) = step.send() else { return };
    if send.reading.is_some() || send.sending.is_some() {
        send.stale = true;
        return;
    }
    send.stale = false;
    let customer = send.customer.id;
    let id = step.call(OpenCustomer { customer });
    if let Some(send) = step.send() {
        send.reading = Some(id);
    }
}

/// What was read again; the channel that is selected stays so.
pub(in crate::tui) fn reopened(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<OpenedCustomer>, Failure>,
) {
    let Some(send) = step.send().filter(|send| send.reading == Some(id)) else { return };
    send.reading = None;
    match answer {
        Ok(Some(OpenedCustomer { customer, mut choices, open })) => {
            // Nothing moves under the clerk's finger.
            let order = |it: &ChannelChoice| {
                let place = send.choices.iter().position(|old| old.channel == it.channel);
                place.unwrap_or(send.choices.len())
            };
            choices.sort_by_key(order);
            let selected = send.choices.get(send.selected).map(|choice| choice.channel);
            let place = choices.iter().position(|choice| Some(choice.channel) == selected);
            send.selected = place.unwrap_or(0);
            (send.customer, send.choices) = (customer, choices);
            if send.sending.is_none() {
                send.open = open;
            }
        }
        // Whoever asks for a code learns that.
        Ok(None) => {}
        Err(failure) => step.fail(failure),
    }
    catch_up(step);
}

fn catch_up(step: &mut Step<'_>) {
    if step.send().is_some_and(|send| send.stale) {
        reread(step);
    }
}

/// Back to the channels from a request; it stays open where `open` holds it.
pub(in crate::tui) fn back(
    step: &mut Step<'_>,
    selected: Option<usize>,
    open: Option<Box<Request>>,
) {
    let Some(entry) = step.entry() else { return };
    let current = entry.request.channel;
    let choices = entry.choices.clone();
    let selected = selected
        .or_else(|| choices.iter().position(|choice| choice.channel == current))
        .unwrap_or(0);
    let (customer, purpose) = (entry.customer.clone(), entry.purpose);
    let reading = entry.reading.take();
    step.forget(reading);
    step.hush();
    step.model.screen = screen(customer, choices, selected, purpose, open);
    reread(step);
}

pub(in crate::tui) fn command(step: &mut Step<'_>, command: Command) {
    let purposes = step.model.place.purposes.len().max(1);
    let Some(send) = step.send() else { return };
    if send.sending.is_some() {
        return store_lost::wait(step, WAIT);
    }
    if let Some(by) = motion(command) {
        send.selected = moved(send.selected, send.choices.len(), by);
        return;
    }
    match command {
        Command::NextPurpose => send.purpose = (send.purpose + 1) % purposes,
        Command::PreviousPurpose => send.purpose = (send.purpose + purposes - 1) % purposes,
        Command::Accept => accept(step),
        Command::EnterCode => enter_code(step),
        Command::Back if send.aside && send.open.is_some() => enter_code(step),
        Command::Back => {
            let search = step.model.search.clone();
            find::update::go(step, &search);
        }
        _ => {}
    }
}

fn accept(step: &mut Step<'_>) {
    let Some(send) = step.send() else { return };
    let Some(choice) = send.choices.get(send.selected) else {
        return step.say(Tone::Warning, format!("{NO_CHANNEL} {}", messages::CORRECTED));
    };
    if let Some(reason) = &choice.refusal {
        let text = format!("{}: {reason}. Choose another channel.", choice.channel.label());
        return step.say(Tone::Warning, text);
    }
    let (customer, channel, purpose) = (send.customer.id, choice.channel, send.purpose);
    let id = ask(step, customer, channel, purpose);
    step.hush();
    if let Some(send) = step.send() {
        send.sending = Some(id);
    }
}

/// Asks for a code; each time under a new name, so that a name told twice is
/// one act told twice.
pub(in crate::tui) fn ask(
    step: &mut Step<'_>,
    customer: CustomerId,
    channel: Channel,
    purpose: usize,
) -> EffectId {
    let purpose = step.model.place.purposes.get(purpose).cloned().unwrap_or_default();
    let idempotency = step.idempotency_key();
    step.call(AskForCode(CodeRequest { customer, channel, purpose, idempotency }))
}

/// Back to the boxes of the code that is still open.
fn enter_code(step: &mut Step<'_>) {
    let Some(send) = step.send() else { return };
    let Some(request) = send.open.take() else {
        return step.hint(Tone::Plain, NOT_OPEN);
    };
    show(step, *request, None);
    refresh::reread(step);
}

/// Shows the boxes for a request, on the way from the channels.
fn show(step: &mut Step<'_>, request: Request, delivering: Option<EffectId>) {
    let length = usize::from(step.model.place.code_length);
    let purposes = &step.model.place.purposes;
    let purpose = purposes.iter().position(|it| *it == request.purpose);
    let Some(send) = step.send() else { return };
    let entry = Entry {
        customer: send.customer.clone(),
        choices: send.choices.clone(),
        purpose: purpose.unwrap_or(send.purpose),
        request,
        typed: enter_code::update::empty(length),
        verifying: None,
        acting: None,
        delivering,
        reading: None,
        stale: false,
        customer_locked: false,
        last: None,
    };
    step.hush();
    step.model.screen = Screen::Entry(Box::new(entry));
}

/// The answer to asking for a code, here or for another code at the boxes. A
/// message that was stored is always handed over, wherever the clerk is by now.
pub(in crate::tui) fn asked(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<CodeRequestOutcome, Failure>,
) {
    let here = step.send().is_some_and(|send| send.sending == Some(id));
    let at_the_boxes = step.entry().is_some_and(|entry| entry.acting == Some(id));
    if let Some(send) = step.send().filter(|_| here) {
        send.sending = None;
    }
    if let Some(entry) = step.entry().filter(|_| at_the_boxes) {
        entry.acting = None;
    }
    let (request, delivering) = match answer {
        Ok(CodeRequestOutcome::Ready(request)) => {
            step.learn_clock(request.sent_at);
            let delivering = step.deliver(&request);
            step.read_clock();
            (request, Some(delivering))
        }
        Ok(CodeRequestOutcome::Already(request)) => (request, None),
        Ok(CodeRequestOutcome::Refused(refusal)) => {
            if here || at_the_boxes {
                refused(step, refusal);
            }
            return reread(step);
        }
        Err(failure) => return step.fail(failure),
    };
    if here {
        show(step, request, delivering);
    } else if at_the_boxes {
        enter_code::update::sent_again(step, request, delivering);
    }
    if delivering.is_none() {
        refresh::reread(step);
    }
}

fn refused(step: &mut Step<'_>, mut refusal: Box<Refusal>) {
    if let (Some(entry), Some(request)) = (step.entry(), refusal.request.take()) {
        entry.request = *request.clone();
        refusal.request = Some(request);
    } else if let Some(entry) = step.entry() {
        entry.customer_locked |= refusal.outcome == Outcome::Locked;
    }
    let now = step.store_time();
    let text = step.told(|clock| messages::refusal(&refusal, now, clock));
    let notice = Notice::new(Tone::Warning, text);
    let live = refusal.retry_at.is_some().then_some(LiveNotice::Refused(refusal));
    step.model.notice = Some(Notice { live, ..notice });
}

/// Whether a code that was asked for can still be entered.
pub(in crate::tui) fn is_open(request: &Request) -> bool {
    request.status == Status::Open
}
