//! The keys of the dashboard, and what comes of them.

use crossterm::event::KeyEvent;
use tui_input::Input;

use crate::domain::stats::alarms::Alarm;
use crate::domain::text;
use crate::service::csv_record::csv_record;
use crate::service::stats::calls::{AcknowledgeAlarm, RecordStatsExport};
use crate::tui::dashboard::reads;
use crate::tui::dashboard::rows::{PaneRow, PaneRows, rows};
use crate::tui::dashboard::state::{Dashboard, Pane, Typing, TypingPurpose};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::file_export::FileExport;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::{open_alarms, store_lost, text_field};

const WAIT: &str = "One moment; it is being done.";
const NOTHING_BEHIND: &str = "The log has no entries of its own behind this line.";
const NOT_READ: &str = "This is still being read.";
const NO_ALARM: &str = "Select an alarm first: they are in a part of their own.";
const NO_REASON: &str = "Type what the alarm was; the log keeps it.";
const NOT_SORTED: &str = "Channels, counters and clerks can be sorted; this part cannot.";

/// The dashboard as it is opened.
pub(in crate::tui) fn begin(step: &mut Step<'_>) -> Dashboard {
    let mut dashboard = Dashboard::default();
    // The newest hour; it stays the newest while hours come.
    dashboard.selected[Pane::Course.place()] = usize::MAX;
    reads::all(&mut dashboard, step);
    dashboard
}

fn shown(dashboard: &Dashboard, step: &Step<'_>) -> PaneRows {
    rows(dashboard, dashboard.pane, step.shared, step.now)
}

/// The line that is selected among those of a part: lists come and go while it is read.
pub(in crate::tui) fn place(dashboard: &Dashboard, pane: Pane, rows: usize) -> usize {
    dashboard.selected[pane.place()].min(rows.saturating_sub(1))
}

fn selected(dashboard: &Dashboard, step: &Step<'_>) -> Option<PaneRow> {
    let mut rows = shown(dashboard, step).rows?;
    let at = place(dashboard, dashboard.pane, rows.len());
    (at < rows.len()).then(|| rows.swap_remove(at))
}

pub(in crate::tui) fn command(dashboard: &mut Dashboard, step: &mut Step<'_>, command: Command) {
    if dashboard.typing.is_some() {
        return in_field(dashboard, step, command);
    }
    if let Some(by) = motion(command) {
        let rows = shown(dashboard, step).rows.map_or(0, |it| it.len());
        let at = place(dashboard, dashboard.pane, rows);
        dashboard.selected[dashboard.pane.place()] = moved(at, rows, by);
        return;
    }
    match command {
        Command::ShowPane(place) => show(dashboard, usize::from(place)),
        Command::NextPane => show(dashboard, (dashboard.pane.place() + 1) % Pane::ALL.len()),
        Command::PreviousPane => {
            show(dashboard, (dashboard.pane.place() + Pane::ALL.len() - 1) % Pane::ALL.len());
        }
        Command::NextPeriod => turn_period(dashboard, step, 1),
        Command::PreviousPeriod => turn_period(dashboard, step, -1),
        Command::NextSort => sort(dashboard, step, 1),
        Command::PreviousSort => sort(dashboard, step, -1),
        Command::FilterText if !dashboard.pane.is_filtered() => {
            step.hint(Tone::Warning, "There are no lines to filter in this part.");
        }
        Command::FilterText => {
            let input = Input::new(dashboard.filter.clone());
            dashboard.typing = Some(Typing { input, purpose: TypingPurpose::Filter });
        }
        Command::FilterNone => dashboard.filter.clear(),
        Command::Accept => open_entries(dashboard, step),
        Command::Acknowledge => ask_reason(dashboard, step),
        Command::Export => export(dashboard, step),
        Command::Back | Command::Close => step.go(Navigation::CloseDashboard),
        _ => {}
    }
}

fn show(dashboard: &mut Dashboard, place: usize) {
    if let Some(pane) = Pane::ALL.get(place) {
        dashboard.pane = *pane;
    }
}

fn turn_period(dashboard: &mut Dashboard, step: &mut Step<'_>, by: isize) {
    dashboard.period = dashboard.period.turned(by);
    dashboard.selected[Pane::Course.place()] = usize::MAX;
    let outdated = dashboard.course.clear();
    step.forget(outdated);
    for groups in &mut dashboard.groups {
        let outdated = groups.clear();
        step.forget(outdated);
    }
    reads::stats(dashboard, step);
}

fn sort(dashboard: &mut Dashboard, step: &mut Step<'_>, by: isize) {
    if !dashboard.pane.is_sorted() {
        return step.hint(Tone::Plain, NOT_SORTED);
    }
    dashboard.sort = dashboard.sort.turned(by);
    dashboard.selected[dashboard.pane.place()] = 0;
}

fn open_entries(dashboard: &Dashboard, step: &mut Step<'_>) {
    match selected(dashboard, step) {
        None => step.hint(Tone::Plain, NOT_READ),
        Some(PaneRow { behind: None, .. }) => step.hint(Tone::Plain, NOTHING_BEHIND),
        Some(PaneRow { behind: Some(filter), .. }) => step.go(Navigation::Log(Box::new(filter))),
    }
}

fn ask_reason(dashboard: &mut Dashboard, step: &mut Step<'_>) {
    if dashboard.acknowledging.is_some() {
        return store_lost::wait(step, WAIT);
    }
    match selected(dashboard, step).and_then(|it| it.alarm) {
        None => step.hint(Tone::Plain, NO_ALARM),
        Some(alarm) => {
            let purpose = TypingPurpose::Reason(alarm);
            dashboard.typing = Some(Typing { input: Input::default(), purpose });
        }
    }
}

fn in_field(dashboard: &mut Dashboard, step: &mut Step<'_>, command: Command) {
    match command {
        Command::Accept => accept(dashboard, step),
        Command::Back | Command::Close => dashboard.typing = None,
        _ => {}
    }
}

fn accept(dashboard: &mut Dashboard, step: &mut Step<'_>) {
    let Some(Typing { input, purpose }) = &dashboard.typing else { return };
    let typed = text::clean_optional(input.value());
    match (*purpose, typed) {
        (TypingPurpose::Filter, typed) => dashboard.filter = typed.unwrap_or_default(),
        (TypingPurpose::Reason(_), None) => return step.hint(Tone::Plain, NO_REASON),
        (TypingPurpose::Reason(alarm), Some(reason)) => {
            let key = step.idempotency_key();
            step.clear_notice();
            let id = step.call(AcknowledgeAlarm { alarm, reason, key });
            dashboard.acknowledging = Some((id, alarm));
        }
    }
    dashboard.typing = None;
}

pub(in crate::tui) fn acknowledged(
    dashboard: &mut Dashboard,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Alarm>, Failure>,
) {
    let Some((_, alarm)) = dashboard.acknowledging.take_if(|it| it.0 == id) else { return };
    match answer {
        Err(failure) => return step.fail(failure),
        Ok(None) => step.say(Tone::Warning, "There is no such alarm any more."),
        Ok(Some(before)) => {
            let text = match before.acknowledged_at {
                None => format!("Alarm {alarm} is acknowledged."),
                Some(at) => {
                    let at = step.shared.place.wall_clock(at);
                    format!("Alarm {alarm} was acknowledged at {at} already.")
                }
            };
            step.say(Tone::Good, text);
        }
    }
    reads::alarms(dashboard, step);
    open_alarms::read(step);
}

/// Writes what is seen into a file beside which the program was started, once the log says so.
fn export(dashboard: &mut Dashboard, step: &mut Step<'_>) {
    if dashboard.exporting.is_some() {
        return store_lost::wait(step, WAIT);
    }
    let shown = shown(dashboard, step);
    let Some(rows) = shown.rows else { return step.hint(Tone::Plain, NOT_READ) };
    let head: Vec<String> = shown.columns.iter().map(|it| it.title.to_owned()).collect();
    let lines = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let cells = |row: PaneRow| {
        let mut cells: Vec<String> = row.cells.into_iter().map(|it| it.0).collect();
        cells.resize(head.len(), String::new());
        cells
    };
    let records = std::iter::once(head.clone()).chain(rows.into_iter().map(cells));
    let text: Result<String, _> =
        records.map(|it| csv_record(it).map(|line| line + "\n")).collect();
    let name = dashboard.pane.title().to_lowercase().replace(' ', "-");
    let moment = step.store_time().to_utc().with_timezone(&step.shared.place.zone);
    let name = format!("countersign-{name}-{}.csv", moment.format("%Y-%m-%d-%H%M%S"));
    match text {
        Ok(text) => {
            let (part, key) = (dashboard.pane.title().to_owned(), step.idempotency_key());
            step.clear_notice();
            let id = step.call(RecordStatsExport { part, lines, key });
            dashboard.exporting = Some((id, FileExport { name, text }));
        }
        Err(error) => step.say(Tone::Bad, format!("Nothing was written: {error}.")),
    }
}

/// The log has its entry of an export, or not: then nothing is written.
pub(in crate::tui) fn may_export(
    dashboard: &mut Dashboard,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<(), Failure>,
) {
    let Some((_, file)) = dashboard.exporting.take_if(|it| it.0 == id) else { return };
    match answer {
        Ok(()) => step.shared.export = Some(file),
        Err(failure) => step.fail(failure),
    }
}

pub(in crate::tui) fn key(dashboard: &mut Dashboard, key: KeyEvent) {
    if let Some(typing) = &mut dashboard.typing {
        text_field::edit(&mut typing.input, key);
    }
}

pub(in crate::tui) fn paste(dashboard: &mut Dashboard, text: &str) {
    if let Some(typing) = &mut dashboard.typing {
        text_field::insert(&mut typing.input, text);
    }
}

/// What the field asks for, and what Enter does.
pub(in crate::tui) fn field_label(purpose: TypingPurpose) -> String {
    let key = key_name(Context::DashboardField, Command::Accept);
    match purpose {
        TypingPurpose::Filter => format!("Lines with ({key})"),
        TypingPurpose::Reason(alarm) => format!("Alarm {alarm} was ({key})"),
    }
}
