//! A store whose connection breaks when it is told to, over a real one.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign::domain::chore::{Chore, Tidied};
use countersign::domain::contact::ContactKind;
use countersign::domain::customer::{Account, Customer, CustomerId, NewCustomer};
use countersign::domain::delivery::DeliveryId;
use countersign::domain::event::{Actor, Event, EventFilter, Page};
use countersign::domain::figures::{Queue, Sample};
use countersign::domain::line::{Health, Line};
use countersign::domain::policy::Retention;
use countersign::domain::query::Query;
use countersign::domain::request::{Request, RequestId};
use countersign::domain::session::{Session, SessionEnd, SessionId};
use countersign::domain::time::Timestamp;
use countersign::service::ports::notices::{Notice, NoticeOutcome, NoticeProviders, Notices};
use countersign::service::ports::outbox::{Errand, Outbox, Outcome, Trial, TrialRefusal};
use countersign::service::ports::{
    Attempt, Attempted, Batch, CustomerCheck, CustomerKey, Imported, IndexStep, Issued, KeysInUse,
    NewEvent, NewRequest, Preparing, Reissue, SessionFilter, Store, StoreError, WaitingContact,
};
use tokio::sync::watch;

/// When the connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// Before anything was done.
    Before,
    /// After it was done, before that was answered.
    AtCommit,
    /// It does not, but the store fails in another way.
    Failed,
}

pub(crate) struct Breaking {
    inner: Arc<dyn Store>,
    breaks: Mutex<VecDeque<Break>>,
    folder: Mutex<Option<PathBuf>>,
}

impl Breaking {
    pub(crate) fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, breaks: Mutex::default(), folder: Mutex::default() })
    }

    /// The next acts break so, one after the other.
    pub(crate) fn breaks(&self, breaks: &[Break]) {
        self.breaks.lock().expect("unpoisoned").extend(breaks);
    }

    /// From now on nothing is answered as long as there is a file of this name
    /// in the folder: `lost` fails, `hung` waits. With `asleep` the process stands
    /// still for some seconds once a hand-over has begun; with `late` only the
    /// answer to that takes so long.
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

    /// Whether all that was to break has broken.
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
impl Store for Breaking {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.read(self.inner.now()).await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes()
    }

    fn lost(&self) -> watch::Receiver<Option<Arc<StoreError>>> {
        self.inner.lost()
    }

    async fn check(&self) -> Result<String, StoreError> {
        self.read(self.inner.check()).await
    }

    async fn keys_in_use(&self) -> Result<KeysInUse, StoreError> {
        self.read(self.inner.keys_in_use()).await
    }

    async fn check_customers(&self) -> Result<CustomerCheck, StoreError> {
        self.inner.check_customers().await
    }

    fn preparing(&self) -> watch::Receiver<Option<Preparing>> {
        self.inner.preparing()
    }

    async fn prepared(&self) {
        self.inner.prepared().await;
    }

    async fn find_customers(&self, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError> {
        self.read(self.inner.find_customers(query, limit)).await
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
        notices: NoticeProviders,
        actor: &Actor,
        dry: bool,
    ) -> Result<Imported, StoreError> {
        self.read(self.inner.import(batch, notices, actor, dry)).await
    }

    async fn index_customers(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        dry: bool,
    ) -> Result<IndexStep, StoreError> {
        self.inner.index_customers(after, limit, dry).await
    }

    async fn issue(&self, request: NewRequest<'_>) -> Result<Issued, StoreError> {
        self.act(self.inner.issue(request)).await
    }

    async fn reissue(&self, reissue: Reissue<'_>) -> Result<Issued, StoreError> {
        self.act(self.inner.reissue(reissue)).await
    }

    async fn attempt(&self, attempt: Attempt<'_>) -> Result<Attempted, StoreError> {
        self.act(self.inner.attempt(attempt)).await
    }

    async fn cancel(&self, id: &RequestId, actor: &Actor) -> Result<Option<Request>, StoreError> {
        self.act(self.inner.cancel(id, actor)).await
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

    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        self.read(self.inner.request(id)).await
    }

    async fn waiting_contacts(
        &self,
        customers: &[CustomerId],
        quarantine: Duration,
    ) -> Result<Vec<WaitingContact>, StoreError> {
        self.read(self.inner.waiting_contacts(customers, quarantine)).await
    }

    async fn open_request(&self, customer: CustomerId) -> Result<Option<Request>, StoreError> {
        self.read(self.inner.open_request(customer)).await
    }

    async fn touch(
        &self,
        token_digest: &str,
        idle: Duration,
    ) -> Result<Option<Session>, StoreError> {
        self.read(self.inner.touch(token_digest, idle)).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.read(self.inner.session(id)).await
    }

    async fn sessions(
        &self,
        filter: SessionFilter,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        self.read(self.inner.sessions(filter, limit)).await
    }

    async fn end_session(
        &self,
        id: &SessionId,
        how: SessionEnd,
        actor: &Actor,
    ) -> Result<Option<Session>, StoreError> {
        self.act(self.inner.end_session(id, how, actor)).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.read(self.inner.events(filter, page, limit)).await
    }

    async fn record(&self, act: &str, event: NewEvent<'_>) -> Result<(), StoreError> {
        self.act(self.inner.record(act, event)).await
    }

    async fn archived(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        self.read(self.inner.archived(id)).await
    }

    async fn due(&self, chore: Chore, retention: &Retention, most: u32) -> Result<u64, StoreError> {
        self.read(self.inner.due(chore, retention, most)).await
    }

    async fn tidy(&self, batch: Batch<'_>) -> Result<Tidied, StoreError> {
        self.act(self.inner.tidy(batch)).await
    }
}

#[async_trait]
impl Notices for Breaking {
    async fn take_notices(&self, providers: &[&str], most: u32) -> Result<Vec<Notice>, StoreError> {
        self.read(self.inner.take_notices(providers, most)).await
    }

    async fn next_notice(&self, providers: &[&str]) -> Result<Option<Duration>, StoreError> {
        self.read(self.inner.next_notice(providers)).await
    }

    async fn conclude_notice(&self, outcome: NoticeOutcome<'_>) -> Result<(), StoreError> {
        self.act(self.inner.conclude_notice(outcome)).await
    }
}

#[async_trait]
impl Outbox for Breaking {
    async fn errand(
        &self,
        delivery: DeliveryId,
        holder: &str,
    ) -> Result<Option<Errand>, StoreError> {
        self.read(self.inner.errand(delivery, holder)).await
    }

    async fn take(
        &self,
        holder: &str,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<Errand>, StoreError> {
        self.read(self.inner.take(holder, providers, most)).await
    }

    async fn next_errand(
        &self,
        holder: &str,
        providers: &[&str],
    ) -> Result<Option<Duration>, StoreError> {
        self.read(self.inner.next_errand(holder, providers)).await
    }

    async fn release(&self, errand: &Errand, holder: &str) -> Result<(), StoreError> {
        self.read(self.inner.release(errand, holder)).await
    }

    async fn hold(&self, errand: &Errand, holder: &str) -> Result<bool, StoreError> {
        self.read(self.inner.hold(errand, holder)).await
    }

    async fn begin(
        &self,
        errands: &[(&Errand, Line)],
        holder: &str,
    ) -> Result<Vec<bool>, StoreError> {
        let word = self.read(self.inner.begin(errands, holder)).await;
        let folder = self.folder.lock().expect("unpoisoned").clone();
        if folder.as_ref().is_some_and(|folder| folder.join("late").exists()) {
            tokio::time::sleep(Duration::from_secs(7)).await;
        }
        if folder.is_some_and(|folder| folder.join("asleep").exists()) {
            std::thread::sleep(Duration::from_millis(5_200));
        }
        word
    }

    async fn take_back(&self, errand: &Errand, holder: &str) -> Result<(), StoreError> {
        self.read(self.inner.take_back(errand, holder)).await
    }

    async fn postpone(
        &self,
        errand: &Errand,
        holder: &str,
        wait: Duration,
        reason: &str,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        self.act(self.inner.postpone(errand, holder, wait, reason, actor)).await
    }

    async fn conclude(&self, outcomes: &[Outcome<'_>]) -> Result<(), StoreError> {
        self.act(self.inner.conclude(outcomes)).await
    }

    async fn lines(&self) -> Result<(Timestamp, Vec<Health>), StoreError> {
        self.read(self.inner.lines()).await
    }

    async fn try_line(&self, line: Line) -> Result<bool, StoreError> {
        self.read(self.inner.try_line(line)).await
    }

    async fn begin_trial(&self, trial: Trial<'_>) -> Result<Option<TrialRefusal>, StoreError> {
        self.act(self.inner.begin_trial(trial)).await
    }

    async fn samples(&self, within: Duration, most: u32) -> Result<Vec<Sample>, StoreError> {
        self.read(self.inner.samples(within, most)).await
    }

    async fn queue(&self) -> Result<Queue, StoreError> {
        self.read(self.inner.queue()).await
    }
}
