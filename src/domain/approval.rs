//! Acts that need the approval of a second admin if the office configures it (four eyes).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::key::{Key, KeyId, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::request::{NotARequest, RequestId};
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

/// The public id of a pending act, in the same alphabet as request ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApprovalId(RequestId);

impl ApprovalId {
    /// The id for 50 random bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(RequestId::from_bits(bits))
    }

    /// The id in text form.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for ApprovalId {
    type Err = NotARequest;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        typed.parse().map(Self)
    }
}

impl fmt::Display for ApprovalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for ApprovalId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

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

/// The signed part of a pending act: what an approval will execute, and who asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAct {
    pub id: ApprovalId,
    pub act: GuardedAct,
    /// The serialised call.
    pub call: String,
    /// The staff member who asked for it, and the counter.
    pub asked_by: Actor,
    /// The id of the key of `mac`.
    pub key_id: KeyId,
    /// Message authentication code over all other fields, in hexadecimal.
    pub mac: String,
}

impl SignedAct {
    /// Signs an act with the current key.
    pub fn new(
        id: ApprovalId,
        act: GuardedAct,
        call: String,
        asked_by: Actor,
        keyring: &Keyring,
    ) -> Self {
        let (key_id, key) = keyring.current();
        let mac = mac([id.as_str(), act.word(), &call, &asked_by.clerk], key).to_hex();
        Self { id, act, call, asked_by, key_id: key_id.clone(), mac }
    }

    /// Verifies the message authentication code, so that write access to the store alone is not
    /// enough to have an act approved that nobody asked for.
    pub fn is_genuine(&self, keyring: &Keyring) -> bool {
        let Ok(key) = keyring.get(self.key_id.as_str()) else { return false };
        let fields = [self.id.as_str(), self.act.word(), &self.call, &self.asked_by.clerk];
        mac(fields, key).is_hex(&self.mac)
    }
}

fn mac(fields: [&str; 4], key: &Key) -> MacTag {
    MacTag::of(key, "approval", fields.map(str::as_bytes))
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
    MacTag::of(key, "approval given", [act.id.as_str(), &act.mac, by].map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(secret: u8) -> Keyring {
        let Some(id) = KeyId::new("k1") else { panic!("a well formed name") };
        Keyring::new(id, Key::new([secret; 32]))
    }

    #[test]
    fn an_act_that_the_desk_was_not_asked_for_is_not_genuine() {
        let asked_by = Actor { clerk: "amira".into(), counter: "3".into() };
        let id = ApprovalId::from_bits(7);
        let act = SignedAct::new(id, GuardedAct::Unlock, "{}".into(), asked_by.clone(), &ring(7));
        assert!(act.is_genuine(&ring(7)));
        assert!(!act.is_genuine(&ring(8)), "another key");
        let forged = [
            SignedAct { id: ApprovalId::from_bits(8), ..act.clone() },
            SignedAct { act: GuardedAct::Purge, ..act.clone() },
            SignedAct { call: "[]".into(), ..act.clone() },
            SignedAct { asked_by: Actor { clerk: "bo".into(), ..asked_by }, ..act.clone() },
            SignedAct { mac: "zz".into(), ..act },
        ];
        for forged in forged {
            assert!(!forged.is_genuine(&ring(7)), "{forged:?}");
        }
    }

    #[test]
    fn security_69_an_approval_that_the_desk_did_not_write_is_none() {
        let asked_by = Actor { clerk: "amira".into(), counter: "3".into() };
        let act = |bits| {
            let id = ApprovalId::from_bits(bits);
            SignedAct::new(id, GuardedAct::Vouch, "{}".into(), asked_by.clone(), &ring(7))
        };
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
