//! Asking the store for its word: one question at a time, for all hand-overs
//! that wait for it then.
//!
//! Each word is a commit, and a commit has its price however much it does. Who
//! hands over a single message is answered as fast as if it asked alone; of those
//! who come while the store is asked, all are in the next question.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::Desk;
use super::ports::outbox::Errand;
use crate::domain::line::Line;

/// A hand-over that waits for the store's word.
struct Question {
    errand: Errand,
    line: Line,
    answer: oneshot::Sender<Result<bool, String>>,
}

/// The hand-overs of a terminal that wait for the store's word.
#[derive(Default)]
pub(super) struct Words(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    questions: Vec<Question>,
    /// Somebody asks, and goes on until there are no more.
    asking: bool,
}

impl Words {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nobody panics in the middle of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a question; whether the one who adds it has to ask.
    fn add(&self, question: Question) -> bool {
        let mut waiting = self.waiting();
        waiting.questions.push(question);
        !std::mem::replace(&mut waiting.asking, true)
    }

    /// What is to be asked next; nothing where that was all.
    fn next(&self) -> Vec<Question> {
        let mut waiting = self.waiting();
        let questions = std::mem::take(&mut waiting.questions);
        waiting.asking = !questions.is_empty();
        questions
    }
}

impl Desk {
    /// Whether the store lets this terminal hand a message over now; an error says
    /// why it gave no answer.
    pub(super) async fn word_for(&self, errand: &Errand, line: Line) -> Result<bool, String> {
        let (answer, word) = oneshot::channel();
        if self.words.add(Question { errand: errand.clone(), line, answer }) {
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
            let asked: Vec<_> = questions.iter().map(|it| (&it.errand, it.line)).collect();
            let words = self.store.begin(&asked, &self.holder).await;
            for (at, Question { errand, answer, .. }) in questions.into_iter().enumerate() {
                let word = match &words {
                    Ok(words) => Ok(words.get(at).copied().unwrap_or(false)),
                    Err(error) => Err(error.to_string()),
                };
                if let Err(Ok(true)) = answer.send(word) {
                    self.take_back(&errand).await;
                }
            }
        }
    }

    /// The word came too late for who asked.
    async fn take_back(&self, errand: &Errand) {
        if let Err(error) = self.store.take_back(errand, &self.holder).await {
            tracing::warn!(%error, "a hand-over that nobody makes stands as begun");
        }
    }
}

/// Whoever asks, while it asks: should it panic, the next question is asked anew.
struct Asking<'a>(&'a Words);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.waiting().asking = false;
        }
    }
}
