//! Transactions that the database ended in favour of another one.

use std::time::Duration;

use crate::service::ports::error::StoreError;

/// Attempts before the conflict is reported.
const MAX_ATTEMPTS: u32 = 5;

/// The first pause; each later one is longer by as much.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// Runs a transaction, and again where the database rolled it back in favour of another
/// one (a deadlock, a lock that took too long).
pub(in crate::store) async fn retry_on_conflict<T, F>(
    mut transaction: impl FnMut() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for attempt in 1..MAX_ATTEMPTS {
        match transaction().await {
            Err(StoreError::Conflict(_)) => tokio::time::sleep(RETRY_PAUSE * attempt).await,
            done => return done,
        }
    }
    transaction().await
}
