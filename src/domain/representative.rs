//! Who may stand at the counter in the place of a customer: for some purposes, for some time, by
//! codes to a contact of their own.
//!
//! A row is a representative only with the proof that the desk wrote it after a second person had
//! approved it: whoever can write to the store alone cannot make one, nor widen what one may.

use serde::{Deserialize, Serialize};

use crate::domain::channel::Channel;
use crate::domain::contact::mask;
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::event::Actor;
use crate::domain::key::{Key, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::public_id::public_id;
use crate::domain::purpose::Purpose;
use crate::domain::time::Timestamp;

public_id!(
    /// A representative's public id, in the alphabet of request ids.
    RepresentativeId
);

/// Who stands at the counter in the place of the holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandsHere {
    pub id: RepresentativeId,
    pub name: String,
}

/// Somebody who may act for a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Representative {
    pub id: RepresentativeId,
    /// For whom.
    pub customer: CustomerId,
    pub name: String,
    /// Masked outside of the desk.
    pub email: Option<String>,
    /// In E.164; masked outside of the desk.
    pub phone: Option<String>,
    /// What for: names of purposes.
    pub scope: Vec<String>,
    pub from: Timestamp,
    /// Until when; none where it has to be ended.
    pub until: Option<Timestamp>,
    /// The kind of document that was seen.
    pub document: String,
    /// Who added it, and where.
    pub added_by: Actor,
    pub approved_by: String,
}

/// Why a representative may not act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRepresented {
    /// The purpose is for the holder alone.
    #[error("this purpose is for the holder alone")]
    HolderAlone,
    /// It is not among what was agreed.
    #[error("the representative was not named for this purpose")]
    OutOfScope,
    /// It begins later.
    #[error("the time of the representative has not begun yet")]
    NotYet,
    /// It is over.
    #[error("the time of the representative is over")]
    Over,
}

impl Representative {
    /// Whether they may be served for a purpose now.
    pub fn may(&self, purpose: &Purpose, now: Timestamp) -> Result<(), NotRepresented> {
        self.in_time(now)?;
        self.in_scope(purpose)
    }

    /// Whether they may act at this time.
    pub fn in_time(&self, now: Timestamp) -> Result<(), NotRepresented> {
        if now < self.from {
            return Err(NotRepresented::NotYet);
        }
        if self.until.is_some_and(|until| until <= now) {
            return Err(NotRepresented::Over);
        }
        Ok(())
    }

    /// Whether they may act for a purpose, in their time.
    pub fn in_scope(&self, purpose: &Purpose) -> Result<(), NotRepresented> {
        if !purpose.representative {
            return Err(NotRepresented::HolderAlone);
        }
        let is_named = self.scope.contains(&purpose.name);
        is_named.then_some(()).ok_or(NotRepresented::OutOfScope)
    }

    /// As sessions and requests name them.
    pub fn stands_here(&self) -> StandsHere {
        StandsHere { id: self.id.clone(), name: self.name.clone() }
    }

    /// The customer with their contacts in the place of the holder's.
    #[must_use]
    pub fn in_place_of(&self, holder: &Customer) -> Customer {
        Customer { email: self.email.clone(), phone: self.phone.clone(), ..holder.clone() }
    }

    /// With masked contacts, as clients get it.
    #[must_use]
    pub fn with_masked_contacts(self) -> Self {
        let email = self.email.as_deref().map(|it| mask(Channel::Email, it));
        let phone = self.phone.as_deref().map(|it| mask(Channel::Sms, it));
        Self { email, phone, ..self }
    }

    fn mac(&self, key: &Key) -> MacTag {
        let until = self.until.map_or(i64::MAX, Timestamp::millis).to_be_bytes();
        let text = |it: &Option<String>| it.clone().unwrap_or_default().into_bytes();
        let mut fields: Vec<Vec<u8>> = vec![
            self.id.as_str().into(),
            self.customer.0.to_be_bytes().to_vec(),
            self.name.clone().into(),
            text(&self.email),
            text(&self.phone),
            self.from.millis().to_be_bytes().to_vec(),
            until.to_vec(),
            self.document.clone().into(),
            self.added_by.clerk.clone().into(),
            self.added_by.counter.clone().into(),
            self.approved_by.clone().into(),
        ];
        fields.extend(self.scope.iter().map(|it| it.clone().into_bytes()));
        MacTag::of(key, "representative", fields.iter().map(Vec::as_slice))
    }
}

/// A row of the table of representatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepresentativeRecord {
    pub representative: Representative,
    /// The id of the key of its proof.
    pub key_id: String,
    /// The proof in hexadecimal; empty once it was ended.
    pub mac: String,
}

impl RepresentativeRecord {
    /// Signs a representative with the current key.
    pub fn new(representative: Representative, keyring: &Keyring) -> Self {
        let (key_id, key) = keyring.current();
        let mac = representative.mac(key).to_hex();
        Self { representative, key_id: key_id.as_str().to_owned(), mac }
    }

    /// Whether the desk wrote it, and nobody ended it.
    pub fn is_genuine(&self, keyring: &Keyring) -> bool {
        let Ok(key) = keyring.get(&self.key_id) else { return false };
        self.representative.mac(key).is_hex(&self.mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::KeyId;

    fn ring(secret: u8) -> Keyring {
        let Some(id) = KeyId::new("k1") else { panic!("a well formed name") };
        Keyring::new(id, Key::new([secret; 32]))
    }

    fn anna() -> Representative {
        Representative {
            id: RepresentativeId::from_bits(1),
            customer: CustomerId(17),
            name: "Anna Rivera".into(),
            email: Some("anna@example.org".into()),
            phone: None,
            scope: vec!["pay bill".into()],
            from: Timestamp::from_millis(1_000),
            until: Some(Timestamp::from_millis(9_000)),
            document: "passport".into(),
            added_by: Actor { clerk: "amira".into(), counter: "3".into() },
            approved_by: "boss".into(),
        }
    }

    #[test]
    fn a_representative_acts_in_their_time_and_for_what_was_agreed() {
        let purpose = |name: &str| Purpose { representative: true, ..Purpose::from(name) };
        let may = |name: &str, at| anna().may(&purpose(name), Timestamp::from_millis(at));
        assert_eq!(may("pay bill", 1_000), Ok(()));
        assert_eq!(may("pay bill", 999), Err(NotRepresented::NotYet));
        assert_eq!(may("pay bill", 9_000), Err(NotRepresented::Over));
        assert_eq!(may("closure", 1_000), Err(NotRepresented::OutOfScope));
        let alone = anna().may(&Purpose::from("pay bill"), Timestamp::from_millis(1_000));
        assert_eq!(alone, Err(NotRepresented::HolderAlone));
    }

    #[test]
    fn security_54_a_representative_that_the_desk_did_not_add_is_none() {
        let genuine = RepresentativeRecord::new(anna(), &ring(7));
        assert!(genuine.is_genuine(&ring(7)));
        assert!(!genuine.is_genuine(&ring(8)), "another key");
        let at = Timestamp::from_millis;
        let changed = [
            Representative { id: RepresentativeId::from_bits(2), ..anna() },
            Representative { customer: CustomerId(18), ..anna() },
            Representative { name: "Bo".into(), ..anna() },
            Representative { email: Some("bo@example.org".into()), ..anna() },
            Representative { phone: Some("+4915112345678".into()), ..anna() },
            Representative { scope: vec!["pay bill".into(), "closure".into()], ..anna() },
            Representative { scope: vec!["closure".into()], ..anna() },
            Representative { from: at(0), ..anna() },
            Representative { until: None, ..anna() },
            Representative { until: Some(at(9_001)), ..anna() },
            Representative { document: "identity card".into(), ..anna() },
            Representative { approved_by: "amira".into(), ..anna() },
        ];
        for forged in changed {
            let forged = RepresentativeRecord { representative: forged, ..genuine.clone() };
            assert!(!forged.is_genuine(&ring(7)), "{forged:?}");
        }
        let ended = RepresentativeRecord { mac: String::new(), ..genuine };
        assert!(!ended.is_genuine(&ring(7)), "it was ended");
    }
}
