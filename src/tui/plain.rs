//! The screens in the plainest form, until the view draws them.

use ratatui::prelude::Frame;

use super::clock::Now;
use super::model::Model;

/// Draws the model.
pub(super) fn view(model: &Model, now: Now, frame: &mut Frame<'_>) {
    let time = model.clock.map(|clock| model.place.wall_clock(clock.time(now)));
    let text = format!("{}\n{time:?}\n{:#?}", model.place.office, model.screen);
    frame.render_widget(ratatui::widgets::Paragraph::new(text), frame.area());
}
