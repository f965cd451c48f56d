//! What the log panel knows, and the timeline of one request.

use crate::domain::event::{Event, EventFilter};
use crate::domain::time::Timestamp;
use crate::tui::machine::loaded::{Loaded, Reading};
use crate::tui::machine::scroll::Scroll;
use tui_input::Input;

/// The log of what happened.
#[derive(Debug, Default)]
pub struct LogPanel {
    /// Entries, newest first; a bounded window of the whole log.
    pub events: Vec<Event>,
    /// Whether there are older ones than the last.
    pub older: bool,
    /// Whether there are newer ones than the first: it was paged too far down
    /// to hold them all.
    pub newer: bool,
    /// The entry that is selected.
    pub selected: usize,
    /// What is shown.
    pub filter: EventFilter,
    /// What was typed of it: words and a time.
    pub typed: Option<String>,
    /// The filter being typed.
    pub typing: Option<Typing>,
    /// The read of entries: of a page, or of what is new.
    pub reading: Reading,
    /// When the entries were last read, by the store's clock.
    pub read_at: Option<Timestamp>,
    /// One request's timeline, open over the list.
    pub timeline: Option<Timeline>,
    /// The newest page without a filter as it was last read, while another is shown.
    pub kept: Option<LogPage>,
}

/// A field with a text from before.
#[derive(Debug)]
pub struct Typing {
    /// The field.
    pub input: Input,
    /// Its text is from before: the first letter typed takes its place.
    pub kept: bool,
}

impl From<&str> for Typing {
    fn from(text: &str) -> Self {
        Self { input: text.to_owned().into(), kept: true }
    }
}

/// The newest page of the log, without a filter.
#[derive(Debug)]
pub struct LogPage {
    /// Its entries, newest first.
    pub events: Vec<Event>,
    /// Whether there are older ones than the last.
    pub older: bool,
    /// When they were read, by the store's clock.
    pub read_at: Timestamp,
}

/// One request's timeline.
#[derive(Debug, Default)]
pub struct Timeline {
    /// Its entries, oldest first.
    pub events: Loaded<Vec<Event>>,
    /// How far it is scrolled down.
    pub scroll: Scroll,
}
