//! The store as the desk knows it: each method of its ports is one module's act.
//! What a database ended in favour of another one is begun anew here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::circuit_breaker::{BreakerRecord, ProviderSlot};
use crate::domain::contact::ContactKind;
use crate::domain::customer::{Account, Customer, CustomerId, NewCustomer};
use crate::domain::delivery::DeliveryId;
use crate::domain::delivery_stats::{DeliverySample, QueueStats};
use crate::domain::event::{Actor, Event, EventFilter, EventPage};
use crate::domain::maintenance::{MaintenanceTask, TaskProgress};
use crate::domain::policy::Retention;
use crate::domain::query::Query;
use crate::domain::request::{Request, RequestId};
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::time::Timestamp;
use crate::service::ports::contact_notices::{Notice, NoticeOutcome, NoticeProviders, Notices};
use crate::service::ports::outbox::{
    MessageOutcome, Outbox, OutboxMessage, TestSend, TestSendRefusal,
};
use crate::service::ports::{
    Attempt, AttemptOutcome, CustomerCheck, CustomerKey, Imported, IndexProgress, IndexStep,
    IssueOutcome, KeysInUse, NewEvent, NewRequest, Reissue, SessionFilter, Store, StoreError,
    TaskBatch, WaitingContact,
};
use crate::store::audit::events;
use crate::store::customers::reindex::RepairMode;
use crate::store::customers::{
    contact_binding, external_writer, import, lookup, schema_check, search,
};
use crate::store::database::engine::{Database, args};
use crate::store::database::{migrations, requirements, server_check, sqlite};
use crate::store::delivery::{
    circuit_breaker, contact_notices, outbox, send_claim, stats, test_message,
};
use crate::store::upkeep::{archive, maintenance, partitions};
use crate::store::verification::{attempt, keys_in_use, lockout, request, session};
use crate::store::{NOW, SqlStore};

/// How often an act is begun anew that lost against others.
const TRIES: u32 = 5;

/// How long it lets the others go first, the first time.
const PAUSE: Duration = Duration::from_millis(5);

/// Does an act, and begins it anew where the database ended it in favour of
/// another one (a deadlock, a lock that took too long): then nothing of it was
/// done.
async fn in_turn<T, F>(mut act: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for tries in 1..TRIES {
        match act().await {
            Err(StoreError::Conflict(_)) => tokio::time::sleep(PAUSE * tries).await,
            done => return done,
        }
    }
    act().await
}

#[async_trait]
impl Store for SqlStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        let row = self.db.as_it_is().maybe(&NOW, args![]).await?;
        row.map_or_else(|| Err(StoreError::Failed("no time".into())), |row| row.time(0))
    }

    fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.catch_up.begin(&self.indexing);
        self.watch.changes(&self.db)
    }

    fn connection_state(&self) -> tokio::sync::watch::Receiver<Option<Arc<StoreError>>> {
        self.watch.lost()
    }

    async fn check(&self) -> Result<String, StoreError> {
        let db = self.db.as_it_is();
        let server = server_check::look(&db).await?;
        let version = migrations::check(&db, &self.source).await?;
        requirements::tables(&db).await?;
        let server = server.map_or_else(String::new, |it| format!("{}, ", it.told()));
        let mut found = format!("{}, {server}tables version {version}, writable", self.place);
        if !partitions::may_make(&db).await? {
            found += "; run by this account, maintain makes no parts of the archive by month";
        }
        Ok(found)
    }

    async fn notes(&self) -> Result<Vec<String>, StoreError> {
        let server = server_check::look(&self.db.as_it_is()).await?;
        Ok(server.map_or_else(Vec::new, |it| it.notes()))
    }

    async fn check_customers(&self) -> Result<CustomerCheck, StoreError> {
        schema_check::check(&self.db.as_it_is(), &self.source, &self.indexing, self.read_only).await
    }

    async fn keys_in_use(&self) -> Result<KeysInUse, StoreError> {
        keys_in_use::in_use(&self.db.as_it_is()).await
    }

    fn index_progress(&self) -> tokio::sync::watch::Receiver<Option<IndexProgress>> {
        self.catch_up.preparing()
    }

    async fn index_ready(&self) {
        self.catch_up.first(&self.indexing).await;
    }

    async fn find_customers(&self, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError> {
        self.catch_up.soon(&self.indexing).await;
        search::find(&self.db, query, limit).await
    }

    async fn identify(&self, key: CustomerKey<'_>) -> Result<Vec<Customer>, StoreError> {
        self.catch_up.first(&self.indexing).await;
        lookup::identify(&self.db, key, self.indexing.country()).await
    }

    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        lookup::customer(&self.db, id).await
    }

    async fn account(&self, id: CustomerId) -> Result<Account, StoreError> {
        // Balances and bills are of our own customers: under the same numbers the
        // office's table has other people.
        if self.source.is_theirs() {
            return Ok(Account::default());
        }
        lookup::account(&self.db, id).await
    }

    async fn import(
        &self,
        batch: &[NewCustomer],
        notices: NoticeProviders,
        actor: &Actor,
        dry: bool,
    ) -> Result<Imported, StoreError> {
        if self.read_only {
            return Err(StoreError::ReadOnly);
        }
        let Some(table) = self.source.table() else {
            return in_turn(|| import::import(&self.db, batch, notices, actor, dry)).await;
        };
        let theirs = match &table.file {
            Some(file) => Database::new(sqlite::theirs(file)),
            None => self.db.clone(),
        };
        let import = || external_writer::import(&theirs, &self.source, table, batch, dry);
        let (count, written) = in_turn(import).await?;
        if !written.is_empty() {
            in_turn(|| self.indexing.mend(&written)).await?;
        }
        // Theirs are noticed when a code is asked for.
        Ok(Imported { count, replaced: Vec::new() })
    }

    async fn index_customers(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        dry: bool,
    ) -> Result<IndexStep, StoreError> {
        let mend = if dry { RepairMode::Never } else { RepairMode::InTurn };
        let step = in_turn(|| self.indexing.step(after, limit, mend)).await?;
        if step.next.is_none() && !dry {
            self.indexing.mark_whole().await?;
        }
        Ok(step)
    }

    async fn issue(&self, request: NewRequest<'_>) -> Result<IssueOutcome, StoreError> {
        let country = self.indexing.country();
        let issued = in_turn(|| request::issue(&self.db, country, request.clone())).await;
        self.expect(issued)
    }

    async fn reissue(&self, reissue: Reissue<'_>) -> Result<IssueOutcome, StoreError> {
        let country = self.indexing.country();
        let issued = in_turn(|| request::reissue(&self.db, country, reissue.clone())).await;
        self.expect(issued)
    }

    async fn attempt(&self, attempt: Attempt<'_>) -> Result<AttemptOutcome, StoreError> {
        in_turn(|| attempt::attempt(&self.db, attempt.clone())).await
    }

    async fn cancel(&self, id: &RequestId, actor: &Actor) -> Result<Option<Request>, StoreError> {
        in_turn(|| request::cancel(&self.db, id, actor)).await
    }

    async fn unlock(
        &self,
        act: &str,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        in_turn(|| lockout::unlock(&self.db, act, customer, reason, actor)).await
    }

    async fn confirm_contact(
        &self,
        act: &str,
        customer: CustomerId,
        kind: ContactKind,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        in_turn(|| contact_binding::confirm(&self.db, act, customer, kind, reason, actor)).await
    }

    async fn waiting_contacts(
        &self,
        customers: &[CustomerId],
        quarantine: Duration,
    ) -> Result<Vec<WaitingContact>, StoreError> {
        contact_binding::waiting(&self.db, customers, quarantine).await
    }

    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        request::request(&self.db, id).await
    }

    async fn open_request(&self, customer: CustomerId) -> Result<Option<Request>, StoreError> {
        request::open_of(&self.db, customer).await
    }

    async fn touch(
        &self,
        token_digest: &str,
        idle: Duration,
    ) -> Result<Option<Session>, StoreError> {
        in_turn(|| session::touch(&self.db, token_digest, idle)).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        session::session(&self.db, id).await
    }

    async fn sessions(
        &self,
        filter: SessionFilter,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        session::sessions(&self.db, filter, limit).await
    }

    async fn end_session(
        &self,
        id: &SessionId,
        how: SessionEnd,
        actor: &Actor,
    ) -> Result<Option<Session>, StoreError> {
        in_turn(|| session::end(&self.db, id, how, actor)).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        events::events(&self.db, filter, page, limit).await
    }

    async fn record(&self, act: &str, event: NewEvent<'_>) -> Result<(), StoreError> {
        events::record(&self.db, act, &event).await
    }

    async fn archived(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        archive::request(&self.db, id).await
    }

    async fn maintenance_due(
        &self,
        chore: MaintenanceTask,
        retention: &Retention,
        most: u32,
    ) -> Result<u64, StoreError> {
        maintenance::due(&self.db, chore, retention, most).await
    }

    async fn run_maintenance_batch(
        &self,
        batch: TaskBatch<'_>,
    ) -> Result<TaskProgress, StoreError> {
        in_turn(|| maintenance::tidy(&self.db, batch)).await
    }
}

#[async_trait]
impl Notices for SqlStore {
    async fn claim_notices(
        &self,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        in_turn(|| contact_notices::take(&self.db, providers, most)).await
    }

    async fn next_notice_due(&self, providers: &[&str]) -> Result<Option<Duration>, StoreError> {
        contact_notices::next(&self.db, providers).await
    }

    async fn complete_notice(&self, outcome: NoticeOutcome<'_>) -> Result<(), StoreError> {
        in_turn(|| contact_notices::conclude(&self.db, &outcome)).await
    }
}

#[async_trait]
impl Outbox for SqlStore {
    async fn claimed_message(
        &self,
        delivery: DeliveryId,
        holder: &str,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        outbox::message(&self.db, delivery, holder).await
    }

    async fn claim_due(
        &self,
        holder: &str,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        in_turn(|| outbox::take(&self.db, holder, providers, most)).await
    }

    async fn next_due(
        &self,
        holder: &str,
        providers: &[&str],
    ) -> Result<Option<Duration>, StoreError> {
        outbox::next(&self.db, holder, providers).await
    }

    async fn release_lease(&self, message: &OutboxMessage, holder: &str) -> Result<(), StoreError> {
        in_turn(|| outbox::release(&self.db, message, holder)).await
    }

    async fn release_send_claim(
        &self,
        message: &OutboxMessage,
        holder: &str,
    ) -> Result<(), StoreError> {
        in_turn(|| send_claim::take_back(&self.db, message, holder)).await
    }

    async fn extend_lease(
        &self,
        message: &OutboxMessage,
        holder: &str,
    ) -> Result<bool, StoreError> {
        in_turn(|| outbox::hold(&self.db, message, holder)).await
    }

    async fn claim_send(
        &self,
        messages: &[(&OutboxMessage, ProviderSlot)],
        holder: &str,
    ) -> Result<Vec<bool>, StoreError> {
        in_turn(|| send_claim::begin(&self.db, messages, holder)).await
    }

    async fn reschedule(
        &self,
        message: &OutboxMessage,
        holder: &str,
        wait: Duration,
        reason: &str,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        in_turn(|| outbox::postpone(&self.db, message, holder, wait, reason, actor)).await
    }

    async fn complete(&self, outcomes: &[MessageOutcome<'_>]) -> Result<(), StoreError> {
        in_turn(|| outbox::conclude(&self.db, outcomes)).await
    }

    async fn circuit_breakers(&self) -> Result<(Timestamp, Vec<BreakerRecord>), StoreError> {
        circuit_breaker::all(&self.db.as_it_is()).await
    }

    async fn try_probe(&self, line: ProviderSlot) -> Result<bool, StoreError> {
        in_turn(|| circuit_breaker::try_one(&self.db, line)).await
    }

    async fn record_test_send(
        &self,
        trial: TestSend<'_>,
    ) -> Result<Option<TestSendRefusal>, StoreError> {
        in_turn(|| test_message::begin(&self.db, &trial)).await
    }

    async fn delivery_samples(
        &self,
        within: Duration,
        most: u32,
    ) -> Result<Vec<DeliverySample>, StoreError> {
        stats::samples(&self.db, within, most).await
    }

    async fn queue_stats(&self) -> Result<QueueStats, StoreError> {
        stats::queue(&self.db).await
    }
}
