//! Notices to contacts: that another one replaced them, that a factor was changed, that somebody
//! was verified; shared by all terminals. A notice is leased to whoever claims it; the notices of a
//! terminal that died become due again by themselves.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::contact::{Contact, ContactKind};
use crate::domain::contact_notice::{NoticeAbout, NoticeStep};
use crate::domain::customer::{CustomerId, PhonePolicy};
use crate::domain::delivery::SendReport;
use crate::domain::event::Actor;
use crate::domain::key::Keyring;
use crate::domain::notice_proof::{NoticeFields, NoticeOrigin, NoticeProof};
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// The notices of the office.
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// Claims up to `most` notices that are due and go through one of these providers;
    /// also ones that nobody has sent for days, to be given up.
    async fn claim_notices(&self, providers: &[&str], most: u32)
    -> Result<Vec<Notice>, StoreError>;
    /// How long until the next notice is due; `None` where there is none.
    async fn next_notice_due(&self, providers: &[&str]) -> Result<Option<Duration>, StoreError>;
    /// Writes what came of an attempt; nothing where another terminal has claimed the
    /// notice since.
    async fn complete_notice(&self, outcome: NoticeOutcome<'_>) -> Result<(), StoreError>;
    /// Signs with the current key those that an older one signed.
    async fn sign_notices_anew(&self, keyring: &Keyring) -> Result<(), StoreError>;
}

/// The fingerprints of the providers through which a terminal sends notices. A terminal with
/// other providers, for instance the tray, does not send its notices.
#[derive(Clone, Copy, Debug)]
pub struct NoticeProviders<'a> {
    /// Of email; `None` where the office sends none.
    pub email: Option<&'a str>,
    /// Of text messages; `None` where the office sends none.
    pub sms: Option<&'a str>,
    /// The phone numbers that the office sends to; `None` for every one.
    pub phones: Option<&'a PhonePolicy>,
    /// The keys of the proofs.
    pub keyring: &'a Keyring,
}

impl<'a> NoticeProviders<'a> {
    /// The provider for a kind of contact; `None` where the office has none.
    pub const fn of(&self, kind: ContactKind) -> Option<&'a str> {
        match kind {
            ContactKind::Email => self.email,
            ContactKind::Phone => self.sms,
        }
    }

    /// Whether the office sends notices to a contact: not to a landline, nor to a number of a
    /// country that it does not send to.
    pub fn reach(&self, contact: &Contact) -> bool {
        let is_allowed = match (contact, self.phones) {
            (Contact::Phone(number), Some(phones)) => {
                phones.check(number, contact.kind().channel()).is_ok()
            }
            (Contact::Email(_), _) | (_, None) => true,
        };
        is_allowed && self.of(contact.kind()).is_some()
    }
}

/// A notice that is still to be sent.
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
    /// What it is about.
    pub about: NoticeAbout,
    /// What somebody was verified for; none where nobody was.
    pub purpose: Option<String>,
    /// The word in the message with the code, where there was one.
    pub reference: Option<Reference>,
    /// The contact that is told.
    pub contact: Contact,
    /// The fingerprint of the provider of the terminal that noticed it.
    pub provider: String,
    /// Whether the store is marked as one of real customers.
    pub is_production: bool,
    /// Attempts begun so far, this one included.
    pub tries: u32,
    /// When the change was noticed.
    pub created_at: Timestamp,
    /// That the desk queued it; `None` if its row has no proof.
    pub proof: Option<NoticeProof>,
    /// Whether it was queued before the store kept proofs, a short time ago.
    pub is_older_than_proofs: bool,
    /// The store's clock when this was read.
    pub now: Timestamp,
}

impl Notice {
    /// Who wrote its row.
    pub fn origin(&self, keyring: &Keyring) -> NoticeOrigin {
        match &self.proof {
            Some(proof) => proof.origin(&self.fields(), keyring),
            None if self.is_older_than_proofs => NoticeOrigin::Desk,
            None => NoticeOrigin::Forged,
        }
    }

    /// What its proof covers.
    pub fn fields(&self) -> NoticeFields<'_> {
        NoticeFields {
            customer: self.customer,
            contact: &self.contact,
            provider: &self.provider,
            about: self.about,
            purpose: self.purpose.as_deref(),
            reference: self.reference.as_ref(),
            created_at: self.created_at,
        }
    }

    /// How long ago the change was noticed.
    pub fn age(&self) -> Duration {
        self.now.since(self.created_at)
    }
}

/// What came of an attempt to send a notice.
#[derive(Clone, Copy, Debug)]
pub struct NoticeOutcome<'a> {
    /// The notice as it was claimed.
    pub notice: &'a Notice,
    /// Through which provider; `None` where it was not tried.
    pub provider: Option<&'a str>,
    /// What it reported.
    pub report: &'a SendReport,
    /// What comes next.
    pub next: NoticeStep,
    /// Who acts, and where.
    pub actor: &'a Actor,
}
