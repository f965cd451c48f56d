//! Sessions of verified customers. A row of the store is a session only with the proof that the
//! desk opened it: whoever can write to the store alone cannot make one.

use crate::domain::session::{Session, SessionEnd, SessionId, SessionToken};
use crate::domain::session_record::SessionRecord;
use crate::service::ports::session::SessionFilter;
use crate::service::{Desk, DeskError};

impl Desk {
    /// Proves that a session is alive and prolongs it; called before each act for the
    /// customer. An ended session is returned with [`Session::ended`]; `None` for an
    /// unknown token.
    pub async fn touch(&self, token: &SessionToken) -> Result<Option<Session>, DeskError> {
        let digest = token.digest();
        let idle = self.office.otp.session_idle;
        let touched = self.reading(|| self.store.touch(&digest, idle)).await?;
        Ok(touched.and_then(|it| self.genuine(it)))
    }

    /// One session.
    pub async fn session(&self, id: &SessionId) -> Result<Option<Session>, DeskError> {
        let found = self.reading(|| self.store.session(id)).await?;
        Ok(found.and_then(|it| self.genuine(it)))
    }

    /// Sessions, newest first.
    pub async fn sessions(
        &self,
        filter: SessionFilter,
        limit: u32,
    ) -> Result<Vec<Session>, DeskError> {
        let found = self.reading(|| self.store.sessions(filter, limit)).await?;
        Ok(found.into_iter().filter_map(|it| self.genuine(it)).collect())
    }

    /// Ends a session.
    pub async fn end_session(
        &self,
        id: &SessionId,
        how: SessionEnd,
    ) -> Result<Option<Session>, DeskError> {
        // What is no session is not ended, and the log does not say that it was.
        if self.session(id).await?.is_none() {
            return Ok(None);
        }
        let ended = self.retry(|| self.store.end_session(id, how, &self.actor)).await?;
        Ok(ended.map(|it| it.session))
    }

    /// The session of a row; none where the desk did not open it.
    pub(super) fn genuine(&self, record: SessionRecord) -> Option<Session> {
        let key_id = record.proof.as_ref().map(|it| it.key_id.as_str());
        let keyring = key_id.map_or_else(|| self.keyring(), |it| self.keyring_with(it));
        if record.is_genuine(&keyring) {
            return Some(record.session);
        }
        tracing::error!(session = %record.session.id, "a row of the sessions was not written here");
        None
    }
}
