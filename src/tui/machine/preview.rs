//! What is shown of a list's selected entry beside the list. It follows when the
//! selection rests: it is several lines, which a slow line should not carry for
//! each step through the list.

use std::time::Duration;

use crate::tui::machine::store_clock::Now;

/// How long the selection has to rest: longer than between two steps of a person.
const SELECTION_REST: Duration = Duration::from_millis(300);

/// Which entry is shown: the selected one, but for a while after a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The entry from before the step, and until when it stays.
    before: Option<(usize, Now)>,
}

impl Preview {
    /// The place of the entry that is shown in a list of `length`.
    pub fn place(self, selected: usize, length: usize) -> usize {
        self.before.map_or(selected, |(before, _)| before).min(length.saturating_sub(1))
    }

    /// When the selected entry is shown; none where it is.
    pub fn due(self) -> Option<Now> {
        self.before.map(|(_, due)| due)
    }

    /// The selection moves on from `selected`.
    pub(in crate::tui) fn step(&mut self, selected: usize, now: Now) {
        let before = self.before.map_or(selected, |(before, _)| before);
        self.before = Some((before, now + SELECTION_REST));
    }

    /// The selected entry is shown, if that is due.
    pub(in crate::tui) fn settle(&mut self, now: Now) {
        self.before.take_if(|(_, due)| *due <= now);
    }

    /// The selected entry is shown at once.
    pub(in crate::tui) fn follow(&mut self) {
        self.before = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_from_before_stays_while_the_selection_moves() {
        let now = Now::now();
        let mut preview = Preview::default();
        assert_eq!((preview.place(3, 9), preview.due()), (3, None));
        preview.step(3, now);
        preview.step(4, now + SELECTION_REST / 2);
        preview.settle(now + SELECTION_REST);
        assert_eq!(preview.place(5, 9), 3);
        preview.settle(now + SELECTION_REST / 2 + SELECTION_REST);
        assert_eq!((preview.place(5, 9), preview.due()), (5, None));
    }

    #[test]
    fn it_is_in_the_list() {
        let mut preview = Preview::default();
        preview.step(7, Now::now());
        assert_eq!((preview.place(0, 2), preview.place(0, 0)), (1, 0));
    }
}
