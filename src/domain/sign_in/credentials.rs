//! Stored credentials of the staff, signed by the desk: write access to the store alone is not
//! enough to replace an account's password or remove its second factor (security requirement 54).

use crate::domain::key::{Key, KeyId, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::sign_in::password::PasswordHash;
use crate::domain::staff::AccountName;
use crate::domain::time::Timestamp;

/// The first factor of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInProof {
    /// None yet.
    None,
    /// An unused set-up code.
    SetUp {
        /// The keyed digest of the code.
        digest: String,
        expires_at: Timestamp,
    },
    Password(PasswordHash),
}

/// The credentials of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub account: AccountName,
    /// The first factor.
    pub proof: SignInProof,
    /// The sealed TOTP seed.
    pub totp: Option<String>,
    /// Who issued the last set-up code; `None` if it was the service's owner.
    pub given_by: Option<AccountName>,
    /// Who asked for a reset that a second admin has to approve, and when.
    pub reset_asked: Option<(AccountName, Timestamp)>,
}

impl Credentials {
    /// Credentials of an account that cannot sign in yet.
    pub const fn none(account: AccountName) -> Self {
        Self { account, proof: SignInProof::None, totp: None, given_by: None, reset_asked: None }
    }
}

/// A credentials row with the proof that the desk wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCredentials {
    pub credentials: Credentials,
    /// Version of the row, from 1.
    pub version: u32,
    /// The id of the key of `mac`, of the seal and of the digest.
    pub key_id: KeyId,
    /// Message authentication code over all other fields, in hexadecimal.
    pub mac: String,
}

impl SignedCredentials {
    /// Signs credentials with the current key.
    pub fn signed(credentials: Credentials, version: u32, keyring: &Keyring) -> Self {
        let (key_id, key) = keyring.current();
        let mac = mac(&credentials, version, key).to_hex();
        Self { credentials, version, key_id: key_id.clone(), mac }
    }

    /// Verifies the message authentication code.
    pub fn is_genuine(&self, keyring: &Keyring) -> bool {
        let Ok(key) = keyring.get(self.key_id.as_str()) else { return false };
        mac(&self.credentials, self.version, key).is_hex(&self.mac)
    }
}

fn mac(credentials: &Credentials, version: u32, key: &Key) -> MacTag {
    let Credentials { account, proof, totp, given_by, reset_asked } = credentials;
    let time = |it: &Timestamp| it.millis().to_string();
    let proof = match proof {
        SignInProof::None => ["none".to_owned(), String::new(), String::new()],
        SignInProof::SetUp { digest, expires_at } => {
            ["set-up".to_owned(), digest.clone(), time(expires_at)]
        }
        SignInProof::Password(hash) => {
            ["password".to_owned(), hash.as_str().to_owned(), String::new()]
        }
    };
    let (asked_by, asked_at) = match reset_asked {
        Some((by, at)) => (by.as_str(), time(at)),
        None => ("", String::new()),
    };
    let version = version.to_string();
    let [kind, value, until] = &proof;
    let fields: [&str; 9] = [
        account.as_str(),
        &version,
        kind,
        value,
        until,
        totp.as_deref().unwrap_or_default(),
        given_by.as_ref().map(AccountName::as_str).unwrap_or_default(),
        asked_by,
        &asked_at,
    ];
    MacTag::of(key, "credentials", fields.map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> AccountName {
        name.parse().expect("an account")
    }

    fn hash(salt: u8) -> PasswordHash {
        PasswordHash::of_nobody([salt; 16])
    }

    #[test]
    fn security_54_credentials_that_the_desk_did_not_write_are_not_genuine() {
        let ring = |secret| {
            Keyring::new(KeyId::new("k1").expect("a well formed name"), Key::new([secret; 32]))
        };
        let of = Credentials {
            proof: SignInProof::Password(hash(1)),
            totp: Some("00".into()),
            ..Credentials::none(account("boss"))
        };
        let written = SignedCredentials::signed(of.clone(), 3, &ring(7));
        assert!(written.is_genuine(&ring(7)));
        assert!(!written.is_genuine(&ring(8)), "another key");
        let at = Timestamp::from_millis(5);
        let changed = [
            Credentials { account: account("dana"), ..of.clone() },
            Credentials { proof: SignInProof::Password(hash(2)), ..of.clone() },
            Credentials { proof: SignInProof::None, ..of.clone() },
            Credentials { totp: None, ..of.clone() },
            Credentials { given_by: Some(account("dana")), ..of.clone() },
            Credentials { reset_asked: Some((account("dana"), at)), ..of },
        ];
        for credentials in changed {
            let forged = SignedCredentials { credentials, ..written.clone() };
            assert!(!forged.is_genuine(&ring(7)), "{forged:?}");
        }
        assert!(!SignedCredentials { version: 4, ..written }.is_genuine(&ring(7)));
    }
}
