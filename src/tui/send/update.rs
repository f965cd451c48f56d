//! Step two: choose how the code reaches the customer, and ask for it.

use crate::domain::channel::Factor;
use crate::domain::contact_verification::never_verified;
use crate::domain::customer_factor::FactorKind;
use crate::domain::event::Actor;
use crate::domain::purpose::Purpose;
use crate::domain::request::Request;
use crate::service::customers::calls::{OpenCustomer, OpenedCustomer};
use crate::service::customers::lookup::ChannelChoice;
use crate::service::customers::representatives::RepresentativeChoice;
use crate::service::factors::FactorVerification;
use crate::service::messages;
use crate::service::verification::amount_due::AmountDue;
use crate::service::verification::calls::{AskForCode, ReadAmountDue, ServeFor};
use crate::service::verification::request::CodeRequest;
use crate::service::verification::session::ServedFor;
use crate::tui::machine::code_answer::{self, CodeAnswer};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::{
    ChannelsOfCustomer, CodeOfCustomer, Navigation, OpenSession,
};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::machine::store_lost;
use crate::tui::send::state::{Send, WithoutProof};

const WAIT: &str = "The code is being asked for; one moment.";
const NO_CHANNEL: &str =
    "No code can be sent to this customer. Correct the customer's record first.";
const CHOOSE: &str = "for this purpose. Choose another way with the arrows.";
const OF_HOLDER: &str = "A colleague's word is for the holder: choose the holder with w.";
const NO_COLLEAGUE: &str = "A colleague's approval proves nothing for this purpose.";
const SHARED_NO_HELP: &str = "other customers have this contact too, and it proves nothing here. \
                              Choose another way with the arrows.";
const NO_REPRESENTATIVE: &str = "Nobody may act for this customer: only the holder is served.";
const SAME_PERSON: &str = "The session is of whoever proved something before. End it for another.";
const NOT_OPEN: &str = "No code is open for this customer. Press Enter to send one.";

/// The channels of a customer who was just opened.
pub(in crate::tui) fn begin(step: &mut Step<'_>, opened: OpenedCustomer) -> Send {
    let OpenedCustomer { customer, choices, open, factors, representatives } = opened;
    let now = step.store_time();
    let usable = choices.iter().position(|choice| choice.is_usable(now));
    // Why a contact waits is said when it is tried.
    let usable = usable.or_else(|| choices.iter().position(|choice| choice.refusal.is_none()));
    let other = factors.usable().next().map(|_| choices.len());
    let is_unverified = choices.iter().any(|choice| choice.needs_sign_up);
    if usable.is_none() && other.is_none() {
        let text = if is_unverified { no_verified_contact() } else { NO_CHANNEL.to_owned() };
        step.say(Tone::Warning, text);
    } else {
        say_elsewhere(step, open.as_deref());
    }
    let selected = usable.or(other).unwrap_or(0);
    let (purpose, is_aside, session) = (0, false, None);
    let channels = ChannelsOfCustomer {
        customer,
        choices,
        selected,
        purpose,
        open,
        factors,
        is_aside,
        session,
    };
    let mut send = Send { representatives, ..of(channels) };
    settle(&mut send, step);
    send
}

/// That no code goes to contacts that were never verified, and what helps.
fn no_verified_contact() -> String {
    let key = key_name(Context::Send, Command::SignUp);
    format!(
        "No contact of this customer was verified, and this office sends codes to verified ones \
         alone. {key} verifies one."
    )
}

/// Selects a way that helps for the purpose that is selected.
fn settle(send: &mut Send, step: &Step<'_>) {
    let (purpose, now) = (send.purpose_of(&step.shared.place.purposes), step.store_time());
    send.settle(purpose.as_ref(), now);
}

/// The channels again, from a code.
pub(in crate::tui) fn begin_again(step: &mut Step<'_>, channels: ChannelsOfCustomer) -> Send {
    // The last message may have changed which channel is first.
    let mut send = Send { is_order_old: true, ..of(channels) };
    if send.session.is_some() {
        settle(&mut send, step);
    }
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
    let ChannelsOfCustomer {
        customer,
        choices,
        selected,
        purpose,
        open,
        factors,
        is_aside,
        session,
    } = channels;
    Send {
        customer,
        of_holder: choices.clone(),
        choices,
        representatives: Vec::new(),
        who: None,
        factors,
        selected,
        purpose,
        sending: None,
        open,
        aside: is_aside,
        session,
        reading: Reading::default(),
        is_order_old: false,
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
        Ok(Some(OpenedCustomer { customer, mut choices, open, factors, representatives })) => {
            read_representatives(send, representatives);
            // Nothing moves under the clerk's finger.
            let order = |it: &ChannelChoice| {
                let place = send.of_holder.iter().position(|old| old.channel == it.channel);
                place.unwrap_or(send.of_holder.len())
            };
            if !std::mem::take(&mut send.is_order_old) {
                choices.sort_by_key(order);
            }
            let selected = send.choices.get(send.selected).map(|choice| choice.channel);
            let place = choices.iter().position(|choice| Some(choice.channel) == selected);
            let other = send.selected_factor();
            let other = factors.usable().position(|kind| Some(kind) == other);
            let other = other.map(|at| choices.len() + at);
            send.selected = place.or(other).unwrap_or(0);
            let were_known = !send.of_holder.is_empty();
            (send.customer, send.of_holder, send.factors) = (customer, choices, factors);
            send.show_channels();
            if !were_known {
                settle(send, step);
            }
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

/// Who may act for the customer, as read; whoever stands here stays.
fn read_representatives(send: &mut Send, read: Vec<RepresentativeChoice>) {
    let of_session = send.session.as_ref().and_then(|it| it.session.representative.as_ref());
    let chosen = send.represented_by().map(|it| it.representative.id.clone());
    let chosen = of_session.map(|it| it.id.clone()).or(chosen);
    send.who = read.iter().position(|it| Some(&it.representative.id) == chosen.as_ref());
    send.representatives = read;
}

/// The next one who may stand here.
fn next_person(send: &mut Send, step: &mut Step<'_>) {
    if send.representatives.is_empty() {
        return step.hint(Tone::Plain, NO_REPRESENTATIVE);
    }
    if send.session.is_some() {
        return step.hint(Tone::Plain, SAME_PERSON);
    }
    step.clear_notice();
    send.next_person();
    settle(send, step);
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
        Command::NextPurpose | Command::PreviousPurpose => {
            let by = if command == Command::NextPurpose { 1 } else { purposes - 1 };
            send.purpose = (send.purpose + by) % purposes;
            settle(send, step);
        }
        Command::Accept => {
            let purpose = send.purpose_of(&step.shared.place.purposes);
            match (send.without_proof(purpose.as_ref()), send.selected_factor()) {
                (Some(act), _) => go_on_without(send, step, act),
                (None, Some(kind)) => enter_factor(send, step, kind),
                (None, None) => accept(send, step),
            }
        }
        Command::UseTotp => enter_factor(send, step, FactorKind::Totp),
        Command::UseBackupCode => enter_factor(send, step, FactorKind::BackupCodes),
        Command::SeeDocument => see_document(send, step),
        Command::AskColleague => ask_colleague(send, step),
        Command::SignUp => {
            step.clear_notice();
            step.go(Navigation::SignUp(Box::new(channels(send, send.selected))));
        }
        Command::NextPerson => next_person(send, step),
        Command::EnterCode => enter_code(send, step),
        Command::Back if send.aside && send.open.is_some() => enter_code(send, step),
        Command::Back if send.session.is_some() => {
            if let Some(open) = send.session.take() {
                step.clear_notice();
                go_to_session(send, step, *open);
            }
        }
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
    let purpose = send.purpose_of(&step.shared.place.purposes);
    if let Some(flag) = send.refusal_of(choice.channel.factor()) {
        let place = &step.shared.place;
        let text = messages::flag(flag, &|at| place.end(at));
        return step.say(Tone::Warning, text);
    }
    if let Some((name, why)) = send.out_of_scope(purpose.as_ref()) {
        return step.say(Tone::Warning, format!("{name} is not served for this: {why}."));
    }
    if !send.is_helped_over(purpose.as_ref(), choice) {
        let label = choice.channel.label();
        let why = if choice.is_shared() { SHARED_NO_HELP.to_owned() } else { no_help(send) };
        return step.say(Tone::Warning, format!("{label}: {why}"));
    }
    if choice.needs_sign_up {
        let key = key_name(Context::Send, Command::SignUp);
        let never = never_verified(choice.channel.contact_kind());
        return step.say(Tone::Warning, format!("{never} {key} verifies it."));
    }
    if let Some(reason) = &choice.refusal {
        let text = format!("{}: {reason}. Choose another channel.", choice.channel.label());
        return step.say(Tone::Warning, text);
    }
    let purpose = step.shared.place.purpose_name(send.purpose);
    // A new idempotency key each time: the same key twice is the same act.
    let idempotency = step.idempotency_key();
    let (customer, channel) = (send.customer.id, choice.channel);
    let representative = send.represented_by().map(|it| it.representative.id.clone());
    let ask = CodeRequest { customer, channel, purpose, representative, idempotency };
    let id = step.call(AskForCode(ask));
    step.clear_notice();
    send.sending = Some(id);
}

/// What is said beside what was proven already.
const fn more(send: &Send) -> &'static str {
    if send.session.is_some() { " more" } else { "" }
}

/// That a way proves nothing for the purpose.
fn no_help(send: &Send) -> String {
    format!("it proves nothing{} {CHOOSE}", more(send))
}

/// To the form of a document.
fn see_document(send: &Send, step: &mut Step<'_>) {
    let purpose = send.purpose_of(&step.shared.place.purposes);
    if !send.is_helped_by(purpose.as_ref(), Factor::Document) {
        let text = format!("A document proves nothing{} for this purpose.", more(send));
        return step.hint(Tone::Plain, text);
    }
    step.clear_notice();
    step.go(Navigation::Document(Box::new(channels(send, send.selected))));
}

/// To the form in which a colleague's approval is asked for.
fn ask_colleague(send: &Send, step: &mut Step<'_>) {
    let purpose = step.shared.place.purposes.get(send.purpose);
    if !purpose.is_some_and(Purpose::takes_second_person) {
        return step.hint(Tone::Plain, NO_COLLEAGUE);
    }
    if send.represented_by().is_some() {
        return step.hint(Tone::Plain, OF_HOLDER);
    }
    step.clear_notice();
    step.go(Navigation::SecondPerson(Box::new(channels(send, send.selected))));
}

/// What the send screen shows, for whoever comes back to it.
fn channels(send: &Send, selected: usize) -> ChannelsOfCustomer {
    ChannelsOfCustomer {
        customer: send.customer.clone(),
        choices: send.of_holder.clone(),
        selected,
        purpose: send.purpose,
        open: send.open.clone(),
        factors: send.factors.clone(),
        is_aside: false,
        session: send.session.clone(),
    }
}

/// Goes on where nothing has to be proven any more.
fn go_on_without(send: &mut Send, step: &mut Step<'_>, act: WithoutProof) {
    let purpose = step.shared.place.purpose_name(send.purpose);
    let open = send.session.as_ref().filter(|_| act == WithoutProof::Serve);
    let id = if let Some(open) = open {
        step.call(ServeFor { token: open.token.clone(), purpose })
    } else {
        let account_no = send.customer.account_no.clone();
        step.call(ReadAmountDue { account_no, purpose })
    };
    step.clear_notice();
    send.sending = Some(id);
}

/// Back to the screen of the session.
fn go_to_session(send: &Send, step: &mut Step<'_>, open: OpenSession) {
    step.go(Navigation::Verified {
        customer: send.customer.clone(),
        session: Box::new(open.session),
        token: open.token,
    });
}

/// The answer to asking the session to serve for another purpose.
pub(in crate::tui) fn served(
    send: &mut Send,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<ServedFor, Failure>,
) {
    if send.sending.take_if(|sending| *sending == id).is_none() {
        return;
    }
    match answer {
        Ok(ServedFor::Served(session)) => {
            if let Some(open) = send.session.take() {
                let OpenSession { token, .. } = *open;
                go_to_session(send, step, OpenSession { session: *session, token });
            }
        }
        Ok(ServedFor::Missing(session, missing)) => {
            if let Some(open) = &mut send.session {
                open.session = *session;
            }
            settle(send, step);
            step.say(Tone::Plain, format!("This is missing: {}.", messages::missing(missing)));
        }
        Ok(ServedFor::SessionOver) => {
            send.session = None;
            settle(send, step);
            step.say(Tone::Warning, "The session is over. Verify the customer again.");
        }
        Ok(ServedFor::NoSuchPurpose(refusal)) => step.say(Tone::Warning, refusal.reason),
        Err(failure) => step.fail(failure),
    }
}

/// The amount that is due.
pub(in crate::tui) fn amount_due(
    send: &mut Send,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<AmountDue, Failure>,
) {
    if send.sending.take_if(|sending| *sending == id).is_none() {
        return;
    }
    match answer {
        Ok(due) => {
            let tone = if matches!(due, AmountDue::Due(_)) { Tone::Good } else { Tone::Warning };
            step.say(tone, messages::amount_due(&send.customer.account_no, &due));
        }
        Err(failure) => step.fail(failure),
    }
}

/// To the field for a code that needs no message.
fn enter_factor(send: &Send, step: &mut Step<'_>, kind: FactorKind) {
    if !send.factors.has(kind) || send.who.is_some() {
        let nothing = FactorVerification::NotEnrolled(kind);
        let text = step.with_wall_clock(|clock| messages::factor_verification(&nothing, clock));
        return step.hint(Tone::Plain, text);
    }
    let purpose = send.purpose_of(&step.shared.place.purposes);
    if !send.is_helped_by(purpose.as_ref(), kind.factor()) {
        return step.say(Tone::Warning, format!("By {}: {}", kind.label(), no_help(send)));
    }
    let at = send.usable_factors().position(|it| it == kind).unwrap_or(0);
    step.clear_notice();
    let of = channels(send, send.choices.len() + at);
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
    let purpose = step.shared.place.purpose_place(&request.purpose);
    step.clear_notice();
    step.go(Navigation::EnterCode(Box::new(CodeOfCustomer {
        customer: send.customer.clone(),
        choices: send.of_holder.clone(),
        purpose: purpose.unwrap_or(send.purpose),
        factors: send.factors.clone(),
        request,
        delivering,
        session: send.session.clone(),
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
