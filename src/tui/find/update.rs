//! Step one: find the customer.

use std::time::Duration;

use crossterm::event::KeyEvent;
use tui_input::Input;

use crate::domain::query::Query;
use crate::service::api::Permission;
use crate::service::customers::calls::{FindCustomers, OpenCustomer, OpenedCustomer};
use crate::service::customers::lookup::SearchResult;
use crate::service::messages;
use crate::service::ports::NoCustomers;
use crate::tui::find::state::{Find, SearchHits};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::health::DependencyState;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::{LiveNotice, Notice, Tone};
use crate::tui::machine::permissions::say_forbidden;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::{circuit_breakers, text_field};

/// Hits of a search: as many as a tall screen shows.
const MAX_HITS: u32 = 30;

/// How soon it is searched again while customers are being made ready.
const UNFINISHED_INDEX_SEARCH_INTERVAL: Duration = Duration::from_secs(1);

const NOBODY: &str =
    "No customer matches. Try fewer letters, or the account number as printed on the bill.";
const NOBODY_YET: &str = "Nobody is found yet: the search index is being built.";
const NOT_ALL_YET: &str = "Not all customers can be found yet: the search index is being built. \
                           Press Enter again if the right one is selected.";
const NOTHING_TYPED: &str =
    "Type a part of the name, the account number, the email address or the phone number.";
const NOT_CHOSEN: &str = "The store does not answer, so nobody was chosen. Press Enter again when \
                          customers are shown and the store is back.";
const OPENING: &str = "The customer is being opened; one moment. Nothing is sent before that.";
const GONE: &str = "This customer is not on file any more. Search again.";

/// The search as it begins, with `typed` kept in its field.
pub(in crate::tui) fn begin(step: &mut Step<'_>, typed: &str) -> Find {
    let (input, kept) = (typed.to_owned().into(), !typed.is_empty());
    let mut find = Find { input, kept, ..Find::default() };
    start_over(&mut find, step);
    find
}

pub(in crate::tui) fn command(find: &mut Find, step: &mut Step<'_>, command: Command) {
    if let Some(by) = motion(command) {
        find.preview.step(find.selected, step.now);
        find.selected = moved(find.selected, find.customers().len(), by);
        step.shared.revealed = None;
        // It was somebody else who was chosen.
        find.chooses = false;
        return step.forget(find.opening.take());
    }
    match command {
        Command::Accept => accept(find, step),
        Command::Clear => {
            find.kept = false;
            find.input.reset();
            changed(find, step);
        }
        _ => {}
    }
}

pub(in crate::tui) fn key(find: &mut Find, step: &mut Step<'_>, key: KeyEvent) {
    let is_new = text_field::types(key);
    edit(find, step, is_new, |input| text_field::edit(input, key));
}

pub(in crate::tui) fn paste(find: &mut Find, step: &mut Step<'_>, text: &str) {
    edit(find, step, true, |input| text_field::insert(input, text));
}

fn edit(
    find: &mut Find,
    step: &mut Step<'_>,
    is_new: bool,
    change: impl FnOnce(&mut Input) -> bool,
) {
    if text_field::change(&mut find.input, &mut find.kept, is_new, change) {
        changed(find, step);
    }
}

fn changed(find: &mut Find, step: &mut Step<'_>) {
    step.clear_notice();
    start_over(find, step);
    if !step.shared.place.may(Permission::Verify) {
        say_forbidden(step, Permission::Verify);
    }
}

/// The field's text is new: what was asked for before does not matter any more.
fn start_over(find: &mut Find, step: &mut Step<'_>) {
    let typed = find.input.value().to_owned();
    for id in [find.found.reading.stop(), find.opening.take(), find.counting.stop()] {
        step.forget(id);
    }
    find.selected = 0;
    find.preview.follow();
    find.chooses = false;
    find.waits = false;
    find.again = None;
    step.shared.search.clone_from(&typed);
    // Whose contact is shown may be found no more.
    step.shared.revealed = None;
    if !step.shared.place.may(Permission::Verify) {
        find.found.clear();
    } else if Query::parse(&typed).is_some() {
        search(find, step);
    } else {
        find.found.clear();
    }
}

/// Asks whether there are customers at all, while nothing is searched for.
pub(in crate::tui) fn count(find: &mut Find, step: &mut Step<'_>) {
    let may = step.shared.place.may(Permission::Verify);
    if may && !find.found.reading.is_loading() && !find.counting.is_loading() {
        let id = step.call(FindCustomers { typed: String::new(), limit: 1 });
        find.counting.begin(id);
    }
}

/// Something was written: there may be customers by now.
pub(in crate::tui) fn reread(find: &mut Find, step: &mut Step<'_>) {
    if find.nobody.is_some() {
        count(find, step);
    }
}

/// A customer was marked: who is listed is read anew.
pub(in crate::tui) fn search_again(find: &mut Find, step: &mut Step<'_>) {
    if find.found.value().is_some() && !find.found.reading.is_loading() && find.opening.is_none() {
        search(find, step);
    }
}

fn search(find: &mut Find, step: &mut Step<'_>) {
    let typed = find.input.value().to_owned();
    let id = step.call(FindCustomers { typed, limit: MAX_HITS });
    find.found.reading.begin(id);
    find.again = None;
}

/// What time alone changes.
pub(in crate::tui) fn tick(find: &mut Find, step: &mut Step<'_>) {
    drop_late_choice(find, step);
    if search_due(find, step.shared).is_some_and(|due| due <= step.now) {
        search(find, step);
    }
    find.preview.settle(step.now);
}

/// When time alone changes something.
pub(in crate::tui) fn due(find: &Find, shared: &Shared) -> Option<Now> {
    [search_due(find, shared), find.preview.due()].into_iter().flatten().min()
}

/// When it is searched again by itself; none where that would bring nothing new,
/// or the store has none to ask.
fn search_due(find: &Find, shared: &Shared) -> Option<Now> {
    let is_free = !find.found.reading.is_loading() && find.opening.is_none();
    find.again.filter(|_| is_free && !shared.health.is_store_lost())
}

/// The store is back: asks what it could not be asked.
pub(in crate::tui) fn resume(find: &mut Find, step: &mut Step<'_>) {
    if std::mem::take(&mut find.waits) && !find.found.reading.is_loading() {
        search(find, step);
    } else if find.input.value().is_empty() {
        count(find, step);
    }
}

/// The store keeps the clerk waiting: what Enter was pressed for is not done by
/// itself later, when nobody expects it any more. An opening that is only slow
/// goes on, and is shown.
fn drop_late_choice(find: &mut Find, step: &mut Step<'_>) {
    let is_lost = match step.shared.health.store {
        DependencyState::Ok | DependencyState::Fallback | DependencyState::Off => return,
        DependencyState::Slow => false,
        DependencyState::Down => true,
    };
    let chooses = std::mem::take(&mut find.chooses);
    let opening = find.opening.take_if(|_| is_lost);
    step.forget(opening);
    if chooses || opening.is_some() {
        say_not_chosen(step);
    }
}

fn say_not_chosen(step: &mut Step<'_>) {
    let live = step.shared.health.is_store_lost().then_some(LiveNotice::NotChosen);
    step.shared.notice = Some(Notice { live, ..Notice::new(Tone::Warning, NOT_CHOSEN) });
}

/// Enter: the selected hit, or the first one of an answer that is still to come.
fn accept(find: &mut Find, step: &mut Step<'_>) {
    if find.opening.is_some() {
        return step.hint(Tone::Plain, OPENING);
    }
    if find.found.reading.is_loading() {
        find.chooses = true;
        return;
    }
    match find.found.value() {
        Some(found) if found.customers.is_empty() => {
            if found.preparing.is_some() {
                say_indexing(step, NOBODY_YET);
            } else {
                step.say(Tone::Plain, why_nobody(find.nobody));
            }
        }
        Some(_) if step.shared.health.is_store_lost() => say_not_chosen(step),
        Some(_) => open(find, step),
        None if !step.shared.place.may(Permission::Verify) => {
            say_forbidden(step, Permission::Verify);
        }
        None if Query::parse(find.input.value()).is_none() => {
            let text = find.nobody.map_or(NOTHING_TYPED, messages::no_customers);
            step.hint(Tone::Plain, text);
        }
        // The search failed: once more.
        None => {
            changed(find, step);
            find.chooses = true;
        }
    }
}

/// Why a search found nobody.
fn why_nobody(why: Option<NoCustomers>) -> &'static str {
    why.map_or(NOBODY, messages::no_customers)
}

fn open(find: &mut Find, step: &mut Step<'_>) {
    let selected = find.customers().get(find.selected).map(|it| it.id);
    if let Some(customer) = selected {
        find.opening = Some(step.call(OpenCustomer { customer }));
    }
}

pub(in crate::tui) fn found(
    find: &mut Find,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<SearchResult, Failure>,
) {
    if find.counting.end(id, answer.is_ok()) {
        // A store that is lost says so elsewhere.
        find.nobody = answer.ok().and_then(|found| found.nobody);
        return;
    }
    if !find.found.reading.end(id, answer.is_ok()) {
        return;
    }
    find.waits = false;
    match answer {
        Ok(found) => take(find, step, found),
        Err(failure) => {
            find.found.clear();
            find.selected = 0;
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
fn take(find: &mut Find, step: &mut Step<'_>, found: SearchResult) {
    let SearchResult { customers, more, preparing, nobody: why } = found;
    find.nobody = why;
    let typed = find.input.value().to_owned();
    let before = find.found.value().filter(|before| before.typed == typed);
    let chosen = before.and_then(|before| before.customers.get(find.selected).map(|it| it.id));
    let place = customers.iter().position(|it| Some(it.id) == chosen);
    find.selected = place.unwrap_or(0);
    find.preview.follow();
    find.again = preparing.map(|_| step.now + UNFINISHED_INDEX_SEARCH_INTERVAL);
    let accept_first = std::mem::take(&mut find.chooses);
    let nobody = customers.is_empty();
    if preparing.is_none() {
        step.shared.notice.take_if(|it| it.live == Some(LiveNotice::Indexing));
    }
    find.found.set(SearchHits { typed, customers, more, preparing });
    match (nobody, preparing) {
        // What was said about the search before says more.
        (true, None) if step.shared.notice.is_none() => step.say(Tone::Plain, why_nobody(why)),
        (false, None) if accept_first => open(find, step),
        (false, Some(_)) if accept_first => say_indexing(step, NOT_ALL_YET),
        _ => {}
    }
}

/// Says that customers may be missing, until the index is whole.
fn say_indexing(step: &mut Step<'_>, text: &str) {
    step.shared.notice = Some(Notice::live(Tone::Plain, text, LiveNotice::Indexing));
}

pub(in crate::tui) fn opened(
    find: &mut Find,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<OpenedCustomer>, Failure>,
) {
    if find.opening != Some(id) {
        return;
    }
    find.opening = None;
    find.chooses = false;
    match answer {
        Ok(Some(opened)) => {
            step.clear_notice();
            step.go(Navigation::Send(opened));
            // The channels came with newer word of their providers than is known here.
            circuit_breakers::read(step);
        }
        Ok(None) => {
            changed(find, step);
            step.say(Tone::Warning, GONE);
        }
        Err(failure) if failure.lost => say_not_chosen(step),
        Err(failure) => step.fail(failure),
    }
}
