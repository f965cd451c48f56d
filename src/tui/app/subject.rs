//! Whom a key means that acts on a customer: the one who is on the screen, or in the entry that
//! is selected in the log.

use crate::domain::channel::Channel;
use crate::domain::contact::ContactKind;
use crate::domain::customer::Customer;
use crate::domain::event::{Event, EventKind};
use crate::service::customers::lookup::ChannelChoice;
use crate::tui::app::model::{Model, Overlay, Screen};
use crate::tui::app::turn::Turn;
use crate::tui::customer_acts::state::{ActForm, CustomerAct, LoggedVerification, Subject};
use crate::tui::incident::state::IncidentForm;
use crate::tui::log::state::LogPanel;
use crate::tui::machine::keymap::Context;
use crate::tui::machine::notice::Tone;

const NOBODY: &str = "This is done to a customer: find one first, or select an entry of the log.";
const NO_CONTACT: &str = "There is no contact on file to be shown.";

/// A customer, the contacts that may be on file, and what is likely to be meant.
struct Meant {
    subject: Subject,
    kinds: Vec<ContactKind>,
    likely: Option<ContactKind>,
    /// The contact that waits since it was changed.
    waiting: Option<ContactKind>,
}

/// Whether there is a customer to act on.
pub(in crate::tui) fn is_there(model: &Model) -> bool {
    meant(model).is_some()
}

/// Asks for the reason to show a contact in full.
pub(in crate::tui) fn reveal(turn: &mut Turn<'_>) {
    open(turn, |meant| {
        let mut kinds = meant.kinds.clone();
        kinds.sort_by_key(|kind| Some(*kind) != meant.likely);
        kinds.into_iter().map(CustomerAct::Reveal).collect()
    });
}

/// Asks for the reason to lift a lockout, to confirm a contact, or to disown the verification of
/// an entry.
pub(in crate::tui) fn lift(turn: &mut Turn<'_>) {
    open(turn, |meant| {
        let confirm = meant.kinds.iter().map(|kind| CustomerAct::Confirm(*kind));
        let mut acts: Vec<_> = std::iter::once(CustomerAct::Unlock).chain(confirm).collect();
        let likely = meant.waiting.map_or(CustomerAct::Unlock, CustomerAct::Confirm);
        acts.sort_by_key(|act| *act != likely);
        acts.extend(meant.subject.verification.is_some().then_some(CustomerAct::Disown));
        acts
    });
}

/// Opens the form of an incident about whoever is in view, or closes it.
pub(in crate::tui) fn file_incident(turn: &mut Turn<'_>) {
    if turn.model.overlay.take_if(|it| matches!(it, Overlay::Incident(_))).is_some() {
        return;
    }
    let about = meant(turn.model).map(|it| (it.subject.id, it.subject.name));
    turn.model.overlay = Some(Overlay::Incident(IncidentForm::new(about)));
}

fn open(turn: &mut Turn<'_>, acts: impl FnOnce(&Meant) -> Vec<CustomerAct>) {
    if matches!(turn.model.overlay, Some(Overlay::CustomerAct(_))) {
        turn.model.overlay = None;
        return;
    }
    let Some(meant) = meant(turn.model) else {
        return turn.step(|step| step.hint(Tone::Plain, NOBODY));
    };
    let acts = acts(&meant);
    match ActForm::new(meant.subject, acts) {
        Some(form) => turn.model.overlay = Some(Overlay::CustomerAct(form)),
        None => turn.step(|step| step.hint(Tone::Plain, NO_CONTACT)),
    }
}

fn meant(model: &Model) -> Option<Meant> {
    if matches!(model.context_beneath(), Context::Log | Context::LogFilter | Context::Timeline) {
        return of_log(model);
    }
    if model.is_at_dashboard() {
        return None;
    }
    match &model.screen {
        Screen::Find(find) => find.customers().get(find.selected).map(|it| of(it, None, None)),
        Screen::Send(send) => {
            let now = send.choices.get(send.selected);
            let likely = now.map(|it| it.channel.contact_kind());
            let waits = |it: &&ChannelChoice| it.waits_until.is_some();
            let waiting = now.filter(waits).or_else(|| send.choices.iter().find(waits));
            Some(of(&send.customer, likely, waiting.map(|it| it.channel.contact_kind())))
        }
        Screen::EnterCode(entry) => {
            Some(of(&entry.customer, Some(entry.request.channel.contact_kind()), None))
        }
        Screen::EnterFactor(entry) => Some(of(&entry.of.customer, None, None)),
        Screen::Verified(verified) => Some(of(&verified.customer, None, None)),
    }
}

fn of(customer: &Customer, likely: Option<ContactKind>, waiting: Option<ContactKind>) -> Meant {
    let on_file = |kind: &ContactKind| customer.recorded(kind.channel()).is_some();
    let subject = Subject {
        id: customer.id,
        name: customer.name.clone(),
        account_no: customer.account_no.clone(),
        verification: None,
    };
    let kinds = ContactKind::ALL.into_iter().filter(on_file).collect();
    Meant { subject, kinds, likely, waiting }
}

/// The verification to which an entry belongs, told by the entry that says who verified where that
/// was read.
fn logged(log: &LogPanel, event: &Event) -> Option<LoggedVerification> {
    let name = event.verification()?;
    let is_of_it = |it: &&Event| it.verification().as_ref() == Some(&name);
    let read = log.timeline.as_ref().and_then(|it| it.events.value()).into_iter().flatten();
    let proof = read.chain(&log.events).filter(|it| it.is_proof()).find(is_of_it);
    let told = if event.is_proof() { event } else { proof.unwrap_or(event) };
    let (by, at, is_proof) = (told.actor.clone(), told.at, told.is_proof());
    Some(LoggedVerification { name, by, at, is_proof })
}

/// An entry does not say which contacts are on file.
fn of_log(model: &Model) -> Option<Meant> {
    let log = model.log.as_ref()?;
    let event = log.events.get(log.selected)?;
    let customer = event.customer.as_ref()?;
    let subject = Subject {
        id: customer.id,
        name: customer.name.clone(),
        account_no: customer.account_no.clone(),
        verification: logged(log, event),
    };
    let likely = event.channel.map(Channel::contact_kind);
    let waiting = likely.filter(|_| event.kind == EventKind::ContactChanged);
    Some(Meant { subject, kinds: ContactKind::ALL.to_vec(), likely, waiting })
}
