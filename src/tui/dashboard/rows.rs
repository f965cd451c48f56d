//! The lines of each part of the dashboard, with the log entries behind each. Both the view and
//! the keys take them from here, so that Enter opens what is seen.

use std::time::Duration;

use chrono::FixedOffset;

use crate::domain::audit::checkpoint::Checkpoint;
use crate::domain::channel::Channel;
use crate::domain::delivery_stats::Percentiles;
use crate::domain::event::{Event, EventFilter, EventKind};
use crate::domain::oversight::CounterAtWork;
use crate::domain::stats::alarms::Alarm;
use crate::domain::stats::cut::StatsUnit;
use crate::domain::stats::figures::{Figure, StatsCounts};
use crate::domain::stats::query::{GroupStats, SpanStats, StatsDimension, StatsSpan};
use crate::domain::stats::usual;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::tui::dashboard::reads::{Course, group};
use crate::tui::dashboard::state::{Dashboard, Pane, SortBy};
use crate::tui::machine::shared::Shared;
use crate::tui::machine::store_clock::Now;
use crate::tui::widgets::counter_name::counter;
use crate::tui::widgets::moment::{
    age, clock_span, minute, minute_or_day, second_or_day, short_day,
};
use crate::tui::widgets::table::{Column, EXTRA};

/// How a cell is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meaning {
    /// As it stands.
    #[default]
    Plain,
    /// What may be overlooked.
    Label,
    /// What is read first.
    Strong,
    /// It needs somebody.
    Warning,
    /// It went wrong.
    Bad,
}

/// A line.
#[derive(Clone, Debug, Default)]
pub struct PaneRow {
    /// Its cells.
    pub cells: Vec<(String, Meaning)>,
    /// The log entries behind it; none where there are none.
    pub behind: Option<EventFilter>,
    /// The alarm that it is about.
    pub alarm: Option<i64>,
}

/// What a part shows.
pub struct PaneRows {
    /// Its columns.
    pub columns: &'static [Column],
    /// None while it is read for the first time.
    pub rows: Option<Vec<PaneRow>>,
    /// Where there are no lines: what that means.
    pub nothing: &'static str,
    /// What has to be said of them.
    pub note: Option<String>,
}

/// From what they are made.
struct Making<'a> {
    dashboard: &'a Dashboard,
    now: Timestamp,
    zone: FixedOffset,
}

/// The lines of a part, as they are filtered.
pub fn rows(dashboard: &Dashboard, pane: Pane, shared: &Shared, now: Now) -> PaneRows {
    let now = shared.time(now).or(dashboard.updated_at).unwrap_or_default();
    let making = Making { dashboard, now, zone: shared.place.zone };
    let mut rows = match pane {
        Pane::Figures => making.figures(),
        Pane::Course => making.course(),
        Pane::Channels => making.channels(),
        Pane::Counters => making.groups(StatsDimension::Counter, &COUNTERS),
        Pane::Clerks => making.groups(StatsDimension::Clerk, &CLERKS),
        Pane::Messages => making.messages(),
        Pane::Lockouts => making.lockouts(),
        Pane::AtWork => making.at_work(),
        Pane::Alarms => making.alarms(),
        Pane::Trail => making.trail(),
    };
    let wanted = fold(dashboard.filter.trim());
    if pane.is_filtered() && !wanted.is_empty() {
        let has = |row: &PaneRow| row.cells.iter().any(|it| fold(&it.0).contains(&wanted));
        if let Some(rows) = &mut rows.rows {
            rows.retain(has);
        }
        rows.nothing = "No line has that text.";
    }
    rows
}

const fn number(title: &'static str, least: usize) -> Column {
    Column::new(title, least, 10, 0).to_the_right()
}

const FIGURES: [Column; 4] = [
    Column::new("What", 16, 30, 0),
    number("Now", 6),
    number("Usual", 6),
    number("Against it", 10),
];

const COURSE: [Column; 6] = [
    Column::new("From", 6, 12, 0),
    number("Asked", 5),
    number("Verified", 8),
    number("Success", 7),
    Column::new("Half within", 11, 12, 1).to_the_right(),
    Column::new("95 of 100", 9, 12, 1).to_the_right(),
];

macro_rules! group_columns {
    ($name:literal) => {
        [
            Column::new($name, 8, 30, 0).usually(12),
            number("Asked", 5),
            number("Verified", 8),
            number("Success", 7),
            number("Failed", 6),
            number("Overrides", 9),
            Column::new("Half within", 11, 12, EXTRA).to_the_right(),
        ]
    };
}

const CHANNELS: [Column; 7] = group_columns!("Channel");
const COUNTERS: [Column; 7] = group_columns!("Counter");
const CLERKS: [Column; 7] = group_columns!("Clerk");

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

fn plain(text: impl Into<String>) -> (String, Meaning) {
    (text.into(), Meaning::Plain)
}

fn label(text: impl Into<String>) -> (String, Meaning) {
    (text.into(), Meaning::Label)
}

fn strong(text: impl Into<String>) -> (String, Meaning) {
    (text.into(), Meaning::Strong)
}

/// `92 %`
pub(in crate::tui) fn percent(counts: &StatsCounts) -> String {
    counts.success_percent().map_or_else(|| "-".to_owned(), |it| format!("{it} %"))
}

/// `0.4 s`, `21 s`, `1:04`
pub(in crate::tui) fn short_time(time: Duration) -> String {
    match time.as_millis() {
        millis @ 0..10_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        millis @ 10_000..60_000 => format!("{} s", millis / 1_000),
        _ => clock_span(time),
    }
}

fn time_of(times: Option<Percentiles>, of: fn(&Percentiles) -> Duration) -> String {
    times.map_or_else(|| "-".to_owned(), |it| short_time(of(&it)))
}

/// `+8 %`; nothing where there is nothing to compare.
fn against(now: u64, usual: Option<u64>) -> String {
    let Some(usual) = usual.filter(|it| *it > 0) else { return String::new() };
    let (now, usual) = (i128::from(now), i128::from(usual));
    format!("{:+} %", (now - usual) * 100 / usual)
}

impl Making<'_> {
    fn day_or_minute(&self, at: Timestamp) -> String {
        second_or_day(at, self.now, self.zone)
    }

    fn since(&self, at: Timestamp) -> String {
        age(self.now.since(at))
    }

    /// Entries of a time.
    fn within(span: StatsSpan) -> EventFilter {
        let (from, before) = (span.from.began_at(), span.before.began_at());
        EventFilter { from: Some(from), before: Some(before), ..EventFilter::default() }
    }

    /// Entries of a time that count for some figures.
    fn behind(span: StatsSpan, figures: &[Figure]) -> Option<EventFilter> {
        let patterns = Figure::patterns(figures);
        Some(EventFilter { patterns, ..Self::within(span) })
    }

    fn figures(&self) -> PaneRows {
        let stats = self.dashboard.course.value();
        let course = stats.and_then(Course::of);
        let rows = course.as_ref().map(|course| {
            let figures: [(&str, &[Figure]); 12] = [
                ("Asked for", &[Figure::Asked]),
                ("Verified", &[Figure::Verified]),
                ("Went wrong", &Figure::FAILURES),
                ("Wrong codes", &[Figure::Wrong, Figure::OlderCode]),
                ("Expired", &[Figure::Expired]),
                ("Turned down", &[Figure::Refused]),
                ("Asked once more", &[Figure::Resent]),
                ("Sent", &[Figure::Sent]),
                ("Not sent", &[Figure::NotSent, Figure::Unsure]),
                ("Overrides", &Figure::OVERRIDES),
                ("Contacts revealed", &[Figure::Revealed]),
                ("Not allowed", &[Figure::Forbidden]),
            ];
            let mut rows: Vec<PaneRow> =
                figures.iter().map(|(name, figures)| figure(course, name, figures)).collect();
            rows.insert(2, success(course));
            rows.extend(times(course));
            rows
        });
        let note = stats.and_then(|it| match (it.uncounted, it.unsealed) {
            (0, 0) => None,
            (0, unsealed) => Some(format!("{unsealed} entries are not counted yet.")),
            (uncounted, _) => {
                Some(format!("{uncounted} entries are not counted: countersign stats rebuild"))
            }
        });
        PaneRows { columns: &FIGURES, rows, nothing: "", note }
    }

    fn course(&self) -> PaneRows {
        let course = self.dashboard.course.value().and_then(Course::of);
        let rows = course.map(|course| course.pieces.iter().map(|it| self.piece(it)).collect());
        PaneRows { columns: &COURSE, rows, nothing: "", note: None }
    }

    fn piece(&self, piece: &SpanStats) -> PaneRow {
        let at = piece.span.from.began_at();
        let name = match self.dashboard.period.unit() {
            StatsUnit::Day => short_day(at, self.zone),
            StatsUnit::Hour | StatsUnit::Quarter => minute(at, self.zone),
        };
        let counts = piece.counts();
        let times = group(piece).and_then(|it| it.verified);
        let cells = vec![
            label(name),
            plain(counts.of(Figure::Asked).to_string()),
            plain(counts.of(Figure::Verified).to_string()),
            plain(percent(&counts)),
            plain(time_of(times, |it| it.p50)),
            plain(time_of(times, |it| it.p95)),
        ];
        PaneRow { cells, behind: Some(Self::within(piece.span)), alarm: None }
    }

    fn groups(&self, by: StatsDimension, columns: &'static [Column]) -> PaneRows {
        let stats = self.dashboard.by(by);
        let rows = stats.map(|it| {
            let groups = it
                .spans
                .iter()
                .flat_map(|span| span.groups.iter().map(move |group| (span.span, group)));
            let mut groups: Vec<_> = groups.collect();
            let sort = self.dashboard.sort;
            groups.sort_by_key(|(_, it)| (std::cmp::Reverse(sort.of(&it.counts)), it.name.clone()));
            let patterns = Figure::patterns(sort.figures());
            let behind = |span| EventFilter { patterns: patterns.clone(), ..Self::within(span) };
            groups.into_iter().map(|(span, it)| of_group(by, it, sort, behind(span))).collect()
        });
        let note =
            stats.filter(|it| it.more).map(|_| "There were more than an answer takes.".into());
        PaneRows { columns, rows, nothing: "Nothing was done.", note }
    }

    /// Channels, and providers below them.
    fn channels(&self) -> PaneRows {
        let channels = self.groups(StatsDimension::Channel, &CHANNELS);
        let providers = self.groups(StatsDimension::Provider, &CHANNELS);
        let rows = channels.rows.zip(providers.rows).map(|(channels, providers)| {
            let named = |row: &PaneRow| row.cells.first().is_some_and(|it| !it.0.is_empty());
            channels.into_iter().chain(providers).filter(named).collect()
        });
        PaneRows { rows, ..channels_without_rows(channels.note) }
    }

    fn messages(&self) -> PaneRows {
        let course = self.dashboard.course.value().and_then(Course::of);
        let rows = course.zip(self.dashboard.oversight.value()).map(|(course, oversight)| {
            let counts = course.whole.counts();
            let span = course.whole.span;
            let figure = |figure: Figure, what: &str, meaning| {
                let count = counts.of(figure);
                let meaning = if count > 0 { meaning } else { Meaning::Plain };
                PaneRow {
                    cells: vec![(format!("{count} {what}"), meaning)],
                    behind: Self::behind(span, &[figure]),
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

    fn lockouts(&self) -> PaneRows {
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

    fn at_work(&self) -> PaneRows {
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
    fn day_began(&self, since: Option<Timestamp>) -> Timestamp {
        let day = self.now.to_utc().with_timezone(&self.zone);
        let day = usual::today(&day).from.began_at();
        since.map_or(day, |it| it.min(day))
    }

    fn alarms(&self) -> PaneRows {
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

    fn trail(&self) -> PaneRows {
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

    fn shipping(
        &self,
        row: &dyn Fn(&str, (String, Meaning), EventFilter) -> PaneRow,
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

/// Entries are sealed some hundred milliseconds after they are written.
const SEALED_LATE: Duration = Duration::from_secs(30);

/// A collector that takes so long is named.
const SHIPPED_LATE: Duration = Duration::from_mins(1);

const fn channels_without_rows(note: Option<String>) -> PaneRows {
    PaneRows { columns: &CHANNELS, rows: None, nothing: "Nothing was sent.", note }
}

fn figure(course: &Course<'_>, name: &str, figures: &[Figure]) -> PaneRow {
    let count = course.whole.counts().sum(figures);
    let usual = course.usual(|it| it.sum(figures));
    PaneRow {
        cells: vec![
            label(name),
            strong(count.to_string()),
            plain(usual.map(|it| it.to_string()).unwrap_or_default()),
            plain(against(count, usual)),
        ],
        behind: Making::behind(course.whole.span, figures),
        alarm: None,
    }
}

fn success(course: &Course<'_>) -> PaneRow {
    let usual = course
        .usual(|it| it.of(Figure::Asked))
        .and_then(|asked| (course.usual(|it| it.of(Figure::Verified))? * 100).checked_div(asked));
    PaneRow {
        cells: vec![
            label("Success"),
            strong(percent(&course.whole.counts())),
            plain(usual.map(|it| format!("{it} %")).unwrap_or_default()),
        ],
        behind: Making::behind(course.whole.span, &[Figure::Asked, Figure::Verified]),
        alarm: None,
    }
}

/// How long it took until the customer was verified, and until a message arrived.
fn times(course: &Course<'_>) -> Vec<PaneRow> {
    let Some(whole) = group(course.whole) else { return Vec::new() };
    let times = [
        ("Verified within", whole.verified, Figure::Verified),
        ("Sent within", whole.accepted, Figure::Sent),
        ("Delivered within", whole.delivered, Figure::Delivered),
    ];
    let row = |(name, times, figure): (&str, Option<Percentiles>, Figure)| {
        let times = times?;
        Some(PaneRow {
            cells: vec![
                label(name),
                strong(short_time(times.p50)),
                plain(String::new()),
                plain(format!("95 %: {}", short_time(times.p95))),
            ],
            behind: Making::behind(course.whole.span, &[figure]),
            alarm: None,
        })
    };
    times.into_iter().filter_map(row).collect()
}

/// The line of a group; `behind` has the entries of all groups.
fn of_group(
    by: StatsDimension,
    group: &GroupStats,
    sort: SortBy,
    mut behind: EventFilter,
) -> PaneRow {
    let counts = &group.counts;
    let name = group.name.clone();
    let shown = match (by, name.as_str()) {
        (StatsDimension::Channel, word) => {
            word.parse().map_or_else(|_| word.to_owned(), |it: Channel| it.label().to_owned())
        }
        (StatsDimension::Counter, name) if !name.is_empty() => counter(name),
        (_, name) => name.to_owned(),
    };
    match by {
        StatsDimension::Clerk => behind.clerk = Some(name),
        StatsDimension::Counter => behind.counter = Some(name),
        StatsDimension::Provider => behind.provider = Some(name),
        StatsDimension::Purpose => behind.purpose = Some(name),
        StatsDimension::Channel => behind.channel = name.parse().ok(),
    }
    let meant = |of: SortBy| {
        let meaning = if of == sort { Meaning::Strong } else { Meaning::Plain };
        (of.of(counts).to_string(), meaning)
    };
    PaneRow {
        cells: vec![
            plain(shown),
            meant(SortBy::Asked),
            meant(SortBy::Verified),
            plain(percent(counts)),
            meant(SortBy::Failed),
            meant(SortBy::Overrides),
            plain(time_of(group.verified, |it| it.p50)),
        ],
        behind: Some(behind),
        alarm: None,
    }
}
