//! Claiming sends in batches: one claim at a time for all sends that wait for it.
//!
//! Each claim is a commit, whose cost hardly depends on how many messages it is for. A
//! single send is answered as fast as if it claimed alone; the sends that come while a
//! claim is running all share the next one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::domain::circuit_breaker::ProviderSlot;
use crate::service::Desk;
use crate::service::ports::outbox::OutboxMessage;

/// A send that waits for its claim.
struct PendingClaim {
    message: OutboxMessage,
    slot: ProviderSlot,
    answer: oneshot::Sender<Result<bool, String>>,
}

/// The sends of this terminal that wait for a claim.
#[derive(Default)]
pub(in crate::service) struct ClaimBatcher(Mutex<PendingClaims>);

#[derive(Default)]
struct PendingClaims {
    waiting: Vec<PendingClaim>,
    /// Whether a task is claiming; it goes on until nothing waits.
    is_claiming: bool,
}

impl ClaimBatcher {
    fn pending(&self) -> MutexGuard<'_, PendingClaims> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a send; whether the caller has to start the task.
    fn add(&self, send: PendingClaim) -> bool {
        let mut pending = self.pending();
        pending.waiting.push(send);
        !std::mem::replace(&mut pending.is_claiming, true)
    }

    /// The next batch; empty at the end.
    fn next(&self) -> Vec<PendingClaim> {
        let mut pending = self.pending();
        let waiting = std::mem::take(&mut pending.waiting);
        pending.is_claiming = !waiting.is_empty();
        waiting
    }
}

impl Desk {
    /// Claims a send; an error says why the store gave no answer.
    pub(in crate::service) async fn claim_for(
        &self,
        message: &OutboxMessage,
        slot: ProviderSlot,
    ) -> Result<bool, String> {
        let (answer, granted) = oneshot::channel();
        if self.claims.add(PendingClaim { message: message.clone(), slot, answer }) {
            tokio::spawn(self.clone().claim_batches());
        }
        granted.await.unwrap_or_else(|_| Err("nobody was there to ask it".into()))
    }

    async fn claim_batches(self) {
        let _mark = ClaimingMark(&self.claims);
        loop {
            let mut waiting = self.claims.next();
            if waiting.is_empty() {
                return;
            }
            // A caller that stopped waiting does not send.
            waiting.retain(|it| !it.answer.is_closed());
            if waiting.is_empty() {
                continue;
            }
            let claims: Vec<_> = waiting.iter().map(|it| (&it.message, it.slot)).collect();
            let answers = self.store.claim_send(&claims, &self.lease_owner).await;
            for (at, PendingClaim { message, answer, .. }) in waiting.into_iter().enumerate() {
                let granted = match &answers {
                    Ok(granted) => Ok(granted.get(at).copied().unwrap_or(false)),
                    Err(error) => Err(error.to_string()),
                };
                if let Err(Ok(true)) = answer.send(granted) {
                    self.release_claim(&message).await;
                }
            }
        }
    }

    /// Gives back a claim that was granted after the caller had stopped waiting.
    async fn release_claim(&self, message: &OutboxMessage) {
        if let Err(error) = self.store.release_send_claim(message, &self.lease_owner).await {
            tracing::warn!(%error, "an unused send claim was not given back");
        }
    }
}

/// Marks the task as running: if it panics, the next send starts another.
struct ClaimingMark<'a>(&'a ClaimBatcher);

impl Drop for ClaimingMark<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.pending().is_claiming = false;
        }
    }
}
