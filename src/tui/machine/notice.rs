//! The message line. Messages have a rank: what only answers a key that did
//! nothing does not take the place of a verdict, but stands behind it.

use crate::service::verification::request::Refusal;
use crate::tui::machine::effect::EffectId;

/// What the message line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// One or two sentences.
    pub text: String,
    /// What the sentences are made from again as time goes by.
    pub live: Option<LiveNotice>,
    /// What it may take the place of.
    pub rank: Rank,
    /// The verdict that the text begins with, where more stands behind it.
    pub verdict: Option<String>,
}

/// What a message may take the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The answer to a key that did nothing.
    Hint,
    /// What is good to know.
    Information,
    /// What became of what was asked for.
    Verdict,
}

/// A message that counts down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveNotice {
    /// No code was sent; it says when it may be tried again.
    Refused(Box<Refusal>),
    /// Another code may be sent in a while.
    Cooldown,
    /// The store is lost; it stays until the store is back.
    Lost,
    /// The same, to somebody who chose a customer meanwhile.
    NotChosen,
    /// A call is retried; it stays until the call is answered.
    Again(EffectId),
    /// The search index is not complete; it stays until a search finds that it is.
    Indexing,
}

impl LiveNotice {
    /// Whether it holds as long as the store is lost.
    pub const fn is_of_loss(&self) -> bool {
        matches!(self, Self::Lost | Self::NotChosen)
    }
}

impl Notice {
    /// A message that stays as it is.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        let rank = if tone == Tone::Plain { Rank::Information } else { Rank::Verdict };
        Self { tone, text: text.into(), live: None, rank, verdict: None }
    }

    /// A message that is made anew as time goes by.
    pub fn live(tone: Tone, text: impl Into<String>, live: LiveNotice) -> Self {
        Self { live: Some(live), ..Self::new(tone, text) }
    }

    /// The answer to a key that did nothing, behind `before`.
    #[must_use]
    pub fn hint(before: Option<Self>, tone: Tone, text: impl Into<String>) -> Self {
        let said = Self { rank: Rank::Hint, ..Self::new(tone, text) };
        match before {
            // It goes on to say what matters now.
            Some(live) if live.live.is_some() && live.rank == Rank::Verdict => live,
            Some(before) => said.behind(before),
            None => said,
        }
    }

    /// This message behind a verdict, where there was one: it stays.
    #[must_use]
    pub fn behind(self, before: Self) -> Self {
        let verdict = match (before.verdict, before.rank) {
            (Some(verdict), _) => verdict,
            (None, Rank::Verdict) if before.live.is_none() => before.text,
            (None, _) => return self,
        };
        let text = format!("{verdict} {}", self.text);
        Self { tone: before.tone, text, verdict: Some(verdict), ..self }
    }

    /// What is left of it without its hint.
    pub fn without_hint(self) -> Option<Self> {
        match (self.rank, self.verdict) {
            (Rank::Hint, Some(verdict)) => Some(Self::new(self.tone, verdict)),
            (Rank::Hint, None) => None,
            (rank, verdict) => Some(Self { rank, verdict, ..self }),
        }
    }
}

/// How a line is meant; the words carry it, the colour only helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// For information.
    Plain,
    /// It worked.
    Good,
    /// Something needs the clerk.
    Warning,
    /// It did not work.
    Bad,
}
