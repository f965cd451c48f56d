//! Sessions of verified customers.

use crate::domain::session::{Session, SessionEnd, SessionId, SessionToken};
use crate::service::ports::session::SessionFilter;
use crate::service::{Desk, DeskError};

impl Desk {
    /// Proves that a session is alive and prolongs it; called before each act for the
    /// customer. An ended session is returned with [`Session::ended`]; `None` for an
    /// unknown token.
    pub async fn touch(&self, token: &SessionToken) -> Result<Option<Session>, DeskError> {
        let digest = token.digest();
        let idle = self.office.otp.session_idle;
        Ok(self.reading(|| self.store.touch(&digest, idle)).await?)
    }

    /// One session.
    pub async fn session(&self, id: &SessionId) -> Result<Option<Session>, DeskError> {
        Ok(self.reading(|| self.store.session(id)).await?)
    }

    /// Sessions, newest first.
    pub async fn sessions(
        &self,
        filter: SessionFilter,
        limit: u32,
    ) -> Result<Vec<Session>, DeskError> {
        Ok(self.reading(|| self.store.sessions(filter, limit)).await?)
    }

    /// Ends a session.
    pub async fn end_session(
        &self,
        id: &SessionId,
        how: SessionEnd,
    ) -> Result<Option<Session>, DeskError> {
        Ok(self.retry(|| self.store.end_session(id, how, &self.actor)).await?)
    }
}
