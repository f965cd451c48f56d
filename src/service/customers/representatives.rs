//! Who may act for a customer: added once a second person approved it, served for the purposes
//! that were agreed, ended by anybody who may verify.

use crate::domain::channel::{Channel, Factor};
use crate::domain::contact::Contact;
use crate::domain::customer::{Customer, CustomerId, NoContact};
use crate::domain::level::Level;
use crate::domain::purpose::Purpose;
use crate::domain::representative::{
    Representative, RepresentativeId, RepresentativeRecord, StandsHere,
};
use crate::domain::session::Session;
use crate::domain::text;
use crate::service::customers::calls::AddRepresentative;
use crate::service::customers::lookup::ChannelChoice;
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::reason::cleaned_reason;
use crate::service::{Desk, DeskError};

/// How many are signed anew at a time.
const BATCH: u32 = 200;

/// The most characters of a name.
const NAME_MAX: usize = 80;

/// By a contact of the holder's, a quarantine or a flag would be walked around.
const HOLDERS_OWN: &str =
    "that contact is the customer's own on file: a representative has one of their own";

/// A representative with the channels to them, as the send screen offers them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RepresentativeChoice {
    /// Who, with masked contacts.
    pub representative: Representative,
    /// The channels to them.
    pub choices: Vec<ChannelChoice>,
}

impl RepresentativeChoice {
    /// Whether a factor of theirs can count for a purpose: a code to a contact of their own, where
    /// they may be served for it.
    pub fn is_for(&self, purpose: &Purpose, factor: Factor) -> bool {
        self.representative.in_scope(purpose).is_ok() && factor.is_by_contact()
    }
}

fn refused(why: impl std::fmt::Display) -> DeskError {
    // What a refusal says elsewhere is a sentence.
    DeskError::NotRepresented(why.to_string().trim_end_matches('.').to_owned())
}

impl Desk {
    /// Those who may act for a customer, also ones whose time has not begun.
    pub async fn representatives(
        &self,
        customer: CustomerId,
    ) -> Result<Vec<Representative>, DeskError> {
        let rows = self.reading(|| self.store.representatives(customer)).await?;
        Ok(rows.into_iter().filter_map(|it| self.genuine_representative(it)).collect())
    }

    /// The representative of a row; none where the desk did not write it.
    fn genuine_representative(&self, record: RepresentativeRecord) -> Option<Representative> {
        if record.is_genuine(&self.keyring_with(&record.key_id)) {
            return Some(record.representative);
        }
        let id = &record.representative.id;
        tracing::error!(representative = %id, "a row of the representatives was not written here");
        None
    }

    /// Signs anew those that an older key signed: they are served for years, and a retired key is
    /// kept for an hour.
    pub async fn sign_representatives_anew(&self) -> Result<(), DeskError> {
        let keyring = self.keyring();
        let current = keyring.current().0.as_str();
        let mut after = String::new();
        loop {
            let page = self.retry(|| self.store.representatives_after(&after, BATCH)).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.representative.id.as_str().to_owned();
            for read in page.iter().filter(|it| it.key_id != current && it.is_genuine(&keyring)) {
                let anew = RepresentativeRecord::new(read.representative.clone(), &keyring);
                self.retry(|| self.store.sign_representative(read, &anew)).await?;
            }
        }
    }

    /// A representative who may be served for a purpose now.
    pub(in crate::service) async fn representative_for(
        &self,
        customer: CustomerId,
        id: &RepresentativeId,
        purpose: &Purpose,
    ) -> Result<Representative, DeskError> {
        let found = self.representatives(customer).await?.into_iter().find(|it| it.id == *id);
        let Some(found) = found else {
            return Err(refused("nobody of this name may act for the customer"));
        };
        found.may(purpose, self.now().await?).map_err(refused)?;
        Ok(found)
    }

    /// The customer whose contacts a code goes to: the holder, or whoever stands in their place.
    pub(in crate::service) async fn addressee(
        &self,
        holder: &Customer,
        representative: Option<&RepresentativeId>,
        purpose: &Purpose,
    ) -> Result<(Customer, Option<StandsHere>), DeskError> {
        let Some(id) = representative else { return Ok((holder.clone(), None)) };
        let found = self.representative_for(holder.id, id, purpose).await?;
        Ok((found.in_place_of(holder), Some(found.stands_here())))
    }

    /// Refuses to serve a session for a purpose that whoever stands here may not be served for.
    pub(in crate::service) async fn may_be_served(
        &self,
        session: &Session,
        purpose: &Purpose,
    ) -> Result<(), DeskError> {
        match &session.representative {
            None => Ok(()),
            Some(it) => self.representative_for(session.customer, &it.id, purpose).await.map(drop),
        }
    }

    /// Those who may act for a customer now, with the channels to them.
    pub(in crate::service) async fn representative_choices(
        &self,
        holder: &Customer,
        breakers: &BreakerSnapshot,
    ) -> Result<Vec<RepresentativeChoice>, DeskError> {
        let all = self.representatives(holder.id).await?;
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now().await?;
        let all: Vec<_> = all.into_iter().filter(|it| it.in_time(now).is_ok()).collect();
        let people: Vec<Customer> = all.iter().map(|it| it.in_place_of(holder)).collect();
        let known = self.contact_states(&people).await?.of_representatives();
        let choice = |(it, person): (Representative, Customer)| {
            let choices = self.channels(&person, &[], breakers, &known);
            RepresentativeChoice { representative: it.with_masked_contacts(), choices }
        };
        Ok(all.into_iter().zip(people).map(choice).collect())
    }

    /// What is asked for, judged before anybody is asked to approve it.
    pub(in crate::service) async fn judged_representative(
        &self,
        it: &AddRepresentative,
    ) -> Result<Representative, DeskError> {
        let name = text::clean(&it.name).trim().chars().take(NAME_MAX).collect::<String>();
        if name.is_empty() {
            return Err(refused("a representative has a name"));
        }
        let Some(holder) = self.customer(it.customer).await? else {
            return Err(refused("there is no such customer any more"));
        };
        let typed = Customer { email: it.email.clone(), phone: it.phone.clone(), ..holder.clone() };
        let is_holders = |it: &Contact, channel| {
            let country = &self.office.phones.default_country;
            holder.parsed(channel, country).is_ok_and(|own| own.is_same(it))
        };
        let contact = |channel| match typed.contact(channel, &self.office.phones) {
            Ok(contact) if is_holders(&contact, channel) => Err(refused(HOLDERS_OWN)),
            Ok(contact) => Ok(Some(contact)),
            Err(NoContact::Missing(_)) => Ok(None),
            Err(fault) => Err(refused(fault)),
        };
        let written = |it: Contact| it.as_str().to_owned();
        let email = contact(Channel::Email)?.map(written);
        let phone = contact(Channel::Sms)?.map(written);
        if email.is_none() && phone.is_none() {
            return Err(refused("a representative has an email address or a phone number"));
        }
        let mut scope = Vec::new();
        for typed in &it.scope {
            let purpose = self.purpose(typed).map_err(|refusal| refused(refusal.reason))?;
            if !purpose.representative || purpose.level == Level::None {
                return Err(refused(format!(
                    "\"{}\" is for the holder alone: the office serves no representative for it",
                    purpose.name
                )));
            }
            scope.push(purpose.name);
        }
        if scope.is_empty() {
            return Err(refused("say for which purposes"));
        }
        let kinds = &self.office.documents;
        let document = kinds.iter().find(|kind| kind.eq_ignore_ascii_case(it.document.trim()));
        let Some(document) = document.cloned() else {
            return Err(refused(format!(
                "the document that was seen is one of: {}",
                kinds.join(", ")
            )));
        };
        let now = self.now().await?;
        let from = it.from.unwrap_or(now);
        if it.until.is_some_and(|until| until <= now || until <= from) {
            return Err(refused("that time is over already"));
        }
        let act = self.bound_key(&["representative", &it.customer.0.to_string(), &it.key]);
        let drawn = self.keyring().current().1.derive(&["representative", &act]);
        let bits = drawn.secret().iter().take(8).fold(0, |bits, it| bits << 8 | u64::from(*it));
        Ok(Representative {
            id: RepresentativeId::from_bits(bits & ((1 << 50) - 1)),
            customer: it.customer,
            name,
            email,
            phone,
            scope,
            from,
            until: it.until,
            document,
            added_by: self.actor.clone(),
            approved_by: String::new(),
        })
    }

    /// Writes a representative whom somebody approved.
    pub(in crate::service) async fn write_representative(
        &self,
        it: &AddRepresentative,
        approved_by: &str,
    ) -> Result<Representative, DeskError> {
        let judged = self.judged_representative(it).await?;
        let approved = Representative { approved_by: approved_by.to_owned(), ..judged };
        let record = RepresentativeRecord::new(approved.clone(), &self.keyring());
        let act = self.customer_act("represent", &it.key, it.customer);
        let add = || self.store.add_representative(&act, &record, &self.actor);
        self.retry(add).await?;
        Ok(approved.with_masked_contacts())
    }

    /// Ends a representative; whether it was there.
    pub async fn end_representative(
        &self,
        key: &str,
        customer: CustomerId,
        id: &RepresentativeId,
        reason: &str,
    ) -> Result<bool, DeskError> {
        let reason = cleaned_reason(reason);
        if reason.is_empty() {
            return Err(DeskError::NoReason);
        }
        let act = self.customer_act(&format!("end {id}"), key, customer);
        let end = || self.store.end_representative(&act, customer, id, &reason, &self.actor);
        Ok(self.retry(end).await?)
    }
}
