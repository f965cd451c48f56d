//! From keys to an attempt to sign in, and from its answer to what is asked for next.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::domain::sign_in::TypedSecret;
use crate::service::messages;
use crate::service::staff::calls::SignIn;
use crate::service::staff::sign_in::SignInOutcome;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::step::Step;
use crate::tui::machine::text_field;
use crate::tui::sign_in::state::{Reason, SecretField, SignInForm, SignInStage};

/// A key that is no command goes into the field that has the keyboard.
pub(in crate::tui) fn key(form: &mut SignInForm, key: KeyEvent) {
    if form.waiting.is_some() || form.reason == Reason::Covered {
        return;
    }
    let Some(secret) = form.secret_mut() else {
        text_field::edit(&mut form.name, key);
        return;
    };
    match key.code {
        KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => secret.clear(),
        KeyCode::Char(char) if text_field::types(key) => secret.push(char),
        KeyCode::Backspace => secret.pop(),
        _ => {}
    }
}

/// Pasted text goes there too, without its line ends.
pub(in crate::tui) fn paste(form: &mut SignInForm, text: &str) {
    if form.waiting.is_some() || form.reason == Reason::Covered {
        return;
    }
    match form.secret_mut() {
        Some(secret) => text.chars().for_each(|char| secret.push(char)),
        None => {
            text_field::insert(&mut form.name, text);
        }
    }
}

pub(in crate::tui) fn command(form: &mut SignInForm, step: &mut Step<'_>, command: Command) {
    if form.waiting.is_some() {
        return;
    }
    let fields = form.fields();
    match command {
        Command::Accept if form.reason == Reason::Covered => step.go(Navigation::Uncover),
        Command::Accept if form.field + 1 < fields => form.field += 1,
        Command::Accept => send(form, step),
        Command::Down => form.field = (form.field + 1) % fields.max(1),
        Command::Up => form.field = (form.field + fields.saturating_sub(1)) % fields.max(1),
        Command::Clear => *form = SignInForm::new(form.reason),
        _ => {}
    }
}

fn send(form: &mut SignInForm, step: &mut Step<'_>) {
    let secret = |at: usize| {
        let text = form.secrets.get(at).map(SecretField::text).unwrap_or_default();
        TypedSecret::new(text)
    };
    if form.secrets[0].text().is_empty() {
        return;
    }
    let attempt = match (form.stage, form.attempt.clone()) {
        (SignInStage::NewPassword, Some(_)) if form.secrets[0].text() != form.secrets[1].text() => {
            ask(form, SignInStage::NewPassword, Some(messages::PASSWORDS_DIFFER.to_owned()));
            return;
        }
        (SignInStage::NewPassword, Some(attempt)) => {
            SignIn { new_password: Some(secret(0)), ..attempt }
        }
        (SignInStage::Totp | SignInStage::Enrol, Some(attempt)) => {
            let offer = form.offer.as_ref().map(|it| it.sealed.clone());
            SignIn { totp: Some(secret(0)), offer, ..attempt }
        }
        _ => {
            let name = form.name.value().trim().to_owned();
            SignIn { name, secret: secret(0), new_password: None, totp: None, offer: None }
        }
    };
    form.waiting = Some(step.call(attempt.clone()));
    form.attempt = Some(attempt);
    form.message = None;
}

/// What came of an attempt.
pub(in crate::tui) fn answered(
    form: &mut SignInForm,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<SignInOutcome, Failure>,
) {
    if form.waiting != Some(id) {
        return;
    }
    form.waiting = None;
    match answer {
        Ok(SignInOutcome::SignedIn(signed_in)) => step.go(Navigation::SignedIn(signed_in)),
        Ok(SignInOutcome::NotNeeded) => step.go(Navigation::Uncover),
        Ok(SignInOutcome::Refused) => {
            let name = form.name.clone();
            *form = SignInForm { name, field: 1, ..SignInForm::new(form.reason) };
            form.message = Some((Tone::Bad, messages::SIGN_IN_REFUSED.to_owned()));
        }
        Ok(SignInOutcome::TotpNeeded) => ask(form, SignInStage::Totp, None),
        Ok(SignInOutcome::ChoosePassword) => ask(form, SignInStage::NewPassword, None),
        Ok(SignInOutcome::PasswordRefused(fault)) => {
            ask(form, SignInStage::NewPassword, Some(messages::password_fault(fault)));
        }
        Ok(SignInOutcome::Enrol(offer)) => {
            let again = form.stage == SignInStage::Enrol;
            form.offer = Some(offer);
            ask(form, SignInStage::Enrol, again.then(|| messages::WRONG_FIRST_CODE.to_owned()));
        }
        Err(failure) => form.message = Some((Tone::Bad, failure.text)),
    }
}

fn ask(form: &mut SignInForm, stage: SignInStage, message: Option<String>) {
    form.stage = stage;
    form.field = 0;
    form.secrets.iter_mut().for_each(SecretField::clear);
    form.message = message.map(|text| (Tone::Warning, text));
}
