//! A contact that is shown in full: for some seconds, and no longer than its screen.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::domain::contact::ContactKind;
use crate::domain::text;
use crate::service::customers::reveal::RevealedContact;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;

/// How long a contact is shown in full.
pub const REVEAL_TIME: Duration = Duration::from_secs(15);

/// A contact in full. It is erased when dropped, and never printed by `Debug`.
pub struct Revealed {
    /// Whose: the name and the account number.
    pub of: String,
    /// What it is.
    pub kind: ContactKind,
    contact: Zeroizing<String>,
    until: Now,
}

impl Revealed {
    /// A contact that is shown from now on.
    pub fn new(of: String, revealed: RevealedContact, now: Now) -> Self {
        let RevealedContact { kind, contact } = revealed;
        let recorded = Zeroizing::new(contact);
        let contact = Zeroizing::new(text::clean(&recorded));
        Self { of, kind, contact, until: now + REVEAL_TIME }
    }

    /// The address or the number, as far as it may be shown.
    pub fn contact(&self) -> &str {
        &self.contact
    }

    /// How long it is still shown.
    pub fn left(&self, now: Now) -> Duration {
        self.until.saturating_duration_since(now)
    }

    /// When the seconds that are left change.
    pub fn due(&self, now: Now) -> Now {
        let left = self.left(now).as_millis();
        let part = u64::try_from(left.saturating_sub(1) % 1_000 + 1).unwrap_or(1_000);
        now + Duration::from_millis(part)
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revealed").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Masks the contact again once its time is over.
pub(in crate::tui) fn tick(step: &mut Step<'_>) {
    let now = step.now;
    step.shared.revealed.take_if(|it| it.left(now).is_zero());
}
