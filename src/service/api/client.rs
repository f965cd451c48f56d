//! How the interface and the command line ask the desk.
//!
//! [`Door`] is the boundary: behind it the desk may run in this process
//! ([`EmbeddedDesk`]) or in another one. [`DeskClient`] puts types to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::channel::Channel;
use crate::domain::event::Actor;
use crate::service::api::{Answer, Authentication, Call, Caller, Role, Signals, TypedCall};
use crate::service::retry::RetryPolicy;
use crate::service::{Desk, DeskError};

/// Where calls go.
#[async_trait]
pub trait Door: Send + Sync {
    /// Carries a call out, wherever the desk runs.
    async fn handle(&self, call: Call, retry: RetryPolicy) -> Answer;
    /// What can be watched.
    fn signals(&self) -> Signals;
}

/// What a terminal shows of the desk it works at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskProfile {
    /// The office's name.
    pub office: String,
    /// Who works here, and at which counter.
    pub actor: Actor,
    /// What they may do.
    pub role: Role,
    /// What a verification can be for; the first is offered first.
    pub purposes: Vec<String>,
    /// Digits of a code.
    pub code_length: u8,
    /// The country of numbers without one, in two letters (ISO 3166-1).
    pub country: String,
    /// How long a changed contact waits, in seconds.
    pub quarantine_seconds: u64,
    /// The channels that the office has.
    pub channels: Vec<Channel>,
    /// Whether messages go into the tray of a development set-up.
    pub has_tray: bool,
    /// Whether somebody has to sign in by name and password, and has.
    pub sign_in: SignInState,
    /// How long this terminal may be left alone before it is locked, in seconds.
    pub idle_lock_seconds: u64,
    /// Random, and new with each client: idempotency keys begin with it.
    pub key_prefix: String,
}

/// Whether somebody has signed in at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInState {
    /// The account of the host is enough.
    NotNeeded,
    /// Nobody has; the role and the name of the profile count for nothing.
    Needed,
    /// Whoever the profile names.
    SignedIn,
}

/// A desk in this process.
pub struct EmbeddedDesk {
    desk: Desk,
    caller: Caller,
}

impl EmbeddedDesk {
    /// The desk, for one caller.
    pub const fn new(desk: Desk, caller: Caller) -> Self {
        Self { desk, caller }
    }
}

#[async_trait]
impl Door for EmbeddedDesk {
    async fn handle(&self, call: Call, retry: RetryPolicy) -> Answer {
        self.desk.handle(&self.caller, call, retry).await
    }

    fn signals(&self) -> Signals {
        self.desk.signals()
    }
}

/// The desk as the interface and the command line see it.
#[derive(Clone)]
pub struct DeskClient {
    door: Arc<dyn Door>,
    profile: Arc<DeskProfile>,
    keys_given: Arc<AtomicU64>,
}

impl std::fmt::Debug for DeskClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeskClient").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl DeskClient {
    /// A client of a desk behind a door.
    pub fn new(door: Arc<dyn Door>, profile: DeskProfile) -> Self {
        Self { door, profile: Arc::new(profile), keys_given: Arc::default() }
    }

    /// A client of a desk in this process.
    pub fn embedded(desk: Desk, caller: Caller) -> Result<Self, DeskError> {
        let profile = desk.profile(&caller)?;
        Ok(Self::new(Arc::new(EmbeddedDesk::new(desk, caller)), profile))
    }

    /// Asks for one thing. What breaks is retried for some seconds.
    pub async fn call<C: TypedCall>(&self, call: C) -> Result<C::Answer, DeskError> {
        let answer = self.door.handle(call.into(), RetryPolicy::brief()).await;
        C::typed(answer).unwrap_or(Err(DeskError::WrongAnswer))
    }

    /// As [`Self::call`], for a call of any kind, and retried by `retry`.
    pub async fn handle(&self, call: Call, retry: RetryPolicy) -> Answer {
        self.door.handle(call, retry).await
    }

    /// The same client with what is shown to whoever has signed in.
    #[must_use]
    pub fn with_profile(mut self, profile: DeskProfile) -> Self {
        self.profile = Arc::new(profile);
        self
    }

    /// What can be watched.
    pub fn signals(&self) -> Signals {
        self.door.signals()
    }

    /// What there is to show of the desk.
    pub fn profile(&self) -> &DeskProfile {
        &self.profile
    }

    /// An idempotency key for a new act, which no other act has.
    pub fn idempotency_key(&self) -> String {
        let number = self.keys_given.fetch_add(1, Ordering::Relaxed);
        format!("{}.{number}", self.profile.key_prefix)
    }
}

impl Desk {
    /// What a caller's terminal shows of this desk.
    pub fn profile(&self, caller: &Caller) -> Result<DeskProfile, DeskError> {
        let has = |channel: &Channel| self.sender(*channel).is_some();
        Ok(DeskProfile {
            office: self.office.name.clone(),
            actor: caller.actor.clone(),
            role: caller.role,
            purposes: self.office.purposes.clone(),
            code_length: self.office.otp.length,
            country: self.office.phones.default_country.clone(),
            quarantine_seconds: self.office.otp.contact_quarantine.as_secs(),
            channels: Channel::ALL.into_iter().filter(has).collect(),
            has_tray: self.tray.is_some(),
            sign_in: match caller.authentication {
                Authentication::Password => SignInState::SignedIn,
                _ => SignInState::NotNeeded,
            },
            idle_lock_seconds: self.sign_in.policy.idle_lock.as_secs(),
            key_prefix: self.new_act()?,
        })
    }
}
