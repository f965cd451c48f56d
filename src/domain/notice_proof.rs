//! The proof that the desk queued a notice to a contact.
//!
//! Write access to the store alone is not enough to have the desk tell somebody something, to tell
//! it to another contact or for another verification (security requirement 54). The message
//! authentication code covers all that is told, to whom, through whom and since when; when it is
//! due and how often it was tried is left out, since each attempt changes it.

use crate::domain::contact::Contact;
use crate::domain::contact_notice::NoticeAbout;
use crate::domain::customer::CustomerId;
use crate::domain::key::{Key, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;

/// What the proof of a notice covers.
#[derive(Clone, Copy, Debug)]
pub struct NoticeFields<'a> {
    pub customer: CustomerId,
    pub contact: &'a Contact,
    /// The fingerprint of the provider it goes through.
    pub provider: &'a str,
    pub about: NoticeAbout,
    pub purpose: Option<&'a str>,
    pub reference: Option<&'a Reference>,
    pub created_at: Timestamp,
}

/// The message authentication code of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeProof {
    /// The id of its key.
    pub key_id: String,
    /// The code in hexadecimal.
    pub mac: String,
}

/// Who wrote the row of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeOrigin {
    /// The desk.
    Desk,
    /// A desk with a key that this one does not have, or somebody else.
    UnknownKey,
    /// Somebody else.
    Forged,
}

impl NoticeProof {
    /// Signs a notice with the current key.
    pub fn of(fields: &NoticeFields<'_>, keyring: &Keyring) -> Self {
        let (key_id, key) = keyring.current();
        Self { key_id: key_id.as_str().to_owned(), mac: mac(fields, key).to_hex() }
    }

    /// Verifies the proof.
    pub fn origin(&self, fields: &NoticeFields<'_>, keyring: &Keyring) -> NoticeOrigin {
        match keyring.get(&self.key_id) {
            Ok(key) if mac(fields, key).is_hex(&self.mac) => NoticeOrigin::Desk,
            Ok(_) => NoticeOrigin::Forged,
            Err(_) => NoticeOrigin::UnknownKey,
        }
    }
}

fn mac(fields: &NoticeFields<'_>, key: &Key) -> MacTag {
    let NoticeFields { customer, contact, provider, about, purpose, reference, created_at } =
        *fields;
    let (customer, created_at) = (customer.0.to_be_bytes(), created_at.millis().to_be_bytes());
    let parts: [&[u8]; 8] = [
        &customer,
        contact.kind().word().as_bytes(),
        contact.as_str().as_bytes(),
        provider.as_bytes(),
        about.word().as_bytes(),
        purpose.unwrap_or_default().as_bytes(),
        reference.map_or("", Reference::as_str).as_bytes(),
        &created_at,
    ];
    MacTag::of(key, "notice row", parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::Channel;
    use crate::domain::key::KeyId;

    fn ring(id: &str, secret: u8) -> Keyring {
        Keyring::new(KeyId::new(id).expect("a name"), Key::new([secret; 32]))
    }

    fn contact(channel: Channel, raw: &str) -> Contact {
        Contact::parse(channel, raw).expect("a contact")
    }

    #[test]
    fn security_54_a_notice_that_the_desk_did_not_queue_is_not_genuine() {
        let dana = contact(Channel::Email, "dana@example.org");
        let word = Reference::from_store("K7Q");
        let fields = NoticeFields {
            customer: CustomerId(17),
            contact: &dana,
            provider: "smtp",
            about: NoticeAbout::Verified,
            purpose: Some("pay bill"),
            reference: Some(&word),
            created_at: Timestamp::from_millis(1_000),
        };
        let proof = NoticeProof::of(&fields, &ring("k1", 7));
        assert_eq!(proof.origin(&fields, &ring("k1", 7)), NoticeOrigin::Desk);
        assert_eq!(proof.origin(&fields, &ring("k1", 8)), NoticeOrigin::Forged, "another key");
        assert_eq!(proof.origin(&fields, &ring("k2", 7)), NoticeOrigin::UnknownKey);
        let other = contact(Channel::Email, "mallory@example.org");
        let number = contact(Channel::Sms, "+15550100142");
        let other_word = Reference::from_store("K7R");
        let changed = [
            NoticeFields { customer: CustomerId(18), ..fields },
            NoticeFields { contact: &other, ..fields },
            NoticeFields { contact: &number, ..fields },
            NoticeFields { provider: "elsewhere", ..fields },
            NoticeFields { about: NoticeAbout::Lockout, ..fields },
            NoticeFields { purpose: Some("complaint"), ..fields },
            NoticeFields { purpose: None, ..fields },
            NoticeFields { reference: Some(&other_word), ..fields },
            NoticeFields { reference: None, ..fields },
            NoticeFields { created_at: Timestamp::from_millis(1_001), ..fields },
        ];
        for forged in changed {
            assert_eq!(proof.origin(&forged, &ring("k1", 7)), NoticeOrigin::Forged, "{forged:?}");
        }
        for mac in ["", "zz"] {
            let proof = NoticeProof { mac: mac.into(), ..proof.clone() };
            assert_eq!(proof.origin(&fields, &ring("k1", 7)), NoticeOrigin::Forged);
        }
    }
}
