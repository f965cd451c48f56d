//! From which size of the terminal on what is drawn.

/// The smallest terminal that the interface is drawn on.
pub const MIN_SIZE: (u16, u16) = (40, 12);

/// The smallest terminal that has room for lines around things, and for all that
/// a clerk has to see: on a smaller one no key acts.
pub const MIN_FRAMED_SIZE: (u16, u16) = (60, 18);

/// Columns from which a panel stands beside the work, not over it.
pub const WIDE: u16 = 110;

/// Whether a terminal has less than [`MIN_FRAMED_SIZE`].
pub const fn is_too_small((columns, rows): (u16, u16)) -> bool {
    columns < MIN_FRAMED_SIZE.0 || rows < MIN_FRAMED_SIZE.1
}
