//! Adding a representative, which always takes a second person.

use crate::domain::approval::{Approval, GuardedAct};
use crate::domain::representative::Representative;
use crate::domain::text;
use crate::service::approvals::{WaitingAct, unreadable_act};
use crate::service::customers::calls::AddRepresentative;
use crate::service::ports::approvals::StoredApproval;
use crate::service::{Desk, DeskError};

impl Desk {
    /// An act as whoever approves it reads it: of a representative also the contacts that the codes
    /// will go to, in full. They are read from the signed call alone, so that the log, which has
    /// the stored text, has no contact in clear.
    pub(super) fn with_all_of_it(stored: StoredApproval) -> Result<Approval, DeskError> {
        let StoredApproval { approval, signed, .. } = stored;
        if approval.act != GuardedAct::Represent {
            return Ok(approval);
        }
        let waiting = serde_json::from_str(&signed.asked.call);
        let WaitingAct::Represent(it) = waiting.map_err(|error| unreadable_act(&error))? else {
            return Ok(approval);
        };
        let contacts: Vec<_> = [&it.email, &it.phone].into_iter().flatten().cloned().collect();
        let from = it.from.map_or_else(|| "now".to_owned(), |at| at.to_string());
        let until = it.until.map_or_else(|| "it is ended".to_owned(), |at| at.to_string());
        let target = format!(
            "{}; codes go to: {}; from {from} until {until}; showed: {}",
            approval.target,
            text::clean(&contacts.join(", ")),
            text::clean(&it.document)
        );
        Ok(Approval { target, ..approval })
    }

    /// Adds a representative, once a second person has approved it.
    pub async fn add_representative(
        &self,
        it: &AddRepresentative,
    ) -> Result<Representative, DeskError> {
        let approval = self.asked_approval(&WaitingAct::Represent(it.clone())).await?;
        match &approval.approved_by {
            Some(by) => self.write_representative(it, by).await,
            None => Err(DeskError::AwaitsApproval(Box::new(approval))),
        }
    }
}
