//! The log panel: a window of the log that follows what happens.

use std::cmp::Reverse;
use std::time::Duration;

use crossterm::event::KeyEvent;
use tui_input::Input;

use crate::domain::channel::Channel;
use crate::domain::event::{Event, EventFilter, EventId, EventPage};
use crate::domain::outcome::Outcome;
use crate::domain::text;
use crate::domain::time_range::TimeExpression;
use crate::service::audit;
use crate::service::audit::calls::{ReadLog, ReadTimeline};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::field;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{Focus, LogPage, LogPanel, Notice, Timeline, Tone};
use crate::tui::machine::step::{Step, motion, moved, scrolled};
use crate::tui::view;

/// Entries read at once: more than are read anew when following.
pub(in crate::tui) const READ: u32 = 200;

/// Entries held at most.
pub(in crate::tui) const WINDOW: usize = 1_000;

/// What was read so long after a moment has all that was written before it.
const LATE: Duration = Duration::from_secs(10);

const NO_TIMELINE: &str = "This entry belongs to no request, so there is no timeline to show.";

/// Opens the log, goes to it where it is open beside the work, or closes it.
pub(in crate::tui) fn toggle(step: &mut Step<'_>) {
    step.model.overlay = None;
    if step.model.log.is_some() && step.model.focus == Focus::Log {
        return close(step);
    }
    step.model.focus = Focus::Log;
    if step.model.log.is_none() {
        step.model.log = Some(LogPanel::default());
        show_kept(step);
        read(step, EventPage::Newest);
    }
}

/// Keeps the newest page: the panel may be opened again while the store is lost.
fn keep(step: &mut Step<'_>) {
    let Some(log) = step.model.log.as_mut() else { return };
    let is_newest = log.filter == EventFilter::default() && !log.newer;
    if let Some(read_at) = log.read_at.filter(|_| is_newest) {
        let events = std::mem::take(&mut log.events);
        step.model.log_page = Some(LogPage { events, older: log.older, read_at });
    }
}

/// Shows the page that was kept, until it is read anew.
fn show_kept(step: &mut Step<'_>) {
    if let (Some(log), Some(page)) = (&mut step.model.log, step.model.log_page.take()) {
        log.events = page.events;
        log.older = page.older;
        log.read_at = Some(page.read_at);
    }
}

pub(in crate::tui) fn close(step: &mut Step<'_>) {
    keep(step);
    if let Some(log) = step.model.log.take() {
        let timeline = log.timeline.and_then(|timeline| timeline.reading);
        for id in [log.reading, timeline] {
            step.forget(id);
        }
        step.model.focus = Focus::Work;
    }
}

pub(in crate::tui) fn command(step: &mut Step<'_>, command: Command) {
    let Some(log) = step.log() else { return };
    if log.timeline.is_some() {
        return in_timeline(step, command);
    }
    if log.typing.is_some() {
        return in_filter(step, command);
    }
    match command {
        Command::First if log.newer => read(step, EventPage::Newest),
        Command::Accept => open_timeline(step),
        Command::FilterText => {
            log.typing = Some(log.typed.as_deref().unwrap_or_default().into());
        }
        Command::FilterOutcome => {
            let outcome = next(log.filter.outcome, &Outcome::ALL);
            filter(step, |filter| filter.outcome = outcome);
        }
        Command::FilterChannel => {
            let channel = next(log.filter.channel, &Channel::ALL);
            filter(step, |filter| filter.channel = channel);
        }
        Command::FilterNone => {
            log.typed = None;
            filter(step, |filter| *filter = EventFilter::default());
        }
        Command::Back => put_aside(step),
        Command::Close => close(step),
        command => {
            if let Some(by) = motion(command) {
                log.selected = moved(log.selected, log.events.len(), by);
                step.model.notice = step.model.notice.take().and_then(Notice::without_hint);
                page_on(step);
            }
        }
    }
}

/// Gives the keyboard back to the work. Beside it the log stays; over it, it
/// would be in the way.
fn put_aside(step: &mut Step<'_>) {
    if step.model.is_wide() {
        step.model.focus = Focus::Work;
    } else {
        close(step);
    }
}

/// The value after `current`; none after the last.
fn next<T: Copy + PartialEq>(current: Option<T>, all: &[T]) -> Option<T> {
    let after = current.and_then(|it| all.iter().position(|other| *other == it));
    all.get(after.map_or(0, |place| place + 1)).copied()
}

fn filter(step: &mut Step<'_>, change: impl FnOnce(&mut EventFilter)) {
    keep(step);
    let Some(log) = step.log() else { return };
    change(&mut log.filter);
    log.events.clear();
    log.selected = 0;
    log.older = false;
    log.newer = false;
    log.read_at = None;
    if log.filter == EventFilter::default() {
        show_kept(step);
    }
    read(step, EventPage::Newest);
}

/// Reads the older entries when the last one is reached.
fn page_on(step: &mut Step<'_>) {
    let Some(log) = step.log() else { return };
    let at_the_end = log.selected + 1 >= log.events.len();
    if at_the_end
        && log.older
        && log.reading.is_none()
        && let Some(last) = log.events.last()
    {
        let page = EventPage::Before(last.id);
        read(step, page);
    }
}

/// Reads a page; what was being read before does not matter any more.
fn read(step: &mut Step<'_>, page: EventPage) {
    let Some(log) = step.log() else { return };
    let outdated = log.reading.take();
    if page == EventPage::Newest {
        log.stale = false;
    }
    let filter = log.filter.clone();
    step.forget(outdated);
    let id = step.call(ReadLog { filter, page, limit: READ });
    if let Some(log) = step.log() {
        log.reading = Some(id);
    }
}

/// Something happened: reads what is new. A window far down the log stays.
pub(in crate::tui) fn reread(step: &mut Step<'_>) {
    let Some(log) = step.log() else { return };
    if log.reading.is_some() {
        log.stale = true;
        return;
    }
    let is_over =
        log.filter.before.zip(log.read_at).is_some_and(|(before, at)| at > before.plus(LATE));
    log.stale = false;
    if !log.newer && !is_over {
        let page =
            log.events.first().map_or(EventPage::Newest, |newest| EventPage::following(newest.id));
        read(step, page);
    }
}

pub(in crate::tui) fn answered(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<audit::calls::LogPage, Failure>,
) {
    let at = step.model.clock.map(|clock| clock.time(step.now));
    let Some(log) = step.log().filter(|log| log.reading == Some(id)) else { return };
    log.reading = None;
    match answer {
        Ok(read) => {
            take(log, read.page, read.events);
            log.read_at = at;
        }
        Err(failure) => return step.fail(failure),
    }
    if step.log().is_some_and(|log| log.stale) {
        reread(step);
    }
}

fn take(log: &mut LogPanel, page: EventPage, mut events: Vec<Event>) {
    // On top the newest entry stays in sight; further down the one that was chosen.
    let chosen = log.events.get(log.selected).filter(|_| log.selected > 0).map(|it| it.id);
    let full = events.len() >= READ as usize;
    match page {
        EventPage::Newest => {
            log.events = events;
            log.older = full;
            log.newer = false;
        }
        EventPage::Before(_) => {
            log.events.append(&mut events);
            log.older = full;
            let over = log.events.len().saturating_sub(WINDOW);
            log.events.drain(..over);
            log.newer |= over > 0;
        }
        EventPage::After(_) => {
            // Some are on the panel already; some belong among those that are.
            log.events.append(&mut events);
            log.events.sort_by_key(|event| Reverse(event.id));
            log.events.dedup_by_key(|event| event.id);
            log.older |= log.events.len() > WINDOW;
            log.events.truncate(WINDOW);
            log.stale |= full;
        }
    }
    log.selected = place_of(&log.events, chosen);
}

/// The entry that was chosen stays so, wherever it is by now.
fn place_of(events: &[Event], chosen: Option<EventId>) -> usize {
    chosen.and_then(|id| events.iter().position(|event| event.id == id)).unwrap_or(0)
}

fn open_timeline(step: &mut Step<'_>) {
    let Some(log) = step.log() else { return };
    let Some(event) = log.events.get(log.selected) else { return };
    let Some(request) = event.request.clone() else {
        return step.hint(Tone::Plain, NO_TIMELINE);
    };
    let id = step.call(ReadTimeline { request });
    if let Some(log) = step.log() {
        log.timeline = Some(Timeline { events: None, reading: Some(id), scroll: 0 });
    }
}

fn in_timeline(step: &mut Step<'_>, command: Command) {
    let most = view::most_scroll(step.model, step.now);
    let Some(log) = step.log() else { return };
    if matches!(command, Command::Back | Command::Close) {
        let reading = log.timeline.take().and_then(|timeline| timeline.reading);
        step.forget(reading);
    } else if let (Some(timeline), Some(by)) = (&mut log.timeline, motion(command)) {
        timeline.scroll = scrolled(timeline.scroll, most, by);
    }
}

pub(in crate::tui) fn timeline(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Vec<Event>, Failure>,
) {
    let timeline = step.log().and_then(|log| log.timeline.as_mut());
    let Some(timeline) = timeline.filter(|timeline| timeline.reading == Some(id)) else { return };
    timeline.reading = None;
    match answer {
        Ok(events) => timeline.events = Some(events),
        Err(failure) => {
            if let Some(log) = step.log() {
                log.timeline = None;
            }
            step.fail(failure);
        }
    }
}

fn in_filter(step: &mut Step<'_>, command: Command) {
    let Some(log) = step.log() else { return };
    match command {
        Command::Accept => {
            let typed = log.typing.as_ref().and_then(|it| text::clean_optional(it.input.value()));
            narrow(step, typed);
        }
        Command::Back | Command::Close => log.typing = None,
        _ => {}
    }
}

/// Shows what was typed only: words, and up to a time.
fn narrow(step: &mut Step<'_>, typed: Option<String>) {
    let now = step.store_time().to_utc().with_timezone(&step.model.place.zone);
    let (when, text) = typed.as_deref().map(TimeExpression::among).unwrap_or_default();
    let before = match when.map(|it| it.stretch(&now)).transpose() {
        Ok(stretch) => stretch.map(|it| it.before),
        Err(error) => return step.say(Tone::Warning, format!("No clock shows that; {error}.")),
    };
    if let Some(log) = step.log() {
        log.typing = None;
        log.typed = typed;
    }
    filter(step, |filter| (filter.text, filter.before) = (text, before));
}

pub(in crate::tui) fn key(step: &mut Step<'_>, key: KeyEvent) {
    edit(step, field::types(key), |input| field::edit(input, key));
}

pub(in crate::tui) fn paste(step: &mut Step<'_>, text: &str) {
    edit(step, true, |input| field::insert(input, text));
}

fn edit(step: &mut Step<'_>, is_new: bool, change: impl FnOnce(&mut Input) -> bool) {
    let Some(log) = step.log() else { return };
    if let Some(typing) = &mut log.typing {
        field::change(&mut typing.input, &mut typing.kept, is_new, change);
    }
}
