//! Acts that an office may ask a second admin for, and one that waits for its second.

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

/// How long an act waits for its second admin.
pub const APPROVAL_TIME: Duration = Duration::from_mins(15);

/// An act of an admin that takes a reason, and a second admin where the office says so
/// (`staff.four_eyes`).
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
    /// Lifting a customer's lockout.
    Unlock,
    /// Ending the quarantine of a changed contact.
    Confirm,
    /// Maintenance, which purges what is past.
    Purge,
}

impl GuardedAct {
    /// The act's name in the configuration, in JSON and in the store.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for GuardedAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The public name of an act that waits, in the same writing as a request's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApprovalId(RequestId);

impl ApprovalId {
    /// The name for 50 random bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(RequestId::from_bits(bits))
    }

    /// The name as people and programs write it.
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

/// An act that an admin asked for, and that waits for a second one or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Approval {
    /// Its name.
    pub id: ApprovalId,
    /// What is to be done.
    pub act: GuardedAct,
    /// To which customer, where it is about one.
    pub customer: Option<CustomerId>,
    /// What is to be done to whom, in words.
    pub target: String,
    /// Why.
    pub reason: String,
    /// Who asked for it, and where.
    pub asked_by: Actor,
    /// When.
    pub asked_at: Timestamp,
    /// Until when it can be approved.
    pub expires_at: Timestamp,
    /// Who approved it; none where it waits.
    pub approved_by: Option<String>,
}

/// What the desk vouches for: what an approval will do, and who asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAct {
    /// Its name.
    pub id: ApprovalId,
    /// What is to be done.
    pub act: GuardedAct,
    /// The call itself, as it was written.
    pub call: String,
    /// Who asked for it, and where.
    pub asked_by: Actor,
    /// The name of the key of `mac`.
    pub key_id: KeyId,
    /// The message authentication code over all of the above, in hexadecimal.
    pub mac: String,
}

impl SignedAct {
    /// An act that the desk was asked for.
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

    /// Whether the desk wrote it: whoever can write to the store alone cannot have an act
    /// approved that nobody asked for.
    pub fn is_genuine(&self, keyring: &Keyring) -> bool {
        let Ok(key) = keyring.get(self.key_id.as_str()) else { return false };
        let fields = [self.id.as_str(), self.act.word(), &self.call, &self.asked_by.clerk];
        mac(fields, key).is_hex(&self.mac)
    }
}

fn mac(fields: [&str; 4], key: &Key) -> MacTag {
    MacTag::of(key, "approval", fields.map(str::as_bytes))
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
}
