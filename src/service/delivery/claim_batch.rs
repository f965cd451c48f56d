//! Asking the store for its word: one question at a time, for all hand-overs
//! that wait for it then.
//!
//! Each word is a commit, and a commit has its price however much it does. Who
//! hands over a single message is answered as fast as if it asked alone; of those
//! who come while the store is asked, all are in the next question.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::domain::circuit_breaker::ProviderSlot;
use crate::service::Desk;
use crate::service::ports::outbox::OutboxMessage;

/// A hand-over that waits for the store's word.
struct PendingClaim {
    message: OutboxMessage,
    line: ProviderSlot,
    answer: oneshot::Sender<Result<bool, String>>,
}

/// The hand-overs of a terminal that wait for the store's word.
#[derive(Default)]
pub(in crate::service) struct ClaimBatcher(Mutex<PendingClaims>);

#[derive(Default)]
struct PendingClaims {
    questions: Vec<PendingClaim>,
    /// Somebody asks, and goes on until there are no more.
    asking: bool,
}

impl ClaimBatcher {
    fn waiting(&self) -> MutexGuard<'_, PendingClaims> {
        // Nobody panics in the middle of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a question; whether the one who adds it has to ask.
    fn add(&self, question: PendingClaim) -> bool {
        let mut waiting = self.waiting();
        waiting.questions.push(question);
        !std::mem::replace(&mut waiting.asking, true)
    }

    /// What is to be asked next; nothing where that was all.
    fn next(&self) -> Vec<PendingClaim> {
        let mut waiting = self.waiting();
        let questions = std::mem::take(&mut waiting.questions);
        waiting.asking = !questions.is_empty();
        questions
    }
}

impl Desk {
    /// Whether the store lets this terminal hand a message over now; an error says
    /// why it gave no answer.
    pub(in crate::service) async fn claim_for(
        &self,
        message: &OutboxMessage,
        line: ProviderSlot,
    ) -> Result<bool, String> {
        let (answer, word) = oneshot::channel();
        if self.words.add(PendingClaim { message: message.clone(), line, answer }) {
            tokio::spawn(self.clone().ask_for_words());
        }
        word.await.unwrap_or_else(|_| Err("nobody was there to ask it".into()))
    }

    async fn ask_for_words(self) {
        let _asking = Asking(&self.words);
        loop {
            let mut questions = self.words.next();
            if questions.is_empty() {
                return;
            }
            // Who did not wait for it hands nothing over.
            questions.retain(|it| !it.answer.is_closed());
            if questions.is_empty() {
                continue;
            }
            let asked: Vec<_> = questions.iter().map(|it| (&it.message, it.line)).collect();
            let words = self.store.claim_send(&asked, &self.holder).await;
            for (at, PendingClaim { message, answer, .. }) in questions.into_iter().enumerate() {
                let word = match &words {
                    Ok(words) => Ok(words.get(at).copied().unwrap_or(false)),
                    Err(error) => Err(error.to_string()),
                };
                if let Err(Ok(true)) = answer.send(word) {
                    self.take_back(&message).await;
                }
            }
        }
    }

    /// The word came too late for who asked.
    async fn take_back(&self, message: &OutboxMessage) {
        if let Err(error) = self.store.release_send_claim(message, &self.holder).await {
            tracing::warn!(%error, "a hand-over that nobody makes stands as begun");
        }
    }
}

/// Whoever asks, while it asks: should it panic, the next question is asked anew.
struct Asking<'a>(&'a ClaimBatcher);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.waiting().asking = false;
        }
    }
}
