//! How the interface and the command line ask the desk.
//!
//! [`Door`] is the boundary: behind it the desk may run in this process
//! ([`EmbeddedDesk`]) or in another one. [`DeskClient`] puts types to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use crate::service::api::{Answer, Call, Caller, DeskProfile, Signals, TypedCall};
use crate::service::store_call_retry::RetryPolicy;
use crate::service::{Desk, DeskError};

/// Where calls go.
#[async_trait]
pub trait Door: Send + Sync {
    /// Carries a call out, wherever the desk runs.
    async fn handle(&self, call: Call, retry: RetryPolicy) -> Answer;
    /// What can be watched.
    fn signals(&self) -> Signals;
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
