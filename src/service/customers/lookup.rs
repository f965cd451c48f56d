//! Finding a customer, and the channels over which a code can reach them.

use crate::domain::account::Account;
use crate::domain::channel::{Channel, Factor};
use crate::domain::circuit_breaker::ProviderHealth;
use crate::domain::contact::PhoneNumber;
use crate::domain::contact_state::ContactState;
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::flag::Standing;
use crate::domain::query::Query;
use crate::domain::session::SessionToken;
use crate::domain::time::Timestamp;
use crate::service::customers::contact_history::KnownContacts;
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::ports::contact_binding::WaitingContact;
use crate::service::ports::customers::{CustomerKey, NoCustomers};
use crate::service::ports::search_index::IndexProgress;
use crate::service::{Desk, DeskError};

/// Customers that match a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SearchResult {
    /// The first of them, the likeliest first.
    pub customers: Vec<Customer>,
    /// Whether there are more.
    pub more: bool,
    /// The progress of the first comparison of the search index; `None` where it is
    /// complete.
    pub preparing: Option<IndexProgress>,
    /// Why nobody was found, where that has nothing to do with what was typed.
    pub nobody: Option<NoCustomers>,
}

/// Whom an exact key means.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ExactMatch {
    One(Customer),
    Nobody,
    /// Several share it; the clerk must give the account number.
    Several(Vec<Customer>),
}

/// A channel as the send screen offers it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ChannelChoice {
    pub channel: Channel,
    /// The contact on file, masked.
    pub contact: Option<String>,
    /// Why it cannot be used; `None` where it can.
    pub refusal: Option<String>,
    /// Whether that is because it never was verified at a sign-up.
    pub needs_sign_up: bool,
    /// Until when the contact is in quarantine, where it was changed.
    pub waits_until: Option<Timestamp>,
    /// The state of its providers.
    pub health: ProviderHealth,
    /// What became of the last messages to the contact.
    pub state: ContactState,
    /// How many customers have the contact, where that is known.
    pub customers: Option<u32>,
}

/// Why a contact cannot be used that the policy takes verified alone.
const NEVER_VERIFIED: &str = "never verified at a sign-up";

impl ChannelChoice {
    /// Until when its contact is in quarantine; `None` where that is over.
    pub fn waits(&self, now: Timestamp) -> Option<Timestamp> {
        self.waits_until.filter(|until| now < *until)
    }

    /// Whether other customers have the contact too, as far as is known.
    pub fn is_shared(&self) -> bool {
        self.customers.is_some_and(|it| it > 1)
    }

    /// Whether a code can go over it, as far as is known.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.refusal.is_none() && self.waits(now).is_none()
    }
}

impl Desk {
    /// Up to `limit` customers for what was typed. Where that is nothing, whether there
    /// are customers at all.
    pub async fn find(&self, typed: &str, limit: u32) -> Result<SearchResult, DeskError> {
        let Some(query) = Query::parse(typed) else {
            let nobody = self.reading(|| self.store.no_customers()).await?;
            return Ok(SearchResult { nobody, ..SearchResult::default() });
        };
        let preparing = self.store.index_progress();
        // The index was not complete all the time where the comparison began or ended
        // meanwhile.
        let before = *preparing.borrow();
        let most = limit.saturating_add(1);
        let mut customers = self.reading(|| self.store.find_customers(&query, most)).await?;
        let preparing = before.or(*preparing.borrow());
        let more = customers.len() > limit as usize;
        customers.truncate(limit as usize);
        let nobody = if customers.is_empty() {
            self.reading(|| self.store.no_customers()).await?
        } else {
            None
        };
        Ok(SearchResult { customers, more, preparing, nobody })
    }

    /// The customer of an account number, an email address or a phone number. It is not a
    /// search: a code is about to be sent.
    pub async fn identify(&self, name: &str) -> Result<ExactMatch, DeskError> {
        let mut found = self.reading(|| self.store.identify(CustomerKey::Account(name))).await?;
        if found.is_empty() && name.contains('@') {
            found = self.reading(|| self.store.identify(CustomerKey::Email(name))).await?;
        } else if found.is_empty()
            && let Ok(phone) = PhoneNumber::parse(name, &self.office.phones.default_country)
        {
            found =
                self.reading(|| self.store.identify(CustomerKey::Phone(phone.as_str()))).await?;
        }
        Ok(match found.len() {
            0 => ExactMatch::Nobody,
            1 => ExactMatch::One(found.remove(0)),
            _ => ExactMatch::Several(found),
        })
    }

    /// One customer, as recorded now.
    pub async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, DeskError> {
        Ok(self.reading(|| self.store.customer(id)).await?)
    }

    /// The contacts of these customers that are in quarantine.
    pub async fn waiting_contacts(
        &self,
        customers: &[CustomerId],
    ) -> Result<Vec<WaitingContact>, DeskError> {
        let quarantine = self.office.otp.contact_quarantine;
        Ok(self.reading(|| self.store.waiting_contacts(customers, quarantine)).await?)
    }

    /// The channels for a customer: first those that can be used, the ones with the
    /// healthiest providers in front and those whose last message failed for good behind; then
    /// the others, each with the reason.
    pub fn channels(
        &self,
        customer: &Customer,
        waiting: &[WaitingContact],
        breakers: &BreakerSnapshot,
        known: &KnownContacts,
    ) -> Vec<ChannelChoice> {
        let mut choices: Vec<ChannelChoice> = Channel::ALL
            .into_iter()
            .filter(|channel| self.sender(*channel).is_some())
            .map(|channel| {
                let contact = customer.parsed(channel, &self.office.phones.default_country).ok();
                let state = contact.as_ref().map(|it| known.state(channel, it));
                let refusal = self.refusal(customer, channel);
                let needs_sign_up = refusal.is_none()
                    && contact.as_ref().is_some_and(|it| {
                        let is_verified = known.is_verified(customer.id, it);
                        !self.office.otp.verified_contacts.allows(is_verified, "")
                    });
                ChannelChoice {
                    channel,
                    contact: customer.masked(channel),
                    refusal: refusal.or_else(|| needs_sign_up.then(|| NEVER_VERIFIED.to_owned())),
                    needs_sign_up,
                    waits_until: self.waits_until(customer, channel, waiting),
                    health: breakers.health(channel, breakers.read_at),
                    state: state.unwrap_or_default(),
                    customers: contact.and_then(|it| known.customers(&it)),
                }
            })
            .collect();
        choices.sort_by_key(|choice| {
            let is_refused = choice.refusal.is_some();
            (is_refused, choice.waits_until.is_some(), choice.state.is_bad, choice.health)
        });
        choices
    }

    fn refusal(&self, customer: &Customer, channel: Channel) -> Option<String> {
        if let Err(reason) = customer.contact(channel, &self.office.phones) {
            return Some(reason.to_string());
        }
        let enough = channel.factor().satisfies(self.office.otp.assurance);
        (!enough).then(|| "not a strong enough proof for this office".to_owned())
    }

    /// A contact that was changed in the record, but not yet bound, is in quarantine as
    /// soon as a code is asked for.
    fn waits_until(
        &self,
        customer: &Customer,
        channel: Channel,
        waiting: &[WaitingContact],
    ) -> Option<Timestamp> {
        let contact = customer.contact(channel, &self.office.phones).ok()?;
        let is_it =
            |it: &&WaitingContact| it.customer == customer.id && it.contact.is_same(&contact);
        waiting.iter().find(is_it).map(|it| it.until)
    }

    /// What the office has on a customer, in a session that serves for a purpose.
    pub async fn account_of(
        &self,
        id: CustomerId,
        token: &SessionToken,
    ) -> Result<Account, DeskError> {
        match self.session_of(token, id).await? {
            Some(session) if session.is_verified() => {
                let who = Standing::of(session.representative.as_ref());
                self.flags_for(id, (who, Factor::SecondPerson)).await?;
                if let Ok(purpose) = self.purpose(&session.purpose) {
                    self.may_be_served(&session, &purpose).await?;
                }
                self.account(id).await
            }
            _ => Err(DeskError::NotVerified),
        }
    }

    /// A customer's balance, bills and feedback.
    pub async fn account(&self, id: CustomerId) -> Result<Account, DeskError> {
        Ok(self.reading(|| self.store.account(id)).await?)
    }
}
