//! From a contact that is read back to a code for it.

use crate::domain::contact_verification::SIGN_UP;
use crate::service::customers::calls::ReadSignUp;
use crate::service::customers::sign_up::{SignUp, SignUpContact};
use crate::service::verification::calls::AskForCode;
use crate::service::verification::request::CodeRequest;
use crate::tui::machine::code_answer::{self, CodeAnswer};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::loaded::Loaded;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::{ChannelsOfCustomer, CodeOfCustomer, Navigation};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::store_lost;
use crate::tui::sign_up::state::SignUpPanel;

const WAIT: &str = "The code is being asked for; one moment.";
const NOTHING: &str = "There is no contact on file. Correct the customer's record first.";
const VERIFIED: &str = "This contact is verified already.";

/// The panel, with its contacts still to be read.
pub(in crate::tui) fn begin(step: &mut Step<'_>, of: ChannelsOfCustomer) -> SignUpPanel {
    let customer = of.customer.id;
    let read = Loaded::begun(step.call(ReadSignUp { customer }));
    SignUpPanel { of, read, selected: 0, sending: None }
}

/// The contacts were read; the first that is not verified is selected.
pub(in crate::tui) fn read(
    panel: &mut SignUpPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<SignUp>, Failure>,
) {
    if let Some(failure) = panel.read.take(id, answer) {
        return step.fail(failure);
    }
    let is_open = |it: &SignUpContact| it.verified.is_none() && it.usable().is_some();
    panel.selected = panel.contacts().iter().position(is_open).unwrap_or(0);
}

pub(in crate::tui) fn command(panel: &mut SignUpPanel, step: &mut Step<'_>, command: Command) {
    if panel.sending.is_some() {
        return store_lost::wait(step, WAIT);
    }
    if let Some(by) = motion(command) {
        panel.selected = moved(panel.selected, panel.contacts().len(), by);
        return;
    }
    match command {
        Command::Accept => send(panel, step),
        Command::Back => {
            step.forget(panel.read.reading.stop());
            step.go(Navigation::Close);
        }
        _ => {}
    }
}

/// Asks for a code to the contact that is selected.
fn send(panel: &mut SignUpPanel, step: &mut Step<'_>) {
    if panel.read.reading.is_loading() {
        return;
    }
    let Some(contact) = panel.contacts().get(panel.selected) else {
        return step.hint(Tone::Warning, NOTHING);
    };
    if contact.verified.is_some() {
        return step.hint(Tone::Plain, VERIFIED);
    }
    let Some(channel) = contact.usable() else {
        let why = contact.refusal().unwrap_or("this office does not send there");
        return step
            .hint(Tone::Warning, format!("No code can go there: {}.", why.trim_end_matches('.')));
    };
    let (customer, purpose) = (panel.of.customer.id, SIGN_UP.to_owned());
    let idempotency = step.idempotency_key();
    let ask =
        AskForCode(CodeRequest { customer, channel, purpose, representative: None, idempotency });
    panel.sending = Some(step.call(ask));
    step.clear_notice();
}

/// The answer to asking for a code.
pub(in crate::tui) fn asked(panel: &mut SignUpPanel, step: &mut Step<'_>, answer: CodeAnswer) {
    panel.sending = None;
    match answer {
        CodeAnswer::Stored { request, delivering } => {
            step.go(Navigation::Close);
            let ChannelsOfCustomer { customer, choices, purpose, factors, session, .. } =
                panel.of.clone();
            let request = *request;
            step.go(Navigation::EnterCode(Box::new(CodeOfCustomer {
                customer,
                choices,
                purpose,
                factors,
                request,
                delivering,
                session,
            })));
        }
        CodeAnswer::Refused(refusal) => code_answer::say_refused(step, refusal),
        CodeAnswer::Failed => {}
    }
}
