//! Step three, where nothing is sent: what was typed is checked by Enter.

use crossterm::event::{KeyCode, KeyEvent};
use zeroize::Zeroizing;

use crate::domain::customer_factor::{FactorGuess, FactorKind, TypedFactor};
use crate::domain::sign_in::TypedSecret;
use crate::service::factors::FactorVerification;
use crate::service::factors::calls::VerifyFactor;
use crate::service::messages;
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
    EnterFactor { of, kind, typed: empty(kind), verifying: None, customer_locked: false }
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
        step.clear_notice();
        let few = won.codes_left.and_then(messages::codes_left);
        let won = OpenSession { session: won.session, token: won.token };
        further_proof::proven(step, entry.of.clone(), won);
        if let Some(few) = few {
            step.say(Tone::Warning, format!("Verified; {few}"));
        }
        return;
    }
    if let FactorVerification::Refused(refused) = &verification {
        entry.customer_locked |= refused.customer_locked;
    }
    let text = step.with_wall_clock(|clock| messages::factor_verification(&verification, clock));
    step.say(Tone::Bad, text);
}
