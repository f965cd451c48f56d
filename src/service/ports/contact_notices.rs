//! What is still to be told to contacts that were changed, shared by all
//! terminals. Who takes a notice has it for a while; of a terminal that died it
//! comes due again by itself.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::contact::{Contact, ContactKind};
use crate::domain::contact_notice::NoticeStep;
use crate::domain::customer::CustomerId;
use crate::domain::delivery::SendReport;
use crate::domain::event::Actor;
use crate::domain::time::Timestamp;
use crate::service::ports::StoreError;

/// The providers through which a terminal tells a change. Another one may be set
/// up otherwise, or for trying things out, and sends none of these.
#[derive(Clone, Copy, Debug)]
pub struct NoticeProviders {
    /// Of email; none where the office sends none.
    pub email: Option<&'static str>,
    /// Of text messages; none where the office sends none.
    pub sms: Option<&'static str>,
}

impl NoticeProviders {
    /// The one for a kind of contact; none where the office cannot tell it anything.
    pub const fn of(&self, kind: ContactKind) -> Option<&'static str> {
        match kind {
            ContactKind::Email => self.email,
            ContactKind::Phone => self.sms,
        }
    }
}

/// A contact that is to be told that it was changed.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The store's number.
    pub id: i64,
    /// Whose it was.
    pub customer: CustomerId,
    /// The customer's name.
    pub customer_name: String,
    /// The customer's language.
    pub locale: Option<String>,
    /// The contact that was changed.
    pub contact: Contact,
    /// The provider of the terminal that noticed it.
    pub provider: String,
    /// Tries begun so far, this one too.
    pub tries: u32,
    /// When the change was noticed.
    pub created_at: Timestamp,
    /// The store's clock when this was read.
    pub now: Timestamp,
}

impl Notice {
    /// How long ago the change was noticed.
    pub fn age(&self) -> Duration {
        self.now.since(self.created_at)
    }
}

/// What came of a try to tell.
#[derive(Clone, Copy, Debug)]
pub struct NoticeOutcome<'a> {
    /// The notice as it was taken.
    pub notice: &'a Notice,
    /// Through which provider; none where it was not tried.
    pub provider: Option<&'a str>,
    /// What it reported.
    pub report: &'a SendReport,
    /// What comes next.
    pub next: NoticeStep,
    /// Who acts, and where.
    pub actor: &'a Actor,
}

/// The notices of the office.
#[async_trait]
pub trait Notices: Send + Sync {
    /// Takes up to `most` notices that are due and go through one of these
    /// providers, for a while; also one that nobody came to tell for days, to be given
    /// up.
    async fn claim_notices(&self, providers: &[&str], most: u32)
    -> Result<Vec<Notice>, StoreError>;
    /// How long until there is one to take; none where there is nothing to tell.
    async fn next_notice_due(&self, providers: &[&str]) -> Result<Option<Duration>, StoreError>;
    /// Writes down what came of a try; nothing where somebody else has taken the
    /// notice since.
    async fn complete_notice(&self, outcome: NoticeOutcome<'_>) -> Result<(), StoreError>;
}
