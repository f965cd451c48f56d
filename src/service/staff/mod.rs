//! Who works at the office, and what each may do. The desk signs each row, so that a role
//! is worth as much as the desk's key, not as the right to write to the store.

pub mod calls;
mod hashing;
pub mod reset;
pub mod roster;
pub mod sign_in;
pub mod sittings;

use std::sync::Arc;

use crate::domain::sign_in::policy::SignInPolicy;
use crate::domain::staff::{AccountName, Role, StaffMember, StaffRecord};
use crate::service::ports::StoreError;
use crate::service::ports::staff::{StaffChange, StaffWrite};
use crate::service::staff::hashing::Hashing;
use crate::service::{Desk, DeskError};

/// How the staff signs in at a desk.
#[derive(Clone, Debug, Default)]
pub(in crate::service) struct StaffSignIn {
    pub(in crate::service) policy: Arc<SignInPolicy>,
    pub(super) hashing: Arc<Hashing>,
}

impl StaffSignIn {
    pub(in crate::service) fn new(policy: SignInPolicy) -> Self {
        Self { policy: Arc::new(policy), hashing: Arc::default() }
    }
}

/// How often a row is read for one change, where others change it meanwhile.
const RECORD_READS: usize = 5;

/// What is done with somebody of the staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffAct {
    /// They are new: they get a role and may work.
    Add(Role),
    /// They get another role.
    SetRole(Role),
    /// They may work again.
    Enable,
    /// They may not work any more.
    Disable,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum StaffOutcome {
    /// It is done.
    Changed(StaffMember),
    /// It was so already.
    Unchanged(StaffMember),
    /// There is somebody of this account.
    AlreadyThere(StaffMember),
    /// There is nobody of this account.
    NoSuchAccount,
    /// The office would be without an admin.
    LastAdmin,
    /// Nobody changes what they themselves may do.
    Yourself,
    /// Who gave out somebody's set-up code cannot also make them an admin.
    NeedsSecondAdmin,
}

/// Somebody of the staff, as listed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StaffEntry {
    /// Who it is.
    pub member: StaffMember,
    /// Whether the desk wrote this row; if not, it counts for nothing.
    pub is_genuine: bool,
}

impl Desk {
    /// Somebody of the staff who may work; none for others, and for a row that the desk
    /// did not write.
    pub async fn staff_member(
        &self,
        account: &AccountName,
    ) -> Result<Option<StaffMember>, DeskError> {
        let record = self.reading(|| self.store.staff_record(account)).await?;
        let Some(record) = record.filter(|it| it.member.enabled) else { return Ok(None) };
        let keyring = self.keyring_with(record.key_id.as_str());
        if record.is_genuine(&keyring) {
            return Ok(Some(record.member));
        }
        tracing::error!(account = account.as_str(), "a row of the staff was not written here");
        Ok(None)
    }

    /// All of the staff.
    pub async fn staff(&self) -> Result<Vec<StaffEntry>, DeskError> {
        let records = self.reading(|| self.store.staff_records()).await?;
        let entry = |record: StaffRecord| {
            let keyring = self.keyring_with(record.key_id.as_str());
            StaffEntry { is_genuine: record.is_genuine(&keyring), member: record.member }
        };
        Ok(records.into_iter().map(entry).collect())
    }

    /// Changes what somebody may do.
    pub async fn change_staff(
        &self,
        account: &AccountName,
        act: StaffAct,
    ) -> Result<StaffOutcome, DeskError> {
        if self.actor.clerk == account.as_str() {
            return Ok(StaffOutcome::Yourself);
        }
        if act == StaffAct::SetRole(Role::Admin) && self.gave_code(account).await? {
            return Ok(StaffOutcome::NeedsSecondAdmin);
        }
        self.write_member(account, |before| {
            let member = changed(account, before, act)?;
            let detail = detail(&member, act);
            Ok((member, detail))
        })
        .await
    }

    /// The owner's way back where no admin is left who can work: an enabled admin of this
    /// account, whatever it was before.
    pub async fn rescue_staff(&self, account: &AccountName) -> Result<StaffOutcome, DeskError> {
        let detail = format!("the owner of the service made {account} an admin");
        let member = StaffMember { account: account.clone(), role: Role::Admin, enabled: true };
        self.write_member(account, |_| Ok((member.clone(), detail.clone()))).await
    }

    /// Signs the rows of older keys with the current one: the older ones are dropped some
    /// time. A row that the desk did not write stays what it is.
    pub async fn sign_staff_anew(&self) -> Result<(), DeskError> {
        for entry in self.staff().await? {
            let StaffMember { account, role, enabled } = entry.member;
            let record = self.retry(|| self.store.staff_record(&account)).await?;
            let keyring = self.keyring();
            let is_outdated =
                |it: &StaffRecord| it.is_genuine(&keyring) && it.key_id != *keyring.current().0;
            if record.is_some_and(|it| is_outdated(&it)) {
                let detail = format!("{account} is {role} as before, signed with the new key");
                let member = StaffMember { account: account.clone(), role, enabled };
                self.write_member(&account, |_| Ok((member.clone(), detail.clone()))).await?;
            }
        }
        Ok(())
    }

    /// Writes the row that `change` makes of the one before, with its entry in the log.
    async fn write_member(
        &self,
        account: &AccountName,
        change: impl Fn(Option<&StaffMember>) -> Result<(StaffMember, String), StaffOutcome> + Send,
    ) -> Result<StaffOutcome, DeskError> {
        for _ in 0..RECORD_READS {
            let before = self.retry(|| self.store.staff_record(account)).await?;
            let (member, detail) = match change(before.as_ref().map(|it| &it.member)) {
                Ok(changed) => changed,
                Err(outcome) => return Ok(outcome),
            };
            let version = before.map_or(0, |it| it.version) + 1;
            let record = StaffRecord::signed(member, version, &self.keyring());
            let change = StaffChange { record: &record, detail: &detail, actor: &self.actor };
            match self.retry(|| self.store.write_staff(change.clone())).await? {
                StaffWrite::Written => return Ok(StaffOutcome::Changed(record.member)),
                StaffWrite::LastAdmin => return Ok(StaffOutcome::LastAdmin),
                StaffWrite::Outdated => {}
            }
        }
        Err(StoreError::Conflict("the staff is being changed".into()).into())
    }
}

/// The member after an act, or why nothing is written.
fn changed(
    account: &AccountName,
    before: Option<&StaffMember>,
    act: StaffAct,
) -> Result<StaffMember, StaffOutcome> {
    let Some(before) = before else {
        return match act {
            StaffAct::Add(role) => {
                Ok(StaffMember { account: account.clone(), role, enabled: true })
            }
            _ => Err(StaffOutcome::NoSuchAccount),
        };
    };
    let after = match act {
        StaffAct::Add(_) => return Err(StaffOutcome::AlreadyThere(before.clone())),
        StaffAct::SetRole(role) => StaffMember { role, ..before.clone() },
        StaffAct::Enable => StaffMember { enabled: true, ..before.clone() },
        StaffAct::Disable => StaffMember { enabled: false, ..before.clone() },
    };
    if after == *before { Err(StaffOutcome::Unchanged(after)) } else { Ok(after) }
}

fn detail(member: &StaffMember, act: StaffAct) -> String {
    let StaffMember { account, role, .. } = member;
    match act {
        StaffAct::Add(_) => format!("{account} was added as {role}"),
        StaffAct::SetRole(_) => format!("{account} is {role} now"),
        StaffAct::Enable => format!("{account} may work again, as {role}"),
        StaffAct::Disable => format!("{account} may not work any more"),
    }
}
