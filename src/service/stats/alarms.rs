//! Alarms: looking for them, and saying that they were seen to.

use std::time::Duration;

use crate::domain::stats::alarms::{
    Alarm, AlarmKind, Finding, PROVIDER_PAST, PROVIDER_TIME, STAFF_TIME, of_prefixes, of_providers,
    of_quick_codes, of_staff,
};
use crate::domain::stats::figures::StatsCounts;
use crate::domain::stats::query::{SpanStats, StatsDimension, StatsFilter, StatsSpan};
use crate::domain::time::Timestamp;
use crate::service::ports::alarms::{Acknowledgement, AlarmMaterial, NewAlarms};
use crate::service::ports::stats::StatsQuery;
use crate::service::reason::cleaned_reason;
use crate::service::{Desk, DeskError};

/// How often a desk service looks.
pub const LOOK_EVERY: Duration = Duration::from_mins(5);

/// More alarms than this are not told.
const ALARMS_MAX: u32 = 500;

impl Desk {
    /// Looks for alarms, and raises what is found; gives how many are new.
    pub async fn look_for_alarms(&self) -> Result<u32, DeskError> {
        let now = self.now().await?;
        let of_day = span(now, STAFF_TIME, Duration::ZERO);
        let staff = self.figures(of_day, StatsDimension::Clerk).await?;
        let recent = span(now, PROVIDER_TIME, Duration::ZERO);
        let past = span(now, PROVIDER_PAST, PROVIDER_TIME);
        let providers = self.figures(recent, StatsDimension::Provider).await?;
        let before = self.figures(past, StatsDimension::Provider).await?;
        let material = self.reading(|| self.store.alarm_material(of_day)).await?;
        let mut findings = of_staff(&staff);
        findings.extend(of_quick_codes(&material.quick, &staff));
        findings.extend(of_providers(&providers, &before));
        findings.extend(of_prefixes(&material.prefixes, material.sent));
        findings.extend(of_entries(&material));
        let up_to = material.up_to;
        let new = NewAlarms { findings: &findings, up_to, actor: &self.actor };
        Ok(self.retry(|| self.store.raise_alarms(&new)).await?)
    }

    /// The figures of each of a dimension in a span.
    async fn figures(
        &self,
        span: StatsSpan,
        by: StatsDimension,
    ) -> Result<Vec<(String, StatsCounts)>, DeskError> {
        let query = StatsQuery { spans: vec![span], by: Some(by), only: StatsFilter::default() };
        let found = self.reading(|| self.store.stats(&query)).await?;
        let groups = found.spans.into_iter().flat_map(|it: SpanStats| it.groups);
        Ok(groups.map(|it| (it.name, it.counts)).collect())
    }

    /// The open alarms, newest first, after looking for new ones. A desk that may not write
    /// them tells those that others raised.
    pub async fn open_alarms(&self) -> Result<Vec<Alarm>, DeskError> {
        self.record_reader().await?;
        if let Err(error) = self.look_for_alarms().await {
            tracing::warn!(%error, "nobody looked for alarms");
        }
        Ok(self.reading(|| self.store.open_alarms(ALARMS_MAX)).await?)
    }

    /// How many alarms are open.
    pub async fn count_open_alarms(&self) -> Result<u32, DeskError> {
        Ok(self.reading(|| self.store.count_open_alarms(ALARMS_MAX)).await?)
    }

    /// Says of an alarm that it was seen to. `key` is the idempotency key.
    pub async fn acknowledge_alarm(
        &self,
        key: &str,
        alarm: i64,
        reason: &str,
    ) -> Result<Option<Alarm>, DeskError> {
        let (reason, act) =
            (cleaned_reason(reason), self.bound_key(&["acknowledge", key, &alarm.to_string()]));
        if reason.is_empty() {
            return Err(DeskError::NoReason);
        }
        let it = Acknowledgement { alarm, reason: &reason, act: &act, actor: &self.actor };
        Ok(self.retry(|| self.store.acknowledge_alarm(&it)).await?)
    }
}

/// The quarters of a time before now, without the last part of it.
fn span(now: Timestamp, time: Duration, without: Duration) -> StatsSpan {
    let span = StatsSpan::touched(now.minus(time), now.minus(without));
    // A quarter belongs to one side.
    if without.is_zero() {
        span
    } else {
        StatsSpan { before: StatsSpan::touched(now.minus(without), now).from, ..span }
    }
}

/// What single entries show.
fn of_entries(material: &AlarmMaterial) -> Vec<Finding> {
    let unlocked = material.unlocked.iter().map(|(clerk, request)| Finding {
        kind: AlarmKind::UnlockedAndVerified,
        subject: clerk.clone(),
        request: request.clone(),
        detail: "unlocked a customer and verified the same one within a day".into(),
    });
    let shared = material.shared.iter().map(|(request, customers)| Finding {
        kind: AlarmKind::SharedContact,
        subject: request.to_string(),
        request: Some(request.clone()),
        detail: format!("{customers} customers have the contact of this request"),
    });
    let forged = (material.forged_notices > 0).then(|| Finding {
        kind: AlarmKind::ForgedNotices,
        subject: "notices".into(),
        request: None,
        detail: format!(
            "{} notices to customers were changed in the store or put there by hand, and not sent",
            material.forged_notices
        ),
    });
    unlocked.chain(shared).chain(forged).collect()
}
