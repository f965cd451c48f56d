//! How somebody of the staff proves who they are where many share one account of the host:
//! a password, a code of an authenticator (TOTP), and the sitting that follows.

pub mod credentials;
pub mod password;
pub mod policy;
pub mod setup_code;
pub mod sitting;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// What was typed as a password, a set-up code or the code of an authenticator; erased when
/// dropped and never printed by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TypedSecret(pub Zeroizing<String>);

impl TypedSecret {
    /// Takes what was typed.
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
