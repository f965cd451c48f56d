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

use crate::tui::machine::model::{Focus, Model, WIDE};
use crate::tui::widgets::notice;

/// The smallest terminal that the interface is drawn on.
pub const MIN_SIZE: (u16, u16) = (40, 12);

/// The smallest terminal that has room for lines around things, and for all that
/// a clerk has to see: on a smaller one no key acts.
pub const FRAMED: (u16, u16) = (60, 18);

/// Whether a terminal has less than [`FRAMED`].
pub const fn is_too_small((columns, rows): (u16, u16)) -> bool {
    columns < FRAMED.0 || rows < FRAMED.1
}

/// From this height on the message always has two lines, so that the work does
/// not move when one comes.
const ROOMY: u16 = 22;

/// From this height on the log and the tray share the side.
const SHARED: u16 = 30;

/// The part of the screen each thing has; what is not shown has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
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
    /// The message.
    pub notice: Rect,
    /// The keys.
    pub hints: Rect,
}

impl Areas {
    /// All above the message: what lies on top is drawn there, so that the
    /// message and the keys stay in sight.
    pub const fn above_notice(&self) -> Rect {
        Rect { height: self.notice.y.saturating_sub(self.top.y), ..self.top }
    }
}

/// Where things are in `area`; none where it is too small.
pub fn areas(model: &Model, area: Rect) -> Option<Areas> {
    if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
        return None;
    }
    let said = notice::height(model.notice.as_ref(), area.width);
    let least = if area.height >= ROOMY { 2 } else { 1 };
    let [top, steps, middle, notice, hints] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(said.max(least)),
        Constraint::Length(1),
    ])
    .areas(area);
    let (work, log, tray) = split(model, middle);
    Some(Areas { top, steps, work, log, tray, notice, hints })
}

fn split(model: &Model, middle: Rect) -> (Option<Rect>, Option<Rect>, Option<Rect>) {
    let (log, tray) = (model.log.is_some(), model.tray.is_some());
    let focus = model.focus;
    if middle.width < WIDE {
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
        (true, true) if middle.height >= SHARED => {
            let [above, below] = Layout::vertical([Constraint::Fill(1); 2]).areas(side);
            (Some(above), Some(below))
        }
        (true, true) if focus == Focus::Tray => (None, Some(side)),
        (true, _) => (Some(side), None),
        (false, _) => (None, Some(side)),
    };
    (Some(work), log, tray)
}
