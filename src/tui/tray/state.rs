//! What the tray panel knows.

use crate::service::ports::TrayMessage;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::preview::Preview;

/// The tray of messages that went nowhere.
#[derive(Debug, Default)]
pub struct TrayPanel {
    /// Messages, newest first; a bounded window.
    pub messages: Vec<TrayMessage>,
    /// The message that is selected.
    pub selected: usize,
    /// The message below the list.
    pub preview: Preview,
    /// Lines of it scrolled down.
    pub scroll: u16,
    /// The reading under way.
    pub reading: Option<EffectId>,
    /// Something changed while a reading was under way: read again.
    pub stale: bool,
}
