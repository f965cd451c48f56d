//! What the desk needs from the world: a store, a sender for each channel, the
//! keys and a random source. The store is also the clock, since no terminal's own
//! is trusted.

pub mod contact_notices;
pub mod outbox;
pub(super) mod senders;
pub(super) mod verification;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::channel::Channel;
use crate::domain::contact::ContactKind;
use crate::domain::customer::{Account, Customer, CustomerId, NewCustomer};
use crate::domain::event::{Actor, Event, EventFilter, EventKind, EventPage};
use crate::domain::key::{Keyring, MissingKey};
use crate::domain::maintenance::{MaintenanceTask, TaskProgress};
use crate::domain::outcome::Outcome;
use crate::domain::policy::Retention;
use crate::domain::query::Query;
use crate::domain::request::{Request, RequestId};
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::time::Timestamp;
use crate::service::ports::contact_notices::{NoticeProviders, Notices};
use crate::service::ports::outbox::Outbox;
pub use crate::service::ports::senders::{
    AlwaysGranted, SendGuard, Sender, Tray, TrayError, TrayMessage,
};
pub use crate::service::ports::verification::{
    Attempt, AttemptOutcome, Dispatch, IssueOutcome, NewCode, NewDelivery, NewRequest, NewSession,
    Quarantine, Reissue, SupersededCode, WaitingContact,
};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum StoreError {
    /// It could not be reached or lost the connection before it came to a
    /// decision: nothing was done.
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke while it decided: what was told may have been done.
    /// The same act told again is answered with what became of it.
    #[error("the connection to the store broke: {0}")]
    Unknown(String),
    /// Others had what it needed, and its turn did not come in time: nothing was done.
    #[error("another counter is busy in the store: {0}")]
    Busy(String),
    /// There is no room on its disk: nothing was done.
    #[error("the disk of the store is full: {0}")]
    Full(String),
    /// This account of the machine has no right to its files.
    #[error("no permission to use the files of the store: {0}")]
    NoPermission(String),
    /// Its file is not the one that was opened any more: nothing was done.
    #[error("the file of the store was moved or replaced: {0}")]
    Replaced(String),
    /// Its tables are missing or older than this program.
    #[error("the store is not ready: {0}")]
    NotMigrated(String),
    /// It may not be used where it lies.
    #[error("{0}")]
    Refused(String),
    /// Its server knows the account, but does not let it do that.
    #[error("the store does not let this account do that: {0}")]
    Denied(String),
    /// Two acts got into each other's way, again and again. Nothing was done.
    #[error("the store is held up by others: {0}")]
    Conflict(String),
    /// What was to be written is there already, by a name that is given once.
    /// Nothing was done.
    #[error("the store has it already: {0}")]
    Taken(String),
    /// The key that protects a code is not here.
    #[error(transparent)]
    MissingKey(#[from] MissingKey),
    /// The customers are read here and not written.
    #[error("customers are read here and not written")]
    ReadOnly,
    /// Anything else that went wrong in it.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl StoreError {
    /// Whether it passes by itself, so that it helps to tell the same again: the
    /// connection failed, or [`Self::is_wait`].
    pub const fn is_break(&self) -> bool {
        self.is_wait() || matches!(self, Self::Unreachable(_) | Self::Unknown(_))
    }

    /// Whether the store is there and lets this wait: for its turn, or for room.
    pub const fn is_wait(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Full(_))
    }

    /// Whether the store is not there, as far as this terminal is concerned.
    pub const fn is_away(&self) -> bool {
        self.is_break() || matches!(self, Self::Replaced(_))
    }
}

/// The operating system would not give random bytes.
#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("the operating system gives no random numbers: {0}")]
pub struct RandomError(pub String);

/// A source of random numbers fit for secrets.
pub trait Random: Send + Sync {
    /// A number drawn evenly from `0..bound`; `bound` is over zero.
    fn below(&self, bound: u64) -> Result<u64, RandomError>;
    /// 32 random bytes.
    fn secret(&self) -> Result<[u8; 32], RandomError>;
}

/// The keys cannot be read.
#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{0}")]
pub struct KeysError(pub String);

/// Where the keys lie. They are read when the desk opens, and again when a
/// stored code names a key that came since: another terminal may rotate them.
pub trait Keys: Send + Sync {
    /// The keys as they are now.
    fn read(&self) -> Result<Keyring, KeysError>;
}

/// Keys that stay as they are.
impl Keys for Keyring {
    fn read(&self) -> Result<Keyring, KeysError> {
        Ok(self.clone())
    }
}

/// How customers are named exactly, to act on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerKey<'a> {
    /// By account number, in any case.
    Account(&'a str),
    /// By email address, to the letter but for ASCII case.
    Email(&'a str),
    /// By phone number in E.164.
    Phone(&'a str),
}

/// How many customers an import wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImportCount {
    /// New ones.
    pub added: u64,
    /// Ones that were there and now read otherwise.
    pub changed: u64,
    /// Ones that were there and stayed as they were.
    pub unchanged: u64,
    /// Email addresses and phone numbers that took another one's place. In a table
    /// of the office's own they are noticed later, when a code is asked for.
    pub replaced: u64,
}

/// A contact that took another one's place.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Replaced {
    /// The account number of its customer.
    pub account_no: String,
    /// Which of the customer's contacts.
    pub kind: ContactKind,
}

/// What a batch of an import wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Imported {
    /// How many customers.
    pub count: ImportCount,
    /// Which contacts took another one's place.
    pub replaced: Vec<Replaced>,
}

impl ImportCount {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            added: self.added + other.added,
            changed: self.changed + other.changed,
            unchanged: self.unchanged + other.unchanged,
            replaced: self.replaced + other.replaced,
        }
    }
}

/// Rows of the office's table that cannot be read, so that nobody finds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// How many.
    pub count: u64,
    /// The first of them, and what is wrong with each.
    pub first: Vec<String>,
}

impl Unreadable {
    /// So many are told by name.
    const TOLD: usize = 5;

    /// One sentence; none where every row can be read.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let rows = match self.count {
            0 => return None,
            1 => "1 row of the customers was left out, since it".to_owned(),
            many => format!("{many} rows of the customers were left out, since each"),
        };
        let more = if self.count > self.first.len() as u64 { "; …" } else { "" };
        Some(format!("{rows} cannot be used ({}{more})", self.first.join("; ")))
    }
}

impl Extend<String> for Unreadable {
    fn extend<T: IntoIterator<Item = String>>(&mut self, rows: T) {
        for row in rows {
            self.count += 1;
            if self.first.len() < Self::TOLD {
                self.first.push(row);
            }
        }
    }
}

impl FromIterator<String> for Unreadable {
    fn from_iter<T: IntoIterator<Item = String>>(rows: T) -> Self {
        let mut all = Self::default();
        all.extend(rows);
        all
    }
}

/// What came of comparing some customers with how they are found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexStep {
    /// Customers looked at.
    pub seen: u64,
    /// Those that could not be found yet.
    pub added: u64,
    /// Those that were found by what they no longer are.
    pub changed: u64,
    /// Found, but no longer there.
    pub forgotten: u64,
    /// Those that cannot be read.
    pub unreadable: Unreadable,
    /// Where the next step goes on; none at the end.
    pub next: Option<CustomerId>,
}

/// How far customers have been made ready to be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct IndexProgress {
    /// So many of them were looked at.
    pub seen: u64,
    /// About so many of a hundred.
    pub percent: u8,
}

/// How the table of customers serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerCheck {
    /// Which it is, and how many of its customers can be found.
    pub found: String,
    /// What is not as it should be.
    pub findings: Vec<CheckFinding>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFinding {
    /// What.
    pub what: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether nobody can work until it is mended.
    pub stops: bool,
}

/// The names of keys that codes were made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysInUse {
    /// Of the codes that can be entered now.
    pub open: Vec<String>,
    /// Of the newest request's code.
    pub last: Option<String>,
}

/// Something to write into the log that no other act writes.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    /// What.
    pub kind: EventKind,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The request it belongs to.
    pub request: Option<&'a RequestId>,
    /// The customer it is about.
    pub customer: Option<CustomerId>,
    /// The channel.
    pub channel: Option<Channel>,
    /// The contact, masked.
    pub contact: Option<String>,
    /// One more sentence.
    pub detail: Option<String>,
    /// Who and where.
    pub actor: &'a Actor,
}

/// Which sessions a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum SessionFilter {
    /// Those alive now.
    Alive,
    /// Alive and ended.
    All,
}

/// A batch of a chore.
#[derive(Clone, Copy, Debug)]
pub struct TaskBatch<'a> {
    /// What is tidied up.
    pub chore: MaintenanceTask,
    /// How long what is past is kept.
    pub retention: &'a Retention,
    /// Where the batch before ended; [`TaskBatch::START`] for the first.
    pub from: i64,
    /// About how many things.
    pub most: u32,
}

impl TaskBatch<'_> {
    /// Before everything there is.
    pub const START: i64 = i64::MIN;
}

/// The one shared store. Each method is one transaction or one statement; what
/// it decides, it decides by its own clock; what it does, it writes an event
/// for in the same transaction, so that there is no act without its entry.
#[async_trait]
pub trait Store: Outbox + Notices {
    /// The store's clock.
    async fn now(&self) -> Result<Timestamp, StoreError>;
    /// Counts up whenever something may have changed, here or on another
    /// terminal.
    fn changes(&self) -> watch::Receiver<u64>;
    /// Why the store cannot be reached, as whoever looks out for changes finds,
    /// again each time; none while it can.
    fn connection_state(&self) -> watch::Receiver<Option<Arc<StoreError>>>;
    /// Whether the store is reachable, migrated and writable; one sentence.
    async fn check(&self) -> Result<String, StoreError>;
    /// What the office should know of the store although it works, a sentence
    /// each.
    async fn notes(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    /// The keys that whoever checks codes must have.
    async fn keys_in_use(&self) -> Result<KeysInUse, StoreError>;

    /// Whether the table of customers is as the configuration says.
    async fn check_customers(&self) -> Result<CustomerCheck, StoreError>;

    /// How far customers have been made ready to be found; none where all are, as
    /// far as this terminal knows. It begins with the first search.
    fn index_progress(&self) -> watch::Receiver<Option<IndexProgress>>;
    /// Waits until all of them are, or that failed.
    async fn index_ready(&self);
    /// Up to `limit` customers that match, the likeliest first; of those who can
    /// be found already.
    async fn find_customers(&self, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError>;
    /// The customers of this name: none, one, or (a shared address) several.
    async fn identify(&self, key: CustomerKey<'_>) -> Result<Vec<Customer>, StoreError>;
    /// One customer.
    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError>;
    /// What the office has on a customer.
    async fn account(&self, id: CustomerId) -> Result<Account, StoreError>;
    /// Writes a batch of customers, each by its account number. In our own table
    /// a contact that becomes another one is a change: pending codes are revoked,
    /// and the one before is told. A dry one is undone, and tells what it would do.
    async fn import(
        &self,
        batch: &[NewCustomer],
        notices: NoticeProviders,
        actor: &Actor,
        dry: bool,
    ) -> Result<Imported, StoreError>;
    /// Brings what customers are found by up to the customers numbered after
    /// `after`, at most `limit` of them; a dry step writes nothing. The steps
    /// from the first customer to the end make the index whole.
    async fn index_customers(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        dry: bool,
    ) -> Result<IndexStep, StoreError>;

    /// Stores a request with its code and its queued delivery, or says why
    /// not. An open request of the customer for the same purpose is replaced
    /// and its count of attempts taken over.
    async fn issue(&self, request: NewRequest<'_>) -> Result<IssueOutcome, StoreError>;
    /// Replaces the code of an open request and queues its delivery. The count
    /// of attempts stays.
    async fn reissue(&self, reissue: Reissue<'_>) -> Result<IssueOutcome, StoreError>;
    /// Counts an attempt, then judges it; a right one opens the session.
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<AttemptOutcome, StoreError>;
    /// Withdraws an open request; gives the request as it is then.
    async fn cancel(&self, id: &RequestId, actor: &Actor) -> Result<Option<Request>, StoreError>;
    /// Forgives a customer's wrong codes in a row, with a reason for the log;
    /// whether there were any. `act` is the name of this very act: told again
    /// by it, the answer is the same.
    async fn unlock(
        &self,
        act: &str,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
    /// Lets a changed contact be the only proof at once, with a reason for the
    /// log; whether it was not. `act` is the name of this very act, as of
    /// [`Self::unlock`].
    async fn confirm_contact(
        &self,
        act: &str,
        customer: CustomerId,
        kind: ContactKind,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
    /// Contacts of customers that were changed less than so long ago, and that nobody
    /// has confirmed since.
    async fn waiting_contacts(
        &self,
        customers: &[CustomerId],
        quarantine: Duration,
    ) -> Result<Vec<WaitingContact>, StoreError>;
    /// One request.
    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError>;
    /// The newest request of a customer whose code can be entered now.
    async fn open_request(&self, customer: CustomerId) -> Result<Option<Request>, StoreError>;

    /// Prolongs a living session by its token, or says that it has ended.
    async fn touch(
        &self,
        token_digest: &str,
        idle: Duration,
    ) -> Result<Option<Session>, StoreError>;
    /// One session.
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;
    /// Up to `limit` sessions, newest first.
    async fn sessions(&self, filter: SessionFilter, limit: u32)
    -> Result<Vec<Session>, StoreError>;
    /// Ends a living session; gives the session as it is then.
    async fn end_session(
        &self,
        id: &SessionId,
        how: SessionEnd,
        actor: &Actor,
    ) -> Result<Option<Session>, StoreError>;

    /// Up to `limit` events of a page.
    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;
    /// Writes an event. `act` is the name of this very act: told again by it, the
    /// event stands there once.
    async fn record(&self, act: &str, event: NewEvent<'_>) -> Result<(), StoreError>;

    /// One request that was moved to the archive, as far as it is known there:
    /// of its times only when it was asked for and until when its code worked.
    async fn archived(&self, id: &RequestId) -> Result<Option<Request>, StoreError>;
    /// How many things a chore would do now, counted no further than `most`.
    async fn maintenance_due(
        &self,
        chore: MaintenanceTask,
        retention: &Retention,
        most: u32,
    ) -> Result<u64, StoreError>;
    /// Does one batch of a chore in one short transaction. Told again it goes on
    /// with what is left. Its event is that of the whole run.
    async fn run_maintenance_batch(&self, batch: TaskBatch<'_>)
    -> Result<TaskProgress, StoreError>;
}
