//! The staff: accounts of the host and their roles.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::key::{Key, KeyId, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::text;
use crate::domain::word::words;

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Role {
    /// Verifies customers.
    Clerk,
    /// Also lifts lockouts, imports customers and manages the store and the staff.
    Admin,
    /// Reads the log and changes nothing.
    Auditor,
    /// A program that sends queued messages and runs maintenance.
    Worker,
    /// A program that asks whether a customer is verified now.
    Gate,
    /// A keypad at which customers type their codes.
    Pad,
}

words!(Role, "a role; the roles are clerk, admin, auditor, worker, gate and pad");

/// The name of an account of the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName(String);

impl AccountName {
    /// Length limit in characters.
    const MAX: usize = 64;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is not an account name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not the name of an account: 1 to 64 ASCII characters without spaces")]
pub struct NotAnAccount(String);

impl FromStr for AccountName {
    type Err = NotAnAccount;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let fits = (1..=Self::MAX).contains(&typed.len())
            && typed.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(typed.to_owned())).ok_or_else(|| NotAnAccount(text::clean(typed)))
    }
}

impl Serialize for AccountName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AccountName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffMember {
    pub account: AccountName,
    pub role: Role,
    /// Whether the member may work now.
    pub enabled: bool,
}

/// A row of the staff table, with the proof that the desk wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffRecord {
    pub member: StaffMember,
    /// Version of the row, from 1.
    pub version: u32,
    /// The id of the key of `mac`.
    pub key_id: KeyId,
    /// Message authentication code over all other fields, in hexadecimal.
    pub mac: String,
}

impl StaffRecord {
    /// Signs a row with the current key.
    pub fn signed(member: StaffMember, version: u32, keyring: &Keyring) -> Self {
        let (key_id, key) = keyring.current();
        let mac = mac(&member, version, key).to_hex();
        Self { member, version, key_id: key_id.clone(), mac }
    }

    /// Verifies the message authentication code: write access to the store alone is not enough to
    /// become an admin (security requirement 54).
    pub fn is_genuine(&self, keyring: &Keyring) -> bool {
        let Ok(key) = keyring.get(self.key_id.as_str()) else { return false };
        mac(&self.member, self.version, key).is_hex(&self.mac)
    }
}

fn mac(member: &StaffMember, version: u32, key: &Key) -> MacTag {
    let enabled = if member.enabled { "enabled" } else { "disabled" };
    let version = version.to_string();
    let fields = [member.account.as_str(), member.role.word(), enabled, &version];
    MacTag::of(key, "staff", fields.map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(secret: u8) -> Keyring {
        let Some(id) = KeyId::new("k1") else { panic!("a well formed name") };
        Keyring::new(id, Key::new([secret; 32]))
    }

    fn member(account: &str, role: Role, enabled: bool) -> StaffMember {
        let Ok(account) = account.parse() else { panic!("an account") };
        StaffMember { account, role, enabled }
    }

    #[test]
    fn security_54_a_row_of_the_staff_that_the_desk_did_not_write_is_not_genuine() {
        let written = StaffRecord::signed(member("dana", Role::Clerk, true), 3, &ring(7));
        assert!(written.is_genuine(&ring(7)));
        assert!(!written.is_genuine(&ring(8)), "another key");
        let changed = [
            StaffRecord { member: member("bob", Role::Clerk, true), ..written.clone() },
            StaffRecord { member: member("dana", Role::Admin, true), ..written.clone() },
            StaffRecord { member: member("dana", Role::Clerk, false), ..written.clone() },
            StaffRecord { version: 4, ..written.clone() },
            StaffRecord { mac: String::new(), ..written.clone() },
            StaffRecord { mac: "zz".into(), ..written },
        ];
        for forged in changed {
            assert!(!forged.is_genuine(&ring(7)), "{forged:?}");
        }
    }

    #[test]
    fn an_account_has_a_plain_name() {
        for name in ["dana", "_apt", "dana.rivera@office.example", r"OFFICE\dana", "uid-1000"] {
            assert!(name.parse::<AccountName>().is_ok(), "{name}");
        }
        let long = "a".repeat(65);
        for name in ["", "dana rivera", "dána", "dana\n", "\u{202e}dana", &long] {
            assert!(name.parse::<AccountName>().is_err(), "{name:?}");
        }
    }
}
