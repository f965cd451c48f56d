//! Sealing anew, under the current key, what customers have enrolled: it is of use for years,
//! and a retired key is kept for an hour.

use crate::domain::customer::CustomerId;
use crate::domain::customer_factor::StoredFactor;
use crate::domain::seal::Nonce;
use crate::service::ports::factors::Resealed;
use crate::service::{Desk, DeskError};

/// How many customers are read at a time.
const BATCH: u32 = 200;

impl Desk {
    /// Seals anew what lies under another key than the current one. What cannot be opened stays
    /// as it is.
    pub async fn reseal_factors(&self) -> Result<(), DeskError> {
        let keyring = self.keyring();
        let current = keyring.current().0.as_str();
        let mut after = CustomerId(i64::MIN);
        loop {
            let read = self.retry(|| self.store.factors_after(after, BATCH)).await?;
            let Some(last) = read.last() else { return Ok(()) };
            after = last.customer;
            let mut anew = Vec::new();
            let is_older = |it: &StoredFactor| it.sealed.is_some() && it.key_id != current;
            for factor in read.into_iter().filter(is_older) {
                let nonce = Nonce::from(self.random.secret()?);
                match factor.resealed(&keyring, nonce) {
                    Ok(sealed) => {
                        let key_id = current.to_owned();
                        anew.push(Resealed { read: factor, sealed, key_id });
                    }
                    Err(error) => {
                        tracing::error!(%error, customer = factor.customer.0, "not sealed anew");
                    }
                }
            }
            if !anew.is_empty() {
                self.retry(|| self.store.reseal_factors(&anew)).await?;
            }
        }
    }
}
