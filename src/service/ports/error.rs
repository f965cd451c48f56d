//! Why the store could not do what it was asked.

use crate::domain::explanation::Explanation;
use crate::domain::flag::FlagRefusal;
use crate::domain::key::MissingKey;

/// What a clerk is told of a store that cannot be used as it is set up.
const NOT_SET_UP: &str = "The store cannot be used as it is set up.";

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum StoreError {
    /// It could not be reached, or the connection was lost before a decision:
    /// nothing was done.
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke during the transaction: it may have been committed.
    /// The same call repeated is answered with what became of it.
    #[error("the connection to the store broke: {0}")]
    Unknown(String),
    /// A lock or a connection did not become free in time: nothing was done.
    #[error("another counter is busy in the store: {0}")]
    Busy(String),
    /// Its disk is full: nothing was done.
    #[error("the disk of the store is full: {0}")]
    Full(String),
    /// This account of the machine may not use its files.
    #[error("no permission to use the files of the store: {0}")]
    NoPermission(String),
    /// Its file is no longer the one that was opened: nothing was done.
    #[error("the file of the store was moved or replaced: {0}")]
    Replaced(String),
    /// Its tables are missing or older than this program.
    #[error("the store is not ready: {0}")]
    NotMigrated(String),
    /// It cannot be used, or not for this customer, as it is.
    #[error("{}", .0.for_admin)]
    Refused(Explanation),
    /// The server knows this account, but denies it the right.
    #[error("the store does not let this account do that: {0}")]
    Denied(String),
    /// The database ended the transaction in favour of others, several times
    /// (a deadlock, a lock time-out): nothing was done.
    #[error("the store is held up by others: {0}")]
    Conflict(String),
    /// A unique key exists already: nothing was done.
    #[error("the store has it already: {0}")]
    Taken(String),
    /// The key that protects a code is not here.
    #[error(transparent)]
    MissingKey(#[from] MissingKey),
    /// A flag of the customer refuses it: nothing was done, nothing counted.
    #[error("the customer is marked: {}", .0.flag.flag.label())]
    Flagged(Box<FlagRefusal>),
    /// The configuration makes the table of customers read-only.
    #[error("customers are read here and not written")]
    ReadOnly,
    /// Any other failure.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl StoreError {
    /// The store cannot be used as it is set up: only an admin is told why, and by which key.
    pub fn misconfigured(key: &str, why: impl Into<String>) -> Self {
        let explanation = Explanation::with_advice(NOT_SET_UP, "", None);
        let key = Some(key.to_owned());
        Self::Refused(Explanation { for_admin: why.into(), key, ..explanation })
    }

    /// What was asked for cannot be done, for a reason that a clerk can tell others.
    pub fn refused(why: impl Into<String>) -> Self {
        Self::Refused(Explanation::plain(why))
    }

    /// Whether it passes by itself, so that a retry helps: the connection failed,
    /// or [`Self::is_wait`].
    pub const fn is_break(&self) -> bool {
        self.is_wait() || matches!(self, Self::Unreachable(_) | Self::Unknown(_))
    }

    /// Whether the store can be reached, but was busy or full.
    pub const fn is_wait(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Full(_))
    }

    /// Whether this terminal has no store at the moment.
    pub const fn is_away(&self) -> bool {
        self.is_break() || matches!(self, Self::Replaced(_))
    }
}
