//! Draws the model and changes nothing. Every size is fine: what has no room
//! is left out, and a terminal that is too small is told so.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::tui::layout::{self, Areas};
use crate::tui::machine::keymap::{self, Command, Context};
use crate::tui::machine::model::{Focus, Model, Overlay, Screen};
use crate::tui::machine::store_clock::Now;
use crate::tui::overlays;
use crate::tui::overlays::update::{is_asking_to_quit, is_at_stake};
use crate::tui::theme::Theme;
use crate::tui::widgets::text::wrap;
use crate::tui::widgets::{hints, notice, panel, steps, top};

/// What a part of the picture is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// All there is to show.
    pub model: &'a Model,
    /// What it looks like.
    pub theme: &'a Theme,
    /// The present.
    pub now: Now,
}

impl Scene<'_> {
    /// What the store's clock says; none until it was first read.
    pub fn time(&self) -> Option<Timestamp> {
        self.model.clock.map(|clock| clock.time(self.now))
    }

    /// How long until a moment; none until the store's clock was first read.
    pub fn until(&self, moment: Timestamp) -> Option<Duration> {
        self.model.clock.map(|clock| clock.until(moment, self.now))
    }

    /// Whether a part of the interface has the keyboard.
    pub fn has_focus(&self, part: Focus) -> bool {
        let focus = self.model.focus;
        let shown = match focus {
            Focus::Log => self.model.log.is_some(),
            Focus::Tray => self.model.tray.is_some(),
            Focus::Work => true,
        };
        let focus = if shown { focus } else { Focus::Work };
        self.model.overlay.is_none() && focus == part
    }
}

/// Draws the model.
pub fn view(model: &Model, theme: &Theme, now: Now, frame: &mut Frame<'_>) {
    let area = frame.area();
    let theme = &theme.sized((area.width, area.height));
    frame.buffer_mut().set_style(area, theme.text);
    let scene = Scene { model, theme, now };
    match layout::areas(model, area) {
        Some(areas) => draw(scene, &areas, frame),
        None => too_small(model, frame, theme),
    }
    if theme.ascii {
        to_ascii(frame);
    }
}

/// How far what has the keyboard can be scrolled before its last line is in
/// sight; zero for what does not scroll.
pub fn most_scroll(model: &Model, now: Now) -> usize {
    let theme = Theme::of_model(model).sized(model.size);
    let scene = Scene { model, theme: &theme, now };
    let (width, height) = model.size;
    let Some(areas) = layout::areas(model, Rect::new(0, 0, width, height)) else { return 0 };
    if let Some(Overlay::Figures(panel)) = &model.overlay {
        return crate::tui::deliveries::view::most_scroll(scene, panel, areas.above_notice());
    }
    match (model.context(), &model.screen, &model.log) {
        (Context::Help, ..) => overlays::help::most_scroll(scene, areas.above_notice()),
        (Context::Verified, Screen::Verified(verified), _) => areas
            .work
            .map_or(0, |area| crate::tui::verified::view::most_scroll(scene, verified, area)),
        (Context::Timeline, _, Some(log)) => match (areas.log, &log.timeline) {
            (Some(area), Some(timeline)) => {
                crate::tui::log::timeline::most_scroll(scene, timeline, area)
            }
            _ => 0,
        },
        (Context::Tray, ..) => match (areas.tray, &model.tray) {
            (Some(area), Some(tray)) => crate::tui::tray::view::most_scroll(scene, tray, area),
            _ => 0,
        },
        _ => 0,
    }
}

fn draw(scene: Scene<'_>, areas: &Areas, frame: &mut Frame<'_>) {
    let Scene { model, theme, .. } = scene;
    let columns = areas.top.width;
    let size = (frame.area().width, frame.area().height);
    frame.render_widget(top::line(model, scene.time(), columns, theme), areas.top);
    frame.render_widget(steps::line(&model.screen, theme), areas.steps);
    if let Some(area) = areas.work {
        match &model.screen {
            Screen::Find(find) => crate::tui::find::view::draw(scene, find, frame, area),
            Screen::Send(send) => crate::tui::send::view::draw(scene, send, frame, area),
            Screen::Entry(entry) => crate::tui::enter_code::view::draw(scene, entry, frame, area),
            Screen::Verified(verified) => {
                crate::tui::verified::view::draw(scene, verified, frame, area);
            }
        }
    }
    if let (Some(area), Some(log)) = (areas.log, &model.log) {
        crate::tui::log::view::draw(scene, log, frame, area);
    }
    if let (Some(area), Some(tray)) = (areas.tray, &model.tray) {
        crate::tui::tray::view::draw(scene, tray, frame, area);
    }
    if let Some(said) = &model.notice {
        panel::lines(frame, areas.notice, &notice::lines(said, columns, theme));
    }
    frame.render_widget(hints::line(model, size, theme), areas.hints);
    let middle = areas.above_notice();
    match &model.overlay {
        Some(Overlay::Help { scroll }) => overlays::help::draw(scene, *scroll, frame, middle),
        Some(Overlay::Figures(panel)) => {
            crate::tui::deliveries::view::draw(scene, panel, frame, middle);
        }
        Some(Overlay::Palette(palette)) => overlays::palette::draw(scene, palette, frame, middle),
        Some(Overlay::Confirm(question)) => {
            overlays::confirm::draw(scene, *question, frame, middle);
        }
        None => {}
    }
}

/// The most important words come first: the rest may have no room.
fn too_small(model: &Model, frame: &mut Frame<'_>, theme: &Theme) {
    let area = frame.area();
    let leave = keymap::key_name(Context::Global, Command::Quit);
    let help = if is_asking_to_quit(model) {
        format!("{leave} once more leaves.")
    } else if is_at_stake(model) {
        "No key acts until it is larger; nothing is lost.".into()
    } else {
        format!("Make it larger, or leave with {leave}.")
    };
    let size = hints::sizes((area.width, area.height), theme);
    let text = format!("This window is too small: {size}. {help}");
    let lines: Vec<Line<'_>> = wrap(&text, usize::from(area.width))
        .into_iter()
        .map(|text| Line::styled(text, theme.strong))
        .collect();
    panel::lines(frame, area, &lines);
}

/// Writes what data brought along in ASCII too: accents fall off, and what has
/// no likeness becomes a question mark.
fn to_ascii(frame: &mut Frame<'_>) {
    for cell in &mut frame.buffer_mut().content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let plain = fold(cell.symbol()).chars().next().filter(char::is_ascii_graphic);
        let upper = cell.symbol().chars().next().is_some_and(char::is_uppercase);
        let plain = plain.unwrap_or('?');
        cell.set_char(if upper { plain.to_ascii_uppercase() } else { plain });
    }
}
