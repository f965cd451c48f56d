//! Trying the providers out with a message that holds no code.
//!
//! The limits of other messages hold for it, it is in the log before it is sent,
//! and numbers of countries that the office does not send to are refused as ever.

use super::ports::NewEvent;
use super::ports::outbox::{Trial, TrialRefusal};
use super::{Desk, DeskError, wording};
use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactError, EmailAddress, PhoneNumber};
use crate::domain::delivery::Report;
use crate::domain::event::EventKind;
use crate::domain::line::Line;
use crate::domain::message::TestMessage;

/// What came of one test message.
#[derive(Clone, Debug)]
pub struct Trialled {
    /// By which line it went.
    pub line: Line,
    /// Through which provider.
    pub provider: &'static str,
    /// Where to, masked.
    pub contact: String,
    /// How far it came.
    pub report: Report,
}

/// Why none was sent.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// What was given is no contact that the office sends to.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The office has no such channel.
    #[error("this office does not send by {}", .0.label())]
    Off(Channel),
    /// A limit is reached.
    #[error("{}", .0.limit.sentence())]
    Limited(TrialRefusal),
    /// The desk could not do it.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl Desk {
    /// Sends a test message to an email address or a phone number, by the first
    /// provider of its channel and by the one that stands in.
    pub async fn send_test(&self, typed: &str) -> Result<Vec<Trialled>, TrialError> {
        let (channel, to) = self.contact(typed.trim())?;
        if self.sender(channel).is_none() {
            return Err(TrialError::Off(channel));
        }
        let mut trials = Vec::new();
        for line in [Line::main(channel), Line::fallback(channel)] {
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
                Err(TrialError::Limited(refusal)) if !trials.is_empty() => {
                    let report = Report::not_sent(refusal.limit.sentence());
                    trials.push(Trialled { line, provider, contact: to.masked(), report });
                    break;
                }
                Err(error) => return Err(error),
            }
            let report = sender.send_test(&test).await;
            let trial = Trialled { line, provider, contact: to.masked(), report };
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
        line: Line,
        provider: &str,
    ) -> Result<(), TrialError> {
        let trial = Trial {
            act,
            contact: to,
            limits: &self.office.limits,
            event: self.tested(
                line,
                to.masked(),
                format!("{}{provider}, to see whether it comes.", by(line)),
            ),
        };
        let refusal = self.insist(|| self.store.begin_trial(trial.clone())).await;
        match refusal.map_err(DeskError::from)? {
            Some(refusal) => Err(TrialError::Limited(refusal)),
            None => Ok(()),
        }
    }

    async fn write_down(&self, act: &str, trial: &Trialled) -> Result<(), DeskError> {
        let Trialled { line, provider, contact, report } = trial;
        let said = report.detail.as_deref().unwrap_or_default();
        let detail = format!("{}{provider}: {}. {said}", by(*line), report.state.word());
        let event = NewEvent {
            outcome: wording::delivery_outcome(report.state),
            ..self.tested(*line, contact.clone(), detail.trim_end().to_owned())
        };
        self.insist(|| self.store.record(act, event.clone())).await?;
        Ok(())
    }

    fn tested(&self, line: Line, contact: String, detail: String) -> NewEvent<'_> {
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

fn by(line: Line) -> &'static str {
    if line.fallback { "By the fallback, " } else { "By " }
}
