//! What the office allows: times, tries and limits.

use std::time::Duration;

use crate::domain::channel::Assurance;

/// The rules of a request and of the session it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpPolicy {
    /// Digits of a code, 6 to 10 (NIST SP 800-63B-4, 3.1.3.2).
    pub length: u8,
    /// How long a code works, at most ten minutes (ASVS 6.5.5).
    pub expiry: Duration,
    /// Codes that may be tried for one request.
    pub max_attempts: u32,
    /// Wrong codes in a row, over all requests, that lock the customer
    /// (NIST SP 800-63B-4, 3.2.2).
    pub failure_cap: u32,
    /// How long before another code goes to the same contact.
    pub resend_cooldown: Duration,
    /// How long a session lasts.
    pub session: Duration,
    /// How long a session lasts when nobody touches it.
    pub session_idle: Duration,
    /// How strong a proof is asked for.
    pub assurance: Assurance,
    /// How long a contact that took another one's place cannot be the only proof
    /// (NIST SP 800-63B-4, 4.6).
    pub contact_quarantine: Duration,
}

impl OtpPolicy {
    /// What holds where the office sets nothing.
    pub const STANDARD: Self = Self {
        length: 6,
        expiry: Duration::from_mins(5),
        max_attempts: 5,
        failure_cap: 20,
        resend_cooldown: Duration::from_secs(30),
        session: Duration::from_mins(15),
        session_idle: Duration::from_mins(5),
        assurance: Assurance::Any,
        contact_quarantine: Duration::from_hours(24),
    };
}

impl Default for OtpPolicy {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// How long what is past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Retention {
    /// Older requests move to the archive.
    pub archive_after: Duration,
    /// Older requests leave the archive; longer than `archive_after`.
    pub purge_archive_after: Duration,
    /// Older events go.
    pub purge_events_after: Duration,
    /// Older sessions go.
    pub purge_sessions_after: Duration,
}

impl Retention {
    /// What holds where the office sets nothing.
    pub const STANDARD: Self = Self {
        archive_after: days(30),
        purge_archive_after: days(730),
        purge_events_after: days(1095),
        purge_sessions_after: days(90),
    };
}

const fn days(days: u64) -> Duration {
    Duration::from_hours(days * 24)
}

impl Default for Retention {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// How many messages may go out in an hour, counted before the send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// To one contact.
    pub per_contact: u32,
    /// To one customer.
    pub per_customer: u32,
    /// By one clerk.
    pub per_clerk: u32,
    /// From one counter.
    pub per_counter: u32,
    /// In all: codes and test messages together.
    pub in_all: u32,
}

impl RateLimits {
    /// What holds where the office sets nothing.
    pub const STANDARD: Self =
        Self { per_contact: 6, per_customer: 10, per_clerk: 120, per_counter: 240, in_all: 2_000 };
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Which limit held a send back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum RateLimit {
    /// Too soon after the last message to this contact.
    Cooldown,
    /// [`RateLimits::per_contact`].
    Contact,
    /// [`RateLimits::per_customer`].
    Customer,
    /// [`RateLimits::per_clerk`].
    Clerk,
    /// [`RateLimits::per_counter`].
    Counter,
    /// [`RateLimits::in_all`].
    Office,
}

impl RateLimit {
    /// The limit's name in JSON and events.
    pub const fn word(self) -> &'static str {
        self.into_str()
    }

    /// What was reached, in a clerk's words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Cooldown => "A code was sent to this contact a moment ago.",
            Self::Contact => "This contact has had all the messages it may get in an hour.",
            Self::Customer => "This customer has had all the codes they may get in an hour.",
            Self::Clerk => "You have sent all the codes a clerk may send in an hour.",
            Self::Counter => "This counter has sent all the codes it may send in an hour.",
            Self::Office => "The office has sent all the codes it may send in an hour.",
        }
    }
}
