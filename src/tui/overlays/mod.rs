//! What lies on top of everything: a box in the middle that takes the keys.

pub mod confirm;
pub mod help;
pub mod palette;

use ratatui::layout::Rect;

/// A box of at most `width` by `height` in the middle of `area`.
fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(area.width.saturating_sub(2));
    let height = height.min(area.height);
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    Rect { x, y, width, height }
}
