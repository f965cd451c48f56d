//! A fault-injecting store over a real one.

#[path = "breaking/audit.rs"]
mod audit;
#[path = "breaking/pads.rs"]
mod pads;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign::domain::account::Account;
use countersign::domain::approval::{Approval, ApprovalId, ApprovalProof};
use countersign::domain::audit::hash::TreeHash;
use countersign::domain::audit::leaf::StoredEvent;
use countersign::domain::audit::removal::RemovalKey;
use countersign::domain::audit::shipping::CursorId;
use countersign::domain::audit::tree::Subtree;
use countersign::domain::circuit_breaker::{BreakerRecord, ProviderSlot};
use countersign::domain::contact::{Contact, ContactKind};
use countersign::domain::contact_state::ContactState;
use countersign::domain::contact_verification::VerifiedContact;
use countersign::domain::customer::{Customer, CustomerId, NewCustomer};
use countersign::domain::customer_factor::{CustomerFactors, FactorKind, StoredFactor};
use countersign::domain::delivery::DeliveryId;
use countersign::domain::delivery_stats::{DeliverySample, QueueStats};
use countersign::domain::event::{Actor, Event, EventFilter, EventId, EventPage};
use countersign::domain::explanation::Explanation;
use countersign::domain::flag::{Flag, Flags};
use countersign::domain::key::Keyring;
use countersign::domain::maintenance::{MaintenanceTask, TaskProgress};
use countersign::domain::oversight::Oversight;
use countersign::domain::policy::Retention;
use countersign::domain::policy_text::PolicyText;
use countersign::domain::query::Query;
use countersign::domain::representative::{RepresentativeId, RepresentativeRecord};
use countersign::domain::request::{Reference, Request, RequestId};
use countersign::domain::session::{Session, SessionEnd, SessionId};
use countersign::domain::session_record::SessionRecord;
use countersign::domain::sign_in::credentials::SignedCredentials;
use countersign::domain::sign_in::sitting::{Sitting, SittingEnd, SittingId};
use countersign::domain::staff::{AccountName, StaffRecord};
use countersign::domain::stats::alarms::Alarm;
use countersign::domain::stats::query::StatsSpan;
use countersign::domain::time::Timestamp;
use countersign::service::ports::alarm_mail::{
    AlarmBatch, AlarmMailOutcome, AlarmMailStatus, AlarmMailStore,
};
use countersign::service::ports::alarms::{Acknowledgement, AlarmMaterial, AlarmStore, NewAlarms};
use countersign::service::ports::approvals::{NewApproval, StoredApproval};
use countersign::service::ports::bounces::{BounceFound, BounceStore, StoredBounce};
use countersign::service::ports::contact_notices::{Notice, NoticeOutcome, NoticeProviders};
use countersign::service::ports::contact_state::{
    BadContactPlace, BadContactRow, ContactStateStore,
};
use countersign::service::ports::outbox::{MessageOutcome, OutboxMessage};
use countersign::service::ports::policy::{PastDelivery, PolicyStore, StoredPolicy};
use countersign::service::ports::stats::{RebuildStep, StatsFound, StatsQuery, StatsStore};
use countersign::service::ports::test_message::{TestSend, TestSendRefusal};
use countersign::service::ports::trail::{SealOutcome, Sealer, StoredLeaf, TrailHead, TrailStore};
use countersign::service::ports::{
    ApprovalStore, Attempt, AttemptOutcome, Attestation, AuditStore, BreakerStore,
    ContactBindingStore, CredentialsChange, CursorClaim, CustomerCheck, CustomerKey, CustomerStore,
    DataSection, DeliveryStatsStore, Disowning, EndedByDisowning, ErasureOutcome, FactorAttempt,
    FactorAttemptOutcome, FactorChange, FactorPage, FactorStore, FlagStore, FlaggedCustomer,
    Imported, IndexProgress, IndexStep, IssueOutcome, KeysInUse, MaintenanceStore, NewEvent,
    NewFlag, NewRequest, NewSitting, NoCustomers, NoticeStore, OutboxStore, OversightStore,
    PersonalDataStore, ProductionMark, Reissue, RepresentativeStore, Resealed, SearchIndex,
    Serving, SessionFilter, SessionStore, ShippingStore, SignInStore, StaffChange, StaffStore,
    StaffWrite, Store, StoreError, StoreHealth, StoredCredentials, StoredCursor, TaskBatch,
    TestMessageStore, VerificationStore, WaitingContact,
};
use tokio::sync::watch;

/// When the connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// Before the act was executed.
    Before,
    /// After the commit, before the answer.
    AtCommit,
    /// It does not break; the store fails in another way.
    Failed,
}

/// How long a granted send claim takes with `asleep` and `late`: longer than the claim timeout of
/// the tests that use them.
const SLOW_CLAIM: Duration = Duration::from_millis(900);

pub(crate) struct Breaking {
    inner: Arc<dyn Store>,
    breaks: Mutex<VecDeque<Break>>,
    folder: Mutex<Option<PathBuf>>,
}

impl Breaking {
    pub(crate) fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, breaks: Mutex::default(), folder: Mutex::default() })
    }

    /// Injects these faults into the next acts, in order.
    pub(crate) fn breaks(&self, breaks: &[Break]) {
        self.breaks.lock().expect("unpoisoned").extend(breaks);
    }

    /// From now on faults are controlled by files in the folder: with `lost` every call fails, with
    /// `hung` every call waits. With `asleep` the process blocks for [`SLOW_CLAIM`] once a send has
    /// begun; with `late` only the answer to the send claim is delayed by that.
    pub(crate) fn lost_by_file(&self, folder: &Path) {
        *self.folder.lock().expect("unpoisoned") = Some(folder.to_owned());
    }

    async fn read<T>(
        &self,
        read: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let folder = self.folder.lock().expect("unpoisoned").clone();
        if let Some(folder) = folder {
            while folder.join("hung").exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if folder.join("lost").exists() {
                return Err(StoreError::Unreachable("connection refused".into()));
            }
        }
        read.await
    }

    /// Whether all injected faults have occurred.
    pub(crate) fn is_whole(&self) -> bool {
        self.breaks.lock().expect("unpoisoned").is_empty()
    }

    async fn act<T>(
        &self,
        act: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let next = self.breaks.lock().expect("unpoisoned").pop_front();
        match next {
            None => self.read(act).await,
            Some(Break::Before) => Err(StoreError::Unreachable("connection refused".into())),
            Some(Break::AtCommit) => {
                act.await?;
                Err(StoreError::Unknown("connection reset by peer".into()))
            }
            Some(Break::Failed) => Err(StoreError::Failed("out of order".into())),
        }
    }
}

#[async_trait]
impl StoreHealth for Breaking {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.read(self.inner.now()).await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes()
    }

    fn connection_state(&self) -> watch::Receiver<Option<Arc<StoreError>>> {
        self.inner.connection_state()
    }

    async fn check(&self) -> Result<String, StoreError> {
        self.read(self.inner.check()).await
    }

    async fn production_mark(&self) -> Result<Option<ProductionMark>, StoreError> {
        self.read(self.inner.production_mark()).await
    }
}

#[async_trait]
impl CustomerStore for Breaking {
    async fn find_customers(&self, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError> {
        self.read(self.inner.find_customers(query, limit)).await
    }

    async fn no_customers(&self) -> Result<Option<NoCustomers>, StoreError> {
        self.read(self.inner.no_customers()).await
    }

    async fn identify(&self, key: CustomerKey<'_>) -> Result<Vec<Customer>, StoreError> {
        self.read(self.inner.identify(key)).await
    }

    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        self.read(self.inner.customer(id)).await
    }

    async fn account(&self, id: CustomerId) -> Result<Account, StoreError> {
        self.read(self.inner.account(id)).await
    }

    async fn import(
        &self,
        batch: &[NewCustomer],
        notices: NoticeProviders<'_>,
        actor: &Actor,
        dry: bool,
    ) -> Result<Imported, StoreError> {
        self.read(self.inner.import(batch, notices, actor, dry)).await
    }

    async fn check_customers(&self) -> Result<CustomerCheck, StoreError> {
        self.inner.check_customers().await
    }
}

#[async_trait]
impl FlagStore for Breaking {
    async fn flags(&self, customer: CustomerId) -> Result<Flags, StoreError> {
        self.read(self.inner.flags(customer)).await
    }

    async fn flagged(&self, limit: u32) -> Result<Vec<FlaggedCustomer>, StoreError> {
        self.read(self.inner.flagged(limit)).await
    }

    async fn set_flag(&self, act: &str, flag: NewFlag<'_>) -> Result<(), StoreError> {
        self.act(self.inner.set_flag(act, flag)).await
    }

    async fn lift_flag(
        &self,
        act: &str,
        customer: CustomerId,
        flag: Flag,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.lift_flag(act, customer, flag, reason, actor)).await
    }

    async fn disown(&self, act: &str, it: Disowning<'_>) -> Result<EndedByDisowning, StoreError> {
        self.act(self.inner.disown(act, it)).await
    }

    async fn requests_named(
        &self,
        customer: CustomerId,
        reference: &Reference,
        most: u32,
    ) -> Result<Vec<RequestId>, StoreError> {
        self.read(self.inner.requests_named(customer, reference, most)).await
    }

    async fn session_of_request(
        &self,
        customer: CustomerId,
        request: &RequestId,
    ) -> Result<Option<Session>, StoreError> {
        self.read(self.inner.session_of_request(customer, request)).await
    }
}

#[async_trait]
impl RepresentativeStore for Breaking {
    async fn representatives(
        &self,
        customer: CustomerId,
    ) -> Result<Vec<RepresentativeRecord>, StoreError> {
        self.read(self.inner.representatives(customer)).await
    }

    async fn representatives_after(
        &self,
        after: &str,
        most: u32,
    ) -> Result<Vec<RepresentativeRecord>, StoreError> {
        self.read(self.inner.representatives_after(after, most)).await
    }

    async fn sign_representative(
        &self,
        read: &RepresentativeRecord,
        anew: &RepresentativeRecord,
    ) -> Result<(), StoreError> {
        self.act(self.inner.sign_representative(read, anew)).await
    }

    async fn add_representative(
        &self,
        act: &str,
        record: &RepresentativeRecord,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        self.act(self.inner.add_representative(act, record, actor)).await
    }

    async fn end_representative(
        &self,
        act: &str,
        customer: CustomerId,
        id: &RepresentativeId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.end_representative(act, customer, id, reason, actor)).await
    }
}

#[async_trait]
impl FactorStore for Breaking {
    async fn customer_factors(&self, customer: CustomerId) -> Result<CustomerFactors, StoreError> {
        self.read(self.inner.customer_factors(customer)).await
    }

    async fn stored_factor(
        &self,
        customer: CustomerId,
        kind: FactorKind,
    ) -> Result<Option<StoredFactor>, StoreError> {
        self.read(self.inner.stored_factor(customer, kind)).await
    }

    async fn change_factor(&self, change: FactorChange<'_>) -> Result<bool, StoreError> {
        self.act(self.inner.change_factor(change)).await
    }

    async fn was_done(&self, act: &str) -> Result<bool, StoreError> {
        self.read(self.inner.was_done(act)).await
    }

    async fn attempt_factor(
        &self,
        attempt: FactorAttempt<'_>,
    ) -> Result<FactorAttemptOutcome, StoreError> {
        self.act(self.inner.attempt_factor(attempt)).await
    }

    async fn attest(&self, attestation: Attestation<'_>) -> Result<Option<Session>, StoreError> {
        self.act(self.inner.attest(attestation)).await
    }

    async fn factors_after(
        &self,
        after: CustomerId,
        most: u32,
        key_id: &str,
    ) -> Result<FactorPage, StoreError> {
        self.read(self.inner.factors_after(after, most, key_id)).await
    }

    async fn reseal_factors(&self, anew: &[Resealed]) -> Result<(), StoreError> {
        self.act(self.inner.reseal_factors(anew)).await
    }
}

#[async_trait]
impl StaffStore for Breaking {
    async fn staff_record(&self, account: &AccountName) -> Result<Option<StaffRecord>, StoreError> {
        self.read(self.inner.staff_record(account)).await
    }

    async fn staff_records(&self) -> Result<Vec<StaffRecord>, StoreError> {
        self.read(self.inner.staff_records()).await
    }

    async fn write_staff(&self, change: StaffChange<'_>) -> Result<StaffWrite, StoreError> {
        self.act(self.inner.write_staff(change)).await
    }
}

#[async_trait]
impl SignInStore for Breaking {
    async fn credentials(
        &self,
        account: &AccountName,
    ) -> Result<Option<StoredCredentials>, StoreError> {
        self.read(self.inner.credentials(account)).await
    }

    async fn all_credentials(&self) -> Result<Vec<SignedCredentials>, StoreError> {
        self.read(self.inner.all_credentials()).await
    }

    async fn write_credentials(&self, change: CredentialsChange<'_>) -> Result<bool, StoreError> {
        self.act(self.inner.write_credentials(change)).await
    }

    async fn count_sign_in(&self, account: &AccountName) -> Result<Option<u32>, StoreError> {
        self.act(self.inner.count_sign_in(account)).await
    }

    async fn uncount_sign_in(&self, account: &AccountName, counted: u32) -> Result<(), StoreError> {
        self.act(self.inner.uncount_sign_in(account, counted)).await
    }

    async fn note_failed_sign_in(
        &self,
        account: &AccountName,
        detail: &str,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        self.act(self.inner.note_failed_sign_in(account, detail, actor)).await
    }

    async fn lift_sign_in_block(
        &self,
        account: &AccountName,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.lift_sign_in_block(account, actor)).await
    }

    async fn begin_sitting(&self, sitting: NewSitting<'_>) -> Result<bool, StoreError> {
        self.act(self.inner.begin_sitting(sitting)).await
    }

    async fn end_sitting(
        &self,
        id: &SittingId,
        how: SittingEnd,
        actor: Option<&Actor>,
    ) -> Result<Option<Sitting>, StoreError> {
        self.act(self.inner.end_sitting(id, how, actor)).await
    }

    async fn sitting(&self, id: &SittingId) -> Result<Option<Sitting>, StoreError> {
        self.read(self.inner.sitting(id)).await
    }

    async fn open_sittings(&self) -> Result<Vec<SittingId>, StoreError> {
        self.read(self.inner.open_sittings()).await
    }

    async fn sittings(&self) -> Result<Vec<Sitting>, StoreError> {
        self.read(self.inner.sittings()).await
    }

    async fn renew_sittings(
        &self,
        service: &str,
        active: &[(SittingId, Duration)],
    ) -> Result<(), StoreError> {
        self.act(self.inner.renew_sittings(service, active)).await
    }

    async fn resume_sitting(&self, id: &SittingId, service: &str) -> Result<bool, StoreError> {
        self.act(self.inner.resume_sitting(id, service)).await
    }
}

#[async_trait]
impl SearchIndex for Breaking {
    fn index_progress(&self) -> watch::Receiver<Option<IndexProgress>> {
        self.inner.index_progress()
    }

    async fn index_ready(&self) {
        self.inner.index_ready().await;
    }

    async fn index_customers(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        dry: bool,
    ) -> Result<IndexStep, StoreError> {
        self.inner.index_customers(after, limit, dry).await
    }
}

#[async_trait]
impl VerificationStore for Breaking {
    async fn issue(&self, request: NewRequest<'_>) -> Result<IssueOutcome, StoreError> {
        self.act(self.inner.issue(request)).await
    }

    async fn reissue(&self, reissue: Reissue<'_>) -> Result<IssueOutcome, StoreError> {
        self.act(self.inner.reissue(reissue)).await
    }

    async fn attempt(&self, attempt: Attempt<'_>) -> Result<AttemptOutcome, StoreError> {
        self.act(self.inner.attempt(attempt)).await
    }

    async fn cancel(&self, id: &RequestId, actor: &Actor) -> Result<Option<Request>, StoreError> {
        self.act(self.inner.cancel(id, actor)).await
    }

    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        self.read(self.inner.request(id)).await
    }

    async fn open_request(&self, customer: CustomerId) -> Result<Option<Request>, StoreError> {
        self.read(self.inner.open_request(customer)).await
    }

    async fn unlock(
        &self,
        act: &str,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.unlock(act, customer, reason, actor)).await
    }

    async fn expire(&self, most: u32) -> Result<u64, StoreError> {
        self.read(self.inner.expire(most)).await
    }

    async fn next_expiry(&self) -> Result<Option<Duration>, StoreError> {
        self.read(self.inner.next_expiry()).await
    }

    async fn keys_in_use(&self) -> Result<KeysInUse, StoreError> {
        self.read(self.inner.keys_in_use()).await
    }
}

#[async_trait]
impl SessionStore for Breaking {
    async fn touch(
        &self,
        token_digest: &str,
        idle: Duration,
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.read(self.inner.touch(token_digest, idle)).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.read(self.inner.session(id)).await
    }

    async fn serve_for(&self, serving: Serving<'_>) -> Result<Option<Session>, StoreError> {
        self.act(self.inner.serve_for(serving)).await
    }

    async fn alive_of(&self, customer: CustomerId) -> Result<Vec<SessionRecord>, StoreError> {
        self.read(self.inner.alive_of(customer)).await
    }

    async fn sessions(
        &self,
        filter: SessionFilter,
        limit: u32,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.read(self.inner.sessions(filter, limit)).await
    }

    async fn end_session(
        &self,
        id: &SessionId,
        how: SessionEnd,
        actor: &Actor,
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.act(self.inner.end_session(id, how, actor)).await
    }
}

#[async_trait]
impl ContactBindingStore for Breaking {
    async fn confirm_contact(
        &self,
        act: &str,
        customer: CustomerId,
        kind: ContactKind,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.confirm_contact(act, customer, kind, reason, actor)).await
    }

    async fn waiting_contacts(
        &self,
        customers: &[CustomerId],
        quarantine: Duration,
    ) -> Result<Vec<WaitingContact>, StoreError> {
        self.read(self.inner.waiting_contacts(customers, quarantine)).await
    }

    async fn verified_contacts(
        &self,
        customers: &[CustomerId],
    ) -> Result<Vec<VerifiedContact>, StoreError> {
        self.read(self.inner.verified_contacts(customers)).await
    }
}

#[async_trait]
impl ContactStateStore for Breaking {
    async fn contact_states(
        &self,
        names: &[&str],
    ) -> Result<Vec<(String, ContactState)>, StoreError> {
        self.read(self.inner.contact_states(names)).await
    }

    async fn bad_contacts(
        &self,
        after: Option<&BadContactPlace>,
        most: u32,
    ) -> Result<Vec<BadContactRow>, StoreError> {
        self.read(self.inner.bad_contacts(after, most)).await
    }
}

#[async_trait]
impl BounceStore for Breaking {
    async fn record_bounce(&self, bounce: StoredBounce<'_>) -> Result<BounceFound, StoreError> {
        self.act(self.inner.record_bounce(bounce)).await
    }
}

#[async_trait]
impl OutboxStore for Breaking {
    async fn claimed_message(
        &self,
        delivery: DeliveryId,
        holder: &str,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        self.read(self.inner.claimed_message(delivery, holder)).await
    }

    async fn claim_due(
        &self,
        holder: &str,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        self.read(self.inner.claim_due(holder, providers, most)).await
    }

    async fn next_due(
        &self,
        holder: &str,
        providers: &[&str],
    ) -> Result<Option<Duration>, StoreError> {
        self.read(self.inner.next_due(holder, providers)).await
    }

    async fn release_lease(&self, message: &OutboxMessage, holder: &str) -> Result<(), StoreError> {
        self.read(self.inner.release_lease(message, holder)).await
    }

    async fn extend_lease(
        &self,
        message: &OutboxMessage,
        holder: &str,
    ) -> Result<bool, StoreError> {
        self.read(self.inner.extend_lease(message, holder)).await
    }

    async fn claim_send(
        &self,
        messages: &[(&OutboxMessage, ProviderSlot)],
        holder: &str,
    ) -> Result<Vec<bool>, StoreError> {
        let word = self.read(self.inner.claim_send(messages, holder)).await;
        let folder = self.folder.lock().expect("unpoisoned").clone();
        if folder.as_ref().is_some_and(|folder| folder.join("late").exists()) {
            tokio::time::sleep(SLOW_CLAIM).await;
        }
        if folder.is_some_and(|folder| folder.join("asleep").exists()) {
            std::thread::sleep(SLOW_CLAIM);
        }
        word
    }

    async fn release_send_claim(
        &self,
        message: &OutboxMessage,
        holder: &str,
    ) -> Result<(), StoreError> {
        self.read(self.inner.release_send_claim(message, holder)).await
    }

    async fn reschedule(
        &self,
        message: &OutboxMessage,
        holder: &str,
        wait: Duration,
        reason: &Explanation,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        self.act(self.inner.reschedule(message, holder, wait, reason, actor)).await
    }

    async fn complete(&self, outcomes: &[MessageOutcome<'_>]) -> Result<(), StoreError> {
        self.act(self.inner.complete(outcomes)).await
    }
}

#[async_trait]
impl NoticeStore for Breaking {
    async fn claim_notices(
        &self,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        self.read(self.inner.claim_notices(providers, most)).await
    }

    async fn next_notice_due(&self, providers: &[&str]) -> Result<Option<Duration>, StoreError> {
        self.read(self.inner.next_notice_due(providers)).await
    }

    async fn complete_notice(&self, outcome: NoticeOutcome<'_>) -> Result<(), StoreError> {
        self.act(self.inner.complete_notice(outcome)).await
    }

    async fn sign_notices_anew(&self, keyring: &Keyring) -> Result<(), StoreError> {
        self.act(self.inner.sign_notices_anew(keyring)).await
    }
}

#[async_trait]
impl BreakerStore for Breaking {
    async fn circuit_breakers(&self) -> Result<(Timestamp, Vec<BreakerRecord>), StoreError> {
        self.read(self.inner.circuit_breakers()).await
    }

    async fn try_probe(&self, line: ProviderSlot) -> Result<bool, StoreError> {
        self.read(self.inner.try_probe(line)).await
    }
}

#[async_trait]
impl TestMessageStore for Breaking {
    async fn record_test_send(
        &self,
        trial: TestSend<'_>,
    ) -> Result<Option<TestSendRefusal>, StoreError> {
        self.act(self.inner.record_test_send(trial)).await
    }
}

#[async_trait]
impl DeliveryStatsStore for Breaking {
    async fn delivery_samples(
        &self,
        within: Duration,
        most: u32,
    ) -> Result<Vec<DeliverySample>, StoreError> {
        self.read(self.inner.delivery_samples(within, most)).await
    }

    async fn queue_stats(&self) -> Result<QueueStats, StoreError> {
        self.read(self.inner.queue_stats()).await
    }

    async fn waiting_elsewhere(&self, fingerprints: &[&str]) -> Result<u64, StoreError> {
        self.read(self.inner.waiting_elsewhere(fingerprints)).await
    }
}

#[async_trait]
impl ApprovalStore for Breaking {
    async fn ask_approval(&self, new: NewApproval<'_>) -> Result<StoredApproval, StoreError> {
        self.act(self.inner.ask_approval(new)).await
    }

    async fn approvals(&self) -> Result<Vec<StoredApproval>, StoreError> {
        self.read(self.inner.approvals()).await
    }

    async fn approval(&self, id: &ApprovalId) -> Result<Option<StoredApproval>, StoreError> {
        self.read(self.inner.approval(id)).await
    }

    async fn approve(
        &self,
        approval: &Approval,
        proof: &ApprovalProof,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.approve(approval, proof, by)).await
    }

    async fn approval_asked(&self, key: &str) -> Result<Option<StoredApproval>, StoreError> {
        self.read(self.inner.approval_asked(key)).await
    }

    async fn refuse_approval(&self, approval: &Approval, by: &Actor) -> Result<bool, StoreError> {
        self.act(self.inner.refuse_approval(approval, by)).await
    }
}

#[async_trait]
impl PolicyStore for Breaking {
    async fn record_policy(&self, policy: &PolicyText, actor: &Actor) -> Result<(), StoreError> {
        self.read(self.inner.record_policy(policy, actor)).await
    }

    async fn policy(&self, version: Option<&str>) -> Result<Option<StoredPolicy>, StoreError> {
        self.read(self.inner.policy(version)).await
    }

    async fn past_deliveries(
        &self,
        from: Timestamp,
        within: Duration,
        limit: u32,
    ) -> Result<Vec<PastDelivery>, StoreError> {
        self.read(self.inner.past_deliveries(from, within, limit)).await
    }
}
