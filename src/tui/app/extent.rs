//! How far what has the keyboard can be scrolled: computed from the model and the size of the
//! terminal, with the lines that the view draws.

use ratatui::layout::Rect;

use crate::tui::app::layout;
use crate::tui::app::model::{Model, Overlay, Screen};
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::Context;
use crate::tui::machine::scroll::Extent;
use crate::tui::machine::store_clock::Now;
use crate::tui::{deliveries, log, overlays, tray, verified};

/// The bounds of what has the keyboard; no lines where that does not scroll.
pub fn extent(model: &Model, now: Now) -> Extent {
    of_context(model, now).unwrap_or_default()
}

fn of_context(model: &Model, now: Now) -> Option<Extent> {
    let (width, height) = model.shared.size;
    let areas = layout::areas(model, Rect::new(0, 0, width, height))?;
    let theme = model.shared.drawn_theme().sized(model.shared.size);
    let cx = DrawContext { shared: &model.shared, theme: &theme, now, focus: model.drawn_focus() };
    match (model.context(), &model.overlay, &model.screen) {
        (Context::Help, ..) => {
            Some(overlays::help::extent(cx, model.context_beneath(), areas.above_notice()))
        }
        (_, Some(Overlay::DeliveryStats(panel)), _) => {
            Some(deliveries::view::extent(cx, panel, areas.above_notice()))
        }
        (Context::Verified, _, Screen::Verified(verified)) => {
            Some(verified::view::extent(cx, verified, areas.work?))
        }
        (Context::Timeline, ..) => {
            let timeline = model.log.as_ref()?.timeline.as_ref()?;
            Some(log::timeline::extent(cx, timeline, areas.log?))
        }
        (Context::Tray, ..) => Some(tray::view::extent(cx, model.tray.as_ref()?, areas.tray?)),
        _ => None,
    }
}
