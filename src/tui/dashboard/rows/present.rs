//! The parts of the dashboard that are about now: messages, lockouts, who is at work, alarms,
//! the audit trail.

use std::time::Duration;

use crate::domain::audit::checkpoint::Checkpoint;
use crate::domain::event::{Event, EventFilter, EventKind};
use crate::domain::oversight::CounterAtWork;
use crate::domain::stats::alarms::Alarm;
use crate::domain::stats::figures::Figure;
use crate::domain::stats::usual;
use crate::domain::time::Timestamp;
use crate::tui::dashboard::reads::Course;
use crate::tui::dashboard::rows::{Cell, Making, Meaning, PaneRow, PaneRows, label, plain, strong};
use crate::tui::widgets::counter_name::counter;
use crate::tui::widgets::moment::{clock_span, minute_or_day};
use crate::tui::widgets::table::Column;

const MESSAGES: [Column; 4] = [
    Column::new("What", 16, 24, 0),
    Column::new("Customer", 10, 30, 0),
    Column::new("By", 8, 20, 1),
    Column::new("Why", 10, 60, 2),
];

const LOCKOUTS: [Column; 4] = [
    Column::new("Since", 8, 12, 0),
    Column::new("Customer", 10, 30, 0),
    Column::new("Account", 8, 14, 1),
    Column::new("Where", 10, 28, 2),
];

const AT_WORK: [Column; 5] = [
    Column::new("Counter", 8, 16, 0),
    Column::new("Clerk", 6, 20, 0),
    Column::new("With", 12, 30, 0),
    Column::new("Stands", 14, 18, 1),
    Column::new("Active", 9, 12, 2),
];

const ALARMS: [Column; 4] = [
    Column::new("Raised", 8, 12, 0),
    Column::new("Alarm", 14, 34, 0),
    Column::new("About", 6, 20, 0),
    Column::new("Found", 16, 90, 1),
];

const TRAIL: [Column; 2] = [Column::new("What", 14, 18, 0), Column::new("State", 20, 80, 0)];

/// Entries are sealed some hundred milliseconds after they are written.
const SEALED_LATE: Duration = Duration::from_secs(30);

/// A collector that takes so long is named.
const SHIPPED_LATE: Duration = Duration::from_mins(1);

impl Making<'_> {
    pub(super) fn messages(&self) -> PaneRows {
        let course = self.dashboard.course.value().and_then(Course::of);
        let rows = course.zip(self.dashboard.oversight.value()).map(|(course, oversight)| {
            let counts = course.whole.counts();
            let span = course.whole.span;
            let figure = |figure: Figure, what: &str, meaning| {
                let count = counts.of(figure);
                let meaning = if count > 0 { meaning } else { Meaning::Plain };
                PaneRow {
                    cells: vec![(format!("{count} {what}"), meaning)],
                    behind: Some(Self::behind(span, &[figure])),
                    alarm: None,
                }
            };
            let queue = oversight.queue;
            let waiting = match (queue.length, queue.oldest) {
                (0, _) | (_, None) => "nothing waits".to_owned(),
                (length, Some(oldest)) => format!("{length} waiting, for {}", clock_span(oldest)),
            };
            let mut rows = vec![
                figure(Figure::NotSent, "not sent", Meaning::Bad),
                figure(Figure::Unsure, "perhaps sent", Meaning::Warning),
                PaneRow {
                    cells: vec![plain(waiting)],
                    behind: Some(EventFilter {
                        kind: Some(EventKind::Delayed),
                        ..Self::within(span)
                    }),
                    alarm: None,
                },
            ];
            rows.extend(oversight.waiting.iter().map(|it| {
                let tried = match it.tries {
                    0 => String::new(),
                    1 => "tried once".to_owned(),
                    tries => format!("tried {tries} times"),
                };
                let why = [tried, it.detail.clone().unwrap_or_default()];
                let why: Vec<_> = why.into_iter().filter(|it| !it.is_empty()).collect();
                let request = Some(it.request.clone());
                PaneRow {
                    cells: vec![
                        label(format!("waits {}", clock_span(self.now.since(it.asked_at)))),
                        plain(it.customer.name.clone()),
                        plain(format!("{}, {}", it.channel.label(), it.provider)),
                        plain(why.join(": ")),
                    ],
                    behind: Some(EventFilter { request, ..EventFilter::default() }),
                    alarm: None,
                }
            }));
            rows
        });
        PaneRows { columns: &MESSAGES, rows, nothing: "", note: None }
    }

    pub(super) fn lockouts(&self) -> PaneRows {
        let lockouts = self.dashboard.oversight.value().map(|it| &it.lockouts);
        let rows = lockouts.map(|it| {
            let row = |entry: &Event| {
                let customer = entry.customer.as_ref();
                let place = format!("{}, {}", entry.actor.clerk, counter(&entry.actor.counter));
                let id = customer.map(|it| it.id);
                PaneRow {
                    cells: vec![
                        label(self.day_or_minute(entry.at)),
                        strong(customer.map(|it| it.name.clone()).unwrap_or_default()),
                        plain(customer.map(|it| it.account_no.clone()).unwrap_or_default()),
                        plain(place),
                    ],
                    behind: Some(EventFilter { customer: id, ..EventFilter::default() }),
                    alarm: None,
                }
            };
            it.entries.iter().map(row).collect()
        });
        let note = lockouts.and_then(|it| it.since).map(|since| {
            format!("As far as the log was looked through: since {}.", self.day_or_minute(since))
        });
        PaneRows { columns: &LOCKOUTS, rows, nothing: "No customer is locked.", note }
    }

    pub(super) fn at_work(&self) -> PaneRows {
        let oversight = self.dashboard.oversight.value();
        let rows = oversight.map(|it| {
            let row = |it: &CounterAtWork| {
                let stands = it.with.as_ref().map(|with| {
                    let what = if with.is_verified { "verified" } else { "code open" };
                    format!("{what} {}", clock_span(self.now.since(with.since)))
                });
                let behind = EventFilter {
                    clerk: Some(it.clerk.clone()),
                    counter: Some(it.counter.clone()),
                    from: Some(self.day_began(it.since)),
                    ..EventFilter::default()
                };
                PaneRow {
                    cells: vec![
                        strong(counter(&it.counter)),
                        plain(it.clerk.clone()),
                        plain(it.with.as_ref().map_or("-", |it| it.customer.name.as_str())),
                        plain(stands.unwrap_or_default()),
                        label(self.since(it.active_at)),
                    ],
                    behind: Some(behind),
                    alarm: None,
                }
            };
            it.counters.iter().map(row).collect()
        });
        let note = oversight.filter(|it| it.more_counters);
        let note = note.map(|_| "There are more counters than are shown.".into());
        PaneRows { columns: &AT_WORK, rows, nothing: "Nobody is at work.", note }
    }

    /// When the day began, or the sitting where it is older.
    pub(super) fn day_began(&self, since: Option<Timestamp>) -> Timestamp {
        let day = self.now.to_utc().with_timezone(&self.zone);
        let day = usual::today(&day).from.began_at();
        since.map_or(day, |it| it.min(day))
    }

    pub(super) fn alarms(&self) -> PaneRows {
        let rows = self.dashboard.alarms.value().map(|alarms| {
            let row = |alarm: &Alarm| PaneRow {
                cells: vec![
                    label(minute_or_day(alarm.raised_at, self.now, self.zone)),
                    (alarm.finding.kind.label().to_owned(), Meaning::Warning),
                    strong(alarm.finding.subject.clone()),
                    plain(alarm.finding.detail.clone()),
                ],
                behind: Some(alarm.filter()),
                alarm: Some(alarm.id),
            };
            alarms.iter().map(row).collect()
        });
        PaneRows { columns: &ALARMS, rows, nothing: "No alarm is open.", note: None }
    }

    pub(super) fn trail(&self) -> PaneRows {
        let trail = self.dashboard.trail.value().zip(self.dashboard.oversight.value());
        let rows = trail.map(|(trail, oversight)| {
            let at = |it: Option<Timestamp>| {
                it.map_or_else(|| "never".to_owned(), |at| self.day_or_minute(at))
            };
            let row = |what: &str, state: (String, Meaning), behind: EventFilter| PaneRow {
                cells: vec![label(what), state],
                behind: Some(behind),
                alarm: None,
            };
            let until =
                |before: Option<Timestamp>| EventFilter { before, ..EventFilter::default() };
            let sealed_at = oversight.sealed_at.map(|it| it.plus(Duration::from_millis(1)));
            let checkpoint = match trail.note.as_deref().map(Checkpoint::unverified) {
                None => "none".to_owned(),
                Some(Err(error)) => error.to_string(),
                Some(Ok(it)) => format!("over {} entries, root {}", it.size, it.root),
            };
            let is_behind = trail.unsealed > 0
                && oversight.sealed_at.is_none_or(|it| self.now.since(it) > SEALED_LATE);
            let meaning = if is_behind { Meaning::Warning } else { Meaning::Plain };
            let mut rows = vec![
                row("Sealed", plain(format!("{} entries", trail.size)), until(sealed_at)),
                row("Sealed last", plain(at(oversight.sealed_at)), until(sealed_at)),
                row(
                    "Not sealed yet",
                    (format!("{} entries", trail.unsealed), meaning),
                    EventFilter::default(),
                ),
                row("Last checkpoint", plain(checkpoint), until(sealed_at)),
            ];
            rows.extend(self.shipping(&row));
            rows
        });
        PaneRows { columns: &TRAIL, rows, nothing: "", note: None }
    }

    pub(super) fn shipping(
        &self,
        row: &dyn Fn(&str, Cell, EventFilter) -> PaneRow,
    ) -> Vec<PaneRow> {
        let all = EventFilter::default;
        let Some(status) = self.dashboard.shipping.value() else { return Vec::new() };
        let Some(status) = status else {
            return vec![row("Shipped", plain("nowhere: no collector is configured"), all())];
        };
        let target = &status.cursor.target;
        let waiting = EventFilter { from: status.waiting_since, ..all() };
        let waits = match status.waiting_since {
            None => format!("{} entries", status.waiting()),
            Some(since) => {
                format!("{} entries, since {}", status.waiting(), self.day_or_minute(since))
            }
        };
        let late = status.waiting_since.is_some_and(|it| self.now.since(it) > SHIPPED_LATE);
        let meaning = if late { Meaning::Warning } else { Meaning::Plain };
        let before = status.waiting_since;
        let shipped = EventFilter { before, ..all() };
        let mut rows = vec![
            row("Shipped", plain(format!("{} entries to {target}", status.shipped)), shipped),
            row("Not shipped", (waits, meaning), waiting.clone()),
        ];
        if let Some(failure) = &status.failure {
            let text = format!("{}: {}", self.day_or_minute(failure.at), failure.why);
            rows.push(row("Shipping fails", (text, Meaning::Bad), waiting));
        }
        rows
    }
}
