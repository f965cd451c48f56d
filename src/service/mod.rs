//! The desk: what a clerk, a script or a developer can do, one use case a
//! file. It decides the order of things (commit first, then send), draws codes
//! and tokens, and turns what the store decided into one reply that the
//! interface and the command line show alike.

pub mod api;
pub mod approvals;
pub mod audit;
mod caller;
pub mod csv_record;
pub mod customers;
pub mod delivery;
pub mod factors;
mod idempotency;
pub mod messages;
pub mod pads;
pub mod policy;
pub mod ports;
mod profile;
mod reason;
pub mod staff;
pub mod stats;
pub mod store_call_retry;
pub mod upkeep;
pub mod verification;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::domain::approval::{Approval, GuardedAct};
use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::ProviderSlot;
use crate::domain::customer::PhonePolicy;
use crate::domain::event::Actor;
use crate::domain::key::Keyring;
use crate::domain::policy::{OtpPolicy, RateLimits, Retention};
use crate::domain::policy_text::PolicyText;
use crate::domain::purpose::Purpose;
use crate::domain::sign_in::policy::SignInPolicy;
use crate::domain::time::Timestamp;
use crate::domain::timing::CLAIM_TIMEOUT;
use crate::service::api::lookups::Lookups;
use crate::service::api::refusals::Refusals;
use crate::service::audit::ship::Shipping;
use crate::service::caller::{Permission, Role};
use crate::service::delivery::claim_batch::ClaimBatcher;
use crate::service::delivery::fingerprints::Fingerprints;
use crate::service::ports::{
    Keys, KeysError, Random, RandomError, Sender, Store, StoreError, TrailError, TrailKeys, Tray,
    TrayError,
};
use crate::service::staff::StaffSignIn;
use crate::service::stats::Readers;
use crate::service::store_call_retry::RetryPolicy;

/// How many rows one call reads at most, however many it asks for.
const PAGE_MAX: u32 = 1_000;

/// The most characters of what is searched for. More than that finds nobody.
const TYPED_MAX: usize = 256;

/// As much of a text as is searched for.
fn typed(text: &str) -> &str {
    text.char_indices().nth(TYPED_MAX).map_or(text, |(at, _)| &text[..at])
}

/// The rules and names of the office.
#[derive(Clone, Debug)]
pub struct Office {
    /// The office's name, as messages and screens show it.
    pub name: String,
    /// What a verification can be for; the first is offered first.
    pub purposes: Vec<Purpose>,
    /// The kinds of documents that clerks look at.
    pub documents: Vec<String>,
    /// Times and tries.
    pub otp: OtpPolicy,
    /// Messages, wrong codes and look-ups.
    pub limits: RateLimits,
    /// Phone numbers.
    pub phones: PhonePolicy,
    /// How long what is past is kept.
    pub retention: Retention,
    /// The acts that take a second admin.
    pub four_eyes: Vec<GuardedAct>,
    /// Whether customers are read from a table that others write.
    pub external_customers: bool,
}

/// The senders of one channel.
#[derive(Clone)]
pub struct Route {
    /// The provider that is asked first.
    pub main: Arc<dyn Sender>,
    /// The provider that stands in where the first one fails.
    pub fallback: Option<Arc<dyn Sender>>,
}

impl<S: Sender + 'static> From<Arc<S>> for Route {
    fn from(main: Arc<S>) -> Self {
        Self { main, fallback: None }
    }
}

impl From<Arc<dyn Sender>> for Route {
    fn from(main: Arc<dyn Sender>) -> Self {
        Self { main, fallback: None }
    }
}

/// The senders of each channel.
#[derive(Clone)]
pub struct Senders {
    /// For email, where the office has it.
    pub email: Option<Route>,
    /// For text messages, where the office has them.
    pub sms: Option<Route>,
    /// For WhatsApp, where the office has it.
    pub whatsapp: Option<Route>,
}

impl Senders {
    /// The senders of a channel; none where the office does not have it.
    pub const fn of(&self, channel: Channel) -> Option<&Route> {
        match channel {
            Channel::Email => self.email.as_ref(),
            Channel::Sms => self.sms.as_ref(),
            Channel::Whatsapp => self.whatsapp.as_ref(),
        }
    }

    /// The sender of a provider slot; none where the office does not have it.
    pub fn behind(&self, slot: ProviderSlot) -> Option<&Arc<dyn Sender>> {
        let route = self.of(slot.channel)?;
        if slot.fallback { route.fallback.as_ref() } else { Some(&route.main) }
    }
}

/// Why the desk could not do an act at all. What it did and did not succeed in
/// is no error but part of a reply.
#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum DeskError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The random source.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The tray.
    #[error(transparent)]
    Tray(#[from] TrayError),
    /// The audit trail.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// Nobody has signed in at this terminal, or it is locked.
    #[error("nobody has signed in at this terminal")]
    SignInNeeded,
    /// The caller's role does not allow it.
    #[error("the role {} may not {}", role.word(), permission.allows())]
    Forbidden {
        /// What the caller is.
        role: Role,
        /// What it takes.
        permission: Permission,
    },
    /// The customer was not verified for this, or the session is over.
    #[error("the customer is not verified")]
    NotVerified,
    /// The purpose takes no second person.
    #[error("the purpose takes no second person")]
    NoSecondPerson,
    /// Whoever stands here may not act for the customer in this.
    #[error("not represented: {0}")]
    NotRepresented(String),
    /// The act takes a reason.
    #[error("no reason was given")]
    NoReason,
    /// The act is stored and waits for a second admin.
    #[error("{} waits for a second admin", .0.id)]
    AwaitsApproval(Box<Approval>),
    /// The clerk looked too many customers up.
    #[error("too many look-ups in an hour")]
    TooManyLookups {
        /// In how many minutes they may again.
        minutes: u64,
    },
    /// The answer belongs to another call: the two sides are of different versions.
    #[error("the answer of the desk belongs to another call")]
    WrongAnswer,
}

/// The desk of one terminal.
#[derive(Clone)]
pub struct Desk {
    store: Arc<dyn Store>,
    senders: Senders,
    fingerprints: Arc<Fingerprints>,
    tray: Option<Arc<dyn Tray>>,
    random: Arc<dyn Random>,
    keys: Arc<dyn Keys>,
    keyring: Arc<RwLock<Arc<Keyring>>>,
    trail_keys: Option<Arc<dyn TrailKeys>>,
    shipping: Option<Shipping>,
    office: Arc<Office>,
    policy: Arc<PolicyText>,
    /// The version of that policy.
    policy_version: Arc<str>,
    policy_recorded: Arc<OnceCell<()>>,
    actor: Actor,
    /// Names this process as the owner of outbox messages.
    lease_owner: Arc<str>,
    claims: Arc<ClaimBatcher>,
    refusals: Arc<Refusals>,
    lookups: Arc<Lookups>,
    stats_readers: Arc<Readers>,
    retry_policy: RetryPolicy,
    /// How long the store has to grant the send claim.
    claim_timeout: Duration,
    sign_in: StaffSignIn,
    /// The language of whoever has none of their own.
    default_locale: Arc<str>,
    /// Whether whoever acts is the owner of this desk, in their own process.
    is_owner: bool,
}

impl Desk {
    /// A desk over a store and senders; the keys are read now.
    pub fn new(
        store: Arc<dyn Store>,
        senders: Senders,
        random: Arc<dyn Random>,
        keys: Arc<dyn Keys>,
        office: Office,
        actor: Actor,
    ) -> Result<Self, DeskError> {
        let keyring = keys.read()?;
        let policy = office.policy();
        let lease_owner = hex::encode(&random.secret()?[..16]).into();
        Ok(Self {
            store,
            fingerprints: Arc::new(Fingerprints::of(&senders)),
            senders,
            tray: None,
            random,
            keys,
            keyring: Arc::new(RwLock::new(Arc::new(keyring))),
            trail_keys: None,
            shipping: None,
            office: Arc::new(office),
            policy_version: policy.version().into(),
            policy: Arc::new(policy),
            policy_recorded: Arc::default(),
            actor,
            lease_owner,
            claims: Arc::default(),
            refusals: Arc::default(),
            lookups: Arc::default(),
            stats_readers: Arc::default(),
            retry_policy: RetryPolicy::brief(),
            claim_timeout: CLAIM_TIMEOUT,
            sign_in: StaffSignIn::default(),
            default_locale: "en".into(),
            is_owner: true,
        })
    }

    /// The desk with another retry policy.
    #[must_use]
    pub fn with_retry_policy(mut self, retry_policy: RetryPolicy) -> Self {
        self.retry_policy = retry_policy;
        self
    }

    /// The desk with another claim time-out. A longer one than [`CLAIM_TIMEOUT`] is cut to it:
    /// the order of the durations rests on that.
    #[must_use]
    pub fn with_claim_timeout(mut self, timeout: Duration) -> Self {
        self.claim_timeout = timeout.min(CLAIM_TIMEOUT);
        self
    }

    /// The desk with another way for the staff to sign in.
    #[must_use]
    pub fn with_sign_in(mut self, policy: SignInPolicy) -> Self {
        self.sign_in = StaffSignIn::new(policy);
        self
    }

    /// The desk with another language for customers who have none.
    #[must_use]
    pub fn with_default_locale(mut self, locale: &str) -> Self {
        self.default_locale = locale.into();
        self
    }

    /// How the staff signs in.
    pub fn sign_in_policy(&self) -> &SignInPolicy {
        &self.sign_in.policy
    }

    /// The desk with a tray to look into.
    #[must_use]
    pub fn with_tray(mut self, tray: Arc<dyn Tray>) -> Self {
        self.tray = Some(tray);
        self
    }

    /// The desk with the keys of the audit trail, which seal the log.
    #[must_use]
    pub fn with_trail_keys(mut self, keys: Arc<dyn TrailKeys>) -> Self {
        self.trail_keys = Some(keys);
        self
    }

    /// The desk with a collector, to which sealed entries are shipped.
    #[must_use]
    pub fn with_shipping(mut self, shipping: Shipping) -> Self {
        self.shipping = Some(shipping);
        self
    }

    /// The keys as last read.
    fn keyring(&self) -> Arc<Keyring> {
        // Whoever panicked while holding the lock left a whole ring behind.
        Arc::clone(&self.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys again.
    fn renew_keys(&self) -> Result<(), KeysError> {
        let keyring = Arc::new(self.keys.read()?);
        *self.keyring.write().unwrap_or_else(PoisonError::into_inner) = keyring;
        Ok(())
    }

    /// The keys, read again where the one of this name is not among them: another
    /// terminal may have rotated them.
    fn keyring_with(&self, name: &str) -> Arc<Keyring> {
        let keyring = self.keyring();
        if keyring.get(name).is_ok() || self.renew_keys().is_err() {
            return keyring;
        }
        self.keyring()
    }

    /// The tray; none where every message goes to a provider.
    pub fn tray(&self) -> Option<&Arc<dyn Tray>> {
        self.tray.as_ref()
    }

    /// The office's rules and names.
    pub fn office(&self) -> &Office {
        &self.office
    }

    /// Who works at this terminal, and where it stands.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The sender that a channel asks first; none where the office does not have
    /// the channel.
    pub fn sender(&self, channel: Channel) -> Option<&Arc<dyn Sender>> {
        self.senders.of(channel).map(|route| &route.main)
    }

    /// The store's clock, asked until it answers.
    pub async fn now(&self) -> Result<Timestamp, DeskError> {
        Ok(self.retry_while(StoreError::is_away, || self.store.now()).await?)
    }
}
