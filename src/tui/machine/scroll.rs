//! Moving through lines: how far a command moves, and text that is longer than its place.

use std::ops::Range;

use crate::tui::machine::keymap::Command;

/// The lines a page key moves by.
const PAGE_LINES: isize = 10;

const HALF_PAGE_LINES: isize = PAGE_LINES / 2;

/// How far a command moves, in lines; none where it does not.
pub const fn motion(command: Command) -> Option<isize> {
    match command {
        Command::Up => Some(-1),
        Command::Down => Some(1),
        Command::PageUp => Some(-PAGE_LINES),
        Command::PageDown => Some(PAGE_LINES),
        Command::HalfPageUp => Some(-HALF_PAGE_LINES),
        Command::HalfPageDown => Some(HALF_PAGE_LINES),
        Command::First => Some(isize::MIN),
        Command::Last => Some(isize::MAX),
        _ => None,
    }
}

/// The selected line of a list of `length`, some lines further up or down.
pub fn moved(selected: usize, length: usize, by: isize) -> usize {
    selected.saturating_add_signed(by).min(length.saturating_sub(1))
}

/// The bounds of what is scrolled: how many lines there are, and how many of them are in
/// sight at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// All lines.
    pub lines: usize,
    /// The lines of one page.
    pub page: usize,
}

impl Extent {
    /// The position at which the last line is in sight.
    pub const fn last_position(self) -> usize {
        self.lines.saturating_sub(self.page)
    }
}

/// How far a text is scrolled down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    /// The lines above the first one in sight, as last scrolled.
    pub position: usize,
}

impl Scroll {
    /// Scrolled down by so many lines.
    pub const fn at(position: usize) -> Self {
        Self { position }
    }

    /// The lines above the first one in sight. What is scrolled may have become shorter, or
    /// its place larger: the last line is never left behind.
    pub fn first_visible(self, extent: Extent) -> usize {
        self.position.min(extent.last_position())
    }

    /// The lines in sight.
    pub fn visible(self, extent: Extent) -> Range<usize> {
        let first = self.first_visible(extent);
        first..(first + extent.page).min(extent.lines)
    }

    /// Scrolls by some lines, within the bounds.
    pub fn by(&mut self, lines: isize, extent: Extent) {
        self.position = moved(self.first_visible(extent), extent.last_position() + 1, lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENT: Extent = Extent { lines: 12, page: 5 };

    #[test]
    fn it_ends_with_the_last_line_in_sight() {
        let mut scroll = Scroll::default();
        scroll.by(-1, EXTENT);
        assert_eq!(scroll.visible(EXTENT), 0..5);
        scroll.by(isize::MAX, EXTENT);
        assert_eq!(scroll.visible(EXTENT), 7..12);
        scroll.by(1, EXTENT);
        scroll.by(-1, EXTENT);
        assert_eq!(scroll.visible(EXTENT), 6..11);
    }

    #[test]
    fn a_larger_place_shows_more_and_leaves_nothing_behind() {
        let scroll = Scroll::at(7);
        assert_eq!(scroll.visible(Extent { page: 9, ..EXTENT }), 3..12);
        assert_eq!(scroll.visible(Extent { page: 20, ..EXTENT }), 0..12);
        assert_eq!(scroll.visible(Extent { lines: 0, page: 0 }), 0..0);
    }
}
