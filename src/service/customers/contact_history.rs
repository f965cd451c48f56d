//! What is known of a customer's contacts before a message goes to them: what became of the last
//! ones, and how many customers have them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::contact_state::{self, ContactFailure, ContactState};
use crate::domain::contact_verification::{VerifiedContact, VerifiedContacts};
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::time::Timestamp;
use crate::service::ports::contact_state::{BadContactPlace, BadContactRow};
use crate::service::ports::customers::CustomerKey;
use crate::service::{Desk, DeskError};

/// How many rows a page of bad contacts is made from.
const BAD_PAGE: u32 = 100;

/// What is known of some customers' contacts.
#[derive(Debug, Default)]
pub struct KnownContacts {
    states: HashMap<String, ContactState>,
    verified: Vec<VerifiedContact>,
    /// Whether two of the staff stand for all of them, as for those of representatives.
    are_vouched_for: bool,
    /// How many customers have a contact, where that was looked up.
    customers: Vec<(Contact, u32)>,
}

impl KnownContacts {
    /// What became of the last messages to a contact.
    pub fn state(&self, channel: Channel, contact: &Contact) -> ContactState {
        self.states.get(&contact_state::name(channel, contact)).copied().unwrap_or_default()
    }

    /// Whether a customer's contact was verified at a sign-up, or needs none.
    pub fn is_verified(&self, customer: CustomerId, contact: &Contact) -> bool {
        let is_same = |it: &VerifiedContact| it.customer == customer && it.contact.is_same(contact);
        self.are_vouched_for || self.verified.iter().any(is_same)
    }

    /// The same of representatives, who are added by two.
    #[must_use]
    pub fn of_representatives(self) -> Self {
        Self { are_vouched_for: true, ..self }
    }

    /// How many customers have a contact; none where that is not known.
    pub fn customers(&self, contact: &Contact) -> Option<u32> {
        let found = self.customers.iter().find(|(it, _)| it.is_same(contact));
        found.map(|(_, count)| *count)
    }
}

/// A contact whose last message failed for good, for the office's list to mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadContact {
    /// The account number of the customer for whom the message was.
    pub account_no: String,
    pub name: String,
    pub channel: Channel,
    /// The contact, masked.
    pub contact: String,
    pub failure: ContactFailure,
    pub failed_at: Timestamp,
    /// How many customers have it, where the desk can tell.
    pub customers: Option<u32>,
}

/// A page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadContactPage {
    pub contacts: Vec<BadContact>,
    /// Where the next page begins; none after the last one.
    pub next: Option<BadContactPlace>,
}

impl Desk {
    /// What became of the last messages to the contacts of these customers, and which of them were
    /// verified, where the policy asks.
    pub(in crate::service) async fn contact_states(
        &self,
        customers: &[Customer],
    ) -> Result<KnownContacts, DeskError> {
        let country = &self.office.phones.default_country;
        let names: Vec<String> = customers
            .iter()
            .flat_map(|customer| Channel::ALL.map(|it| (customer, it)))
            .filter_map(|(customer, channel)| {
                let contact = customer.parsed(channel, country).ok()?;
                Some(contact_state::name(channel, &contact))
            })
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let states = self.reading(|| self.store.contact_states(&names)).await?;
        let ids: Vec<_> = customers.iter().map(|it| it.id).collect();
        let verified = match self.office.otp.verified_contacts {
            VerifiedContacts::Any => Vec::new(),
            VerifiedContacts::Required => {
                self.reading(|| self.store.verified_contacts(&ids)).await?
            }
        };
        let states = states.into_iter().collect();
        Ok(KnownContacts { states, verified, ..KnownContacts::default() })
    }

    /// All that is known of the contacts of one customer.
    pub(in crate::service) async fn known_contacts(
        &self,
        customer: &Customer,
    ) -> Result<KnownContacts, DeskError> {
        let mut known = self.contact_states(std::slice::from_ref(customer)).await?;
        for kind in ContactKind::ALL {
            let country = &self.office.phones.default_country;
            let Ok(contact) = customer.parsed(kind.channel(), country) else { continue };
            if let Some(count) = self.customers_with(&contact).await? {
                known.customers.push((contact, count));
            }
        }
        Ok(known)
    }

    /// How many customers have a contact, as many as are listed at most; none while the index by
    /// which they are found is incomplete.
    async fn customers_with(&self, contact: &Contact) -> Result<Option<u32>, DeskError> {
        if self.store.index_progress().borrow().is_some() {
            return Ok(None);
        }
        let found = self.reading(|| self.store.identify(key_of(contact))).await?;
        Ok(u32::try_from(found.len()).ok())
    }

    /// Contacts whose last message failed for good, the newest first, from the one after `after`
    /// on. One that the record no longer has is left out: it was mended.
    pub async fn bad_contacts(
        &self,
        after: Option<&BadContactPlace>,
    ) -> Result<BadContactPage, DeskError> {
        let rows = self.reading(|| self.store.bad_contacts(after, BAD_PAGE)).await?;
        let is_full = rows.len() >= BAD_PAGE as usize;
        let next = rows.last().filter(|_| is_full).map(|it| it.place.clone());
        let mut contacts = Vec::with_capacity(rows.len());
        for row in rows {
            contacts.extend(self.bad_contact(row).await?);
        }
        Ok(BadContactPage { contacts, next })
    }

    /// A line of the list; none where the customer has another contact by now, or is gone.
    async fn bad_contact(&self, row: BadContactRow) -> Result<Option<BadContact>, DeskError> {
        let BadContactRow { place, channel, customer, failure } = row;
        let customer = match self.customer(customer).await {
            // One row of the office's own table must not keep the others from being listed.
            Err(DeskError::Store(error)) if !error.is_break() => {
                tracing::warn!(%error, "a customer is left out of the list of bad contacts");
                return Ok(None);
            }
            read => read?,
        };
        let Some(customer) = customer else { return Ok(None) };
        let country = &self.office.phones.default_country;
        let Ok(contact) = customer.parsed(channel, country) else { return Ok(None) };
        if contact_state::name(channel, &contact) != place.name {
            return Ok(None);
        }
        let customers = self.customers_with(&contact).await?;
        let contact = contact.masked();
        let Customer { account_no, name, .. } = customer;
        let failed_at = place.failed_at;
        Ok(Some(BadContact { account_no, name, channel, contact, failure, failed_at, customers }))
    }
}

/// A contact as customers are identified by it.
pub(in crate::service) fn key_of(contact: &Contact) -> CustomerKey<'_> {
    match contact.kind() {
        ContactKind::Email => CustomerKey::Email(contact.as_str()),
        ContactKind::Phone => CustomerKey::Phone(contact.as_str()),
    }
}
