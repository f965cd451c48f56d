//! Slow hashes beside the work of the desk: on threads of their own, and few at a time, so
//! that a hundred attempts take neither its memory nor its time.

use tokio::sync::{OnceCell, Semaphore};

use crate::domain::sign_in::TypedSecret;
use crate::domain::sign_in::password::{Password, PasswordHash};
use crate::service::ports::StoreError;

/// Passwords that are hashed at once: 19 MiB each.
const AT_ONCE: usize = 2;

/// Hashes passwords.
#[derive(Debug)]
pub(in crate::service) struct Hashing {
    permits: Semaphore,
    of_nobody: OnceCell<PasswordHash>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { permits: Semaphore::new(AT_ONCE), of_nobody: OnceCell::new() }
    }
}

impl Hashing {
    /// Whether this is the password of the hash; without a hash it is none, and takes as
    /// long.
    pub(super) async fn matches(
        &self,
        hash: Option<PasswordHash>,
        typed: TypedSecret,
    ) -> Result<bool, StoreError> {
        let hash = match hash {
            Some(hash) => hash,
            None => self.of_nobody().await?,
        };
        self.run(move || hash.matches(&typed)).await
    }

    /// The hash of a new password.
    pub(super) async fn hash(
        &self,
        password: Password,
        salt: [u8; 16],
    ) -> Result<PasswordHash, StoreError> {
        self.run(move || PasswordHash::of(&password, salt)).await
    }

    async fn of_nobody(&self) -> Result<PasswordHash, StoreError> {
        let hash = || self.run(|| PasswordHash::of_nobody([0; 16]));
        self.of_nobody.get_or_try_init(hash).await.cloned()
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let failed = |error: &dyn std::fmt::Display| StoreError::Failed(error.to_string());
        let _permit = self.permits.acquire().await.map_err(|error| failed(&error))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))
    }
}
