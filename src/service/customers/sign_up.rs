//! Sign-up: a customer's contacts are read back, and each is verified by a code before it proves
//! anything where the policy asks for that.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::channel::Channel;
use crate::domain::contact::{ContactKind, mask};
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::email_domain;
use crate::domain::time::Timestamp;
use crate::service::{Desk, DeskError};

/// A customer at a sign-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUp {
    pub customer: Customer,
    /// The contacts on file.
    pub contacts: Vec<SignUpContact>,
}

/// A contact at a sign-up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpContact {
    pub kind: ContactKind,
    /// The address or the number as it was read from the record, masked.
    pub contact: String,
    /// The domain that was probably meant, where the address looks mistyped.
    pub probably_meant: Option<String>,
    /// When it was verified, and over which channel.
    pub verified: Option<(Timestamp, Channel)>,
    /// The channels that lead to it.
    pub channels: Vec<SignUpChannel>,
}

/// A channel that leads to a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpChannel {
    pub channel: Channel,
    /// Why no code can go over it; none where one can.
    pub refusal: Option<String>,
}

/// It never prints in full by accident.
impl fmt::Debug for SignUpContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(self.kind.channel(), &self.contact))
    }
}

impl SignUpContact {
    /// The first channel over which a code can go.
    pub fn usable(&self) -> Option<Channel> {
        self.channels.iter().find(|it| it.refusal.is_none()).map(|it| it.channel)
    }

    /// Why none can.
    pub fn refusal(&self) -> Option<&str> {
        let first = self.channels.first()?;
        self.usable().is_none().then_some(first.refusal.as_deref().unwrap_or_default())
    }
}

impl Desk {
    /// A customer's contacts, masked as everywhere, to be verified; none where there is no such
    /// customer. One is revealed for a reason (`RevealContact`).
    pub async fn sign_up(&self, id: CustomerId) -> Result<Option<SignUp>, DeskError> {
        let Some(customer) = self.customer(id).await? else { return Ok(None) };
        let ids = [id];
        let verified = self.reading(|| self.store.verified_contacts(&ids)).await?;
        let mut contacts = Vec::new();
        for kind in ContactKind::ALL {
            let Some(recorded) = customer.recorded(kind.channel()) else { continue };
            let country = &self.office.phones.default_country;
            let read = customer.parsed(kind.channel(), country).ok();
            let contact = read.as_ref().map_or(recorded, |it| it.as_str()).to_owned();
            let meant = email_domain::probably_meant(&contact);
            let known = read.as_ref().and_then(|read| {
                verified.iter().find(|it| it.contact.is_same(read)).map(|it| (it.at, it.channel))
            });
            contacts.push(SignUpContact {
                kind,
                contact: mask(kind.channel(), &contact),
                probably_meant: meant.filter(|_| kind == ContactKind::Email).map(str::to_owned),
                verified: known,
                channels: self.sign_up_channels(&customer, kind),
            });
        }
        Ok(Some(SignUp { customer: customer.with_masked_contacts(), contacts }))
    }

    fn sign_up_channels(&self, customer: &Customer, kind: ContactKind) -> Vec<SignUpChannel> {
        let leading = Channel::ALL.into_iter().filter(|it| it.contact_kind() == kind);
        let offered = leading.filter(|it| self.sender(*it).is_some());
        let channel = |channel| {
            let refusal = customer.contact(channel, &self.office.phones).err();
            SignUpChannel { channel, refusal: refusal.map(|it| it.to_string()) }
        };
        offered.map(channel).collect()
    }
}
