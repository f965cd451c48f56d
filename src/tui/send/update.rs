//! Step two: choose how the code reaches the customer, and ask for it.

use crate::domain::customer_factor::FactorKind;
use crate::domain::event::Actor;
use crate::domain::request::Request;
use crate::service::customers::calls::{OpenCustomer, OpenedCustomer};
use crate::service::customers::lookup::ChannelChoice;
use crate::service::factors::FactorVerification;
use crate::service::messages;
use crate::service::verification::calls::AskForCode;
use crate::service::verification::request::CodeRequest;
use crate::tui::machine::code_answer::{self, CodeAnswer};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::{ChannelsOfCustomer, CodeOfCustomer, Navigation};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::machine::store_lost;
use crate::tui::send::state::Send;

const WAIT: &str = "The code is being asked for; one moment.";
const NO_CHANNEL: &str =
    "No code can be sent to this customer. Correct the customer's record first.";
const NOT_OPEN: &str = "No code is open for this customer. Press Enter to send one.";

/// The channels of a customer who was just opened.
pub(in crate::tui) fn begin(step: &mut Step<'_>, opened: OpenedCustomer) -> Send {
    let OpenedCustomer { customer, choices, open, factors } = opened;
    let now = step.store_time();
    let usable = choices.iter().position(|choice| choice.is_usable(now));
    // Why a contact waits is said when it is tried.
    let usable = usable.or_else(|| choices.iter().position(|choice| choice.refusal.is_none()));
    let other = factors.usable().next().map(|_| choices.len());
    if usable.is_none() && other.is_none() {
        step.say(Tone::Warning, NO_CHANNEL);
    } else {
        say_elsewhere(step, open.as_deref());
    }
    let selected = usable.or(other).unwrap_or(0);
    let (purpose, is_aside) = (0, false);
    of(ChannelsOfCustomer { customer, choices, selected, purpose, open, factors, is_aside })
}

/// The channels again, from a code.
pub(in crate::tui) fn begin_again(step: &mut Step<'_>, channels: ChannelsOfCustomer) -> Send {
    let mut send = of(channels);
    reread(&mut send, step);
    send
}

/// Says whose request is open, where another clerk or counter asked for it.
fn say_elsewhere(step: &mut Step<'_>, open: Option<&Request>) {
    let place = &step.shared.place;
    let is_own = |it: &Actor| it.clerk == place.clerk && it.counter == place.counter;
    if let Some(open) = open.filter(|it| !is_own(&it.asked_by)) {
        let text = step.with_wall_clock(|clock| messages::verified_elsewhere(open, clock));
        step.say(Tone::Warning, text);
    }
}

/// The channels, with nothing under way.
fn of(channels: ChannelsOfCustomer) -> Send {
    let ChannelsOfCustomer { customer, choices, selected, purpose, open, factors, is_aside } =
        channels;
    Send {
        customer,
        choices,
        factors,
        selected,
        purpose,
        sending: None,
        open,
        aside: is_aside,
        reading: Reading::default(),
    }
}

/// Reads the customer and their channels again: a contact may be another one by
/// now, or be confirmed.
pub(in crate::tui) fn reread(send: &mut Send, step: &mut Step<'_>) {
    if send.reading.renew(send.sending.is_some()) {
        let customer = send.customer.id;
        send.reading.begin(step.call(OpenCustomer { customer }));
    }
}

/// What was read again; the channel that is selected stays so.
pub(in crate::tui) fn reopened(
    send: &mut Send,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<OpenedCustomer>, Failure>,
) {
    if !send.reading.end(id, answer.is_ok()) {
        return;
    }
    match answer {
        Ok(Some(OpenedCustomer { customer, mut choices, open, factors })) => {
            // Nothing moves under the clerk's finger.
            let order = |it: &ChannelChoice| {
                let place = send.choices.iter().position(|old| old.channel == it.channel);
                place.unwrap_or(send.choices.len())
            };
            choices.sort_by_key(order);
            let selected = send.choices.get(send.selected).map(|choice| choice.channel);
            let place = choices.iter().position(|choice| Some(choice.channel) == selected);
            let other = send.selected_factor();
            let other = factors.usable().position(|kind| Some(kind) == other);
            let other = other.map(|at| choices.len() + at);
            send.selected = place.or(other).unwrap_or(0);
            (send.customer, send.choices, send.factors) = (customer, choices, factors);
            if send.sending.is_none() {
                send.open = open;
            }
        }
        // Whoever asks for a code learns that.
        Ok(None) => {}
        Err(failure) => step.fail(failure),
    }
    if send.reading.is_stale() {
        reread(send, step);
    }
}

pub(in crate::tui) fn command(send: &mut Send, step: &mut Step<'_>, command: Command) {
    let purposes = step.shared.place.purposes.len().max(1);
    if send.sending.is_some() {
        return store_lost::wait(step, WAIT);
    }
    if let Some(by) = motion(command) {
        send.selected = moved(send.selected, send.lines(), by);
        return;
    }
    match command {
        Command::NextPurpose => send.purpose = (send.purpose + 1) % purposes,
        Command::PreviousPurpose => send.purpose = (send.purpose + purposes - 1) % purposes,
        Command::Accept => match send.selected_factor() {
            Some(kind) => enter_factor(send, step, kind),
            None => accept(send, step),
        },
        Command::UseTotp => enter_factor(send, step, FactorKind::Totp),
        Command::UseBackupCode => enter_factor(send, step, FactorKind::BackupCodes),
        Command::EnterCode => enter_code(send, step),
        Command::Back if send.aside && send.open.is_some() => enter_code(send, step),
        Command::Back => {
            step.clear_notice();
            let typed = step.shared.search.clone();
            step.go(Navigation::Find { typed });
        }
        _ => {}
    }
}

fn accept(send: &mut Send, step: &mut Step<'_>) {
    let Some(choice) = send.choices.get(send.selected) else {
        return step.say(Tone::Warning, format!("{NO_CHANNEL} {}", messages::CORRECTED));
    };
    if let Some(reason) = &choice.refusal {
        let text = format!("{}: {reason}. Choose another channel.", choice.channel.label());
        return step.say(Tone::Warning, text);
    }
    let purpose = step.shared.place.purposes.get(send.purpose).cloned().unwrap_or_default();
    // A new idempotency key each time: the same key twice is the same act.
    let idempotency = step.idempotency_key();
    let (customer, channel) = (send.customer.id, choice.channel);
    let id = step.call(AskForCode(CodeRequest { customer, channel, purpose, idempotency }));
    step.clear_notice();
    send.sending = Some(id);
}

/// To the field for a code that needs no message.
fn enter_factor(send: &Send, step: &mut Step<'_>, kind: FactorKind) {
    if !send.factors.has(kind) {
        let nothing = FactorVerification::NotEnrolled(kind);
        let text = step.with_wall_clock(|clock| messages::factor_verification(&nothing, clock));
        return step.hint(Tone::Plain, text);
    }
    let at = send.factors.usable().position(|it| it == kind).unwrap_or(0);
    step.clear_notice();
    let of = ChannelsOfCustomer {
        customer: send.customer.clone(),
        choices: send.choices.clone(),
        selected: send.choices.len() + at,
        purpose: send.purpose,
        open: send.open.clone(),
        factors: send.factors.clone(),
        is_aside: false,
    };
    step.go(Navigation::EnterFactor(Box::new(of), kind));
}

/// Back to the boxes of the code that is still open.
fn enter_code(send: &mut Send, step: &mut Step<'_>) {
    match send.open.take() {
        Some(request) => go_to_boxes(send, step, *request, None),
        None => step.hint(Tone::Plain, NOT_OPEN),
    }
}

/// To the boxes for a request.
fn go_to_boxes(send: &Send, step: &mut Step<'_>, request: Request, delivering: Option<EffectId>) {
    let purposes = &step.shared.place.purposes;
    let purpose = purposes.iter().position(|it| *it == request.purpose);
    step.clear_notice();
    step.go(Navigation::EnterCode(Box::new(CodeOfCustomer {
        customer: send.customer.clone(),
        choices: send.choices.clone(),
        purpose: purpose.unwrap_or(send.purpose),
        factors: send.factors.clone(),
        request,
        delivering,
    })));
}

/// The answer to asking for a code.
pub(in crate::tui) fn asked(
    send: &mut Send,
    step: &mut Step<'_>,
    id: EffectId,
    answer: CodeAnswer,
) {
    let is_own = send.sending == Some(id);
    send.sending.take_if(|sending| *sending == id);
    match answer {
        CodeAnswer::Stored { request, delivering } if is_own => {
            go_to_boxes(send, step, *request, delivering);
        }
        CodeAnswer::Refused(refusal) => {
            if is_own {
                code_answer::say_refused(step, refusal);
            }
            reread(send, step);
        }
        CodeAnswer::Stored { .. } | CodeAnswer::Failed => {}
    }
}

/// What time alone changes: the open code expires.
pub(in crate::tui) fn tick(send: &mut Send, step: &mut Step<'_>) {
    send.open.take_if(|request| step.is_past(request.expires_at));
}

/// When time alone changes something.
pub(in crate::tui) fn due(send: &Send, clock: StoreClock, now: Now) -> Option<Now> {
    send.open.as_ref().and_then(|request| clock.next_second(request.expires_at, now))
}
