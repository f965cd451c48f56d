//! The parts of the dashboard that are about a time: figures, their course, and groups.

use std::time::Duration;

use crate::domain::channel::{Channel, Factor};
use crate::domain::delivery_stats::Percentiles;
use crate::domain::event::EventFilter;
use crate::domain::stats::cut::StatsUnit;
use crate::domain::stats::figures::Figure;
use crate::domain::stats::query::{GroupStats, SpanStats, StatsDimension};
use crate::service::messages;
use crate::tui::dashboard::reads::{Course, group};
use crate::tui::dashboard::rows::{
    Making, Meaning, PaneRow, PaneRows, label, percent, plain, short_time, strong,
};
use crate::tui::dashboard::state::SortBy;
use crate::tui::widgets::counter_name::counter;
use crate::tui::widgets::moment::{minute, short_day};
use crate::tui::widgets::table::{Column, EXTRA};

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
pub(super) const COUNTERS: [Column; 7] = group_columns!("Counter");
pub(super) const CLERKS: [Column; 7] = group_columns!("Clerk");

fn time_of(times: Option<Percentiles>, of: fn(&Percentiles) -> Duration) -> String {
    times.map_or_else(|| "-".to_owned(), |it| short_time(of(&it)))
}

/// `+8 %`; nothing where there is nothing to compare.
fn against(now: u64, usual: Option<u64>) -> String {
    let Some(usual) = usual.filter(|it| *it > 0) else { return String::new() };
    let (now, usual) = (i128::from(now), i128::from(usual));
    format!("{:+} %", (now - usual) * 100 / usual)
}

const fn number(title: &'static str, least: usize) -> Column {
    Column::new(title, least, 10, 0).to_the_right()
}

impl Making<'_> {
    pub(super) fn figures(&self) -> PaneRows {
        let stats = self.dashboard.course.value();
        let course = stats.and_then(Course::of);
        let rows = course.as_ref().map(|course| {
            let figures: [(&str, &[Figure]); 16] = [
                ("Asked for", &[Figure::Asked]),
                ("Verified", &[Figure::Verified]),
                ("Went wrong", &Figure::FAILURES),
                ("Wrong codes", &[Figure::Wrong, Figure::OlderCode]),
                ("Expired", &[Figure::Expired]),
                ("Turned down", &[Figure::Refused]),
                ("Asked once more", &[Figure::Resent]),
                ("Sent", &[Figure::Sent]),
                ("Not sent", &[Figure::NotSent, Figure::Unsure]),
                ("By authenticator", &[Figure::FactorVerified]),
                ("Wrong there", &[Figure::FactorWrong]),
                ("Attested", &[Figure::Attested]),
                ("Overrides", &Figure::OVERRIDES),
                ("Contacts revealed", &[Figure::Revealed]),
                ("Not allowed", &[Figure::Forbidden]),
                ("Incidents", &[Figure::Incidents]),
            ];
            let figures = figures.iter().filter(|(_, of)| is_told(course, of));
            let mut rows: Vec<PaneRow> =
                figures.map(|(name, figures)| figure(course, name, figures)).collect();
            rows.insert(2, success(course));
            rows.extend(times(course));
            rows
        });
        let note = stats.and_then(|it| match (it.uncounted, it.unsealed) {
            (0, 0) => None,
            (0, unsealed) => Some(format!(
                "{unsealed} entries are not counted yet. Without a service: countersign audit seal"
            )),
            (uncounted, _) => {
                Some(format!("{uncounted} entries are not counted: countersign stats rebuild"))
            }
        });
        PaneRows { columns: &FIGURES, rows, nothing: "", note }
    }

    pub(super) fn course(&self) -> PaneRows {
        let course = self.dashboard.course.value().and_then(Course::of);
        let rows = course.map(|course| course.pieces.iter().map(|it| self.piece(it)).collect());
        PaneRows { columns: &COURSE, rows, nothing: "", note: None }
    }

    pub(super) fn piece(&self, piece: &SpanStats) -> PaneRow {
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

    pub(super) fn groups(&self, by: StatsDimension, columns: &'static [Column]) -> PaneRows {
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

    /// Channels, the providers below them, and last what was proven without a message.
    pub(super) fn channels(&self) -> PaneRows {
        let channels = self.groups(StatsDimension::Channel, &CHANNELS);
        let providers = self.groups(StatsDimension::Provider, &CHANNELS);
        let rows = channels.rows.zip(providers.rows).map(|(channels, providers)| {
            let named = |row: &PaneRow| row.cells.first().is_some_and(|it| !it.0.is_empty());
            let is_provider = |row: &PaneRow| {
                let provider = row.behind.as_ref().and_then(|it| it.provider.as_ref());
                provider.is_some_and(|it| !it.is_empty())
            };
            let is_factor = |row: &PaneRow| {
                let provider = row.behind.as_ref().and_then(|it| it.provider.as_ref());
                provider.is_some_and(|it| it.parse::<Factor>().is_ok())
            };
            let (factors, providers): (Vec<_>, Vec<_>) =
                providers.into_iter().filter(is_provider).partition(is_factor);
            channels.into_iter().filter(named).chain(providers).chain(factors).collect()
        });
        PaneRows { rows, ..channels_without_rows(channels.note) }
    }
}

const fn channels_without_rows(note: Option<String>) -> PaneRows {
    PaneRows { columns: &CHANNELS, rows: None, nothing: "Nothing was sent.", note }
}

/// Whether a figure has a line: what many offices never use has one where there is something.
fn is_told(course: &Course<'_>, figures: &[Figure]) -> bool {
    const OF_SOME_OFFICES: [Figure; 3] =
        [Figure::FactorVerified, Figure::FactorWrong, Figure::Attested];
    !figures.iter().all(|it| OF_SOME_OFFICES.contains(it))
        || course.whole.counts().sum(figures) > 0
        || course.usual(|it| it.sum(figures)).is_some_and(|it| it > 0)
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
        behind: Some(Making::behind(course.whole.span, figures)),
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
        behind: Some(Making::behind(course.whole.span, &[Figure::Asked, Figure::Verified])),
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
            behind: Some(Making::behind(course.whole.span, &[figure])),
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
        // What was proven without a message is counted under its factor.
        (StatsDimension::Provider, word) => match word.parse::<Factor>() {
            Ok(factor) => messages::factor_label(factor).to_owned(),
            Err(_) => format!("by {word}"),
        },
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
