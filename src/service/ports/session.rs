//! Sessions of verified customers.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::key::Keyring;
use crate::domain::policy::OtpPolicy;
use crate::domain::purpose::Purpose;
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::session_record::SessionRecord;
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::error::StoreError;

/// The sessions of the office, as their rows are: whether a row is a session, the desk sees by
/// its proof. A right code opens one, in
/// [`attempt`](crate::service::ports::verification::VerificationStore::attempt).
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Prolongs the session of a token by `idle`. A session that has ended is
    /// returned as it is; `None` for an unknown token.
    async fn touch(
        &self,
        token_digest: &str,
        idle: Duration,
    ) -> Result<Option<SessionRecord>, StoreError>;
    /// One session.
    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError>;
    /// Up to `limit` sessions, newest first.
    async fn sessions(
        &self,
        filter: SessionFilter,
        limit: u32,
    ) -> Result<Vec<SessionRecord>, StoreError>;
    /// The sessions of a customer that are alive, newest first.
    async fn alive_of(&self, customer: CustomerId) -> Result<Vec<SessionRecord>, StoreError>;
    /// Lets a living session serve for another purpose, with the event, if what was proven in
    /// it is enough, and queues the notices of it; returns the session as it is then, and `None`
    /// where there is none.
    async fn serve_for(&self, serving: Serving<'_>) -> Result<Option<Session>, StoreError>;
    /// Ends a living session; returns the session as it is then.
    async fn end_session(
        &self,
        id: &SessionId,
        how: SessionEnd,
        actor: &Actor,
    ) -> Result<Option<SessionRecord>, StoreError>;
}

/// A session that is to serve for another purpose.
#[derive(Clone, Copy, Debug)]
pub struct Serving<'a> {
    /// The digest of its token.
    pub token_digest: &'a str,
    /// For which purpose, with what it takes of this customer.
    pub purpose: &'a Purpose,
    /// The keys of the session's proof.
    pub keyring: &'a Keyring,
    /// The office's rules.
    pub policy: &'a OtpPolicy,
    /// By whom the customer's contacts are told afterwards.
    pub notices: NoticeProviders<'a>,
    /// Who asks, and where.
    pub actor: &'a Actor,
}

/// Which sessions a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum SessionFilter {
    /// Those alive now.
    Alive,
    /// Alive and ended.
    All,
}
