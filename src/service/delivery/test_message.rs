//! Trying the providers out with a message that holds no code.
//!
//! The limits of other messages hold for it, it is in the log before it is sent,
//! and numbers of countries that the office does not send to are refused as ever.

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::ProviderSlot;
use crate::domain::contact::{Contact, ContactError, EmailAddress, PhoneNumber};
use crate::domain::delivery::SendReport;
use crate::domain::event::EventKind;
use crate::domain::message::TestMessage;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::test_message::{TestSend, TestSendRefusal};
use crate::service::{Desk, DeskError, messages};

/// What came of one test message.
#[derive(Clone, Debug)]
pub struct TestMessageOutcome {
    /// By which line it went.
    pub line: ProviderSlot,
    /// Through which provider.
    pub provider: &'static str,
    /// Where to, masked.
    pub contact: String,
    /// How far it came.
    pub report: SendReport,
}

/// Why none was sent.
#[derive(Debug, thiserror::Error)]
pub enum TestMessageError {
    /// What was given is no contact that the office sends to.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The office has no such channel.
    #[error("this office does not send by {}", .0.label())]
    Off(Channel),
    /// A limit is reached.
    #[error("{}", .0.limit.sentence())]
    Limited(TestSendRefusal),
    /// The desk could not do it.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl Desk {
    /// Sends a test message to an email address or a phone number, by the first
    /// provider of its channel and by the one that stands in.
    pub async fn send_test(
        &self,
        typed: &str,
    ) -> Result<Vec<TestMessageOutcome>, TestMessageError> {
        let (channel, to) = self.contact(typed.trim())?;
        if self.sender(channel).is_none() {
            return Err(TestMessageError::Off(channel));
        }
        let mut trials = Vec::new();
        for line in [ProviderSlot::main(channel), ProviderSlot::fallback(channel)] {
            let Some(sender) = self.senders.behind(line) else { continue };
            let test = TestMessage {
                to: to.clone(),
                name: self.new_act()?,
                at: self.now().await?,
                office: self.office.name.clone(),
                counter: self.actor.counter.clone(),
            };
            let provider = sender.provider();
            match self.begin_trial(&test.name, &to, line, provider).await {
                Ok(()) => {}
                // The one before was sent: that has to be told too.
                Err(TestMessageError::Limited(refusal)) if !trials.is_empty() => {
                    let report = SendReport::not_sent(refusal.limit.sentence());
                    trials.push(TestMessageOutcome {
                        line,
                        provider,
                        contact: to.masked(),
                        report,
                    });
                    break;
                }
                Err(error) => return Err(error),
            }
            let report = sender.send_test(&test).await;
            let trial = TestMessageOutcome { line, provider, contact: to.masked(), report };
            self.write_down(&self.new_act()?, &trial).await?;
            trials.push(trial);
        }
        Ok(trials)
    }

    fn contact(&self, typed: &str) -> Result<(Channel, Contact), ContactError> {
        if typed.contains('@') {
            return Ok((Channel::Email, Contact::Email(EmailAddress::parse(typed)?)));
        }
        let phones = &self.office.phones;
        let number = PhoneNumber::parse(typed, &phones.default_country)?;
        phones.check(&number)?;
        Ok((Channel::Sms, Contact::Phone(number)))
    }

    /// Counts it and writes that it is tried, so that nothing is sent which nobody
    /// can find.
    async fn begin_trial(
        &self,
        act: &str,
        to: &Contact,
        line: ProviderSlot,
        provider: &str,
    ) -> Result<(), TestMessageError> {
        let trial = TestSend {
            act,
            contact: to,
            limits: &self.office.limits,
            event: self.tested(
                line,
                to.masked(),
                format!("{}{provider}, to see whether it comes.", by(line)),
            ),
        };
        let refusal = self.retry(|| self.store.record_test_send(trial.clone())).await;
        match refusal.map_err(DeskError::from)? {
            Some(refusal) => Err(TestMessageError::Limited(refusal)),
            None => Ok(()),
        }
    }

    async fn write_down(&self, act: &str, trial: &TestMessageOutcome) -> Result<(), DeskError> {
        let TestMessageOutcome { line, provider, contact, report } = trial;
        let said = report.detail.as_deref().unwrap_or_default();
        let detail = format!("{}{provider}: {}. {said}", by(*line), report.state.word());
        let event = NewEvent {
            outcome: messages::delivery_outcome(report.state),
            ..self.tested(*line, contact.clone(), detail.trim_end().to_owned())
        };
        self.retry(|| self.store.record(act, event.clone())).await?;
        Ok(())
    }

    fn tested(&self, line: ProviderSlot, contact: String, detail: String) -> NewEvent<'_> {
        NewEvent {
            kind: EventKind::Tested,
            outcome: None,
            request: None,
            customer: None,
            channel: Some(line.channel),
            contact: Some(contact),
            detail: Some(detail),
            actor: &self.actor,
        }
    }
}

fn by(line: ProviderSlot) -> &'static str {
    if line.fallback { "By the fallback, " } else { "By " }
}
