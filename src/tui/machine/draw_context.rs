//! What a view is drawn from, beside its own state: `cx` in every view.

use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::store_clock::Now;
use crate::tui::theme::Theme;

/// Which part has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The screen.
    Work,
    /// The log, beside the work or over it.
    Log,
    /// The tray, beside the work or over it.
    Tray,
    /// The dashboard, over the work.
    Dashboard,
}

/// What a part of the picture is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct DrawContext<'a> {
    /// What all parts share.
    pub shared: &'a Shared,
    /// What it looks like.
    pub theme: &'a Theme,
    /// The present.
    pub now: Now,
    /// The part that has the keyboard; none where an overlay has it.
    pub focus: Option<Focus>,
}

impl DrawContext<'_> {
    /// What the store's clock says; none until it was first read.
    pub fn time(&self) -> Option<Timestamp> {
        self.shared.time(self.now)
    }

    /// How long until a moment; none until the store's clock was first read.
    pub fn until(&self, moment: Timestamp) -> Option<Duration> {
        self.shared.clock.map(|clock| clock.until(moment, self.now))
    }

    /// Whether a part of the interface has the keyboard.
    pub fn has_focus(&self, part: Focus) -> bool {
        self.focus == Some(part)
    }
}
