//! What lies on top of everything: a box in the middle that takes the keys.

pub mod confirm;
pub mod help;
pub mod palette;
pub(super) mod update;

use ratatui::layout::Rect;

/// Fewer cells than this on both sides are covered too.
const SLIVER: u16 = 8;

/// A box of about `width` by `height` in the middle of `area`.
pub(in crate::tui) fn centred(area: Rect, width: u16, height: u16) -> Rect {
    // A sliver of what lies below would only be in the way.
    let width = if width + SLIVER > area.width { area.width } else { width };
    let height =
        if width == area.width && height + SLIVER > area.height { area.height } else { height };
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    Rect { x, y, width, height }
}
