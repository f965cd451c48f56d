//! Customers: finding them, and importing them.

use async_trait::async_trait;

use crate::domain::account::Account;
use crate::domain::contact::ContactKind;
use crate::domain::customer::{Customer, CustomerId, NewCustomer};
use crate::domain::event::Actor;
use crate::domain::query::Query;
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::error::StoreError;

/// How many customers that share a contact are found at most.
pub const SHARING_MAX: u32 = 20;

/// The customers of the office, in a table of ours or of its own.
#[async_trait]
pub trait CustomerStore: Send + Sync {
    /// Up to `limit` customers that match, the likeliest first, as far as the search
    /// index knows them.
    async fn find_customers(&self, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError>;
    /// Why nobody can be found, whatever is typed; `None` where there are customers.
    async fn no_customers(&self) -> Result<Option<NoCustomers>, StoreError>;
    /// The customers that `key` names: none, one, or (a shared address) several, up to [`SHARING_MAX`].
    async fn identify(&self, key: CustomerKey<'_>) -> Result<Vec<Customer>, StoreError>;
    /// One customer.
    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError>;
    /// A customer's balance, bills and messages.
    async fn account(&self, id: CustomerId) -> Result<Account, StoreError>;
    /// Writes a batch of customers, matched by account number. In our own table a
    /// replaced contact revokes the pending codes, and a notice to the old contact is
    /// queued. A dry import is rolled back, and reports what it would have done.
    async fn import(
        &self,
        batch: &[NewCustomer],
        notices: NoticeProviders<'_>,
        actor: &Actor,
        dry: bool,
    ) -> Result<Imported, StoreError>;
    /// Whether the table of customers is as the configuration says.
    async fn check_customers(&self) -> Result<CustomerCheck, StoreError>;
}

/// Why nobody can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum NoCustomers {
    /// The store has no customers yet.
    EmptyStore,
    /// The office's own table has no rows.
    EmptyTable,
}

/// How a command names the customer it acts on.
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
    /// New customers.
    pub added: u64,
    /// Customers whose row changed.
    pub changed: u64,
    /// Customers whose row stayed as it was.
    pub unchanged: u64,
    /// Email addresses and phone numbers that replaced others, or were added beside another
    /// contact. In a table of the office's own they are noticed later, when a code is asked for.
    pub replaced: u64,
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

/// A contact that an import replaced, or added beside another one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Replaced {
    /// The account number of its customer.
    pub account_no: String,
    /// Which of the customer's contacts.
    pub kind: ContactKind,
    /// Whether there was none of this kind before.
    #[serde(default)]
    pub is_added: bool,
}

/// What a batch of an import wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Imported {
    /// How many customers.
    pub count: ImportCount,
    /// The contacts that it replaced, or added beside another one.
    pub replaced: Vec<Replaced>,
}

/// The state of the table of customers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerCheck {
    /// Which table it is, and how many of its customers can be found.
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
    /// Whether nobody can work until it is repaired.
    pub stops: bool,
}
