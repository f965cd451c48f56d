//! Telling contacts that they were changed, beside the outbox: a terminal that
//! keeps the outbox keeps these too. Nobody waits for them at a counter, so that
//! one at a time is enough and codes come first.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::{BreakerRecord, ProviderSlot};
use crate::domain::contact::Contact;
use crate::domain::contact_notice::{self, NoticeStep};
use crate::domain::delivery::{DeliveryState, FailureClass, SendReport};
use crate::domain::message::ChangeNotice;
use crate::domain::time::Timestamp;
use crate::service::delivery::provider_status;
use crate::service::delivery::worker::written;
use crate::service::ports::contact_notices::{Notice, NoticeOutcome, NoticeProviders};
use crate::service::ports::outbox::OutboxMessage;
use crate::service::{Desk, DeskError};

/// However much is written, they are looked for this seldom at most.
const LEAST: Duration = Duration::from_secs(5);

/// How long they are left alone after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// How long a notice waits at least for a provider that is down.
const LEAST_WAIT: Duration = Duration::from_secs(15);

impl Desk {
    /// Does what comes due, messages with codes up to `most` at once, until the end
    /// is asked for; what has begun by then is brought to its end. `told` hears of
    /// each of those messages that was done and written down.
    pub async fn keep_outbox(
        &self,
        most: usize,
        end: CancellationToken,
        told: impl Fn(&OutboxMessage, &SendReport),
    ) {
        tokio::join!(self.keep_messages(most, end.clone(), told), self.keep_notices(end));
    }

    /// Does everything that is due now, and what follows from it at once; gives
    /// how many things that were.
    pub async fn work_off_outbox(&self, most: usize) -> Result<u64, DeskError> {
        Ok(self.work_off_messages(most).await? + self.tell_due().await?)
    }

    /// The providers of the office's own notices.
    pub(in crate::service) fn notice_providers(&self) -> NoticeProviders {
        NoticeProviders {
            email: self.sender(Channel::Email).map(|it| it.provider()),
            sms: self.sender(Channel::Sms).map(|it| it.provider()),
        }
    }

    async fn keep_notices(&self, end: CancellationToken) {
        let mut changes = self.store.changes();
        while !end.is_cancelled() {
            let wait = match self.tell_due_until(&end).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "changed contacts are told later");
                    Some(AFTER_FAILURE)
                }
            };
            let looked = Instant::now();
            let news = async {
                written(&mut changes).await;
                tokio::time::sleep_until(looked + LEAST).await;
            };
            tokio::select! {
                () = end.cancelled() => {}
                () = until(wait) => {}
                () = news => {}
            }
        }
    }

    /// Tells what is due, until the end is asked for; gives how long there will be
    /// nothing.
    async fn tell_due_until(&self, end: &CancellationToken) -> Result<Option<Duration>, DeskError> {
        let providers = self.senders.providers();
        while !end.is_cancelled() {
            match self.store.next_notice_due(&providers).await? {
                Some(Duration::ZERO) => {}
                wait => return Ok(wait),
            }
            if self.tell_one().await? == 0 {
                // Somebody else was faster.
                return Ok(Some(LEAST));
            }
        }
        Ok(None)
    }

    /// Tells what is due now; gives how many were tried.
    async fn tell_due(&self) -> Result<u64, DeskError> {
        let mut done = 0;
        loop {
            match self.tell_one().await? {
                0 => return Ok(done),
                one => done += one,
            }
        }
    }

    async fn tell_one(&self) -> Result<u64, DeskError> {
        let taken = self.store.claim_notices(&self.senders.providers(), 1).await?;
        let mut told = 0;
        for notice in &taken {
            self.tell(notice).await?;
            told += 1;
        }
        Ok(told)
    }

    /// Tells one contact, by the lines that are not down in turn.
    async fn tell(&self, notice: &Notice) -> Result<(), DeskError> {
        if !self.senders.providers().contains(&&*notice.provider) {
            let why = format!("No terminal with {} was there to tell it.", notice.provider);
            let report = SendReport::not_sent(&why);
            return self.told(notice, None, &report, NoticeStep::GivenUp).await;
        }
        if let Contact::Phone(number) = &notice.contact
            && self.office.phones.check(number).is_err()
        {
            let next = NoticeStep::GivenUp;
            return self.told(notice, None, &no_number_of_ours(), next).await;
        }
        let (now, lines) = self.retry(|| self.store.circuit_breakers()).await?;
        let channel = notice.contact.kind().channel();
        let mut order = [ProviderSlot::main(channel), ProviderSlot::fallback(channel)];
        // What the one is not set up for the other may do.
        if notice.tries.is_multiple_of(2) {
            order.reverse();
        }
        let lines =
            order.into_iter().filter(|line| self.senders.behind(*line).is_some()).map(|line| {
                lines.iter().find(|it| it.line == line).cloned().unwrap_or(BreakerRecord::new(line))
            });
        let lines: Vec<BreakerRecord> = lines.collect();
        let up = lines.iter().find(|it| !it.is_down(now));
        let Some(sender) = up.and_then(|it| self.senders.behind(it.line)) else {
            return self.leave_waiting(notice, &lines, now).await;
        };
        let report = sender
            .send_notice(&ChangeNotice {
                to: notice.contact.clone(),
                name: contact_notice::name(notice.id, &notice.contact, notice.created_at),
                at: notice.created_at,
                office: self.office.name.clone(),
                customer: notice.customer_name.clone(),
                locale: notice.locale.clone(),
            })
            .await;
        let next = contact_notice::after(&report, notice.tries, notice.age());
        self.told(notice, Some(sender.provider()), &report, next).await
    }

    /// All its providers are down: it waits for the first that works again.
    async fn leave_waiting(
        &self,
        notice: &Notice,
        lines: &[BreakerRecord],
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let (wait, detail) = provider_status::first_back(lines.iter(), now, LEAST_WAIT);
        let report = SendReport {
            state: DeliveryState::Failed,
            provider_id: None,
            detail,
            fault: Some(FailureClass::Provider { retry_after: Some(wait) }),
        };
        self.told(notice, None, &report, contact_notice::again(wait, notice.age())).await
    }

    async fn told(
        &self,
        notice: &Notice,
        provider: Option<&str>,
        report: &SendReport,
        next: NoticeStep,
    ) -> Result<(), DeskError> {
        let outcome = NoticeOutcome { notice, provider, report, next, actor: &self.actor };
        Ok(self.retry(|| self.store.complete_notice(outcome)).await?)
    }
}

fn no_number_of_ours() -> SendReport {
    let why = "The office does not send to numbers of that country.";
    let fault = Some(FailureClass::Office { every: false });
    SendReport { state: DeliveryState::Undeliverable, fault, ..SendReport::not_sent(why) }
}

async fn until(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}
