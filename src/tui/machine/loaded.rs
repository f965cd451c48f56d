//! What is read from the desk for a screen: not asked for, loading, loaded or failed, and the
//! effect whose answer it waits for. An answer to any other effect is dropped.

use std::time::Duration;

use crate::tui::machine::effect::EffectId;
use crate::tui::machine::message::Failure;
use crate::tui::machine::store_clock::Now;

/// How far one read of the desk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Nothing was asked for.
    #[default]
    NotAsked,
    /// The answer to this effect is awaited.
    Loading(EffectId),
    /// The last answer was taken.
    Loaded,
    /// The last read failed.
    Failed,
}

/// A read that is repeated when something changes. At most one is under way: what changes
/// meanwhile is read after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    progress: Progress,
    is_stale: bool,
}

impl Reading {
    /// A read whose answer is awaited.
    pub const fn begun(id: EffectId) -> Self {
        Self { progress: Progress::Loading(id), is_stale: false }
    }

    /// How far it is.
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// The effect whose answer is awaited.
    pub const fn awaited(&self) -> Option<EffectId> {
        match self.progress {
            Progress::Loading(id) => Some(id),
            Progress::NotAsked | Progress::Loaded | Progress::Failed => None,
        }
    }

    /// Whether an answer is awaited.
    pub const fn is_loading(&self) -> bool {
        self.awaited().is_some()
    }

    /// Whether something changed since the last read began.
    pub const fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// A read began: what changed before it will be in its answer.
    pub const fn begin(&mut self, id: EffectId) {
        *self = Self::begun(id);
    }

    /// Something changed: what was read is to be read again.
    pub const fn mark_stale(&mut self) {
        self.is_stale = true;
    }

    /// Something changed; whether it can be read again now. It cannot while an answer is
    /// awaited, or while `is_busy`: then [`Self::is_stale`] says that it is still to be done.
    pub const fn renew(&mut self, is_busy: bool) -> bool {
        self.is_stale = self.is_loading() || is_busy;
        !self.is_stale
    }

    /// When it is due to be read again, so long after it was asked for; none where nothing
    /// changed since, or an answer is awaited.
    pub fn due(&self, asked: Option<Now>, interval: Duration) -> Option<Now> {
        let is_due = self.is_stale && !self.is_loading();
        asked.filter(|_| is_due).map(|asked| asked + interval)
    }

    /// Whether this is the answer that is awaited.
    pub fn awaits(&self, id: EffectId) -> bool {
        self.progress == Progress::Loading(id)
    }

    /// The answer came: whether it was the awaited one, which is awaited no more.
    pub fn end(&mut self, id: EffectId, is_ok: bool) -> bool {
        let is_awaited = self.awaits(id);
        if is_awaited {
            self.progress = if is_ok { Progress::Loaded } else { Progress::Failed };
        }
        is_awaited
    }

    /// Stops waiting; the effect whose answer does not matter any more.
    pub const fn stop(&mut self) -> Option<EffectId> {
        let awaited = self.awaited();
        if awaited.is_some() {
            self.progress = Progress::NotAsked;
        }
        awaited
    }
}

/// A value as it was last read, and the read of it. While it is read again, and when that
/// fails, the value from before stays.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    value: Option<T>,
    /// The read of it.
    pub reading: Reading,
}

impl<T> Default for Loaded<T> {
    fn default() -> Self {
        Self { value: None, reading: Reading::default() }
    }
}

impl<T> Loaded<T> {
    /// A value that was read.
    pub const fn of(value: T) -> Self {
        let reading = Reading { progress: Progress::Loaded, is_stale: false };
        Self { value: Some(value), reading }
    }

    /// A value that is being read for the first time.
    pub const fn begun(id: EffectId) -> Self {
        Self { value: None, reading: Reading::begun(id) }
    }

    /// The value as last read; none before the first answer.
    pub const fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value as last read, to be changed.
    pub const fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Takes the answer in if it is the awaited one. The failure, where it is one.
    pub fn take(&mut self, id: EffectId, answer: Result<T, Failure>) -> Option<Failure> {
        if !self.reading.end(id, answer.is_ok()) {
            return None;
        }
        match answer {
            Ok(value) => {
                self.value = Some(value);
                None
            }
            Err(failure) => Some(failure),
        }
    }

    /// Sets the value without a read.
    pub fn set(&mut self, value: T) {
        self.value = Some(value);
    }

    /// Forgets the value, and what is awaited; the effect that was.
    pub fn clear(&mut self) -> Option<EffectId> {
        self.value = None;
        self.reading.stop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: EffectId = EffectId(1);
    const SECOND: EffectId = EffectId(2);

    fn failure() -> Failure {
        Failure { text: "no".into(), lost: false, waits: false, awaits_approval: false }
    }

    #[test]
    fn only_the_awaited_answer_is_taken() {
        let mut loaded = Loaded::begun(SECOND);
        assert!(loaded.take(FIRST, Ok(1)).is_none());
        assert_eq!((loaded.value(), loaded.reading.is_loading()), (None, true));
        assert!(loaded.take(SECOND, Ok(2)).is_none());
        assert_eq!((loaded.value(), loaded.reading.progress()), (Some(&2), Progress::Loaded));
        assert!(loaded.take(SECOND, Ok(3)).is_none());
        assert_eq!(loaded.value(), Some(&2));
    }

    #[test]
    fn the_value_from_before_stays_when_a_read_fails() {
        let mut loaded = Loaded::of(1);
        loaded.reading.begin(SECOND);
        assert_eq!(loaded.take(SECOND, Err(failure())), Some(failure()));
        assert_eq!((loaded.value(), loaded.reading.progress()), (Some(&1), Progress::Failed));
    }

    #[test]
    fn what_changes_during_a_read_is_read_after_it() {
        let mut reading = Reading::begun(FIRST);
        assert!(!reading.renew(false) && reading.is_stale());
        assert!(reading.end(FIRST, true) && reading.is_stale());
        assert!(!reading.renew(true) && reading.is_stale());
        assert!(reading.renew(false) && !reading.is_stale());
    }
}
