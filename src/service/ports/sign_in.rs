//! How the staff signs in, and who sits where, as the store keeps it.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::event::{Actor, EventKind};
use crate::domain::sign_in::credentials::SignedCredentials;
use crate::domain::sign_in::sitting::{SignInMethod, Sitting, SittingEnd, SittingId};
use crate::domain::staff::AccountName;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// How long a sitting lasts whose service does not prolong it.
pub const SITTING_LEASE: Duration = Duration::from_secs(90);

/// The tables of credentials and of sittings.
#[async_trait]
pub trait SignInStore: Send + Sync {
    /// The credentials of an account, and what is known of its earlier sign-ins.
    async fn credentials(
        &self,
        account: &AccountName,
    ) -> Result<Option<StoredCredentials>, StoreError>;
    /// All credentials, by account.
    async fn all_credentials(&self) -> Result<Vec<SignedCredentials>, StoreError>;
    /// Writes credentials, with their event, unless somebody wrote them meanwhile; whether
    /// they are written.
    async fn write_credentials(&self, change: CredentialsChange<'_>) -> Result<bool, StoreError>;
    /// Counts an attempt to sign in before it is judged. None where the account is blocked
    /// or has no credentials; else the wrong ones in a row, this one with them.
    async fn count_sign_in(&self, account: &AccountName) -> Result<Option<u32>, StoreError>;
    /// Takes a count back that was no failure, unless another attempt was counted after it.
    async fn uncount_sign_in(&self, account: &AccountName, counted: u32) -> Result<(), StoreError>;
    /// Notes a failure, with its event.
    async fn note_failed_sign_in(
        &self,
        account: &AccountName,
        detail: &str,
        actor: &Actor,
    ) -> Result<(), StoreError>;
    /// Lets a blocked account try again, with the event; whether it has credentials.
    async fn lift_sign_in_block(
        &self,
        account: &AccountName,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
    /// Begins a sitting, with its event. Where it follows from credentials, they must be as
    /// they were read, and the code of the authenticator must not have been used; whether
    /// it has begun.
    async fn begin_sitting(&self, sitting: NewSitting<'_>) -> Result<bool, StoreError>;
    /// Ends a sitting, with its event; none where it goes on no more.
    async fn end_sitting(
        &self,
        id: &SittingId,
        how: SittingEnd,
        actor: Option<&Actor>,
    ) -> Result<Option<Sitting>, StoreError>;
    /// The sitting, if it goes on.
    async fn sitting(&self, id: &SittingId) -> Result<Option<Sitting>, StoreError>;
    /// The sittings that nobody ended, in any order.
    async fn open_sittings(&self) -> Result<Vec<SittingId>, StoreError>;
    /// The sittings that go on, the longest first.
    async fn sittings(&self) -> Result<Vec<Sitting>, StoreError>;
    /// Prolongs the sittings of a service, notes which clerks did something so long ago,
    /// and ends those that nobody prolonged.
    async fn renew_sittings(
        &self,
        service: &str,
        active: &[(SittingId, Duration)],
    ) -> Result<(), StoreError>;
    /// Gives a sitting that goes on to another service; whether it goes on.
    async fn resume_sitting(&self, id: &SittingId, service: &str) -> Result<bool, StoreError>;
}

/// Credentials with what the store counts beside them.
#[derive(Clone, Debug)]
pub struct StoredCredentials {
    /// The row.
    pub record: SignedCredentials,
    /// Whether its set-up code has run out, by the store's clock.
    pub has_expired: bool,
    /// What was before.
    pub earlier: EarlierSignIns,
}

/// What somebody is told who signs in.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EarlierSignIns {
    /// When they signed in before; none where this is the first time.
    pub signed_in_at: Option<Timestamp>,
    /// Where.
    pub counter: Option<String>,
    /// How often it went wrong since.
    pub failures: u32,
    /// When it went wrong last.
    pub failed_at: Option<Timestamp>,
}

/// Credentials about to be written.
#[derive(Clone, Debug)]
pub struct CredentialsChange<'a> {
    /// The row; its version is one more than that of the row it replaces.
    pub record: &'a SignedCredentials,
    /// What is done.
    pub kind: EventKind,
    /// The same in words, for the log.
    pub detail: &'a str,
    /// Who does it.
    pub actor: &'a Actor,
    /// A set-up code is used, which must not have run out.
    pub uses_setup_code: bool,
    /// The step of a code of the authenticator that was just taken.
    pub step: Option<u64>,
    /// The account signs in anew: its sittings end, and it is blocked no more.
    pub is_reset: bool,
}

/// A sitting about to begin.
#[derive(Clone, Debug)]
pub struct NewSitting<'a> {
    /// Its name.
    pub id: &'a SittingId,
    /// Who sits where.
    pub actor: &'a Actor,
    /// How they signed in.
    pub method: SignInMethod,
    /// The process that serves it.
    pub service: &'a str,
    /// The credentials that were judged; none where the account of the host is enough.
    pub judged: Option<JudgedCredentials>,
}

/// Which credentials somebody signs in by.
#[derive(Clone, Copy, Debug)]
pub struct JudgedCredentials {
    /// The version of the row that was read.
    pub version: u32,
    /// The step of the code of the authenticator; none where none was asked for.
    pub step: Option<u64>,
}
