//! Codes that are asked for and entered, and the lockout.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::channel::Channel;
use crate::domain::code::{Code, Digest, Guess};
use crate::domain::code_binding::CodeBinding;
use crate::domain::contact::Contact;
use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::key::{Key, KeyId};
use crate::domain::outcome::Outcome;
use crate::domain::policy::{OtpPolicy, RateLimit, RateLimits};
use crate::domain::provider::ProviderFingerprint;
use crate::domain::purpose::Purpose;
use crate::domain::representative::StandsHere;
use crate::domain::request::{Reference, Request, RequestId};
use crate::domain::seal::{NonceSeed, Sealed};
use crate::domain::session::{Session, SessionId};
use crate::domain::time::Timestamp;
use crate::service::ports::contact_binding::Quarantine;
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::error::StoreError;

/// Requests and their codes.
#[async_trait]
pub trait VerificationStore: Send + Sync {
    /// Stores a request with its code and its queued delivery, or says why not. An open
    /// request of the customer for the same purpose is superseded, and its attempts
    /// count for the new one.
    async fn issue(&self, request: NewRequest<'_>) -> Result<IssueOutcome, StoreError>;
    /// Replaces the code of an open request and queues its delivery. The attempts stay
    /// counted.
    async fn reissue(&self, reissue: Reissue<'_>) -> Result<IssueOutcome, StoreError>;
    /// Counts an attempt, then judges it; a right code opens the session.
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<AttemptOutcome, StoreError>;
    /// Cancels an open request; returns the request as it is then.
    async fn cancel(&self, id: &RequestId, actor: &Actor) -> Result<Option<Request>, StoreError>;
    /// One request.
    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError>;
    /// The newest request of a customer whose code can be entered now.
    async fn open_request(&self, customer: CustomerId) -> Result<Option<Request>, StoreError>;
    /// Sets a customer's failure count to zero, which ends a lockout, with a reason for
    /// the log; whether it was over zero. `act` is the idempotency key.
    async fn unlock(
        &self,
        act: &str,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
    /// Closes up to `most` requests whose codes have expired, each with an event, and erases
    /// their digests; returns how many digests were erased.
    async fn expire(&self, most: u32) -> Result<u64, StoreError>;
    /// How long until the code of a request expires that nobody has closed; `None` where
    /// there is none.
    async fn next_expiry(&self) -> Result<Option<Duration>, StoreError>;
    /// The keys without which stored codes cannot be checked.
    async fn keys_in_use(&self) -> Result<KeysInUse, StoreError>;
}

/// The names of keys that codes were made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysInUse {
    /// Of the codes that can be entered now.
    pub open: Vec<String>,
    /// Of the newest request's code.
    pub last: Option<String>,
}

/// A code about to be stored. The store binds it in the transaction that stores it: only
/// there is it known, by the store's clock, until when it works.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// The code.
    pub code: Code,
    /// The name of its key.
    pub key_id: KeyId,
    /// The key.
    pub key: Key,
    /// The word in its message.
    pub reference: Reference,
    /// What the nonce of its seal is made of.
    pub seed: NonceSeed,
}

impl NewCode {
    /// What is stored of it: the keyed digest, and the code itself, sealed for its message.
    pub fn bound(&self, binding: &CodeBinding) -> (Digest, Sealed) {
        let digest = Digest::of(&self.code, binding, &self.key);
        (digest, Sealed::close(&self.code, binding, &self.key, &self.seed))
    }
}

/// A send that is about to be allowed or not.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// How.
    pub channel: Channel,
    /// Where to.
    pub contact: Contact,
    /// Through which provider.
    pub provider: &'static str,
    /// Which one that is, with the one that stands in for it.
    pub fingerprint: ProviderFingerprint,
    /// The terminal that owns the first lease of its outbox message.
    pub owner: String,
}

/// A code on its way to a customer, and what decides whether it may go.
#[derive(Clone, Debug)]
pub struct Dispatch<'a> {
    /// The code.
    pub code: NewCode,
    /// Where it goes.
    pub delivery: NewDelivery,
    /// The office's rules.
    pub policy: &'a OtpPolicy,
    /// The office's limits.
    pub limits: &'a RateLimits,
    /// The version of the policy that these are of.
    pub policy_version: &'a str,
    /// Who asks, and where.
    pub actor: &'a Actor,
    /// By whom a changed contact is told.
    pub notices: NoticeProviders<'a>,
}

/// A new request: everything that is stored, decided before and judged by the
/// store in one transaction.
#[derive(Clone, Debug)]
pub struct NewRequest<'a> {
    /// The public name drawn for it.
    pub id: RequestId,
    /// Whom it verifies.
    pub customer: CustomerId,
    /// What for.
    pub purpose: &'a str,
    /// Who gets the code in the place of the holder.
    pub representative: Option<&'a StandsHere>,
    /// A name of the act itself: the same act told twice issues once.
    pub idempotency: &'a str,
    /// Its first code.
    pub dispatch: Dispatch<'a>,
}

/// Another code for an open request.
#[derive(Clone, Debug)]
pub struct Reissue<'a> {
    /// The request.
    pub id: &'a RequestId,
    /// The generation that the new code follows. Where it is no longer the
    /// current one, somebody was faster and nothing is done.
    pub after: u32,
    /// The new code, over the request's channel to the contact now on file.
    pub dispatch: Dispatch<'a>,
}

/// What came of asking for a code.
#[derive(Clone, Debug)]
pub enum IssueOutcome {
    /// It is stored, and its message in the outbox.
    Fresh(Request),
    /// The same act was done before.
    Already(Request),
    /// A limit holds it back until a moment.
    Limited {
        /// Which limit.
        limit: RateLimit,
        /// When it may be tried again.
        retry_at: Timestamp,
    },
    /// The customer is locked: too many wrong codes in a row.
    CustomerLocked,
    /// The contact took another one's place too short a time ago.
    Quarantined(Quarantine),
    /// The contact is not the one on file any more: read the customer again.
    Outdated,
    /// The request is not open any more.
    Closed(Request),
    /// There is no such request.
    NotFound,
}

/// A session about to be opened by a right code.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The public name drawn for it.
    pub id: SessionId,
    /// The digest of its token.
    pub token_digest: String,
    /// The digest of the token of the session to which what is proven is added, where there is
    /// one. Where that one is over, another is opened.
    pub further: Option<String>,
    /// Whether several customers share the contact to which the code went.
    pub shared_contact: bool,
}

/// A code that was entered.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// For which request.
    pub request: &'a RequestId,
    /// A name of the act itself: the same act told twice is counted and judged
    /// once, and answered alike. It is one act with its session: told with
    /// another token, it is none that the store knows.
    pub act: &'a str,
    /// The code and the keys to judge it.
    pub guess: Guess<'a>,
    /// The session to open if it is right.
    pub session: NewSession,
    /// What the office verifies for.
    pub purposes: &'a [Purpose],
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
    pub at_pad: Option<PadEntry<'a>>,
}

/// The pad at which a code was typed. It is judged only while that pad is paired and shows the
/// request, by the code that it showed.
#[derive(Clone, Copy, Debug)]
pub struct PadEntry<'a> {
    /// The digest of its token.
    pub token_digest: &'a str,
    /// Its account, and where it stands.
    pub pad: &'a Actor,
    /// Of the request's codes, the one that it showed.
    pub generation: u32,
}

/// An older code of the same customer and purpose.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SupersededCode {
    /// The word in its message.
    pub reference: Reference,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one is made for each attempt")]
pub enum AttemptOutcome {
    /// The code was right.
    Verified {
        /// The request, now verified.
        request: Request,
        /// The session it opened.
        session: Session,
    },
    /// The code of a sign-up was right: the contact to which it went is verified, and no session
    /// was opened.
    ContactVerified {
        /// The request, now verified.
        request: Request,
    },
    /// It was not, or could not be judged any more.
    Refused {
        /// Why: wrong, superseded, expired, locked, used or limited.
        outcome: Outcome,
        /// The request as it is now.
        request: Request,
        /// Where the code is an older one: which.
        superseded: Option<SupersededCode>,
        /// Whether it is the customer who is locked, not only the request.
        customer_locked: bool,
        /// When the clerk may enter a code again, where they entered too many wrong ones;
        /// this one was not looked at.
        clerk_waits_until: Option<Timestamp>,
    },
    /// The pad at which it was typed is not paired any more, or shows something else. Nothing was
    /// counted.
    NotAtPad,
    /// There is no such request.
    NotFound,
}
