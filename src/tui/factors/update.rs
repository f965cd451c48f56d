//! Enrolling, replacing and removing, each by a key; what takes something away is asked first.

use crossterm::event::{KeyCode, KeyEvent};

use crate::domain::customer_factor::{CustomerFactors, FactorKind};
use crate::domain::sign_in::TypedSecret;
use crate::domain::totp;
use crate::service::factors::calls::{EnrolTotp, MakeBackupCodes, ReadFactors, RemoveTotp};
use crate::service::factors::{BackupCodes, FactorRefusal, FactorRemoval, TotpEnrolment};
use crate::service::messages;
use crate::tui::factors::state::{FactorPanel, FactorStage, Sure};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::{FactorsOfCustomer, Navigation};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::step::Step;
use crate::tui::machine::text_field::{digit, types};

/// The panel of a customer, whose factors are being read.
pub(in crate::tui) fn begin(step: &mut Step<'_>, of: FactorsOfCustomer) -> FactorPanel {
    let FactorsOfCustomer { customer, token } = of;
    let waiting = Some(step.call(ReadFactors { customer }));
    let typed = TypedSecret::default();
    FactorPanel {
        customer,
        token,
        factors: None,
        stage: FactorStage::Overview,
        typed,
        waiting,
        message: None,
    }
}

fn has(panel: &FactorPanel, kind: FactorKind) -> bool {
    panel.factors.as_ref().is_some_and(|it| match kind {
        FactorKind::Totp => it.totp_since.is_some(),
        FactorKind::BackupCodes => it.backup_codes.is_some(),
    })
}

/// A digit of the first code.
pub(in crate::tui) fn key(panel: &mut FactorPanel, key: KeyEvent) {
    if panel.waiting.is_some() || !matches!(panel.stage, FactorStage::Enrol { .. }) {
        return;
    }
    match key.code {
        KeyCode::Backspace => {
            panel.typed.0.pop();
        }
        KeyCode::Char(char) if types(key) => {
            let has_room = panel.typed.0.len() < usize::from(totp::DIGITS);
            panel.typed.0.extend(digit(char).filter(|_| has_room));
        }
        _ => {}
    }
}

pub(in crate::tui) fn command(panel: &mut FactorPanel, step: &mut Step<'_>, command: Command) {
    if panel.waiting.is_some() {
        if command == Command::Back {
            step.go(Navigation::Close);
        }
        return;
    }
    match (command, &panel.stage) {
        (Command::Back, FactorStage::Overview) => step.go(Navigation::Close),
        (Command::Back, _) | (Command::Accept, FactorStage::Codes(_)) => reread(panel, step),
        (Command::EnrolTotp, FactorStage::Overview) if panel.factors.is_some() => {
            if has(panel, FactorKind::Totp) {
                panel.stage = FactorStage::Sure(Sure::ReplaceTotp);
            } else {
                enrol(panel, step, false, None);
            }
        }
        (Command::RemoveTotp, FactorStage::Overview) if has(panel, FactorKind::Totp) => {
            panel.stage = FactorStage::Sure(Sure::RemoveTotp);
        }
        (Command::RemoveTotp, FactorStage::Overview) => {
            let refusal = FactorRefusal::NotEnrolled(FactorKind::Totp);
            panel.message = Some((Tone::Plain, messages::factor_refusal(refusal).into()));
        }
        (Command::MakeBackupCodes, FactorStage::Overview) if panel.factors.is_some() => {
            if has(panel, FactorKind::BackupCodes) {
                panel.stage = FactorStage::Sure(Sure::ReplaceCodes);
            } else {
                make_codes(panel, step, false);
            }
        }
        (Command::Accept, FactorStage::Sure(Sure::ReplaceTotp)) => enrol(panel, step, true, None),
        (Command::Accept, FactorStage::Sure(Sure::RemoveTotp)) => {
            let call = RemoveTotp { token: panel.token.clone(), key: step.idempotency_key() };
            wait_for(panel, step, call);
        }
        (Command::Accept, FactorStage::Sure(Sure::ReplaceCodes)) => make_codes(panel, step, true),
        (Command::Accept, FactorStage::Enrol { offer, replaces })
            if totp::is_code(&panel.typed) =>
        {
            let (sealed, replaces) = (offer.sealed.clone(), *replaces);
            enrol(panel, step, replaces, Some(sealed));
        }
        _ => {}
    }
}

fn wait_for(
    panel: &mut FactorPanel,
    step: &mut Step<'_>,
    call: impl Into<crate::service::api::Call>,
) {
    panel.message = None;
    panel.waiting = Some(step.call(call));
}

/// Asks for a seed, or gives the first code of what was offered.
fn enrol(panel: &mut FactorPanel, step: &mut Step<'_>, replaces: bool, offer: Option<String>) {
    let typed = offer.is_some().then(|| panel.typed.clone());
    let (token, key) = (panel.token.clone(), step.idempotency_key());
    wait_for(panel, step, EnrolTotp { token, replaces, offer, typed, key });
}

fn make_codes(panel: &mut FactorPanel, step: &mut Step<'_>, replaces: bool) {
    let (token, key) = (panel.token.clone(), step.idempotency_key());
    wait_for(panel, step, MakeBackupCodes { token, replaces, key });
}

/// Back to what there is, read anew.
fn reread(panel: &mut FactorPanel, step: &mut Step<'_>) {
    panel.stage = FactorStage::Overview;
    panel.typed = TypedSecret::default();
    let message = panel.message.take();
    let customer = panel.customer;
    wait_for(panel, step, ReadFactors { customer });
    panel.message = message;
}

/// Whether this is the answer that the panel waits for; a failure is said.
fn taken<T>(panel: &mut FactorPanel, id: EffectId, answer: Result<T, Failure>) -> Option<T> {
    panel.waiting.take_if(|waiting| *waiting == id)?;
    match answer {
        Ok(answer) => Some(answer),
        Err(failure) => {
            panel.message = Some((Tone::Bad, failure.text));
            None
        }
    }
}

fn refuse(panel: &mut FactorPanel, step: &mut Step<'_>, refusal: FactorRefusal) {
    panel.message = Some((Tone::Warning, messages::factor_refusal(refusal).into()));
    reread(panel, step);
}

pub(in crate::tui) fn read(
    panel: &mut FactorPanel,
    id: EffectId,
    answer: Result<CustomerFactors, Failure>,
) {
    if let Some(factors) = taken(panel, id, answer) {
        panel.factors = Some(factors);
    }
}

pub(in crate::tui) fn enrolled(
    panel: &mut FactorPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<TotpEnrolment, Failure>,
) {
    match taken(panel, id, answer) {
        Some(TotpEnrolment::Offer { offer, wrong }) => {
            panel.typed = TypedSecret::default();
            let replaces = match &panel.stage {
                FactorStage::Enrol { replaces, .. } => *replaces,
                stage => matches!(stage, FactorStage::Sure(_)),
            };
            panel.stage = FactorStage::Enrol { offer, replaces };
            panel.message = wrong.map(|wrong| {
                let text = step.with_wall_clock(|clock| messages::wrong_first_code(&wrong, clock));
                (Tone::Warning, text)
            });
        }
        Some(TotpEnrolment::Enrolled) => {
            panel.message = Some((Tone::Good, messages::TOTP_ENROLLED.into()));
            reread(panel, step);
        }
        Some(TotpEnrolment::Refused(refusal)) => refuse(panel, step, refusal),
        None => {}
    }
}

pub(in crate::tui) fn removed(
    panel: &mut FactorPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<FactorRemoval, Failure>,
) {
    match taken(panel, id, answer) {
        Some(FactorRemoval::Removed) => {
            panel.message = Some((Tone::Good, messages::TOTP_REMOVED.into()));
            reread(panel, step);
        }
        Some(FactorRemoval::Refused(refusal)) => refuse(panel, step, refusal),
        None => {}
    }
}

pub(in crate::tui) fn codes_made(
    panel: &mut FactorPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<BackupCodes, Failure>,
) {
    match taken(panel, id, answer) {
        Some(BackupCodes::Made(codes)) => panel.stage = FactorStage::Codes(codes),
        Some(BackupCodes::Refused(refusal)) => refuse(panel, step, refusal),
        None => {}
    }
}
