//! Where things are.
//!
//! ```text
//! below 110 columns                      from 110 columns, with the log open
//!
//! office · counter · clerk   health 14:32   office · counter · clerk          health 14:32
//! Find › Send › ENTER CODE › Verified       Find › Send › ENTER CODE › Verified
//! ╭ title ─────────────────────────────╮    ╭ title ───────────────╮╭ Log ───────────────╮
//! │                                    │    │                      ││                    │
//! │  the work, or the log or the tray  │    │  the work            │╰────────────────────╯
//! │  when it has the keyboard          │    │                      │╭ Tray ──────────────╮
//! │                                    │    │                      ││                    │
//! ╰────────────────────────────────────╯    ╰──────────────────────╯╰────────────────────╯
//! message, up to four lines                 message
//! keys                                      keys
//! ```

use ratatui::layout::{Constraint, Layout, Rect};

use crate::tui::app::chrome::{notice, revealed};
use crate::tui::app::model::Model;
use crate::tui::machine::counter_info::Mark;
use crate::tui::machine::draw_context::Focus;
use crate::tui::theme::size::{MIN_SIZE, WIDE};

/// From this height on the message always has two lines, so that the work does
/// not move when one comes.
const MIN_TWO_LINE_HEIGHT: u16 = 22;

/// From this height on the log and the tray share the side.
const MIN_TWO_PANEL_HEIGHT: u16 = 30;

/// The part of the screen each thing has; what is not shown has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// That this is no production, where that must not be missed; else without height.
    pub banner: Rect,
    /// Who, where, health, time.
    pub top: Rect,
    /// The steps.
    pub steps: Rect,
    /// The screen.
    pub work: Option<Rect>,
    /// The log.
    pub log: Option<Rect>,
    /// The tray.
    pub tray: Option<Rect>,
    /// The dashboard: it has all of the middle, and so has a panel that lies over it.
    pub dashboard: Option<Rect>,
    /// A contact that is shown in full; without height where none is.
    pub revealed: Rect,
    /// The message.
    pub notice: Rect,
    /// The keys.
    pub hints: Rect,
}

impl Areas {
    /// All above the message: what lies on top is drawn there, so that the
    /// message and the keys stay in sight.
    pub const fn above_notice(&self) -> Rect {
        Rect { height: self.revealed.y.saturating_sub(self.top.y), ..self.top }
    }
}

/// Where things are in `area`; none where it is too small.
pub fn areas(model: &Model, area: Rect) -> Option<Areas> {
    if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
        return None;
    }
    let notice_height = notice::height(model.shared.notice.as_ref(), area.width);
    let least = if area.height >= MIN_TWO_LINE_HEIGHT { 2 } else { 1 };
    let banner = model.shared.place.mark.and_then(Mark::banner);
    let [banner, top, steps, middle, revealed, notice, hints] = Layout::vertical([
        Constraint::Length(u16::from(banner.is_some())),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(revealed::height(&model.shared, area.width)),
        Constraint::Length(notice_height.max(least)),
        Constraint::Length(1),
    ])
    .areas(area);
    let dashboard = model.is_at_dashboard().then_some(middle);
    let (work, log, tray) =
        if dashboard.is_some() { (None, None, None) } else { split(model, middle) };
    Some(Areas { banner, top, steps, work, log, tray, dashboard, revealed, notice, hints })
}

fn split(model: &Model, middle: Rect) -> (Option<Rect>, Option<Rect>, Option<Rect>) {
    let (log, tray) = (model.log.is_some(), model.tray.is_some());
    let focus = model.focus;
    if middle.width < WIDE || model.dashboard.is_some() {
        return match focus {
            Focus::Log if log => (None, Some(middle), None),
            Focus::Tray if tray => (None, None, Some(middle)),
            _ => (Some(middle), None, None),
        };
    }
    if !log && !tray {
        return (Some(middle), None, None);
    }
    let width = (middle.width * 4 / 7).clamp(62, 96);
    let [work, side] =
        Layout::horizontal([Constraint::Length(width), Constraint::Fill(1)]).areas(middle);
    let (log, tray) = match (log, tray) {
        (true, true) if middle.height >= MIN_TWO_PANEL_HEIGHT => {
            let [above, below] = Layout::vertical([Constraint::Fill(1); 2]).areas(side);
            (Some(above), Some(below))
        }
        (true, true) if focus == Focus::Tray => (None, Some(side)),
        (true, _) => (Some(side), None),
        (false, _) => (None, Some(side)),
    };
    (Some(work), log, tray)
}
