//! The ports of requests, sessions, contact bindings and flags.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::contact::ContactKind;
use crate::domain::contact_verification::VerifiedContact;
use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::flag::{Flag, Flags};
use crate::domain::representative::{RepresentativeId, RepresentativeRecord};
use crate::domain::request::{Reference, Request, RequestId};
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::session_record::SessionRecord;
use crate::service::ports::contact_binding::{ContactBindingStore, WaitingContact};
use crate::service::ports::error::StoreError;
use crate::service::ports::flags::{
    Disowning, EndedByDisowning, FlagStore, FlaggedCustomer, NewFlag,
};
use crate::service::ports::representatives::RepresentativeStore;
use crate::service::ports::session::{Serving, SessionFilter, SessionStore};
use crate::service::ports::verification::{
    Attempt, AttemptOutcome, IssueOutcome, KeysInUse, NewRequest, Reissue, VerificationStore,
};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::verification::contact_binding;
use crate::store::verification::{
    attempt, disown, expiry, flags, keys_in_use, lockout, representatives, request, session,
};

#[async_trait]
impl VerificationStore for SqlStore {
    async fn issue(&self, request: NewRequest<'_>) -> Result<IssueOutcome, StoreError> {
        let country = self.reindexer.country();
        let issued = retry_on_conflict(|| request::issue(&self.db, country, request.clone())).await;
        self.expect_attempts(issued)
    }

    async fn reissue(&self, reissue: Reissue<'_>) -> Result<IssueOutcome, StoreError> {
        let country = self.reindexer.country();
        let issued =
            retry_on_conflict(|| request::reissue(&self.db, country, reissue.clone())).await;
        self.expect_attempts(issued)
    }

    async fn attempt(&self, attempt: Attempt<'_>) -> Result<AttemptOutcome, StoreError> {
        let country = self.reindexer.country();
        retry_on_conflict(|| attempt::attempt(&self.db, country, attempt.clone())).await
    }

    async fn cancel(&self, id: &RequestId, actor: &Actor) -> Result<Option<Request>, StoreError> {
        retry_on_conflict(|| request::cancel(&self.db, id, actor)).await
    }

    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        request::request(&self.db, id).await
    }

    async fn open_request(&self, customer: CustomerId) -> Result<Option<Request>, StoreError> {
        request::newest_open(&self.db, customer).await
    }

    async fn unlock(
        &self,
        act: &str,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| lockout::unlock(&self.db, act, customer, reason, actor)).await
    }

    async fn expire(&self, most: u32) -> Result<u64, StoreError> {
        retry_on_conflict(|| expiry::expire_due(&self.db, most)).await
    }

    async fn next_expiry(&self) -> Result<Option<Duration>, StoreError> {
        expiry::next(&self.db).await
    }

    async fn keys_in_use(&self) -> Result<KeysInUse, StoreError> {
        keys_in_use::in_use(&self.db.as_it_is()).await
    }
}

#[async_trait]
impl SessionStore for SqlStore {
    async fn touch(
        &self,
        token_digest: &str,
        idle: Duration,
    ) -> Result<Option<SessionRecord>, StoreError> {
        retry_on_conflict(|| session::touch(&self.db, token_digest, idle)).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        session::session(&self.db, id).await
    }

    async fn sessions(
        &self,
        filter: SessionFilter,
        limit: u32,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        session::sessions(&self.db, filter, limit).await
    }

    async fn alive_of(&self, customer: CustomerId) -> Result<Vec<SessionRecord>, StoreError> {
        session::alive_of(&self.db, customer).await
    }

    async fn serve_for(&self, serving: Serving<'_>) -> Result<Option<Session>, StoreError> {
        let country = self.reindexer.country();
        retry_on_conflict(|| session::serve_for(&self.db, country, &serving)).await
    }

    async fn end_session(
        &self,
        id: &SessionId,
        how: SessionEnd,
        actor: &Actor,
    ) -> Result<Option<SessionRecord>, StoreError> {
        retry_on_conflict(|| session::end(&self.db, id, how, actor)).await
    }
}

#[async_trait]
impl ContactBindingStore for SqlStore {
    async fn confirm_contact(
        &self,
        act: &str,
        customer: CustomerId,
        kind: ContactKind,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| contact_binding::confirm(&self.db, act, customer, kind, reason, actor))
            .await
    }

    async fn waiting_contacts(
        &self,
        customers: &[CustomerId],
        quarantine: Duration,
    ) -> Result<Vec<WaitingContact>, StoreError> {
        contact_binding::waiting(&self.db, customers, quarantine).await
    }

    async fn verified_contacts(
        &self,
        customers: &[CustomerId],
    ) -> Result<Vec<VerifiedContact>, StoreError> {
        contact_binding::verified(&self.db, customers).await
    }
}

#[async_trait]
impl FlagStore for SqlStore {
    async fn flags(&self, customer: CustomerId) -> Result<Flags, StoreError> {
        flags::of(&self.db, customer).await
    }

    async fn flagged(&self, limit: u32) -> Result<Vec<FlaggedCustomer>, StoreError> {
        flags::all(&self.db, limit).await
    }

    async fn set_flag(&self, act: &str, flag: NewFlag<'_>) -> Result<(), StoreError> {
        retry_on_conflict(|| flags::set(&self.db, act, &flag)).await
    }

    async fn lift_flag(
        &self,
        act: &str,
        customer: CustomerId,
        flag: Flag,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| flags::lift(&self.db, act, (customer, flag), reason, actor)).await
    }

    async fn disown(&self, act: &str, it: Disowning<'_>) -> Result<EndedByDisowning, StoreError> {
        retry_on_conflict(|| disown::disown(&self.db, act, &it)).await
    }

    async fn requests_named(
        &self,
        customer: CustomerId,
        reference: &Reference,
        most: u32,
    ) -> Result<Vec<RequestId>, StoreError> {
        disown::named(&self.db, customer, reference, most).await
    }

    async fn session_of_request(
        &self,
        customer: CustomerId,
        request: &RequestId,
    ) -> Result<Option<Session>, StoreError> {
        disown::session_of_request(&self.db, customer, request).await
    }
}

#[async_trait]
impl RepresentativeStore for SqlStore {
    async fn representatives(
        &self,
        customer: CustomerId,
    ) -> Result<Vec<RepresentativeRecord>, StoreError> {
        representatives::of(&self.db, customer).await
    }

    async fn representatives_after(
        &self,
        after: &str,
        most: u32,
    ) -> Result<Vec<RepresentativeRecord>, StoreError> {
        representatives::after(&self.db, after, most).await
    }

    async fn sign_representative(
        &self,
        read: &RepresentativeRecord,
        anew: &RepresentativeRecord,
    ) -> Result<(), StoreError> {
        retry_on_conflict(|| representatives::sign(&self.db, read, anew)).await
    }

    async fn add_representative(
        &self,
        act: &str,
        record: &RepresentativeRecord,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        retry_on_conflict(|| representatives::add(&self.db, act, record, actor)).await
    }

    async fn end_representative(
        &self,
        act: &str,
        customer: CustomerId,
        id: &RepresentativeId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| representatives::end(&self.db, act, (customer, id), reason, actor))
            .await
    }
}
