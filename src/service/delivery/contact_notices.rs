//! Sending notices to contacts, beside the outbox: a terminal that works the
//! outbox sends these too. Nobody waits for them at a counter, so that one at a time is
//! enough, and codes come first.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::{BreakerRecord, ProviderSlot};
use crate::domain::contact::Contact;
use crate::domain::contact_notice::{self, NoticeStep};
use crate::domain::delivery::{DeliveryState, FailureClass, SendReport};
use crate::domain::key::Keyring;
use crate::domain::message::ContactNotice;
use crate::domain::notice_proof::NoticeOrigin;
use crate::domain::provider::ProviderFingerprint;
use crate::domain::time::Timestamp;
use crate::service::delivery::provider_status;
use crate::service::delivery::send::TRAY_IN_PRODUCTION;
use crate::service::delivery::worker::written;
use crate::service::ports::contact_notices::{Notice, NoticeOutcome, NoticeProviders};
use crate::service::ports::outbox::OutboxMessage;
use crate::service::{Desk, DeskError};

/// The shortest interval between two looks at the table, however much is written.
const MIN_POLL_INTERVAL: Duration = Duration::from_secs(5);

/// The pause after an error of the store.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// The least time that a notice waits for an open circuit breaker.
const MIN_BREAKER_WAIT: Duration = Duration::from_secs(15);

/// How long a notice waits for a terminal that has its key.
const UNKNOWN_KEY_WAIT: Duration = Duration::from_mins(15);

impl Desk {
    /// Works the outbox and the notices until `end`, up to `most` messages with codes at
    /// once, and closes requests that expire. What was started is completed. `on_completed` is
    /// called for each message that was completed.
    pub async fn run_outbox(
        &self,
        most: usize,
        end: CancellationToken,
        on_completed: impl Fn(&OutboxMessage, &SendReport),
    ) {
        tokio::join!(
            self.run_messages(most, end.clone(), on_completed),
            self.run_notices(end.clone()),
            self.run_expiry(end),
        );
    }

    /// Works off what is due now and what follows from it at once, and closes requests that
    /// have expired; returns how many messages and notices that were.
    pub async fn work_off_outbox(&self, most: usize) -> Result<u64, DeskError> {
        self.expire_due().await?;
        Ok(self.work_off_messages(most).await? + self.send_due().await?)
    }

    /// The providers of this terminal's notices, which are signed with these keys.
    pub(in crate::service) fn notice_providers<'a>(
        &'a self,
        keyring: &'a Keyring,
    ) -> NoticeProviders<'a> {
        let of = |channel| self.fingerprints.route(channel).map(ProviderFingerprint::as_str);
        NoticeProviders {
            email: of(Channel::Email),
            sms: of(Channel::Sms),
            phones: Some(&self.office.phones),
            keyring,
        }
    }

    /// Signs the notices that wait under an older key with the current one.
    pub async fn sign_notices_anew(&self) -> Result<(), DeskError> {
        let keyring = self.keyring();
        Ok(self.retry(|| self.store.sign_notices_anew(&keyring)).await?)
    }

    async fn run_notices(&self, end: CancellationToken) {
        let mut changes = self.store.changes();
        while !end.is_cancelled() {
            let wait = match self.send_due_until(&end).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "notices are sent later");
                    Some(PAUSE_AFTER_FAILURE)
                }
            };
            let polled_at = Instant::now();
            let change = async {
                written(&mut changes).await;
                tokio::time::sleep_until(polled_at + MIN_POLL_INTERVAL).await;
            };
            tokio::select! {
                () = end.cancelled() => {}
                () = until(wait) => {}
                () = change => {}
            }
        }
    }

    /// Sends the notices that are due, until `end`; returns how long until the next one.
    async fn send_due_until(&self, end: &CancellationToken) -> Result<Option<Duration>, DeskError> {
        let providers = self.fingerprints.all();
        while !end.is_cancelled() {
            match self.store.next_notice_due(&providers).await? {
                Some(Duration::ZERO) => {}
                wait => return Ok(wait),
            }
            if self.send_next().await? == 0 {
                // Another terminal was faster.
                return Ok(Some(MIN_POLL_INTERVAL));
            }
        }
        Ok(None)
    }

    /// Sends the notices that are due now; returns how many were tried.
    async fn send_due(&self) -> Result<u64, DeskError> {
        let mut done = 0;
        loop {
            match self.send_next().await? {
                0 => return Ok(done),
                one => done += one,
            }
        }
    }

    async fn send_next(&self) -> Result<u64, DeskError> {
        let claimed = self.store.claim_notices(&self.fingerprints.all(), 1).await?;
        let mut sent = 0;
        for notice in &claimed {
            self.send_notice(notice).await?;
            sent += 1;
        }
        Ok(sent)
    }

    /// Sends one notice, by one of the provider slots whose circuit breakers are not open.
    async fn send_notice(&self, notice: &Notice) -> Result<(), DeskError> {
        if let Some(next) = self.unless_genuine(notice) {
            return self.complete_notice(notice, None, &not_written_here(), next).await;
        }
        if let Some(report) = self.why_not(notice) {
            return self.complete_notice(notice, None, &report, NoticeStep::GivenUp).await;
        }
        let (now, breakers) = self.retry(|| self.store.circuit_breakers()).await?;
        let channel = notice.contact.kind().channel();
        let breakers = self.in_turn(channel, notice.tries, notice.is_production, &breakers);
        let up = breakers.iter().find(|it| !it.is_open(now));
        let Some(sender) = up.and_then(|it| self.senders.behind(it.slot)) else {
            return self.reschedule_notice(notice, &breakers, now).await;
        };
        let report = sender
            .send_notice(&ContactNotice {
                about: notice.about,
                to: notice.contact.clone(),
                name: contact_notice::name(notice.id, &notice.contact, notice.created_at),
                at: notice.created_at,
                office: self.office.name.clone(),
                customer: notice.customer_name.clone(),
                purpose: notice.purpose.clone(),
                reference: notice.reference.clone(),
                locale: notice.locale.clone(),
            })
            .await;
        let next = contact_notice::after(&report, notice.tries, notice.age());
        self.complete_notice(notice, Some(sender.provider()), &report, next).await
    }

    /// What comes of a notice that the desk did not queue; `None` for one that it did. One under
    /// a key that is not here waits for a terminal that has it.
    fn unless_genuine(&self, notice: &Notice) -> Option<NoticeStep> {
        let name = notice.proof.as_ref().map_or("", |it| it.key_id.as_str());
        let origin = notice.origin(&self.keyring_with(name));
        if origin == NoticeOrigin::Desk {
            return None;
        }
        let (customer, key) = (notice.customer.0, name);
        tracing::error!(notice = notice.id, customer, key, "a notice was not written here");
        let next = contact_notice::again(UNKNOWN_KEY_WAIT, notice.age());
        let is_waiting = origin == NoticeOrigin::UnknownKey && next != NoticeStep::GivenUp;
        Some(if is_waiting { next } else { NoticeStep::Refused })
    }

    /// Why a notice is given up as it is: the contact and its country are checked again.
    fn why_not(&self, notice: &Notice) -> Option<SendReport> {
        if !self.fingerprints.has(&notice.provider) {
            let why = format!("No terminal with {} was there to tell it.", notice.provider);
            return Some(SendReport::not_sent(&*why));
        }
        let is_abroad = |contact: &Contact| match contact {
            Contact::Phone(number) => {
                self.office.phones.check(number, notice.contact.kind().channel()).is_err()
            }
            Contact::Email(_) => false,
        };
        if is_abroad(&notice.contact) {
            return Some(no_number_of_ours());
        }
        let channel = notice.contact.kind().channel();
        let slots = [ProviderSlot::main(channel), ProviderSlot::fallback(channel)];
        let can_serve = slots.iter().any(|slot| self.may_serve(*slot, notice.is_production));
        (!can_serve).then(|| SendReport::not_sent(TRAY_IN_PRODUCTION))
    }

    /// All its providers have open circuit breakers: it waits for the first that may be
    /// tried.
    async fn reschedule_notice(
        &self,
        notice: &Notice,
        breakers: &[BreakerRecord],
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let (wait, report) = provider_status::waits(breakers.iter(), now, MIN_BREAKER_WAIT);
        self.complete_notice(notice, None, &report, contact_notice::again(wait, notice.age())).await
    }

    async fn complete_notice(
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

fn not_written_here() -> SendReport {
    SendReport::not_sent(
        "The desk did not queue it as it stands in the store: it was changed or put there by hand.",
    )
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
