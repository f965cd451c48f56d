//! What the tray panel knows.

use crate::service::ports::TrayMessage;
use crate::tui::machine::effect::EffectId;

/// The tray of messages that went nowhere.
#[derive(Debug, Default)]
pub struct TrayPanel {
    /// Messages, newest first; a bounded window.
    pub messages: Vec<TrayMessage>,
    /// The message that is selected.
    pub selected: usize,
    /// Lines of it scrolled down.
    pub scroll: u16,
    /// The reading under way.
    pub reading: Option<EffectId>,
    /// Something changed while a reading was under way: read again.
    pub stale: bool,
}
