//! What the tray panel knows.

use crate::service::ports::TrayMessage;
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::preview::Preview;
use crate::tui::machine::scroll::Scroll;

/// The tray of messages that went nowhere.
#[derive(Debug, Default)]
pub struct TrayPanel {
    /// Messages, newest first; a bounded window.
    pub messages: Vec<TrayMessage>,
    /// The message that is selected.
    pub selected: usize,
    /// The message below the list.
    pub preview: Preview,
    /// How far it is scrolled down.
    pub scroll: Scroll,
    /// The read of messages that are newer.
    pub reading: Reading,
}
