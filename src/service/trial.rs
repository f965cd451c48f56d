//! Trying the providers out with a message that holds no code.
//!
//! Nobody's limits count it, so it is told in the log whatever comes of it, and
//! numbers of countries that the office does not send to are refused as ever.

use super::ports::NewEvent;
use super::{Desk, DeskError, wording};
use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactError, EmailAddress, PhoneNumber};
use crate::domain::delivery::Report;
use crate::domain::event::EventKind;
use crate::domain::line::Line;
use crate::domain::message::TestMessage;

/// What came of one test message.
#[derive(Clone, Debug)]
pub struct Trial {
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
    /// The desk could not do it.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl Desk {
    /// Sends a test message to an email address or a phone number, by the first
    /// provider of its channel and by the one that stands in.
    pub async fn send_test(&self, typed: &str) -> Result<Vec<Trial>, TrialError> {
        let (channel, to) = self.contact(typed.trim())?;
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
            let (provider, report) = (sender.provider(), sender.send_test(&test).await);
            let trial = Trial { line, provider, contact: to.masked(), report };
            self.write_down(&test.name, &trial).await?;
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
        if !phones.allows(number.country()) {
            return Err(ContactError::CountryNotAllowed(number.country().to_owned()));
        }
        Ok((Channel::Sms, Contact::Phone(number)))
    }

    async fn write_down(&self, act: &str, trial: &Trial) -> Result<(), DeskError> {
        let Trial { line, provider, contact, report } = trial;
        let said = report.detail.as_deref().unwrap_or_default();
        let stands_in = if line.fallback { "By the fallback, " } else { "By " };
        let detail = format!("{stands_in}{provider}: {}. {said}", report.state.word());
        let event = NewEvent {
            kind: EventKind::Tested,
            outcome: wording::delivery_outcome(report.state),
            request: None,
            customer: None,
            channel: Some(line.channel),
            contact: Some(contact.clone()),
            detail: Some(detail.trim_end().to_owned()),
            actor: &self.actor,
        };
        self.insist(|| self.store.record(act, event.clone())).await?;
        Ok(())
    }
}
