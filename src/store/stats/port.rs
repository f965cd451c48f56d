//! The ports of the stats and of the alarms.

use async_trait::async_trait;

use crate::domain::contact::Contact;
use crate::domain::event::Actor;
use crate::domain::oversight::Oversight;
use crate::domain::stats::alarms::Alarm;
use crate::domain::stats::query::StatsSpan;
use crate::service::ports::alarm_mail::{
    AlarmBatch, AlarmMailOutcome, AlarmMailStatus, AlarmMailStore,
};
use crate::service::ports::alarms::{Acknowledgement, AlarmMaterial, AlarmStore, NewAlarms};
use crate::service::ports::error::StoreError;
use crate::service::ports::oversight::OversightStore;
use crate::service::ports::stats::{RebuildStep, StatsFound, StatsQuery, StatsStore};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::stats::{alarm_mail, alarms, oversight, read, rebuild};

#[async_trait]
impl StatsStore for SqlStore {
    async fn stats(&self, query: &StatsQuery) -> Result<StatsFound, StoreError> {
        read::stats(&self.db, query).await
    }

    async fn rebuild_stats(&self, most: u32, actor: &Actor) -> Result<RebuildStep, StoreError> {
        retry_on_conflict(|| rebuild::step(&self.db, most, actor)).await
    }
}

#[async_trait]
impl OversightStore for SqlStore {
    async fn oversight(&self, failure_cap: u32) -> Result<Oversight, StoreError> {
        oversight::oversight(&self.db, failure_cap).await
    }
}

#[async_trait]
impl AlarmStore for SqlStore {
    async fn alarm_material(&self, of_day: StatsSpan) -> Result<AlarmMaterial, StoreError> {
        alarms::material(&self.db, of_day).await
    }

    async fn raise_alarms(&self, new: &NewAlarms<'_>) -> Result<u32, StoreError> {
        retry_on_conflict(|| alarms::raise(&self.db, new)).await
    }

    async fn open_alarms(&self, most: u32) -> Result<Vec<Alarm>, StoreError> {
        alarms::open(&self.db, most).await
    }

    async fn count_open_alarms(&self, most: u32) -> Result<u32, StoreError> {
        alarms::count_open(&self.db, most).await
    }

    async fn acknowledge_alarm(
        &self,
        acknowledgement: &Acknowledgement<'_>,
    ) -> Result<Option<Alarm>, StoreError> {
        retry_on_conflict(|| alarms::acknowledge(&self.db, acknowledgement)).await
    }
}

/// More waiting alarms are not counted.
const WAITING_MAX: u32 = 500;

#[async_trait]
impl AlarmMailStore for SqlStore {
    async fn claim_alarm_mail(
        &self,
        to: &Contact,
        most: u32,
    ) -> Result<Option<AlarmBatch>, StoreError> {
        retry_on_conflict(|| alarm_mail::claim(&self.db, to, most)).await
    }

    async fn complete_alarm_mail(&self, outcome: AlarmMailOutcome<'_>) -> Result<(), StoreError> {
        retry_on_conflict(|| alarm_mail::complete(&self.db, &outcome)).await
    }

    async fn alarm_mail_status(&self, to: &Contact) -> Result<AlarmMailStatus, StoreError> {
        alarm_mail::status(&self.db, to, WAITING_MAX).await
    }
}
