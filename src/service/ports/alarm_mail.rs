//! Alarms by email: how far each address was told. Whoever sends to an address leases its place, so
//! that of several services one does.

use async_trait::async_trait;

use crate::domain::contact::Contact;
use crate::domain::delivery::SendReport;
use crate::domain::event::Actor;
use crate::domain::stats::alarm_mail::MailStep;
use crate::domain::stats::alarms::Alarm;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// How far each address was told.
#[async_trait]
pub trait AlarmMailStore: Send + Sync {
    /// Claims what an address was not told yet: open alarms, at most so many, oldest first. None
    /// where there is nothing, it is not due, or another service is at it.
    async fn claim_alarm_mail(
        &self,
        to: &Contact,
        most: u32,
    ) -> Result<Option<AlarmBatch>, StoreError>;
    /// Writes what came of an attempt; nothing where another service has claimed it since.
    async fn complete_alarm_mail(&self, outcome: AlarmMailOutcome<'_>) -> Result<(), StoreError>;
    /// How far an address was told.
    async fn alarm_mail_status(&self, to: &Contact) -> Result<AlarmMailStatus, StoreError>;
}

/// The alarms that an address is to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmBatch {
    /// They stand after this one.
    pub from: i64,
    /// Attempts begun with them so far, this one included.
    pub tries: u32,
    /// Never empty.
    pub alarms: Vec<Alarm>,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct AlarmMailOutcome<'a> {
    /// Whom it was for.
    pub to: &'a Contact,
    /// What was claimed.
    pub batch: &'a AlarmBatch,
    /// Through which provider; `None` where it was not tried.
    pub provider: Option<&'a str>,
    /// What it reported.
    pub report: &'a SendReport,
    /// What comes next.
    pub next: MailStep,
    /// Who acts, and where.
    pub actor: &'a Actor,
}

/// How far an address was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmMailStatus {
    /// When it was told last.
    pub mailed_at: Option<Timestamp>,
    /// When the last attempt failed, and why, while it was not made good.
    pub failure: Option<(Timestamp, String)>,
    /// How many open alarms it was not told of, and since when the oldest waits.
    pub waiting: Option<(u32, Timestamp)>,
    /// The store's clock when this was read.
    pub now: Timestamp,
}
