//! The lines of each part of the dashboard, with the log entries behind each. Both the view and
//! the keys take them from here, so that Enter opens what is seen.

mod period;
mod present;

use std::time::Duration;

use chrono::FixedOffset;

use crate::domain::event::EventFilter;
use crate::domain::stats::figures::{Figure, StatsCounts};
use crate::domain::stats::query::{StatsDimension, StatsSpan};
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::tui::dashboard::state::{Dashboard, Pane};
use crate::tui::machine::shared::Shared;
use crate::tui::machine::store_clock::Now;
use crate::tui::widgets::moment::{age, clock_span, second_or_day};
use crate::tui::widgets::table::Column;

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

/// A cell.
pub type Cell = (String, Meaning);

/// A line.
#[derive(Clone, Debug, Default)]
pub struct PaneRow {
    /// Its cells.
    pub cells: Vec<Cell>,
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
        Pane::Counters => making.groups(StatsDimension::Counter, &period::COUNTERS),
        Pane::Clerks => making.groups(StatsDimension::Clerk, &period::CLERKS),
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

fn plain(text: impl Into<String>) -> Cell {
    (text.into(), Meaning::Plain)
}

fn label(text: impl Into<String>) -> Cell {
    (text.into(), Meaning::Label)
}

fn strong(text: impl Into<String>) -> Cell {
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
    fn behind(span: StatsSpan, figures: &[Figure]) -> EventFilter {
        let patterns = Figure::patterns(figures);
        EventFilter { patterns, ..Self::within(span) }
    }
}
