//! Idempotency keys: the same act, made again, is done once and gets the first answer.
//!
//! A client draws a key for each act ([`crate::service::api::client`]) and repeats it when it
//! calls again, for instance after a connection broke. The desk binds the key to the act and
//! to the caller before the store sees it, and the act's entry in the log carries it in a
//! column that is unique: a second entry fails, its transaction is rolled back, and the
//! answer is that of the first.

use sha2::{Digest as _, Sha256};

use crate::domain::customer::CustomerId;
use crate::domain::text;
use crate::service::{Desk, DeskError};

impl Desk {
    /// Draws an idempotency key.
    pub fn new_idempotency_key(&self) -> Result<String, DeskError> {
        Ok(hex::encode(&self.random.secret()?[..16]))
    }

    /// An idempotency key as the store keeps it: bound to the act and to the caller, so
    /// that nobody gets the answer to what another one did.
    pub(in crate::service) fn bound_key(&self, act: &[&str]) -> String {
        let mut hash = Sha256::new();
        let caller = [&*self.actor.clerk, &*self.actor.counter];
        let parts = act.iter().chain(&caller).map(|part| part.as_bytes());
        text::length_prefixed(parts, |bytes| hash.update(bytes));
        hex::encode(&hash.finalize()[..16])
    }

    /// The idempotency key of an act on a customer, as the store keeps it: no caller can
    /// choose the key that another act will have.
    pub(in crate::service) fn customer_act(
        &self,
        what: &str,
        key: &str,
        customer: CustomerId,
    ) -> String {
        self.bound_key(&[what, key, &customer.0.to_string()])
    }
}
