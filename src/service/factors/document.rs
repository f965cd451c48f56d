//! A document that a clerk saw, where the purpose takes one.

use serde::{Deserialize, Serialize};

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::document::DocumentFault;
use crate::domain::event::EventKind;
use crate::domain::purpose::{Attested, Purpose};
use crate::domain::session::{Session, SessionToken};
use crate::service::factors::calls::SeeDocument;
use crate::service::ports::factors::Attestation;
use crate::service::ports::verification::NewSession;
use crate::service::verification::request::Refusal;
use crate::service::verification::verify::session_of;
use crate::service::{Desk, DeskError};

/// What came of saying that a document was seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum DocumentSeen {
    Seen(Box<AttestedCustomer>),
    /// It proves nothing.
    Fault(DocumentFault),
    /// A document is worth nothing for this purpose.
    NotTaken,
    /// There is no such customer any more.
    NoSuchCustomer,
    /// The office does not verify for that.
    NoSuchPurpose(Box<Refusal>),
}

/// A customer for whom the staff stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttestedCustomer {
    pub session: Session,
    /// The session's secret, which is stored nowhere.
    pub token: SessionToken,
}

impl Desk {
    /// Writes down that a document was seen. Its number is neither asked for nor stored.
    pub async fn see_document(&self, it: &SeeDocument) -> Result<DocumentSeen, DeskError> {
        let purpose = match self.provable(&it.purpose) {
            Ok(purpose) => purpose,
            Err(refusal) => return Ok(DocumentSeen::NoSuchPurpose(refusal)),
        };
        if purpose.document == Attested::Refuse {
            return Ok(DocumentSeen::NotTaken);
        }
        let now = self.now().await?;
        let document = match it.document.judge(&self.office.documents, now) {
            Ok(document) => document,
            Err(fault) => return Ok(DocumentSeen::Fault(fault)),
        };
        let (customer, detail) = (it.customer.0.to_string(), document.detail());
        let act = self.bound_key(&["document", &customer, &purpose.name, &detail, &it.key]);
        let what = (Factor::Document, EventKind::DocumentSeen, detail.as_str());
        let attested = self.attest((it.customer, &purpose), what, &act, it.session.as_ref());
        let attested = attested.await?;
        Ok(attested.map_or(DocumentSeen::NoSuchCustomer, |it| DocumentSeen::Seen(Box::new(it))))
    }

    /// Writes down what the staff attests of a customer, in a session or in a new one; none where
    /// there is no such customer.
    pub(in crate::service) async fn attest(
        &self,
        (customer, purpose): (CustomerId, &Purpose),
        (factor, event, detail): (Factor, EventKind, &str),
        act: &str,
        further: Option<&SessionToken>,
    ) -> Result<Option<AttestedCustomer>, DeskError> {
        self.ensure_policy().await?;
        let keyring = self.keyring();
        let (id, token) = session_of(keyring.current().1, act);
        let session = NewSession {
            id,
            token_digest: token.digest(),
            further: further.map(SessionToken::digest),
            shared_contact: false,
        };
        let attestation = Attestation {
            customer,
            purpose,
            factor,
            act,
            event,
            detail,
            keyring: &keyring,
            session: session.clone(),
            policy: &self.office.otp,
            policy_version: &self.policy_version,
            notices: self.notice_providers(&keyring),
            actor: &self.actor,
        };
        let attested = self.retry(|| self.store.attest(attestation.clone())).await?;
        Ok(attested.map(|proven| {
            let token = match further {
                Some(further) if proven.id != session.id => further.clone(),
                _ => token,
            };
            AttestedCustomer { session: proven, token }
        }))
    }
}
