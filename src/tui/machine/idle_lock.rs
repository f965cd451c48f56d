//! When a terminal that is left alone is locked, and how the desk hears that somebody is there.

use std::time::Duration;

use crate::service::api::{DeskProfile, SignInState};
use crate::tui::machine::store_clock::Now;

/// How often the desk hears that somebody presses keys.
const SITTING_KEEP_INTERVAL: Duration = Duration::from_secs(15);

/// How long this terminal may be left alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdleLock {
    /// So long; none where it is never locked by itself.
    pub after: Option<Duration>,
    /// Whether whoever comes back signs in; else any of the account's keys goes on.
    pub by_sign_in: bool,
    active_at: Option<Now>,
    kept_at: Option<Now>,
}

impl IdleLock {
    /// As the desk says.
    pub fn of(profile: &DeskProfile) -> Self {
        Self {
            after: Some(Duration::from_secs(profile.idle_lock_seconds)),
            by_sign_in: profile.sign_in != SignInState::NotNeeded,
            ..Self::default()
        }
    }

    /// A key was pressed; whether the desk is to hear of it.
    pub fn active(&mut self, now: Now) -> bool {
        self.active_at = Some(now);
        let is_due = self
            .kept_at
            .is_none_or(|at| now.saturating_duration_since(at) >= SITTING_KEEP_INTERVAL);
        let tells = self.by_sign_in && is_due;
        if tells {
            self.kept_at = Some(now);
        }
        tells
    }

    /// Counts from now, where nothing was counted yet.
    pub fn begin(&mut self, now: Now) {
        self.active_at.get_or_insert(now);
    }

    /// When the terminal is locked unless a key is pressed.
    pub fn due(&self) -> Option<Now> {
        Some(self.active_at? + self.after?)
    }
}
