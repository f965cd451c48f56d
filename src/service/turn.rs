//! A terminal's turn to hand a message over, which the store gives once.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::Desk;
use super::ports::Consent;
use super::ports::outbox::Errand;
use crate::domain::line::Line;

/// How long the store has to give its word; the provider waits meanwhile. A word
/// that comes later, to a terminal that was suspended, is not acted upon: by then
/// another one may have found out what became of the message.
const WORD: Duration = Duration::from_secs(5);

/// After so long without a word an errand is held anew: well before its lease
/// ends.
const LONG: Duration = Duration::from_secs(4);

/// One try to hand a message over.
pub(super) struct Turn<'a> {
    desk: &'a Desk,
    errand: &'a Errand,
    line: Line,
    /// None until the sender has asked.
    word: OnceLock<Word>,
}

/// What the store said to a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Given,
    Refused,
    /// It gave no answer, so that the word may have been given.
    Unheard,
}

impl<'a> Turn<'a> {
    /// Nothing was asked yet.
    pub(super) const fn new(desk: &'a Desk, errand: &'a Errand, line: Line) -> Self {
        Self { desk, errand, line, word: OnceLock::new() }
    }

    /// What the store said; none where the sender did not come to ask.
    pub(super) fn word(&self) -> Option<Word> {
        self.word.get().copied()
    }

    /// Does the work of the try, and holds the errand where connecting takes long.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            () = self.hold() => std::future::pending().await,
        }
    }

    async fn hold(&self) {
        loop {
            tokio::time::sleep(LONG).await;
            if self.word.get().is_some() {
                return std::future::pending().await;
            }
            // Who has lost it learns so when it asks for the word.
            if let Err(error) = self.desk.store.hold(self.errand, &self.desk.holder).await {
                tracing::warn!(%error, "an errand could not be held");
            }
        }
    }

    async fn ask(&self) -> Result<bool, String> {
        let asked = Instant::now();
        let word = self.desk.word_for(self.errand, self.line);
        match tokio::time::timeout(WORD, word).await {
            Ok(word) if asked.elapsed() < WORD => word,
            _ => Err("it gave no answer in time".into()),
        }
    }
}

#[async_trait]
impl Consent for Turn<'_> {
    async fn given(&self) -> bool {
        let word = match self.ask().await {
            Ok(true) => Word::Given,
            Ok(false) => Word::Refused,
            Err(error) => {
                tracing::warn!(%error, "no word from the store; the message is not sent now");
                Word::Unheard
            }
        };
        // A sender asks once; were it to ask again, what it was told first stands.
        *self.word.get_or_init(|| word) == Word::Given
    }
}
