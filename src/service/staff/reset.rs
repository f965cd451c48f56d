//! Set-up codes: how somebody comes to a password without anybody else knowing it.
//!
//! Who could reset an admin alone could become that admin: it takes two admins, or the owner
//! of the service.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::event::EventKind;
use crate::domain::key::Key;
use crate::domain::seal::Nonce;
use crate::domain::sign_in::TypedSecret;
use crate::domain::sign_in::credentials::{Credentials, SignInProof, SignedCredentials};
use crate::domain::sign_in::policy::SignInMode;
use crate::domain::sign_in::setup_code::{self, SetupCode};
use crate::domain::staff::{AccountName, Role, StaffMember};
use crate::domain::time::Timestamp;
use crate::domain::totp::{Bound, Seed};
use crate::service::ports::sign_in::CredentialsChange;
use crate::service::ports::{StoreError, StoredCredentials};
use crate::service::{Desk, DeskError};

/// How long a reset waits for the second admin.
const APPROVAL: Duration = Duration::from_hours(24);

/// How often a row is read for one change, where others change it meanwhile.
const RECORD_READS: usize = 5;

/// What came of a reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetOutcome {
    /// The account signs in anew with this set-up code.
    Given {
        /// Whose.
        member: StaffMember,
        /// The code, shown once.
        code: TypedSecret,
        /// Until when it works.
        expires_at: Timestamp,
    },
    /// It waits for a second admin.
    Asked(StaffMember),
    /// There is nobody of this account.
    NoSuchAccount,
    /// Nobody resets themselves.
    Yourself,
    /// Nobody asked for a reset of this account, or too long ago.
    NothingAsked,
    /// The admin who asked is not a second one.
    SameAdmin,
    /// Here the account of the host is enough: there are no passwords.
    NotUsed,
}

impl Desk {
    /// Lets an account sign in anew: its password and its authenticator count no more. For
    /// an admin this waits for [`Self::approve_reset`].
    pub async fn reset_sign_in(&self, account: &AccountName) -> Result<ResetOutcome, DeskError> {
        let member = match self.member_to_reset(account).await? {
            Ok(member) => member,
            Err(outcome) => return Ok(outcome),
        };
        if member.role == Role::Admin && !self.is_owner {
            return self.ask_for_reset(member).await;
        }
        self.give_code(member, |_| None).await
    }

    /// The second admin's word for a reset.
    pub async fn approve_reset(&self, account: &AccountName) -> Result<ResetOutcome, DeskError> {
        let member = match self.member_to_reset(account).await? {
            Ok(member) => member,
            Err(outcome) => return Ok(outcome),
        };
        let now = self.now().await?;
        self.give_code(member, |before| match &before.reset_asked {
            Some((by, _)) if by.as_str() == self.actor.clerk => Some(ResetOutcome::SameAdmin),
            Some((_, at)) if now < at.plus(APPROVAL) => None,
            _ => Some(ResetOutcome::NothingAsked),
        })
        .await
    }

    /// Lets an account that is blocked after wrong attempts try again; whether it has
    /// credentials.
    pub async fn lift_sign_in_block(&self, account: &AccountName) -> Result<bool, DeskError> {
        Ok(self.retry(|| self.store.lift_sign_in_block(account, &self.actor)).await?)
    }

    async fn member_to_reset(
        &self,
        account: &AccountName,
    ) -> Result<Result<StaffMember, ResetOutcome>, DeskError> {
        if self.sign_in.policy.mode != SignInMode::Password {
            return Ok(Err(ResetOutcome::NotUsed));
        }
        if !self.is_owner && self.actor.clerk == account.as_str() {
            return Ok(Err(ResetOutcome::Yourself));
        }
        Ok(self.staff_member(account).await?.ok_or(ResetOutcome::NoSuchAccount))
    }

    async fn ask_for_reset(&self, member: StaffMember) -> Result<ResetOutcome, DeskError> {
        let Ok(by) = self.actor.clerk.parse::<AccountName>() else {
            return Ok(ResetOutcome::NoSuchAccount);
        };
        let now = self.now().await?;
        let account = &member.account;
        let detail = format!("a new set-up code for {account} waits for a second admin");
        self.change_credentials(account, &detail, false, |before, _| {
            let asked = Some((by.clone(), now));
            Ok(Credentials { reset_asked: asked, ..before.clone() })
        })
        .await
        .map(|refused| refused.err().unwrap_or(ResetOutcome::Asked(member.clone())))
    }

    async fn give_code(
        &self,
        member: StaffMember,
        refuse: impl Fn(&Credentials) -> Option<ResetOutcome> + Send + Sync,
    ) -> Result<ResetOutcome, DeskError> {
        let code = SetupCode::from_bits(self.random.below(1 << 60)?);
        let expires_at = self.now().await?.plus(setup_code::LIFE);
        let given_by =
            if self.is_owner { None } else { self.actor.clerk.parse::<AccountName>().ok() };
        let account = &member.account;
        let detail = format!("{account} got a new set-up code and signs in anew");
        let refused = self
            .change_credentials(account, &detail, true, |before, key| {
                if let Some(refused) = refuse(before) {
                    return Err(refused);
                }
                let digest = code.digest(account, key);
                Ok(Credentials {
                    proof: SignInProof::SetUp { digest, expires_at },
                    given_by: given_by.clone(),
                    ..Credentials::none(account.clone())
                })
            })
            .await?;
        let code = TypedSecret(code.reveal());
        Ok(refused.err().unwrap_or(ResetOutcome::Given { member, code, expires_at }))
    }

    /// Writes the credentials that `change` makes of those before.
    async fn change_credentials(
        &self,
        account: &AccountName,
        detail: &str,
        is_reset: bool,
        change: impl Fn(&Credentials, &Key) -> Result<Credentials, ResetOutcome> + Send + Sync,
    ) -> Result<Result<(), ResetOutcome>, DeskError> {
        for _ in 0..RECORD_READS {
            let keyring = self.keyring();
            let stored = self.retry(|| self.store.credentials(account)).await?;
            let version = stored.as_ref().map_or(0, |it| it.record.version) + 1;
            // What the desk did not write counts for nothing, and is written over by a reset.
            let genuine = stored.filter(|it| it.record.is_genuine(&keyring));
            let before = match genuine {
                Some(stored) => self.moved(stored)?,
                None => Credentials::none(account.clone()),
            };
            let after = match change(&before, keyring.current().1) {
                Ok(after) => after,
                Err(refused) => return Ok(Err(refused)),
            };
            let record = SignedCredentials::signed(after, version, &keyring);
            let written = self
                .retry(|| {
                    self.store.write_credentials(CredentialsChange {
                        record: &record,
                        kind: EventKind::SignInReset,
                        detail,
                        actor: &self.actor,
                        uses_setup_code: false,
                        step: None,
                        is_reset,
                    })
                })
                .await?;
            if written {
                return Ok(Ok(()));
            }
        }
        Err(StoreError::Conflict("the credentials are being changed".into()).into())
    }

    /// Credentials with their seed under the current key. The digest of a set-up code cannot
    /// be moved: the code is not known.
    fn moved(&self, stored: StoredCredentials) -> Result<Credentials, DeskError> {
        let SignedCredentials { mut credentials, key_id, .. } = stored.record;
        let keyring = self.keyring();
        if key_id == *keyring.current().0 {
            return Ok(credentials);
        }
        if let SignInProof::SetUp { .. } = credentials.proof {
            credentials.proof = SignInProof::None;
        }
        if let Some(sealed) = &credentials.totp {
            let key = keyring.get(key_id.as_str()).map_err(StoreError::from)?;
            let bound = Bound::Account(&credentials.account);
            let seed = Seed::open(sealed, bound, key);
            let seed = seed.map_err(|error| StoreError::Failed(error.to_string()))?;
            let nonce = Nonce::from(self.random.secret()?);
            credentials.totp = Some(seed.seal(bound, keyring.current().1, nonce));
        }
        Ok(credentials)
    }

    /// Signs and seals the credentials of older keys with the current one. A set-up code
    /// stays under its key, and ends with it.
    pub async fn sign_credentials_anew(&self) -> Result<(), DeskError> {
        let keyring = self.keyring();
        for record in self.retry(|| self.store.all_credentials()).await? {
            let is_outdated = record.key_id != *keyring.current().0
                && record.is_genuine(&keyring)
                && !matches!(record.credentials.proof, SignInProof::SetUp { .. });
            if is_outdated {
                let account = record.credentials.account.clone();
                let detail = format!("{account} signs in as before, signed with the new key");
                let kept = self
                    .change_credentials(&account, &detail, false, |before, _| Ok(before.clone()))
                    .await?;
                debug_assert!(kept.is_ok(), "nothing is refused");
            }
        }
        Ok(())
    }

    /// Whether this admin gave out the set-up code of an account, and so could be it.
    pub(super) async fn gave_code(&self, account: &AccountName) -> Result<bool, DeskError> {
        if self.is_owner || self.sign_in.policy.mode != SignInMode::Password {
            return Ok(false);
        }
        let stored = self.genuine_credentials(account).await?;
        let given_by = stored.and_then(|it| it.record.credentials.given_by);
        Ok(given_by.is_some_and(|by| by.as_str() == self.actor.clerk))
    }
}
