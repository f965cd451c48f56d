//! The random source, and the key ring.

use crate::domain::key::Keyring;

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("the operating system gives no random numbers: {0}")]
pub struct RandomError(pub String);

/// A source of random numbers fit for secrets.
pub trait Random: Send + Sync {
    /// A number drawn evenly from `0..bound`; `bound` is over zero.
    fn below(&self, bound: u64) -> Result<u64, RandomError>;
    /// 32 random bytes.
    fn secret(&self) -> Result<[u8; 32], RandomError>;
}

/// The keys cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{0}")]
pub struct KeysError(pub String);

/// Where the keys lie. They are read when the desk opens, and again when a stored
/// code names a key that is not among them: another terminal may rotate the keys.
pub trait Keys: Send + Sync {
    /// The keys as they are now.
    fn read(&self) -> Result<Keyring, KeysError>;
}

/// Keys that stay as they are.
impl Keys for Keyring {
    fn read(&self) -> Result<Keyring, KeysError> {
        Ok(self.clone())
    }
}
