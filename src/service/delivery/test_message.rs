//! Test messages, which hold no code, to try the providers.
//!
//! The rate limits count them too, their event is written before they are sent, and phone
//! numbers of countries that the office does not send to are refused as always.

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::ProviderSlot;
use crate::domain::contact::{Contact, ContactError, EmailAddress, PhoneNumber};
use crate::domain::delivery::SendReport;
use crate::domain::event::{EventFacts, EventKind, without_terminal};
use crate::domain::message::TestMessage;
use crate::service::delivery::outcome::delivery_outcome;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::test_message::{TestSend, TestSendRefusal};
use crate::service::{Desk, DeskError};

/// What came of one test message.
#[derive(Clone, Debug)]
pub struct TestMessageOutcome {
    pub slot: ProviderSlot,
    pub provider: &'static str,
    /// Where to, masked.
    pub contact: String,
    pub report: SendReport,
}

/// Why no test message was sent.
#[derive(Debug, thiserror::Error)]
pub enum TestMessageError {
    /// It is not a contact that the office sends to.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The office does not have the channel.
    #[error("this office does not send by {}", .0.label())]
    Off(Channel),
    #[error("{}", .0.limit.sentence())]
    Limited(TestSendRefusal),
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl Desk {
    /// Sends a test message to an email address or a phone number, by the main provider of
    /// its channel and by the fallback.
    pub async fn send_test(
        &self,
        typed: &str,
    ) -> Result<Vec<TestMessageOutcome>, TestMessageError> {
        let (channel, to) = self.contact(typed.trim())?;
        if self.sender(channel).is_none() {
            return Err(TestMessageError::Off(channel));
        }
        let mut outcomes = Vec::new();
        for slot in [ProviderSlot::main(channel), ProviderSlot::fallback(channel)] {
            let Some(sender) = self.senders.behind(slot) else { continue };
            let test = TestMessage {
                to: to.clone(),
                name: self.new_idempotency_key()?,
                at: self.now().await?,
                office: self.office.name.clone(),
                counter: without_terminal(&self.actor.counter).to_owned(),
            };
            let provider = sender.provider();
            match self.record_test(&test.name, &to, slot, provider).await {
                Ok(()) => {}
                // The test message before was sent, and must be reported too.
                Err(TestMessageError::Limited(refusal)) if !outcomes.is_empty() => {
                    let report = SendReport::not_sent(refusal.limit.sentence());
                    outcomes.push(TestMessageOutcome {
                        slot,
                        provider,
                        contact: to.masked(),
                        report,
                    });
                    break;
                }
                Err(error) => return Err(error),
            }
            let report = sender.send_test(&test).await;
            let test_outcome = TestMessageOutcome { slot, provider, contact: to.masked(), report };
            self.record_outcome(&self.new_idempotency_key()?, &test_outcome).await?;
            outcomes.push(test_outcome);
        }
        Ok(outcomes)
    }

    fn contact(&self, typed: &str) -> Result<(Channel, Contact), ContactError> {
        if typed.contains('@') {
            return Ok((Channel::Email, Contact::Email(EmailAddress::parse(typed)?)));
        }
        let phones = &self.office.phones;
        let number = PhoneNumber::parse(typed, &phones.default_country)?;
        phones.check(&number, Channel::Sms)?;
        Ok((Channel::Sms, Contact::Phone(number)))
    }

    /// Counts the test message and writes its event, so that nothing is sent which the log
    /// does not show.
    async fn record_test(
        &self,
        act: &str,
        to: &Contact,
        slot: ProviderSlot,
        provider: &str,
    ) -> Result<(), TestMessageError> {
        let send = TestSend {
            act,
            contact: to,
            limits: &self.office.limits,
            event: self.tested(
                slot,
                to.masked(),
                format!("{}{provider}, to see whether it comes.", by(slot)),
            ),
        };
        let refusal = self.retry(|| self.store.record_test_send(send.clone())).await;
        match refusal.map_err(DeskError::from)? {
            Some(refusal) => Err(TestMessageError::Limited(refusal)),
            None => Ok(()),
        }
    }

    async fn record_outcome(
        &self,
        act: &str,
        test_outcome: &TestMessageOutcome,
    ) -> Result<(), DeskError> {
        let TestMessageOutcome { slot, provider, contact, report } = test_outcome;
        let said = report.detail.as_ref().map_or("", |it| &it.for_admin);
        let detail = format!("{}{provider}: {}. {said}", by(*slot), report.state.word());
        let event = NewEvent {
            outcome: delivery_outcome(report.state),
            ..self.tested(*slot, contact.clone(), detail.trim_end().to_owned())
        };
        self.retry(|| self.store.record(act, event.clone())).await?;
        Ok(())
    }

    fn tested(&self, slot: ProviderSlot, contact: String, detail: String) -> NewEvent<'_> {
        NewEvent {
            kind: EventKind::Tested,
            outcome: None,
            request: None,
            customer: None,
            channel: Some(slot.channel),
            contact: Some(contact),
            detail: Some(detail),
            actor: &self.actor,
            facts: EventFacts::default(),
        }
    }
}

fn by(slot: ProviderSlot) -> &'static str {
    if slot.fallback { "By the fallback, " } else { "By " }
}
