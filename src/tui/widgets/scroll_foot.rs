//! How much of a scrolled text is out of sight, for the foot of its box.

use std::ops::Range;

/// `▼ 12 more below`; none where all of it is in sight.
pub fn foot(visible: &Range<usize>, lines: usize, [up, down]: [&str; 2]) -> Option<String> {
    match (visible.start, lines - visible.end) {
        (0, 0) => None,
        (above, 0) => Some(format!("{up} {above} more above")),
        (0, below) => Some(format!("{down} {below} more below")),
        (above, below) => Some(format!("{up} {above} above {down} {below} below")),
    }
}
