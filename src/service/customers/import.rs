//! Importing customers from a file.

use std::time::Duration;

use crate::domain::customer::NewCustomer;
use crate::domain::event::EventKind;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::customers::{ImportCount, Imported};
use crate::service::{Desk, DeskError};

/// Customers in one transaction: enough to be fast, few enough to let the counters write in
/// between.
pub const IMPORT_BATCH: usize = 2_000;

impl Desk {
    /// The quarantine of a replaced contact.
    pub fn contact_quarantine(&self) -> Duration {
        self.office.otp.contact_quarantine
    }

    /// Writes one batch of at most [`IMPORT_BATCH`] customers; a dry one only counts what
    /// would be written. Also returns the contacts that it replaces.
    pub async fn import_batch(
        &self,
        batch: &[NewCustomer],
        dry: bool,
    ) -> Result<Imported, DeskError> {
        let keyring = self.keyring();
        let notices = self.notice_providers(&keyring);
        Ok(self.retry(|| self.store.import(batch, notices, &self.actor, dry)).await?)
    }

    /// Writes an event about an import that ended.
    pub async fn import_done(&self, count: ImportCount) -> Result<(), DeskError> {
        let ImportCount { added, changed, unchanged, replaced } = count;
        let replaced = match replaced {
            0 => String::new(),
            count => format!("; contacts replaced: {count}"),
        };
        let detail = format!("{added} added, {changed} changed, {unchanged} unchanged{replaced}");
        self.record(NewEvent::of_office(EventKind::Imported, detail, &self.actor)).await
    }
}
