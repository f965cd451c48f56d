//! Sessions of verified customers. A row of the store is a session only with the proof that the
//! desk opened it: whoever can write to the store alone cannot make one.

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::flag::Standing;
use crate::domain::purpose::{Missing, Proven};
use crate::domain::session::{Session, SessionEnd, SessionId, SessionToken};
use crate::domain::session_record::SessionRecord;
use crate::service::ports::session::{Serving, SessionFilter};
use crate::service::verification::request::Refusal;
use crate::service::{Desk, DeskError};

/// What came of asking a session to serve for another purpose.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ServedFor {
    Served(Box<Session>),
    /// Something has to be proven first.
    Missing(Box<Session>, Missing),
    /// The session is over, or there is none.
    SessionOver,
    /// The office does not verify for that.
    NoSuchPurpose(Box<Refusal>),
}

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

    /// A session by its secret, if it is alive and the customer's. It is prolonged.
    pub(in crate::service) async fn session_of(
        &self,
        token: &SessionToken,
        customer: CustomerId,
    ) -> Result<Option<Session>, DeskError> {
        let session = self.touch(token).await?;
        Ok(session.filter(|it| it.ended.is_none() && it.customer == customer))
    }

    /// Lets a session serve for another purpose, or says what is still to be proven.
    pub async fn serve_for(
        &self,
        token: &SessionToken,
        purpose: &str,
    ) -> Result<ServedFor, DeskError> {
        let purpose = match self.provable(purpose) {
            Ok(purpose) => purpose,
            Err(refusal) => return Ok(ServedFor::NoSuchPurpose(refusal)),
        };
        let Some(session) = self.touch(token).await?.filter(|it| it.ended.is_none()) else {
            return Ok(ServedFor::SessionOver);
        };
        let who = Standing::of(session.representative.as_ref());
        let flags = self.flags_for(session.customer, (who, Factor::SecondPerson)).await?;
        self.may_be_served(&session, &purpose).await?;
        let purpose = flags.raise(&purpose);
        if let Some(missing) = session.missing_for(&purpose) {
            return Ok(ServedFor::Missing(Box::new(session), missing));
        }
        let (digest, keyring) = (token.digest(), self.keyring());
        let serving = Serving {
            token_digest: &digest,
            purpose: &purpose,
            keyring: &keyring,
            policy: &self.office.otp,
            notices: self.notice_providers(&keyring),
            actor: &self.actor,
        };
        let serve = || self.store.serve_for(serving);
        Ok(match self.retry(serve).await? {
            Some(session) if session.serves(&purpose.name) => ServedFor::Served(Box::new(session)),
            _ => ServedFor::SessionOver,
        })
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

    /// A session that was opened when it had one factor, measured by what its purpose takes now.
    fn measured(&self, record: SessionRecord) -> Session {
        let mut session = record.session;
        if record.has_one_factor
            && let Ok(purpose) = self.purpose(&session.purpose)
        {
            let (factors, shared_contact) = (&session.factors, session.shared_contact);
            session.is_reached = purpose.is_served_by(Proven { factors, shared_contact });
        }
        session
    }

    /// The session of a row; none where the desk did not open it.
    pub(super) fn genuine(&self, record: SessionRecord) -> Option<Session> {
        let key_id = record.proof.as_ref().map(|it| it.key_id.as_str());
        let keyring = key_id.map_or_else(|| self.keyring(), |it| self.keyring_with(it));
        if record.is_genuine(&keyring) {
            return Some(self.measured(record));
        }
        tracing::error!(session = %record.session.id, "a row of the sessions was not written here");
        None
    }
}
