//! Who may work now and which sittings go on. A desk service asks for it before each call of each of
//! its terminals, so it is read as a whole, once for all of them.

use std::collections::{HashMap, HashSet};

use crate::domain::sign_in::sitting::SittingId;
use crate::domain::staff::{AccountName, Role};
use crate::service::Desk;
use crate::service::ports::StoreError;

/// Who may work and which sittings go on, at one moment.
#[derive(Debug, Default)]
pub struct Roster {
    roles: HashMap<AccountName, Role>,
    sittings: HashSet<SittingId>,
}

impl Roster {
    /// The role of somebody who may work; none for others, and for a row that the desk did not
    /// write.
    pub fn role(&self, account: &AccountName) -> Option<Role> {
        self.roles.get(account).copied()
    }

    /// Whether a sitting has not been ended.
    pub fn goes_on(&self, sitting: &SittingId) -> bool {
        self.sittings.contains(sitting)
    }
}

impl Desk {
    /// Reads who may work and which sittings go on.
    pub async fn roster(&self) -> Result<Roster, StoreError> {
        let records = self.reading(|| self.store.staff_records()).await?;
        let sittings = self.reading(|| self.store.open_sittings()).await?;
        let may_work = records.into_iter().filter(|it| {
            it.member.enabled && it.is_genuine(&self.keyring_with(it.key_id.as_str()))
        });
        Ok(Roster {
            roles: may_work.map(|it| (it.member.account, it.member.role)).collect(),
            sittings: sittings.into_iter().collect(),
        })
    }
}
