//! From what the clerk sees to what is written down.

use crossterm::event::{KeyCode, KeyEvent};

use crate::domain::document::SeenDocument;
use crate::service::factors::calls::SeeDocument;
use crate::service::factors::document::DocumentSeen;
use crate::service::messages;
use crate::tui::document::state::{DATE_LENGTH, DocumentForm};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::{ChannelsOfCustomer, Navigation, OpenSession};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::text_field::{digit, types};
use crate::tui::machine::{further_proof, store_lost};

const WAIT: &str = "One moment; it is being written down.";
const ONLY_A_DATE: &str =
    "Only the document's last day is typed, such as 2031-04-30; never its number.";

/// The form, with nothing said.
pub(in crate::tui) fn begin(step: &Step<'_>, of: ChannelsOfCustomer) -> DocumentForm {
    DocumentForm {
        of,
        kinds: step.shared.place.documents.clone(),
        selected: 0,
        name_matches: false,
        photo_matches: false,
        expires: String::new(),
        waiting: None,
    }
}

/// A digit of the last day. The strokes come by themselves.
pub(in crate::tui) fn key(form: &mut DocumentForm, step: &mut Step<'_>, key: KeyEvent) {
    match key.code {
        _ if form.waiting.is_some() => {}
        KeyCode::Backspace => {
            form.expires.pop();
            if form.expires.ends_with('-') {
                form.expires.pop();
            }
        }
        KeyCode::Char('-') => {}
        KeyCode::Char(char) if types(key) => match digit(char) {
            Some(digit) if form.expires.len() < DATE_LENGTH => {
                if matches!(form.expires.len(), 4 | 7) {
                    form.expires.push('-');
                }
                form.expires.push(digit);
            }
            _ => step.hint(Tone::Plain, ONLY_A_DATE),
        },
        _ => {}
    }
}

pub(in crate::tui) fn command(form: &mut DocumentForm, step: &mut Step<'_>, command: Command) {
    if form.waiting.is_some() {
        return store_lost::wait(step, WAIT);
    }
    if let Some(by) = motion(command) {
        form.selected = moved(form.selected, form.kinds.len(), by);
        return;
    }
    match command {
        Command::NameMatches => form.name_matches = !form.name_matches,
        Command::PhotoMatches => form.photo_matches = !form.photo_matches,
        Command::Clear => form.expires.clear(),
        Command::Accept => accept(form, step),
        Command::Back => step.go(Navigation::Close),
        _ => {}
    }
}

fn accept(form: &mut DocumentForm, step: &mut Step<'_>) {
    let document = SeenDocument {
        kind: form.kinds.get(form.selected).cloned().unwrap_or_default(),
        name_matches: form.name_matches,
        photo_matches: form.photo_matches,
        expires: form.expires.clone(),
    };
    if let Err(fault) = document.judge(&form.kinds, step.store_time()) {
        return step.hint(Tone::Warning, messages::document_fault(&fault));
    }
    let purpose = step.shared.place.purpose_name(form.of.purpose);
    let key = step.idempotency_key();
    let session = form.of.session.as_ref().map(|it| it.token.clone());
    let customer = form.of.customer.id;
    step.clear_notice();
    form.waiting = Some(step.call(SeeDocument { customer, purpose, document, key, session }));
}

/// What came of it.
pub(in crate::tui) fn seen(
    form: &mut DocumentForm,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<DocumentSeen, Failure>,
) {
    if form.waiting.take_if(|waiting| *waiting == id).is_none() {
        return;
    }
    match answer {
        Ok(DocumentSeen::Seen(it)) => {
            step.go(Navigation::Close);
            let won = OpenSession { session: it.session, token: it.token };
            further_proof::proven(step, form.of.clone(), won);
        }
        Ok(other) => {
            let text = step.with_wall_clock(|clock| messages::document_seen(&other, clock));
            step.say(Tone::Warning, text);
        }
        Err(failure) => step.fail(failure),
    }
}
