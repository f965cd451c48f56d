//! What goes on right now, for the dashboard.

use crate::domain::oversight::Oversight;
use crate::service::{Desk, DeskError};

impl Desk {
    /// What goes on right now. That somebody looked is an entry of the log, as with the stats.
    pub async fn oversight(&self) -> Result<Oversight, DeskError> {
        self.record_reader().await?;
        let cap = self.office.otp.failure_cap;
        Ok(self.reading(|| self.store.oversight(cap)).await?)
    }
}
