//! What customers have enrolled to prove who they are: authenticators and backup codes.

use async_trait::async_trait;

use crate::domain::channel::Factor;
use crate::domain::contact::Contact;
use crate::domain::customer::CustomerId;
use crate::domain::customer_factor::{CustomerFactors, FactorGuess, FactorKind, StoredFactor};
use crate::domain::event::{Actor, EventKind};
use crate::domain::key::Keyring;
use crate::domain::outcome::Outcome;
use crate::domain::policy::{OtpPolicy, RateLimits};
use crate::domain::purpose::Purpose;
use crate::domain::request::RequestId;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::NewSession;

/// The factors that customers have enrolled.
#[async_trait]
pub trait FactorStore: Send + Sync {
    /// What a customer has.
    async fn customer_factors(&self, customer: CustomerId) -> Result<CustomerFactors, StoreError>;
    /// What lies in the store of one kind, also where it was removed.
    async fn stored_factor(
        &self,
        customer: CustomerId,
        kind: FactorKind,
    ) -> Result<Option<StoredFactor>, StoreError>;
    /// Enrols, replaces or removes a factor, with its event and the notices of it, unless
    /// somebody changed it since it was read; whether it is written.
    async fn change_factor(&self, change: FactorChange<'_>) -> Result<bool, StoreError>;
    /// Whether the act of this idempotency key was done.
    async fn was_done(&self, act: &str) -> Result<bool, StoreError>;
    /// Counts an attempt to prove who somebody is, then judges it; a right one opens the
    /// session.
    async fn attempt_factor(
        &self,
        attempt: FactorAttempt<'_>,
    ) -> Result<FactorAttemptOutcome, StoreError>;
    /// Writes what the staff attests, with its event; answered with the session that it opened
    /// or raised, and `None` where there is no such customer.
    async fn attest(&self, attestation: Attestation<'_>) -> Result<Option<Session>, StoreError>;
    /// Up to `most` factors of customers with numbers above `after`, by number; those that are
    /// sealed under the key `key_id` are passed over. `most` is two or more.
    async fn factors_after(
        &self,
        after: CustomerId,
        most: u32,
        key_id: &str,
    ) -> Result<FactorPage, StoreError>;
    /// Puts what was sealed anew in the place of what was read, unless it was changed since.
    async fn reseal_factors(&self, anew: &[Resealed]) -> Result<(), StoreError>;
}

/// A change of what a customer has of one kind.
#[derive(Clone, Debug)]
pub struct FactorChange<'a> {
    /// The idempotency key.
    pub act: &'a str,
    /// Whose.
    pub customer: CustomerId,
    /// Of which kind.
    pub kind: FactorKind,
    /// The generation that was read; zero where there was no row.
    pub after: u32,
    /// What is sealed; none where it is removed.
    pub sealed: Option<&'a str>,
    /// The name of the key of the seal.
    pub key_id: &'a str,
    /// The step of the first code of an authenticator.
    pub last_step: u64,
    /// The digests of backup codes by number.
    pub digests: &'a [(u8, String)],
    /// What is done.
    pub event: EventKind,
    /// The same in words, for the log.
    pub detail: &'a str,
    /// The contacts that are told.
    pub tell: &'a [Contact],
    /// By whom.
    pub notices: NoticeProviders<'a>,
    /// Who does it.
    pub actor: &'a Actor,
}

/// An attempt to prove who somebody is.
#[derive(Clone, Debug)]
pub struct FactorAttempt<'a> {
    /// Who they say they are.
    pub customer: CustomerId,
    /// What the verification is for.
    pub purpose: &'a Purpose,
    /// The idempotency key: the same attempt told twice is counted and judged once.
    pub act: &'a str,
    /// What was given.
    pub guess: &'a FactorGuess,
    /// The keys to judge it.
    pub keyring: &'a Keyring,
    /// The session to open if it is right.
    pub session: NewSession,
    /// The office's rules.
    pub policy: &'a OtpPolicy,
    /// The office's limits.
    pub limits: &'a RateLimits,
    /// The version of the policy that these are of.
    pub policy_version: &'a str,
    /// By whom the customer's contacts are told afterwards.
    pub notices: NoticeProviders<'a>,
    /// Who entered it, and where.
    pub actor: &'a Actor,
    /// The pad at which the customer typed it; none where the clerk did.
    pub at_pad: Option<FactorPadEntry<'a>>,
}

/// The pad at which a code was typed. It is judged only while that pad is paired and asks for it.
#[derive(Clone, Copy, Debug)]
pub struct FactorPadEntry<'a> {
    /// The digest of its token.
    pub token_digest: &'a str,
    /// Its account, and where it stands.
    pub pad: &'a Actor,
    /// The entry for which it asks.
    pub entry: &'a RequestId,
}

/// What the staff attests of a customer.
#[derive(Clone, Debug)]
pub struct Attestation<'a> {
    /// Of whom.
    pub customer: CustomerId,
    /// What the verification is for.
    pub purpose: &'a Purpose,
    /// What is attested.
    pub factor: Factor,
    /// The idempotency key: the same told twice is written once.
    pub act: &'a str,
    /// What is written into the log.
    pub event: EventKind,
    /// The same in words.
    pub detail: &'a str,
    /// The keys of the session's proof.
    pub keyring: &'a Keyring,
    /// The session to open or to raise.
    pub session: NewSession,
    /// The office's rules.
    pub policy: &'a OtpPolicy,
    /// The version of the policy that these are of.
    pub policy_version: &'a str,
    /// By whom the customer's contacts are told afterwards.
    pub notices: NoticeProviders<'a>,
    /// Who attests it, and where.
    pub actor: &'a Actor,
}

/// A clock of an authenticator that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClockFault {
    /// How many seconds it is ahead; below zero where it is behind.
    pub ahead: i64,
    /// What our clock says.
    pub now: Timestamp,
}

/// What came of such an attempt.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one is made for each attempt")]
pub enum FactorAttemptOutcome {
    /// It was right.
    Verified {
        /// The session that it opened.
        session: Session,
        /// The backup codes that are left, where it was one.
        codes_left: Option<usize>,
    },
    /// It was not, or was not judged.
    Refused {
        /// Why: wrong, used, locked or limited.
        outcome: Outcome,
        /// Whether the customer is locked.
        customer_locked: bool,
        /// When the clerk may enter a code again, where they entered too many wrong ones.
        clerk_waits_until: Option<Timestamp>,
        /// The clock, where that is the reason.
        clock: Option<ClockFault>,
    },
    /// The customer has none of this kind.
    NotEnrolled,
    /// The pad at which it was typed is not paired any more, or asks for something else. Nothing
    /// was counted.
    NotAtPad,
}

/// Some factors in the order of their customers.
#[derive(Clone, Debug, Default)]
pub struct FactorPage {
    /// The last customer that was looked at; none where there is none behind.
    pub last: Option<CustomerId>,
    /// Those that are sealed under other keys.
    pub factors: Vec<StoredFactor>,
}

/// A factor that was sealed anew.
#[derive(Clone, Debug)]
pub struct Resealed {
    /// What was read.
    pub read: StoredFactor,
    /// The same under another key.
    pub sealed: String,
    /// The name of that key.
    pub key_id: String,
}
