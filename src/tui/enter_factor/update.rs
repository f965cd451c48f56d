//! Step three, where nothing is sent: what was typed is checked by Enter.

use crossterm::event::{KeyCode, KeyEvent};
use zeroize::Zeroizing;

use crate::domain::customer_factor::{FactorGuess, FactorKind, TypedFactor};
use crate::domain::outcome::Outcome;
use crate::domain::sign_in::TypedSecret;
use crate::service::factors::calls::VerifyFactor;
use crate::service::factors::{FactorVerification, VerifiedByFactor};
use crate::service::messages;
use crate::service::pads::calls::TakeFactorFromPad;
use crate::tui::enter_factor::state::EnterFactor;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::further_proof;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::{ChannelsOfCustomer, Navigation, OpenSession};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_lost;
use crate::tui::machine::text_field::{digit, types};

const CHECKING: &str = "The code is being checked; one moment.";
const OVER: &str = "\
    The code from the pad was right, but its session is over. Ask for the next code.";
const ONLY_DIGITS: &str = "The code of an authenticator has digits only; that key typed nothing.";

/// The most characters of a code of each kind, with what stands between them.
const fn most(kind: FactorKind) -> usize {
    match kind {
        FactorKind::Totp => crate::domain::totp::DIGITS as usize,
        FactorKind::BackupCodes => 16,
    }
}

/// The field, with nothing typed.
pub(in crate::tui) fn begin(of: ChannelsOfCustomer, kind: FactorKind) -> EnterFactor {
    let typed = empty(kind);
    EnterFactor { of, kind, typed, verifying: None, customer_locked: false, taken: None }
}

/// A field with room for all of a code: the text never moves in memory.
fn empty(kind: FactorKind) -> TypedSecret {
    TypedSecret(Zeroizing::new(String::with_capacity(4 * most(kind))))
}

/// A key that is no command is typed.
pub(in crate::tui) fn key(entry: &mut EnterFactor, step: &mut Step<'_>, key: KeyEvent) {
    match key.code {
        _ if entry.verifying.is_some() && types(key) => store_lost::wait(step, CHECKING),
        _ if entry.verifying.is_some() => {}
        KeyCode::Backspace => {
            entry.typed.0.pop();
        }
        KeyCode::Char(char) if types(key) && !push(entry, char) => {
            step.hint(Tone::Plain, ONLY_DIGITS);
        }
        _ => {}
    }
}

/// Takes a character in; whether it can be one of such a code.
fn push(entry: &mut EnterFactor, char: char) -> bool {
    let has_room = entry.typed.0.chars().count() < most(entry.kind);
    let taken = match entry.kind {
        FactorKind::Totp => match digit(char) {
            Some(digit) => Some(digit),
            None if char == '-' || char.is_whitespace() => None,
            None => return false,
        },
        FactorKind::BackupCodes => {
            let is_between = matches!(char, ' ' | '-' | '.');
            (char.is_ascii_alphanumeric() || is_between).then(|| char.to_ascii_uppercase())
        }
    };
    entry.typed.0.extend(taken.filter(|_| has_room));
    true
}

/// Pasted text is typed, and never sent off by it.
pub(in crate::tui) fn paste(entry: &mut EnterFactor, text: &str) {
    if entry.verifying.is_none() {
        for char in text.trim().chars() {
            push(entry, char);
        }
    }
}

pub(in crate::tui) fn command(entry: &mut EnterFactor, step: &mut Step<'_>, command: Command) {
    if entry.verifying.is_some() {
        return store_lost::wait(step, CHECKING);
    }
    match command {
        Command::Clear => entry.typed = empty(entry.kind),
        Command::Accept => accept(entry, step),
        Command::Back => {
            step.clear_notice();
            step.go(Navigation::BackToSend(Box::new(entry.of.clone())));
        }
        _ => {}
    }
}

/// Has what was typed checked, unless it cannot be a code.
fn accept(entry: &mut EnterFactor, step: &mut Step<'_>) {
    let typed = TypedFactor { kind: entry.kind, typed: entry.typed.clone() };
    if FactorGuess::parse(&typed).is_none() {
        let malformed = FactorVerification::Malformed(entry.kind);
        let text = step.with_wall_clock(|clock| messages::factor_verification(&malformed, clock));
        return step.hint(Tone::Plain, text);
    }
    let customer = entry.of.customer.id;
    let purpose = step.shared.place.purpose_name(entry.of.purpose);
    let key = step.idempotency_key();
    let session = entry.of.session.as_ref().map(|it| it.token.clone());
    entry.verifying = Some(step.call(VerifyFactor { customer, purpose, typed, key, session }));
    step.clear_notice();
}

/// Takes over what came of the code that the customer entered at the pad: asks once for the
/// session that a right one opened.
pub(in crate::tui) fn follow_pad(entry: &mut EnterFactor, step: &mut Step<'_>) {
    if entry.kind != FactorKind::Totp || entry.verifying.is_some() {
        return;
    }
    let customer = entry.of.customer.id;
    let purpose = step.shared.place.purpose_name(entry.of.purpose);
    let Some(pad) = step.shared.pad.asking(customer, &purpose) else { return };
    entry.customer_locked |= pad.outcome == Some(Outcome::Locked);
    let (Some(Outcome::Verified), Some(name)) = (pad.outcome, pad.shown.clone()) else { return };
    if entry.taken.as_ref() == Some(&name) {
        return;
    }
    let (pairing, session) = (pad.pairing.clone(), entry.of.session.as_ref());
    let session = session.map(|it| it.token.clone());
    entry.taken = Some(name.clone());
    entry.typed = empty(entry.kind);
    let take = TakeFactorFromPad { pairing, entry: name, customer, session };
    entry.verifying = Some(step.call(take));
}

/// The session of a code from the pad; none where it is over.
pub(in crate::tui) fn taken(
    entry: &mut EnterFactor,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Box<VerifiedByFactor>>, Failure>,
) {
    if entry.verifying.take_if(|verifying| *verifying == id).is_none() {
        return;
    }
    match answer {
        Ok(Some(won)) => go_on(entry, step, *won),
        Ok(None) => step.say(Tone::Warning, OVER),
        Err(failure) => step.fail(failure),
    }
}

/// The customer proved who they are.
fn go_on(entry: &EnterFactor, step: &mut Step<'_>, won: VerifiedByFactor) {
    step.clear_notice();
    let few = won.codes_left.and_then(messages::codes_left);
    let won = OpenSession { session: won.session, token: won.token };
    further_proof::proven(step, entry.of.clone(), won);
    if let Some(few) = few {
        step.say(Tone::Warning, format!("Verified; {few}"));
    }
}

pub(in crate::tui) fn verified(
    entry: &mut EnterFactor,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<FactorVerification, Failure>,
) {
    if entry.verifying.take_if(|verifying| *verifying == id).is_none() {
        return;
    }
    let verification = match answer {
        Ok(verification) => verification,
        // What was typed stays in the field: Enter tries again.
        Err(failure) => return step.fail(failure),
    };
    entry.typed = empty(entry.kind);
    if let FactorVerification::Verified(won) = verification {
        return go_on(entry, step, *won);
    }
    if let FactorVerification::Refused(refused) = &verification {
        entry.customer_locked |= refused.customer_locked;
    }
    let text = step.with_wall_clock(|clock| messages::factor_verification(&verification, clock));
    step.say(Tone::Bad, text);
}
