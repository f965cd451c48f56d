//! What the dashboard reads, and how often: only while it is open and in sight. What is about
//! now is read every few seconds, and so are the stats of a short time; those of a long one,
//! which change little, and the alarms, which are looked for then, more seldom.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use crate::domain::audit::shipping::ShippingStatus;
use crate::domain::oversight::Oversight;
use crate::domain::stats::alarms::Alarm;
use crate::domain::stats::cut::cut;
use crate::domain::stats::figures::StatsCounts;
use crate::domain::stats::period::StatsPeriod;
use crate::domain::stats::query::{GroupStats, SpanStats, Stats, StatsFilter, StatsSpan};
use crate::domain::stats::usual;
use crate::service::audit::calls::{ReadShipping, ReadTrail};
use crate::service::audit::trail::TrailStatus;
use crate::service::stats::calls::{ReadAlarms, ReadOversight, ReadStats};
use crate::tui::dashboard::state::{DIMENSIONS, Dashboard};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::loaded::{Loaded, Reading};
use crate::tui::machine::message::Failure;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;

/// How often what is about now is read.
const NOW_INTERVAL: Duration = Duration::from_secs(5);

/// How often the stats of many days are.
const LONG_INTERVAL: Duration = Duration::from_secs(30);

/// How often alarms are looked for.
const ALARMS_INTERVAL: Duration = Duration::from_mins(1);

const fn stats_interval(period: StatsPeriod) -> Duration {
    match period {
        StatsPeriod::Today | StatsPeriod::Day => NOW_INTERVAL,
        StatsPeriod::Week | StatsPeriod::ThirtyDays | StatsPeriod::Month => LONG_INTERVAL,
    }
}

/// The stats of the whole time, of its pieces, and of the same hours of the weeks before.
#[derive(Debug)]
pub(in crate::tui) struct Course<'a> {
    /// The whole time.
    pub(in crate::tui) whole: &'a SpanStats,
    /// Its pieces.
    pub(in crate::tui) pieces: Vec<&'a SpanStats>,
    weeks: Vec<StatsCounts>,
}

impl<'a> Course<'a> {
    /// What an answer has. The weeks before lie before the whole time.
    pub(in crate::tui) fn of(stats: &'a Stats) -> Option<Self> {
        let (whole, others) = stats.spans.split_first()?;
        let (pieces, weeks): (Vec<_>, Vec<_>) =
            others.iter().partition(|it| it.span.from >= whole.span.from);
        Some(Self { whole, pieces, weeks: weeks.into_iter().map(SpanStats::counts).collect() })
    }

    /// What is usual of something; none where that is not known.
    pub(in crate::tui) fn usual(&self, of: impl Fn(&StatsCounts) -> u64) -> Option<u64> {
        let is_known = self.weeks.iter().any(|it| !it.is_empty());
        is_known.then(|| usual::median(self.weeks.iter().map(of)).unwrap_or(0))
    }
}

/// The one group of a span that is not told apart.
pub(in crate::tui) fn group(span: &SpanStats) -> Option<&GroupStats> {
    span.groups.first()
}

fn local(step: &Step<'_>) -> Option<DateTime<FixedOffset>> {
    let now = step.shared.time(step.now)?;
    Some(now.to_utc().with_timezone(&step.shared.place.zone))
}

/// When something is due to be read; none while something is read, or the store is lost.
pub(in crate::tui) fn due(dashboard: &Dashboard, shared: &Shared) -> Option<Now> {
    let of_now = [
        &dashboard.course.reading,
        &dashboard.oversight.reading,
        &dashboard.trail.reading,
        &dashboard.shipping.reading,
    ];
    let of_groups = dashboard.groups.iter().map(|it| &it.reading);
    let is_loading = of_now.into_iter().chain(of_groups).any(Reading::is_loading);
    if is_loading || shared.health.is_store_lost() {
        return None;
    }
    let stats = dashboard.stats_asked.map(|it| it + stats_interval(dashboard.period));
    let alarms = dashboard.alarms_asked.map(|it| it + ALARMS_INTERVAL);
    let now = dashboard.asked.map(|it| it + NOW_INTERVAL);
    [stats, alarms, now].into_iter().flatten().min()
}

/// Reads what is due.
pub(in crate::tui) fn tick(dashboard: &mut Dashboard, step: &mut Step<'_>) {
    let is_past = |asked: Option<Now>, every: Duration| {
        asked.is_none_or(|it| step.now.saturating_duration_since(it) >= every)
    };
    if due(dashboard, step.shared).is_none_or(|due| due > step.now) {
        return;
    }
    let is_now = is_past(dashboard.asked, NOW_INTERVAL);
    let is_stats = is_past(dashboard.stats_asked, stats_interval(dashboard.period));
    let is_alarms = is_past(dashboard.alarms_asked, ALARMS_INTERVAL);
    if is_now {
        now(dashboard, step);
    }
    if is_stats {
        stats(dashboard, step);
    }
    if is_alarms {
        alarms(dashboard, step);
    }
}

/// Reads everything: it was just opened, or is in sight again.
pub(in crate::tui) fn all(dashboard: &mut Dashboard, step: &mut Step<'_>) {
    now(dashboard, step);
    stats(dashboard, step);
    alarms(dashboard, step);
}

fn begin<T>(loaded: &mut Loaded<T>, step: &mut Step<'_>, id: EffectId) {
    let outdated = loaded.reading.stop();
    step.forget(outdated);
    loaded.reading.begin(id);
}

fn now(dashboard: &mut Dashboard, step: &mut Step<'_>) {
    dashboard.asked = Some(step.now);
    let id = step.call(ReadOversight);
    begin(&mut dashboard.oversight, step, id);
    let id = step.call(ReadTrail);
    begin(&mut dashboard.trail, step, id);
    let id = step.call(ReadShipping);
    begin(&mut dashboard.shipping, step, id);
}

/// Reads the stats of the time that is chosen. Without the store's clock nobody knows which
/// quarters these are; it is tried again then.
pub(in crate::tui) fn stats(dashboard: &mut Dashboard, step: &mut Step<'_>) {
    let Some(now) = local(step) else { return };
    dashboard.stats_asked = Some(step.now);
    let whole = dashboard.period.span(&now);
    let spans = spans(dashboard.period, whole, &now);
    let id = step.call(ReadStats { spans, by: None, only: StatsFilter::default() });
    begin(&mut dashboard.course, step, id);
    for (by, groups) in DIMENSIONS.into_iter().zip(&mut dashboard.groups) {
        let (by, only) = (Some(by), StatsFilter::default());
        let id = step.call(ReadStats { spans: vec![whole], by, only });
        begin(groups, step, id);
    }
}

fn spans(period: StatsPeriod, whole: StatsSpan, now: &DateTime<FixedOffset>) -> Vec<StatsSpan> {
    let mut spans = vec![whole];
    spans.extend(cut(whole, period.unit(), &now.timezone()));
    if period.has_usual() {
        spans.extend(usual::weeks_before(whole, now));
    }
    spans
}

/// Looks for alarms.
pub(in crate::tui) fn alarms(dashboard: &mut Dashboard, step: &mut Step<'_>) {
    dashboard.alarms_asked = Some(step.now);
    let id = step.call(ReadAlarms);
    begin(&mut dashboard.alarms, step, id);
}

/// Waits for nothing any more.
pub(in crate::tui) fn stop(dashboard: &mut Dashboard, step: &mut Step<'_>) {
    let mut readings = vec![
        &mut dashboard.course.reading,
        &mut dashboard.oversight.reading,
        &mut dashboard.alarms.reading,
        &mut dashboard.trail.reading,
        &mut dashboard.shipping.reading,
    ];
    readings.extend(dashboard.groups.iter_mut().map(|it| &mut it.reading));
    for reading in readings {
        let outdated = reading.stop();
        step.forget(outdated);
    }
}

fn take<T>(
    loaded: &mut Loaded<T>,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<T, Failure>,
) -> bool {
    let is_ok = answer.is_ok();
    let is_awaited = loaded.reading.awaits(id);
    if let Some(failure) = loaded.take(id, answer) {
        step.fail(failure);
    }
    is_ok && is_awaited
}

pub(in crate::tui) fn stats_answered(
    dashboard: &mut Dashboard,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Stats, Failure>,
) {
    if dashboard.course.reading.awaits(id) {
        let at = answer.as_ref().ok().map(|it| it.read_at);
        if take(&mut dashboard.course, step, id, answer) {
            dashboard.updated_at = dashboard.updated_at.max(at);
        }
    } else if let Some(groups) = dashboard.groups.iter_mut().find(|it| it.reading.awaits(id)) {
        take(groups, step, id, answer);
    }
}

pub(in crate::tui) fn oversight_answered(
    dashboard: &mut Dashboard,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Box<Oversight>, Failure>,
) {
    let at = answer.as_ref().ok().map(|it| it.read_at);
    if take(&mut dashboard.oversight, step, id, answer) {
        dashboard.updated_at = dashboard.updated_at.max(at);
    }
}

pub(in crate::tui) fn alarms_answered(
    dashboard: &mut Dashboard,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Vec<Alarm>, Failure>,
) {
    take(&mut dashboard.alarms, step, id, answer);
}

pub(in crate::tui) fn trail_answered(
    dashboard: &mut Dashboard,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<TrailStatus, Failure>,
) {
    take(&mut dashboard.trail, step, id, answer);
}

pub(in crate::tui) fn shipping_answered(
    dashboard: &mut Dashboard,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Box<ShippingStatus>>, Failure>,
) {
    take(&mut dashboard.shipping, step, id, answer);
}
