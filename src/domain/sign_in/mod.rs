//! Sign-in of staff who share an account of the host: password, TOTP, and the sitting that follows.

pub mod credentials;
pub mod password;
pub mod policy;
pub mod qr;
pub mod setup_code;
pub mod sitting;
pub mod totp;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A typed password, set-up code or TOTP; zeroised when dropped and never printed by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TypedSecret(pub Zeroizing<String>);

impl TypedSecret {
    pub fn new(typed: impl Into<String>) -> Self {
        Self(Zeroizing::new(typed.into()))
    }
}

impl fmt::Debug for TypedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedSecret(…)")
    }
}

impl Serialize for TypedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TypedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
