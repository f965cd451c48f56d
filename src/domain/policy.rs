//! The office's policy: durations, attempts and rate limits.

use std::time::Duration;

use crate::domain::channel::Assurance;
use crate::domain::contact_verification::VerifiedContacts;

/// The rules of a request and of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpPolicy {
    /// Digits of a code, 6 to 10 (NIST SP 800-63B-4, 3.1.3.2).
    pub length: u8,
    /// Validity of a code, at most ten minutes (ASVS 6.5.5).
    pub expiry: Duration,
    /// Attempts for one request.
    pub max_attempts: u32,
    /// Consecutive wrong codes, over all requests of a customer, that cause a lockout (NIST SP
    /// 800-63B-4, 3.2.2).
    pub failure_cap: u32,
    /// The cooldown before another code goes to the same contact.
    pub resend_cooldown: Duration,
    /// Maximum duration of a session.
    pub session: Duration,
    /// Idle timeout of a session.
    pub session_idle: Duration,
    pub assurance: Assurance,
    /// Quarantine of a contact that replaced another one (NIST SP 800-63B-4, 4.6).
    pub contact_quarantine: Duration,
    /// Which contacts may prove who the customer is.
    pub verified_contacts: VerifiedContacts,
}

impl OtpPolicy {
    /// The defaults.
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
        verified_contacts: VerifiedContacts::Any,
    };
}

impl Default for OtpPolicy {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Retention times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Retention {
    /// When a request moves to the archive.
    pub archive_after: Duration,
    /// When a request is purged from the archive; longer than `archive_after`.
    pub purge_archive_after: Duration,
    /// When an event is purged.
    pub purge_events_after: Duration,
    /// When a session is purged.
    pub purge_sessions_after: Duration,
}

impl Retention {
    /// The defaults.
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

/// Rate limits of messages in a rolling window, counted before the send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendLimits {
    pub per_contact: u32,
    /// Per number prefix: a phone number without its last three digits.
    pub per_prefix: u32,
    pub per_customer: u32,
    pub per_clerk: u32,
    pub per_counter: u32,
    /// In all, codes and test messages together.
    pub in_all: u32,
}

impl SendLimits {
    /// The default hourly limits.
    pub const HOUR: Self = Self {
        per_contact: 6,
        per_prefix: 60,
        per_customer: 10,
        per_clerk: 120,
        per_counter: 240,
        in_all: 2_000,
    };

    /// The default daily limits.
    pub const DAY: Self = Self {
        per_contact: 20,
        per_prefix: 200,
        per_customer: 30,
        per_clerk: 600,
        per_counter: 1_200,
        in_all: 10_000,
    };

    /// Each limit with the number of messages it allows.
    pub const fn each(&self, window: RateWindow) -> [(RateLimit, u32); 6] {
        [
            (RateLimit::Contact(window), self.per_contact),
            (RateLimit::Prefix(window), self.per_prefix),
            (RateLimit::Customer(window), self.per_customer),
            (RateLimit::Clerk(window), self.per_clerk),
            (RateLimit::Counter(window), self.per_counter),
            (RateLimit::Office(window), self.in_all),
        ]
    }

    /// The maximum of each limit.
    #[must_use]
    pub fn or_more(self, other: &Self) -> Self {
        Self {
            per_contact: self.per_contact.max(other.per_contact),
            per_prefix: self.per_prefix.max(other.per_prefix),
            per_customer: self.per_customer.max(other.per_customer),
            per_clerk: self.per_clerk.max(other.per_clerk),
            per_counter: self.per_counter.max(other.per_counter),
            in_all: self.in_all.max(other.in_all),
        }
    }
}

/// All rate limits, counted over all counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    pub per_hour: SendLimits,
    pub per_day: SendLimits,
    /// Wrong codes of one clerk in a fixed hour that starts with the first of them.
    pub wrong_codes_per_clerk: u32,
    /// Searches and opened accounts of one clerk in a fixed hour that starts with the first of
    /// them.
    pub lookups_per_clerk: u32,
}

impl RateLimits {
    /// The defaults.
    pub const STANDARD: Self = Self {
        per_hour: SendLimits::HOUR,
        per_day: SendLimits::DAY,
        wrong_codes_per_clerk: 40,
        lookups_per_clerk: 3_000,
    };

    /// The limits of a window.
    pub const fn of(&self, window: RateWindow) -> &SendLimits {
        match window {
            RateWindow::Hour => &self.per_hour,
            RateWindow::Day => &self.per_day,
        }
    }

    /// The defaults with these hourly limits, and daily limits that are at least as high.
    pub fn hourly(per_hour: SendLimits) -> Self {
        Self { per_hour, per_day: SendLimits::DAY.or_more(&per_hour), ..Self::STANDARD }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// The window of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateWindow {
    Hour,
    Day,
}

impl RateWindow {
    pub const fn length(self) -> Duration {
        match self {
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }
}

/// The rate limit that blocked a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimit {
    /// The cooldown after the last message to this contact.
    Cooldown,
    /// [`SendLimits::per_contact`].
    Contact(RateWindow),
    /// [`SendLimits::per_prefix`].
    Prefix(RateWindow),
    /// [`SendLimits::per_customer`].
    Customer(RateWindow),
    /// [`SendLimits::per_clerk`].
    Clerk(RateWindow),
    /// [`SendLimits::per_counter`].
    Counter(RateWindow),
    /// [`SendLimits::in_all`].
    Office(RateWindow),
}

impl RateLimit {
    /// The limit in a clerk's words.
    pub const fn sentence(self) -> &'static str {
        use RateWindow::{Day, Hour};
        match self {
            Self::Cooldown => "A code was sent to this contact a moment ago.",
            Self::Contact(Hour) => "This contact has had all the messages it may get in an hour.",
            Self::Contact(Day) => "This contact has had all the messages it may get in a day.",
            Self::Prefix(Hour) => {
                "Phone numbers that begin like this one have had all the messages they may get in \
                 an hour."
            }
            Self::Prefix(Day) => {
                "Phone numbers that begin like this one have had all the messages they may get in \
                 a day."
            }
            Self::Customer(Hour) => "This customer has had all the codes they may get in an hour.",
            Self::Customer(Day) => "This customer has had all the codes they may get in a day.",
            Self::Clerk(Hour) => "You have sent all the codes a clerk may send in an hour.",
            Self::Clerk(Day) => "You have sent all the codes a clerk may send in a day.",
            Self::Counter(Hour) => "This counter has sent all the codes it may send in an hour.",
            Self::Counter(Day) => "This counter has sent all the codes it may send in a day.",
            Self::Office(Hour) => "The office has sent all the codes it may send in an hour.",
            Self::Office(Day) => "The office has sent all the codes it may send in a day.",
        }
    }
}
