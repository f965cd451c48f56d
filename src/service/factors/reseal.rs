//! Sealing anew, under the current key, what customers have enrolled: it is of use for years,
//! and a retired key is kept for an hour.

use crate::domain::customer::CustomerId;
use crate::domain::seal::Nonce;
use crate::service::ports::factors::Resealed;
use crate::service::{Desk, DeskError};

/// How many factors are read at a time.
const BATCH: u32 = 200;

impl Desk {
    /// Seals anew what lies under another key than the current one. What cannot be opened stays
    /// as it is.
    pub async fn reseal_factors(&self) -> Result<(), DeskError> {
        let keyring = self.keyring();
        let current = keyring.current().0.as_str();
        let mut after = CustomerId(i64::MIN);
        loop {
            let page = self.retry(|| self.store.factors_after(after, BATCH, current)).await?;
            let Some(last) = page.last else { return Ok(()) };
            after = last;
            let mut anew = Vec::new();
            for factor in page.factors.into_iter().filter(|it| it.sealed.is_some()) {
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
