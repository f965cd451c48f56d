//! What contacts are told of, and the retry policy of these notices. Nobody waits for one at a
//! counter, so it is retried for a day, and sending it twice does no harm. A notice never has a
//! code, nor anything of the account.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::domain::backoff::Backoff;
use crate::domain::contact::Contact;
use crate::domain::delivery::{DeliveryState, FailureClass, SendReport};
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// The delays between attempts.
const NOTICE_BACKOFF: Backoff =
    Backoff { first: Duration::from_mins(1), max: Duration::from_hours(1) };

/// How long a notice is retried; after that it would be of no use.
const NOTICE_MAX_ELAPSED: Duration = Duration::from_hours(24);

/// Any desk drops a notice of this age, even one whose own provider it does not have. Longer than a
/// weekend plus `NOTICE_MAX_ELAPSED`.
pub const NOTICE_MAX_AGE: Duration = Duration::from_hours(5 * 24);

/// How often a notice is sent at most if no result is known.
const UNCERTAIN_SENDS_MAX: u32 = 3;

/// The idempotency key of a notice, the same for each attempt. The number alone would repeat in
/// another store of the same office, and mail servers drop a letter whose Message-ID they have seen
/// (RFC 5322, 3.6.4): so it includes the contact and the time of the change.
pub fn name(id: i64, contact: &Contact, created_at: Timestamp) -> String {
    let about = format!("{id}\n{}\n{}", contact.as_str(), created_at.millis());
    format!("notice-{}", hex::encode(&Sha256::digest(about)[..16]))
}

/// A contact is not told of the same thing again within this time: of a visit in which somebody was
/// verified twice it hears once.
pub const NOTICE_REPEAT: Duration = Duration::from_mins(30);

/// How often the contacts of a customer hear of verifications within [`TELLINGS_WITHIN`]: whoever
/// verifies for two purposes by turns must not flood them. Lockouts are told all the same.
pub const TELLINGS_MAX: i64 = 4;

/// The time within which [`TELLINGS_MAX`] counts, from the first one on.
pub const TELLINGS_WITHIN: Duration = Duration::from_hours(1);

/// What a contact is told of.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum NoticeAbout {
    /// That another contact took its place.
    #[default]
    Contact,
    /// That the customer's authenticator or backup codes were changed.
    Factor,
    /// That a contact of the other kind was added where there was none.
    Addition,
    /// That the customer was verified.
    Verified,
    /// That somebody was served who acts for the customer.
    Represented,
    /// That the customer is locked after too many wrong codes.
    Lockout,
}

words!(NoticeAbout, "what a notice is about");

impl NoticeAbout {
    /// What the log says of it, in words; none where the entry before says it.
    pub const fn label(self) -> Option<&'static str> {
        match self {
            Self::Contact | Self::Factor | Self::Addition => None,
            Self::Verified => Some("a verification"),
            Self::Represented => Some("a representative who was served"),
            Self::Lockout => Some("the lockout"),
        }
    }
}

/// The next step after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeStep {
    /// Done: the notice was sent.
    Told,
    /// Retry after this delay.
    Again(Duration),
    /// Done: it cannot be sent.
    GivenUp,
    /// Done: the desk did not queue it.
    Refused,
}

/// The next step after attempt number `tries`; `age` is the time since the change was noticed.
pub fn after(report: &SendReport, tries: u32, age: Duration) -> NoticeStep {
    match (report.state, report.fault) {
        (_, None) => NoticeStep::Told,
        // The address is gone, which is common after a change.
        (
            DeliveryState::Undeliverable,
            Some(FailureClass::Recipient(_) | FailureClass::Message),
        ) => NoticeStep::GivenUp,
        // Any of the attempts may have arrived.
        (_, Some(FailureClass::Unknown)) if tries >= UNCERTAIN_SENDS_MAX => NoticeStep::GivenUp,
        (_, Some(FailureClass::Provider { retry_after })) => {
            again(retry_after.unwrap_or_default().max(backoff(tries)), age)
        }
        // Both providers have refused it permanently.
        (DeliveryState::Undeliverable, Some(_)) if tries >= 2 => NoticeStep::GivenUp,
        // A misconfiguration here may not exist at another desk or provider.
        (_, Some(_)) => again(backoff(tries), age),
    }
}

/// The next step if a send could not even be attempted.
pub fn again(wait: Duration, age: Duration) -> NoticeStep {
    if age + wait > NOTICE_MAX_ELAPSED { NoticeStep::GivenUp } else { NoticeStep::Again(wait) }
}

fn backoff(tries: u32) -> Duration {
    NOTICE_BACKOFF.wait(tries.saturating_sub(1))
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
    fn it_is_tried_for_a_day_at_growing_intervals() {
        let busy = failed(DeliveryState::Failed, FailureClass::Provider { retry_after: None });
        let mut age = Duration::ZERO;
        let mut tries = 0;
        let waits: Vec<u64> = std::iter::from_fn(|| {
            tries += 1;
            let NoticeStep::Again(wait) = after(&busy, tries, age) else { return None };
            age += wait;
            Some(wait.as_secs() / 60)
        })
        .collect();
        assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(
            age <= NOTICE_MAX_ELAPSED && age + Duration::from_hours(1) > NOTICE_MAX_ELAPSED,
            "{age:?}"
        );
    }

    #[test]
    fn two_stores_never_give_two_notices_one_name() {
        let contact = |raw| Contact::parse(Channel::Email, raw).expect("an address");
        let (old, other) = (contact("old@example.org"), contact("other@example.org"));
        let (one, later) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
        let names = [name(1, &old, one), name(1, &other, one), name(1, &old, later)];
        assert!(names[0] != names[1] && names[0] != names[2], "{names:?}");
        assert_eq!(names[0], name(1, &old, one), "each try has the same name");
    }

    #[test]
    fn what_may_have_come_is_told_again_and_what_cannot_come_is_not() {
        let hour = Duration::from_hours(1);
        assert_eq!(after(&SendReport::sent(None), 9, hour), NoticeStep::Told);
        let unknown = failed(DeliveryState::Unknown, FailureClass::Unknown);
        assert_eq!(after(&unknown, 1, hour), NoticeStep::Again(Duration::from_mins(1)));
        assert_eq!(after(&unknown, UNCERTAIN_SENDS_MAX, hour), NoticeStep::GivenUp);
        let gone = failed(
            DeliveryState::Undeliverable,
            FailureClass::Recipient(ContactFailure::UnknownMailbox),
        );
        assert_eq!(after(&gone, 1, hour), NoticeStep::GivenUp);
        let login = failed(DeliveryState::Failed, FailureClass::Office { every: true });
        assert_eq!(after(&login, 2, hour), NoticeStep::Again(Duration::from_mins(2)));
        let later = FailureClass::Provider { retry_after: Some(2 * hour) };
        assert_eq!(
            after(&failed(DeliveryState::Failed, later), 1, hour),
            NoticeStep::Again(2 * hour)
        );
    }
}
