//! A box in the middle of the screen, for what lies on top.

use ratatui::layout::Rect;

/// Fewer cells than this on both sides are covered too.
const MIN_MARGIN: u16 = 8;

/// A box of about `width` by `height` in the middle of `area`.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    // A sliver of what lies below would only be in the way.
    let width = if width + MIN_MARGIN > area.width { area.width } else { width };
    let height =
        if width == area.width && height + MIN_MARGIN > area.height { area.height } else { height };
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    Rect { x, y, width, height }
}
