//! Step one: find the customer.

use std::time::Duration;

use crossterm::event::KeyEvent;
use tui_input::Input;

use crate::domain::query::Query;
use crate::service::customers::calls::OpenedCustomer;
use crate::service::customers::calls::{FindCustomers, OpenCustomer};
use crate::service::customers::lookup::SearchResult;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{
    DependencyState, Find, LiveNotice, Model, Notice, Screen, SearchHits, Tone,
};
use crate::tui::machine::step::{Step, motion, moved};
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::{field, providers};
use crate::tui::send;

/// Hits of a search: as many as a tall screen shows.
const HITS: u32 = 30;

const NOBODY: &str =
    "No customer matches. Try fewer letters, or the account number as printed on the bill.";
const NOBODY_YET: &str = "Nobody is found yet, while customers are being prepared for the search.";
const NOT_ALL_YET: &str = "Not all customers can be found yet. Press Enter again if the right one is \
                           selected.";
const NOTHING_TYPED: &str =
    "Type a part of the name, the account number, the email address or the phone number.";
const NOT_CHOSEN: &str = "The store does not answer, so nobody was chosen. Press Enter again when \
                          customers are shown and the store is back.";
const OPENING: &str = "The customer is being opened; one moment. Nothing is sent before that.";
const GONE: &str = "This customer is not on file any more. Search again.";

pub(in crate::tui) fn command(step: &mut Step<'_>, command: Command) {
    let now = step.now;
    let Some(find) = step.find() else { return };
    if let Some(by) = motion(command) {
        let hits = find.found.as_ref().map_or(0, |found| found.customers.len());
        find.preview.step(find.selected, now);
        find.selected = moved(find.selected, hits, by);
        // It was somebody else who was chosen.
        find.chooses = false;
        let opening = find.opening.take();
        return step.forget(opening);
    }
    match command {
        Command::Accept => accept(step),
        Command::Clear => {
            find.kept = false;
            find.input.reset();
            changed(step);
        }
        _ => {}
    }
}

pub(in crate::tui) fn key(step: &mut Step<'_>, key: KeyEvent) {
    edit(step, field::types(key), |input| field::edit(input, key));
}

pub(in crate::tui) fn paste(step: &mut Step<'_>, text: &str) {
    edit(step, true, |input| field::insert(input, text));
}

fn edit(step: &mut Step<'_>, is_new: bool, change: impl FnOnce(&mut Input) -> bool) {
    let Some(find) = step.find() else { return };
    let is_changed = field::change(&mut find.input, &mut find.kept, is_new, change);
    if is_changed {
        changed(step);
    }
}

/// Back to the search, with `typed` kept in its field.
pub(in crate::tui) fn go(step: &mut Step<'_>, typed: &str) {
    let (input, kept) = (typed.to_owned().into(), !typed.is_empty());
    step.model.screen = Screen::Find(Find { input, kept, ..Find::default() });
    step.hush();
    changed(step);
}

/// The field's text is new: what was asked for before does not matter any more.
fn changed(step: &mut Step<'_>) {
    let Some(find) = step.find() else { return };
    let typed = find.input.value().to_owned();
    let outdated = [find.searching.take(), find.opening.take()];
    find.selected = 0;
    find.preview.follow();
    find.chooses = false;
    find.waits = false;
    find.again = None;
    let searchable = Query::parse(&typed).is_some();
    if !searchable {
        find.found = None;
    }
    for id in outdated {
        step.forget(id);
    }
    step.hush();
    step.model.search.clone_from(&typed);
    if searchable {
        search(step, typed);
    }
}

fn search(step: &mut Step<'_>, typed: String) {
    let id = step.call(FindCustomers { typed, limit: HITS });
    if let Some(find) = step.find() {
        find.searching = Some(id);
        find.again = None;
    }
}

/// How soon it is searched again while customers are being made ready.
const AGAIN: Duration = Duration::from_secs(1);

/// When it is searched again by itself; none where that would bring nothing new,
/// or the store has none to ask.
pub fn search_due(model: &Model) -> Option<Now> {
    let Screen::Find(find) = &model.screen else { return None };
    let is_free = find.searching.is_none() && find.opening.is_none();
    find.again.filter(|_| is_free && model.health.store != DependencyState::Down)
}

/// Searches again if that is due.
pub(in crate::tui) fn search_again(step: &mut Step<'_>) {
    if search_due(step.model).is_none_or(|due| due > step.now) {
        return;
    }
    if let Some(find) = step.find() {
        let typed = find.input.value().to_owned();
        search(step, typed);
    }
}

/// The store is back: asks what it could not be asked.
pub(in crate::tui) fn resume(step: &mut Step<'_>) {
    let Some(find) = step.find() else { return };
    if std::mem::take(&mut find.waits) && find.searching.is_none() {
        let typed = find.input.value().to_owned();
        search(step, typed);
    }
}

/// The store keeps the clerk waiting: what Enter was pressed for is not done by
/// itself later, when nobody expects it any more. An opening that is only slow
/// goes on, and is shown.
pub(in crate::tui) fn withdraw(step: &mut Step<'_>) {
    let is_lost = match step.model.health.store {
        DependencyState::Ok | DependencyState::Fallback | DependencyState::Off => return,
        DependencyState::Slow => false,
        DependencyState::Down => true,
    };
    let Some(find) = step.find() else { return };
    let first = std::mem::take(&mut find.chooses);
    let opening = find.opening.take_if(|_| is_lost);
    step.forget(opening);
    if first || opening.is_some() {
        not_chosen(step);
    }
}

fn not_chosen(step: &mut Step<'_>) {
    let live = (step.model.health.store == DependencyState::Down).then_some(LiveNotice::NotChosen);
    step.model.notice = Some(Notice { live, ..Notice::new(Tone::Warning, NOT_CHOSEN) });
}

/// Enter: the selected hit, or the first one of an answer that is still to come.
fn accept(step: &mut Step<'_>) {
    let is_lost = step.model.health.store == DependencyState::Down;
    let Some(find) = step.find() else { return };
    if find.opening.is_some() {
        return step.hint(Tone::Plain, OPENING);
    }
    if find.searching.is_some() {
        find.chooses = true;
        return;
    }
    match &find.found {
        Some(found) if found.customers.is_empty() => {
            if found.preparing.is_some() {
                say_indexing(step, NOBODY_YET);
            } else {
                step.say(Tone::Plain, NOBODY);
            }
        }
        Some(_) if is_lost => not_chosen(step),
        Some(_) => open(step),
        None if Query::parse(find.input.value()).is_none() => step.hint(Tone::Plain, NOTHING_TYPED),
        // The search failed: once more.
        None => {
            changed(step);
            if let Some(find) = step.find() {
                find.chooses = true;
            }
        }
    }
}

fn open(step: &mut Step<'_>) {
    let selected = step.find().and_then(|find| {
        find.found.as_ref().and_then(|found| found.customers.get(find.selected)).map(|it| it.id)
    });
    if let Some(customer) = selected {
        let id = step.call(OpenCustomer { customer });
        if let Some(find) = step.find() {
            find.opening = Some(id);
        }
    }
}

pub(in crate::tui) fn found(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<SearchResult, Failure>,
) {
    let Some(find) = step.find().filter(|find| find.searching == Some(id)) else { return };
    find.searching = None;
    find.waits = false;
    match answer {
        Ok(found) => take(step, found),
        Err(failure) => {
            find.found = None;
            find.waits = failure.lost;
            if !failure.lost {
                find.chooses = false;
            }
            step.fail(failure);
        }
    }
}

/// Shows who was found. The customer who was selected stays so where it was
/// searched again for the same.
fn take(step: &mut Step<'_>, found: SearchResult) {
    let now = step.now;
    let Some(find) = step.find() else { return };
    let SearchResult { customers, more, preparing } = found;
    let typed = find.input.value().to_owned();
    let before = find.found.take().filter(|before| before.typed == typed);
    let chosen = before.and_then(|before| before.customers.get(find.selected).map(|it| it.id));
    let place = customers.iter().position(|it| Some(it.id) == chosen);
    find.selected = place.unwrap_or(0);
    find.preview.follow();
    find.again = preparing.map(|_| now + AGAIN);
    let accept_first = std::mem::take(&mut find.chooses);
    let nobody = customers.is_empty();
    if preparing.is_none() {
        step.model.notice.take_if(|it| it.live == Some(LiveNotice::Indexing));
    }
    let Some(find) = step.find() else { return };
    find.found = Some(Box::new(SearchHits { typed, customers, more, preparing }));
    match (nobody, preparing) {
        // What was said about the search before says more.
        (true, None) if step.model.notice.is_none() => step.say(Tone::Plain, NOBODY),
        (false, None) if accept_first => open(step),
        (false, Some(_)) if accept_first => say_indexing(step, NOT_ALL_YET),
        _ => {}
    }
}

/// Says that customers may be missing, until the index is whole.
fn say_indexing(step: &mut Step<'_>, text: &str) {
    step.model.notice = Some(Notice::live(Tone::Plain, text, LiveNotice::Indexing));
}

pub(in crate::tui) fn opened(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<OpenedCustomer>, Failure>,
) {
    let Some(find) = step.find().filter(|find| find.opening == Some(id)) else { return };
    find.opening = None;
    find.chooses = false;
    match answer {
        Ok(Some(opened)) => {
            send::update::go(step, opened);
            // The channels came with newer word of their providers than is known here.
            providers::read(step);
        }
        Ok(None) => {
            changed(step);
            step.say(Tone::Warning, GONE);
        }
        Err(failure) if failure.lost => not_chosen(step),
        Err(failure) => step.fail(failure),
    }
}
