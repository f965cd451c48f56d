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
use crate::service::audit::calls::{self, ReadLog, ReadTimeline};
use crate::tui::log::state::{LogPage, LogPanel, Timeline};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::loaded::Loaded;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::{Notice, Tone};
use crate::tui::machine::scroll::{Extent, Scroll, motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::text_field;

/// Entries read at once: more than are read anew when following.
const PAGE_ENTRIES: u32 = 200;

/// Entries held at most.
const MAX_ENTRIES: usize = 1_000;

/// What was read so long after a moment has all that was written before it.
const MAX_COMMIT_DELAY: Duration = Duration::from_secs(10);

const NO_TIMELINE: &str = "This entry belongs to no request, so there is no timeline to show.";

/// The log as it is opened: with the page that was kept, until it is read anew.
pub(in crate::tui) fn begin(step: &mut Step<'_>, kept: Option<LogPage>) -> LogPanel {
    let mut log = LogPanel { kept, ..LogPanel::default() };
    show_kept(&mut log);
    read(&mut log, step, EventPage::Newest);
    log
}

/// The log as it is opened for the entries of a filter, without those that are kept.
pub(in crate::tui) fn begin_with(
    step: &mut Step<'_>,
    kept: Option<LogPage>,
    filter: EventFilter,
) -> LogPanel {
    let mut log = LogPanel { filter, kept, ..LogPanel::default() };
    read(&mut log, step, EventPage::Newest);
    log
}

/// Keeps the newest page: it is shown again, though the store may be lost.
fn keep(log: &mut LogPanel) {
    let is_newest = log.filter == EventFilter::default() && !log.newer;
    if let Some(read_at) = log.read_at.filter(|_| is_newest) {
        let events = std::mem::take(&mut log.events);
        log.kept = Some(LogPage { events, older: log.older, read_at });
    }
}

fn show_kept(log: &mut LogPanel) {
    if let Some(page) = log.kept.take() {
        log.events = page.events;
        log.older = page.older;
        log.read_at = Some(page.read_at);
    }
}

/// Closes the log; the page that is kept until it is opened again.
pub(in crate::tui) fn close(mut log: LogPanel, step: &mut Step<'_>) -> Option<LogPage> {
    keep(&mut log);
    step.forget(log.reading.stop());
    if let Some(mut timeline) = log.timeline {
        step.forget(timeline.events.reading.stop());
    }
    log.kept
}

/// What a command means; `extent` is that of the timeline, where one is open.
pub(in crate::tui) fn command(
    log: &mut LogPanel,
    step: &mut Step<'_>,
    command: Command,
    extent: Extent,
) {
    if log.timeline.is_some() {
        return in_timeline(log, step, command, extent);
    }
    if log.typing.is_some() {
        return in_filter(log, step, command);
    }
    match command {
        Command::First if log.newer => read(log, step, EventPage::Newest),
        Command::Accept => open_timeline(log, step),
        Command::FilterText => {
            log.typing = Some(log.typed.as_deref().unwrap_or_default().into());
        }
        Command::FilterOutcome => {
            let outcome = next(log.filter.outcome, &Outcome::ALL);
            filter(log, step, |filter| filter.outcome = outcome);
        }
        Command::FilterChannel => {
            let channel = next(log.filter.channel, &Channel::ALL);
            filter(log, step, |filter| filter.channel = channel);
        }
        Command::FilterNone => {
            log.typed = None;
            filter(log, step, |filter| *filter = EventFilter::default());
        }
        Command::Back => step.go(Navigation::BackToWork),
        Command::Close => step.go(Navigation::Close),
        command => {
            if let Some(by) = motion(command) {
                log.selected = moved(log.selected, log.events.len(), by);
                step.shared.notice = step.shared.notice.take().and_then(Notice::without_hint);
                page_on(log, step);
            }
        }
    }
}

/// The value after `current`; none after the last.
fn next<T: Copy + PartialEq>(current: Option<T>, all: &[T]) -> Option<T> {
    let after = current.and_then(|it| all.iter().position(|other| *other == it));
    all.get(after.map_or(0, |place| place + 1)).copied()
}

fn filter(log: &mut LogPanel, step: &mut Step<'_>, change: impl FnOnce(&mut EventFilter)) {
    keep(log);
    change(&mut log.filter);
    log.events.clear();
    log.selected = 0;
    log.older = false;
    log.newer = false;
    log.read_at = None;
    if log.filter == EventFilter::default() {
        show_kept(log);
    }
    read(log, step, EventPage::Newest);
}

/// Reads the older entries when the last one is reached.
fn page_on(log: &mut LogPanel, step: &mut Step<'_>) {
    let at_the_end = log.selected + 1 >= log.events.len();
    if at_the_end
        && log.older
        && !log.reading.is_loading()
        && let Some(last) = log.events.last()
    {
        let page = EventPage::Before(last.id);
        read(log, step, page);
    }
}

/// Reads a page; what was being read before does not matter any more.
fn read(log: &mut LogPanel, step: &mut Step<'_>, page: EventPage) {
    let was_stale = log.reading.is_stale();
    step.forget(log.reading.stop());
    let filter = log.filter.clone();
    log.reading.begin(step.call(ReadLog { filter, page, limit: PAGE_ENTRIES }));
    // Older entries say nothing of what is new.
    if was_stale && matches!(page, EventPage::Before(_)) {
        log.reading.mark_stale();
    }
}

/// Something happened: reads what is new. A window far down the log stays.
pub(in crate::tui) fn reread(log: &mut LogPanel, step: &mut Step<'_>) {
    if !log.reading.renew(false) {
        return;
    }
    let is_over = log
        .filter
        .before
        .zip(log.read_at)
        .is_some_and(|(before, at)| at > before.plus(MAX_COMMIT_DELAY));
    if !log.newer && !is_over {
        let page =
            log.events.first().map_or(EventPage::Newest, |newest| EventPage::following(newest.id));
        read(log, step, page);
    }
}

pub(in crate::tui) fn answered(
    log: &mut LogPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<calls::LogPage, Failure>,
) {
    if !log.reading.end(id, answer.is_ok()) {
        return;
    }
    match answer {
        Ok(read) => {
            take(log, read.page, read.events);
            log.read_at = step.shared.time(step.now);
        }
        Err(failure) => return step.fail(failure),
    }
    if log.reading.is_stale() {
        reread(log, step);
    }
}

fn take(log: &mut LogPanel, page: EventPage, mut events: Vec<Event>) {
    // On top the newest entry stays in sight; further down the one that was chosen.
    let chosen = log.events.get(log.selected).filter(|_| log.selected > 0).map(|it| it.id);
    let full = events.len() >= PAGE_ENTRIES as usize;
    match page {
        EventPage::Newest => {
            log.events = events;
            log.older = full;
            log.newer = false;
        }
        EventPage::Before(_) => {
            log.events.append(&mut events);
            log.older = full;
            let over = log.events.len().saturating_sub(MAX_ENTRIES);
            log.events.drain(..over);
            log.newer |= over > 0;
        }
        EventPage::After(_) => {
            // Some are on the panel already; some belong among those that are.
            log.events.append(&mut events);
            log.events.sort_by_key(|event| Reverse(event.id));
            log.events.dedup_by_key(|event| event.id);
            log.older |= log.events.len() > MAX_ENTRIES;
            log.events.truncate(MAX_ENTRIES);
            if full {
                log.reading.mark_stale();
            }
        }
    }
    log.selected = place_of(&log.events, chosen);
}

/// The entry that was chosen stays so, wherever it is by now.
fn place_of(events: &[Event], chosen: Option<EventId>) -> usize {
    chosen.and_then(|id| events.iter().position(|event| event.id == id)).unwrap_or(0)
}

fn open_timeline(log: &mut LogPanel, step: &mut Step<'_>) {
    let Some(event) = log.events.get(log.selected) else { return };
    let Some(request) = event.request.clone() else {
        return step.hint(Tone::Plain, NO_TIMELINE);
    };
    let events = Loaded::begun(step.call(ReadTimeline { request }));
    log.timeline = Some(Timeline { events, scroll: Scroll::default() });
}

fn in_timeline(log: &mut LogPanel, step: &mut Step<'_>, command: Command, extent: Extent) {
    if matches!(command, Command::Back | Command::Close) {
        close_timeline(log, step);
    } else if let (Some(timeline), Some(by)) = (&mut log.timeline, motion(command)) {
        timeline.scroll.by(by, extent);
    }
}

fn close_timeline(log: &mut LogPanel, step: &mut Step<'_>) {
    if let Some(mut timeline) = log.timeline.take() {
        step.forget(timeline.events.reading.stop());
    }
}

pub(in crate::tui) fn timeline(
    log: &mut LogPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Vec<Event>, Failure>,
) {
    let Some(timeline) = &mut log.timeline else { return };
    if let Some(failure) = timeline.events.take(id, answer) {
        log.timeline = None;
        step.fail(failure);
    }
}

fn in_filter(log: &mut LogPanel, step: &mut Step<'_>, command: Command) {
    match command {
        Command::Accept => {
            let typed = log.typing.as_ref().and_then(|it| text::clean_optional(it.input.value()));
            narrow(log, step, typed);
        }
        Command::Back | Command::Close => log.typing = None,
        _ => {}
    }
}

/// Shows what was typed only: words, and up to a time.
fn narrow(log: &mut LogPanel, step: &mut Step<'_>, typed: Option<String>) {
    let now = step.store_time().to_utc().with_timezone(&step.shared.place.zone);
    let (when, text) = typed.as_deref().map(TimeExpression::among).unwrap_or_default();
    let before = match when.map(|it| it.stretch(&now)).transpose() {
        Ok(stretch) => stretch.map(|it| it.before),
        Err(error) => return step.say(Tone::Warning, format!("No clock shows that; {error}.")),
    };
    log.typing = None;
    log.typed = typed;
    filter(log, step, |filter| (filter.text, filter.before) = (text, before));
}

pub(in crate::tui) fn key(log: &mut LogPanel, key: KeyEvent) {
    edit(log, text_field::types(key), |input| text_field::edit(input, key));
}

pub(in crate::tui) fn paste(log: &mut LogPanel, text: &str) {
    edit(log, true, |input| text_field::insert(input, text));
}

fn edit(log: &mut LogPanel, is_new: bool, change: impl FnOnce(&mut Input) -> bool) {
    if let Some(typing) = &mut log.typing {
        text_field::change(&mut typing.input, &mut typing.kept, is_new, change);
    }
}
