//! Telling the staff of alarms by email. The desk service does it, on a task of its own: nothing
//! waits for it, and what fails is tried again for as long as an alarm is open.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, EmailAddress};
use crate::domain::delivery::SendReport;
use crate::domain::message::{AlarmMail, MailedAlarm};
use crate::domain::stats::alarm_log::log_words;
use crate::domain::stats::alarm_mail::{self, MailStep, NAMED_MAX};
use crate::domain::stats::alarms::Alarm;
use crate::domain::text::shell_word;
use crate::domain::time::Timestamp;
use crate::service::delivery::provider_status;
use crate::service::delivery::send::TRAY_IN_PRODUCTION;
use crate::service::ports::alarm_mail::{AlarmBatch, AlarmMailOutcome};
use crate::service::{Desk, DeskError};

/// How often it is looked for what is to be told.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// More alarms than this are not read for one email.
const BATCH_MAX: u32 = 500;

/// The least time that an email waits for an open circuit breaker.
const MIN_BREAKER_WAIT: Duration = Duration::from_mins(1);

/// Whom the desk service tells, and how it writes times.
#[derive(Clone, Debug)]
pub struct AlarmRecipients {
    /// Whom.
    pub addresses: Vec<EmailAddress>,
    /// Writes a time as commands of this machine read it.
    pub moment: fn(Timestamp) -> String,
}

impl Desk {
    /// Tells the staff of alarms until `end`. A failure of the store that repeats is logged once.
    pub async fn run_alarm_mail(&self, recipients: &AlarmRecipients, end: CancellationToken) {
        let mut reported = None;
        while !end.is_cancelled() {
            let why = self.mail_alarms(recipients).await.err().map(|error| error.to_string());
            if let Some(why) = why.as_ref().filter(|_| why != reported) {
                tracing::warn!(why, "nobody was told of alarms");
            }
            reported = why;
            tokio::select! {
                () = end.cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Tells each address what it was not told yet and is due; gives how many emails were tried.
    pub async fn mail_alarms(&self, recipients: &AlarmRecipients) -> Result<u32, DeskError> {
        let mut tried = 0;
        for address in &recipients.addresses {
            let to = Contact::Email(address.clone());
            let claimed = self.retry(|| self.store.claim_alarm_mail(&to, BATCH_MAX)).await?;
            if let Some(batch) = claimed {
                self.mail_batch(&to, &batch, recipients.moment).await?;
                tried += 1;
            }
        }
        Ok(tried)
    }

    async fn mail_batch(
        &self,
        to: &Contact,
        batch: &AlarmBatch,
        moment: fn(Timestamp) -> String,
    ) -> Result<(), DeskError> {
        let is_production = self.retry(|| self.store.production_mark()).await?.is_some();
        let (now, all) = self.retry(|| self.store.circuit_breakers()).await?;
        let breakers = self.in_turn(Channel::Email, batch.tries, is_production, &all);
        let sender = breakers.iter().find(|it| !it.is_open(now));
        let (provider, report) = match sender.and_then(|it| self.senders.behind(it.slot)) {
            Some(sender) => {
                let mail = self.alarm_mail(to, batch, moment);
                (Some(sender.provider()), sender.send_alarms(&mail).await)
            }
            None if breakers.is_empty() => (None, SendReport::not_sent(TRAY_IN_PRODUCTION)),
            None => (None, provider_status::waits(breakers.iter(), now, MIN_BREAKER_WAIT).1),
        };
        let next = alarm_mail::after(&report, batch.tries);
        if let MailStep::Again(wait) = next {
            let why = report.detail.as_ref().map(|it| &*it.for_admin);
            let (to, seconds) = (to.masked(), wait.as_secs());
            tracing::warn!(to, why, seconds, "alarms are mailed later");
        }
        let report = &report;
        let outcome = AlarmMailOutcome { to, batch, provider, report, next, actor: &self.actor };
        Ok(self.retry(|| self.store.complete_alarm_mail(outcome)).await?)
    }

    fn alarm_mail(
        &self,
        to: &Contact,
        batch: &AlarmBatch,
        moment: fn(Timestamp) -> String,
    ) -> AlarmMail {
        let last = batch.alarms.last();
        let (up_to, at) =
            last.map_or((batch.from, Timestamp::default()), |it| (it.id, it.raised_at));
        AlarmMail {
            to: to.clone(),
            name: alarm_mail::name(to, (batch.from, up_to), at),
            at,
            office: self.office.name.clone(),
            alarms: batch.alarms.iter().take(NAMED_MAX).map(|it| told(it, moment)).collect(),
            more: batch.alarms.len().saturating_sub(NAMED_MAX),
        }
    }
}

fn told(alarm: &Alarm, moment: fn(Timestamp) -> String) -> MailedAlarm {
    let words = log_words(alarm, moment);
    let words = words.iter().map(|it| shell_word(it));
    let log = std::iter::once("countersign".to_owned()).chain(words).collect::<Vec<_>>().join(" ");
    MailedAlarm {
        id: alarm.id,
        what: alarm.finding.kind.label(),
        subject: alarm.finding.subject.clone(),
        found: alarm.finding.detail.clone(),
        since: moment(alarm.raised_at),
        log,
    }
}
