//! Acts that need the approval of a second admin if the office configures it (four eyes).

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::key::{Key, KeyId, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::public_id::public_id;
use crate::domain::time::Timestamp;

/// How long an act can be approved after it was asked for.
pub const APPROVAL_TIME: Duration = Duration::from_mins(15);

/// An admin's act that requires a reason, and with `staff.four_eyes` a second admin.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    serde::Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum GuardedAct {
    /// Lifts a customer's lockout.
    Unlock,
    /// Ends the quarantine of a changed contact.
    Confirm,
    /// Runs maintenance, which purges old rows.
    Purge,
    /// Vouches for a customer; it always takes a second person.
    Vouch,
    /// Adds a representative of a customer; it always takes a second person.
    Represent,
}

impl GuardedAct {
    /// The word in the configuration, JSON and the store.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for GuardedAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

public_id!(
    /// The public id of a pending act, in the same alphabet as request ids.
    ApprovalId
);

/// An act that an admin asked for, pending or approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Approval {
    pub id: ApprovalId,
    pub act: GuardedAct,
    /// The customer, if the act is about one.
    pub customer: Option<CustomerId>,
    /// The act and its object, in words.
    pub target: String,
    pub reason: String,
    /// The staff member who asked for it, and the counter.
    pub asked_by: Actor,
    pub asked_at: Timestamp,
    /// The end of the approval time.
    pub expires_at: Timestamp,
    /// The admin who approved it; `None` while it is pending.
    pub approved_by: Option<String>,
}

/// A pending act as it was asked for: what an approval will execute, and all that whoever gives the
/// approval reads of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedAct {
    pub id: ApprovalId,
    pub act: GuardedAct,
    /// The serialised call.
    pub call: String,
    /// The customer, if the act is about one.
    pub customer: Option<CustomerId>,
    /// The act and its object, in words.
    pub target: String,
    pub reason: String,
    /// The staff member who asked for it, and the counter.
    pub asked_by: Actor,
    /// The end of the approval time.
    pub expires_at: Timestamp,
}

impl AskedAct {
    fn mac(&self, key: &Key) -> MacTag {
        // No customer has the id 0.
        let customer = self.customer.map_or(0, |it| it.0).to_be_bytes();
        let expires_at = self.expires_at.millis().to_be_bytes();
        let fields: [&[u8]; 9] = [
            self.id.as_str().as_bytes(),
            self.act.word().as_bytes(),
            self.call.as_bytes(),
            &customer,
            self.target.as_bytes(),
            self.reason.as_bytes(),
            self.asked_by.clerk.as_bytes(),
            self.asked_by.counter.as_bytes(),
            &expires_at,
        ];
        MacTag::of(key, "approval", fields)
    }
}

/// A pending act with the proof that the desk wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAct {
    pub asked: AskedAct,
    /// The id of the key of `mac`.
    pub key_id: KeyId,
    /// Message authentication code over all of `asked`, in hexadecimal.
    pub mac: String,
}

impl SignedAct {
    /// Signs an act with the current key.
    pub fn new(asked: AskedAct, keyring: &Keyring) -> Self {
        let (key_id, key) = keyring.current();
        let mac = asked.mac(key).to_hex();
        Self { asked, key_id: key_id.clone(), mac }
    }

    /// Verifies the message authentication code, so that write access to the store alone is not
    /// enough to have an act approved that nobody asked for, or that reads otherwise than it is.
    pub fn is_genuine(&self, keyring: &Keyring) -> bool {
        let Ok(key) = keyring.get(self.key_id.as_str()) else { return false };
        self.asked.mac(key).is_hex(&self.mac)
    }
}

/// The proof that an admin approved an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalProof {
    /// Who approved it.
    pub by: String,
    /// The id of the key of `mac`.
    pub key_id: String,
    /// Message authentication code over the act and who approved it, in hexadecimal.
    pub mac: String,
}

impl ApprovalProof {
    /// Signs an approval with the current key.
    pub fn of(act: &SignedAct, by: &str, keyring: &Keyring) -> Self {
        let (key_id, key) = keyring.current();
        let mac = approval_mac(act, by, key).to_hex();
        Self { by: by.to_owned(), key_id: key_id.as_str().to_owned(), mac }
    }

    /// Verifies the message authentication code, so that write access to the store alone is not
    /// enough to approve an act.
    pub fn is_genuine(&self, act: &SignedAct, keyring: &Keyring) -> bool {
        let Ok(key) = keyring.get(&self.key_id) else { return false };
        approval_mac(act, &self.by, key).is_hex(&self.mac)
    }
}

/// The act is named by its own code, which covers all of it.
fn approval_mac(act: &SignedAct, by: &str, key: &Key) -> MacTag {
    MacTag::of(key, "approval given", [act.asked.id.as_str(), &act.mac, by].map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(secret: u8) -> Keyring {
        let Some(id) = KeyId::new("k1") else { panic!("a well formed name") };
        Keyring::new(id, Key::new([secret; 32]))
    }

    fn asked(bits: u64) -> AskedAct {
        AskedAct {
            id: ApprovalId::from_bits(bits),
            act: GuardedAct::Vouch,
            call: "{}".into(),
            customer: Some(CustomerId(3)),
            target: "vouch for Dana Rivera (WB-1)".into(),
            reason: "lost the phone".into(),
            asked_by: Actor { clerk: "amira".into(), counter: "3".into() },
            expires_at: Timestamp::from_millis(1_000),
        }
    }

    #[test]
    fn security_54_an_act_that_the_desk_was_not_asked_for_is_not_genuine() {
        let act = SignedAct::new(asked(7), &ring(7));
        assert!(act.is_genuine(&ring(7)));
        assert!(!act.is_genuine(&ring(8)), "another key");
        let actor =
            |clerk: &str, counter: &str| Actor { clerk: clerk.into(), counter: counter.into() };
        let forged = [
            AskedAct { id: ApprovalId::from_bits(8), ..asked(7) },
            AskedAct { act: GuardedAct::Purge, ..asked(7) },
            AskedAct { call: "[]".into(), ..asked(7) },
            AskedAct { customer: Some(CustomerId(4)), ..asked(7) },
            AskedAct { customer: None, ..asked(7) },
            AskedAct { target: "vouch for Bo (WB-2)".into(), ..asked(7) },
            AskedAct { reason: "showed an id".into(), ..asked(7) },
            AskedAct { asked_by: actor("bo", "3"), ..asked(7) },
            AskedAct { asked_by: actor("amira", "4"), ..asked(7) },
            AskedAct { expires_at: Timestamp::from_millis(9_000), ..asked(7) },
        ];
        for forged in forged {
            let forged = SignedAct { asked: forged, ..act.clone() };
            assert!(!forged.is_genuine(&ring(7)), "{forged:?}");
        }
        assert!(!SignedAct { mac: "zz".into(), ..act }.is_genuine(&ring(7)));
    }

    #[test]
    fn security_69_an_approval_that_the_desk_did_not_write_is_none() {
        let act = |bits| SignedAct::new(asked(bits), &ring(7));
        let proof = ApprovalProof::of(&act(7), "boss", &ring(7));
        assert!(proof.is_genuine(&act(7), &ring(7)));
        assert!(!proof.is_genuine(&act(7), &ring(8)), "another key");
        assert!(!proof.is_genuine(&act(8), &ring(7)), "another act");
        let other = ApprovalProof { by: "mallory".into(), ..proof.clone() };
        let no_hex = ApprovalProof { mac: "zz".into(), ..proof };
        for forged in [other, no_hex] {
            assert!(!forged.is_genuine(&act(7), &ring(7)), "{forged:?}");
        }
    }
}
