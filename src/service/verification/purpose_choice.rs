//! What a code, a factor or a session is for: the purposes of the office, and whether a channel of a
//! customer can prove anything for one.

use crate::domain::channel::Channel;
use crate::domain::contact_verification::{is_sign_up, never_verified, sign_up};
use crate::domain::customer::Customer;
use crate::domain::level::{FactorSet, Level};
use crate::domain::outcome::Outcome;
use crate::domain::purpose::{Proven, Purpose, SharedContact};
use crate::domain::request::Request;
use crate::domain::text;
use crate::service::customers::contact_history::key_of;
use crate::service::ports::verification::NewDelivery;
use crate::service::verification::request::Refusal;
use crate::service::{Desk, DeskError};

impl Desk {
    /// A purpose of the office's: it stands in the message, under the office's name.
    /// Its time is the office's where it has none of its own.
    pub(in crate::service) fn purpose(&self, typed: &str) -> Result<Purpose, Box<Refusal>> {
        let typed = text::clean(typed);
        let purposes = &self.office.purposes;
        let known = purposes.iter().find(|it| it.name.eq_ignore_ascii_case(typed.trim()));
        let Some(known) = known else {
            let listed: Vec<_> = purposes.iter().map(|it| it.name.as_str()).collect();
            let listed = listed.join(", ");
            let text = format!("The office verifies for: {listed}.");
            return Err(Refusal::new(Outcome::Malformed, text));
        };
        let session = known.session.or(Some(self.office.otp.session));
        Ok(Purpose { session, ..known.clone() })
    }

    /// What a code can be asked for: a purpose of the office's, or the check of a contact at a
    /// sign-up, for which no session serves.
    pub(super) fn askable(&self, typed: &str) -> Result<Purpose, Box<Refusal>> {
        if is_sign_up(typed) { Ok(sign_up()) } else { self.purpose(typed) }
    }

    /// The delivery, where its contact may prove something for the purpose: the policy can take
    /// verified contacts alone.
    pub(super) async fn verified_enough(
        &self,
        customer: &Customer,
        delivery: NewDelivery,
        purpose: &str,
    ) -> Result<Result<NewDelivery, Box<Refusal>>, DeskError> {
        let policy = self.office.otp.verified_contacts;
        if policy.allows(false, purpose) {
            return Ok(Ok(delivery));
        }
        let ids = [customer.id];
        let verified = self.reading(|| self.store.verified_contacts(&ids)).await?;
        let is_verified = verified.iter().any(|it| it.contact.is_same(&delivery.contact));
        if policy.allows(is_verified, purpose) {
            return Ok(Ok(delivery));
        }
        let never = never_verified(delivery.contact.kind());
        let reason = format!("{never} A sign-up verifies it.");
        Ok(Err(Refusal::new(Outcome::Forbidden, reason)))
    }

    /// A purpose for which something has to be proven: nothing else is proven for, and no session
    /// serves for anything else.
    pub(in crate::service) fn provable(&self, typed: &str) -> Result<Purpose, Box<Refusal>> {
        let purpose = self.purpose(typed)?;
        if purpose.level == Level::None {
            let text = format!("Nothing has to be proven for \"{}\".", purpose.name);
            return Err(Refusal::new(Outcome::Malformed, text));
        }
        Ok(purpose)
    }

    /// Whether a code over a channel can be a part of what a purpose takes; no message is sent
    /// that proves nothing for it.
    pub(super) async fn helpful(
        &self,
        customer: &Customer,
        channel: Channel,
        purpose: &Purpose,
    ) -> Result<Result<(), Box<Refusal>>, DeskError> {
        let is_shared = self.is_shared(customer, channel).await?;
        let none = &FactorSet::default();
        let nothing = Proven { factors: none, shared_contact: false };
        if purpose.is_helped_by(channel.factor(), is_shared, nothing) {
            return Ok(Ok(()));
        }
        let reason = match purpose.level {
            Level::None => format!(
                "For \"{}\" nothing has to be proven: ask for the amount that is due.",
                purpose.name
            ),
            _ if purpose.is_helped_by(channel.factor(), false, nothing) => format!(
                "This {} belongs to other customers too, and proves nothing for \"{}\".",
                channel.contact_kind().label(),
                purpose.name
            ),
            level => format!(
                "A code by {} proves nothing for \"{}\": it takes {}.",
                channel.label(),
                purpose.name,
                level.label()
            ),
        };
        Ok(Err(Refusal::new(Outcome::Forbidden, reason)))
    }

    /// Whether another code of an open request would prove something for its purpose, with the flags
    /// that the customer has by now.
    pub(super) async fn helps_still(
        &self,
        customer: &Customer,
        request: &Request,
    ) -> Result<Result<(), Box<Refusal>>, DeskError> {
        match self.purpose(&request.purpose) {
            Ok(purpose) => {
                let raised = customer.flags.raise(&purpose);
                self.helpful(customer, request.channel, &raised).await
            }
            // A sign-up, or what the office does not verify for any more.
            Err(_) => Ok(Ok(())),
        }
    }

    /// Whether other customers have the contact of a channel too, where a purpose asks.
    pub(in crate::service) async fn is_shared(
        &self,
        customer: &Customer,
        channel: Channel,
    ) -> Result<bool, DeskError> {
        let asks = |it: &Purpose| it.shared_contact != SharedContact::Allow;
        let contact = customer.contact(channel, &self.office.phones);
        let (true, Ok(contact)) = (self.office.purposes.iter().any(asks), contact) else {
            return Ok(false);
        };
        let found = self.reading(|| self.store.identify(key_of(&contact))).await?;
        Ok(found.iter().any(|it| it.id != customer.id))
    }
}
