//! Alarms by email: how many are named, how often an address hears, and when a failed email is
//! tried again.
//!
//! An address has a place in the alarms, up to which it was told. What stands after it goes out
//! with the next email, so that many alarms at once are one email, and nothing has to be dropped
//! while a provider is down.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::domain::backoff::Backoff;
use crate::domain::contact::Contact;
use crate::domain::delivery::{DeliveryState, FailureClass, SendReport};
use crate::domain::time::Timestamp;

/// How many addresses are told.
pub const ADDRESSES_MAX: usize = 5;

/// How many alarms an email names; of the others it tells the number.
pub const NAMED_MAX: usize = 10;

/// The shortest time between two emails to one address: six an hour at most.
pub const MAIL_INTERVAL: Duration = Duration::from_mins(10);

/// The delays between attempts, which go on for as long as an alarm is open.
const MAIL_BACKOFF: Backoff =
    Backoff { first: Duration::from_mins(1), max: Duration::from_hours(1) };

/// The delay after a refusal for good: the address may be mended in the configuration.
const REFUSED_WAIT: Duration = Duration::from_hours(6);

/// The idempotency key of an email, the same for each attempt with the same alarms: mail servers
/// drop a letter whose Message-ID they have seen. The numbers alone would repeat in another store,
/// so that it has the time of the newest alarm too.
pub fn name(to: &Contact, (from, up_to): (i64, i64), at: Timestamp) -> String {
    let about = format!("{}\n{from}\n{up_to}\n{}", to.as_str(), at.millis());
    format!("alarms-{}", hex::encode(&Sha256::digest(about)[..16]))
}

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailStep {
    /// The address was told.
    Told,
    /// The same alarms once more, after this delay.
    Again(Duration),
}

/// The next step after attempt number `tries`.
pub fn after(report: &SendReport, tries: u32) -> MailStep {
    let backoff = MAIL_BACKOFF.wait(tries.saturating_sub(1));
    MailStep::Again(match (report.state, report.fault) {
        (_, None) => return MailStep::Told,
        (
            DeliveryState::Undeliverable,
            Some(FailureClass::Recipient(_) | FailureClass::Message),
        ) => REFUSED_WAIT,
        (_, Some(FailureClass::Provider { retry_after })) => {
            backoff.max(retry_after.unwrap_or_default())
        }
        (_, Some(_)) => backoff,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::Channel;
    use crate::domain::contact_state::ContactFailure;

    fn failed(state: DeliveryState, fault: FailureClass) -> SendReport {
        SendReport { state, provider_id: None, detail: None, fault: Some(fault) }
    }

    #[test]
    fn it_is_tried_again_at_growing_intervals_and_never_given_up() {
        assert_eq!(after(&SendReport::sent(None), 3), MailStep::Told);
        let busy = failed(DeliveryState::Failed, FailureClass::Provider { retry_after: None });
        let minutes = [1, 2, 3, 6, 7, 1_000].map(|tries| match after(&busy, tries) {
            MailStep::Again(wait) => wait.as_secs() / 60,
            MailStep::Told => 0,
        });
        assert_eq!(minutes, [1, 2, 4, 32, 60, 60]);
        let gone = FailureClass::Recipient(ContactFailure::UnknownMailbox);
        let gone = failed(DeliveryState::Undeliverable, gone);
        assert_eq!(after(&gone, 1), MailStep::Again(REFUSED_WAIT));
    }

    #[test]
    fn other_alarms_make_another_letter_and_another_try_makes_none() {
        let to = Contact::parse(Channel::Email, "admin@office.example").expect("an address");
        let at = Timestamp::from_millis(1);
        assert_eq!(name(&to, (0, 3), at), name(&to, (0, 3), at));
        assert_ne!(name(&to, (0, 3), at), name(&to, (0, 4), at));
        assert_ne!(name(&to, (0, 3), at), name(&to, (0, 3), Timestamp::from_millis(2)));
    }
}
