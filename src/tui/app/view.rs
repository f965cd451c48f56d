//! Draws the model and changes nothing. Every size is fine: what has no room
//! is left out, and a terminal that is too small shows a message.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::app::chrome::{hints, notice, revealed, steps, top};
use crate::tui::app::layout::{self, Areas};
use crate::tui::app::model::{Model, Overlay, Screen};
use crate::tui::app::question;
use crate::tui::machine::counter_info::Mark;
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{self, Command, Context};
use crate::tui::machine::store_clock::Now;
use crate::tui::theme::Theme;
use crate::tui::widgets::ascii::to_ascii;
use crate::tui::widgets::panel;
use crate::tui::widgets::text::wrap;
use crate::tui::{
    approvals, customer_acts, dashboard, deliveries, document, enter_code, enter_factor, factors,
    find, incident, log, overlays, pairing, second_person, send, sign_in, sign_up, tray, verified,
};

/// Draws the model.
pub fn view(model: &Model, theme: &Theme, now: Now, frame: &mut Frame<'_>) {
    let area = frame.area();
    let theme = &theme.sized((area.width, area.height));
    frame.buffer_mut().set_style(area, theme.text);
    let cx = DrawContext { shared: &model.shared, theme, now, focus: model.drawn_focus() };
    match layout::areas(model, area) {
        Some(areas) => draw(cx, model, &areas, frame),
        None => too_small(model, frame, theme),
    }
    if theme.ascii {
        to_ascii(frame);
    }
}

/// The form alone while nobody sits here; else the work with all around it.
fn draw(cx: DrawContext<'_>, model: &Model, areas: &Areas, frame: &mut Frame<'_>) {
    if let Some(text) = cx.shared.place.mark.and_then(Mark::banner) {
        frame.render_widget(top::banner(text, areas.banner.width, cx.theme), areas.banner);
    }
    let Some(form) = &model.sign_in else {
        draw_chrome(cx, model, areas, frame);
        draw_work(cx, model, areas, frame);
        return draw_overlay(cx, model, areas.above_notice(), frame);
    };
    let area = frame.area();
    let room = Rect { height: areas.hints.y.saturating_sub(areas.top.y), y: areas.top.y, ..area };
    let hints = hints::line(model, (area.width, area.height), cx.theme);
    sign_in::view::draw(cx, form, frame, room);
    frame.render_widget(hints, areas.hints);
    draw_overlay(cx, model, room, frame);
}

/// What stands around the work on every screen.
fn draw_chrome(cx: DrawContext<'_>, model: &Model, areas: &Areas, frame: &mut Frame<'_>) {
    let theme = cx.theme;
    let (columns, size) = (areas.top.width, (frame.area().width, frame.area().height));
    let top = top::line(cx.shared, cx.time(), columns, theme);
    frame.render_widget(top, areas.top);
    let steps = match &model.dashboard {
        Some(dashboard) => dashboard::view::tabs(dashboard, columns, theme),
        None => steps::line(&model.screen, theme),
    };
    frame.render_widget(steps, areas.steps);
    if let Some(shown) = &cx.shared.revealed {
        let moves = !cx.shared.place.reduced_motion;
        let lines = revealed::lines(shown, shown.left(cx.now), columns, moves, theme);
        panel::lines(frame, areas.revealed, &lines);
    }
    if let Some(notice) = &cx.shared.notice {
        panel::lines(frame, areas.notice, &notice::lines(notice, columns, theme));
    }
    frame.render_widget(hints::line(model, size, theme), areas.hints);
}

/// The screen, and the panels beside it or over it.
fn draw_work(cx: DrawContext<'_>, model: &Model, areas: &Areas, frame: &mut Frame<'_>) {
    if let Some(area) = areas.work {
        match &model.screen {
            Screen::Find(find) => find::view::draw(cx, find, frame, area),
            Screen::Send(send) => send::view::draw(cx, send, frame, area),
            Screen::EnterCode(entry) => enter_code::view::draw(cx, entry, frame, area),
            Screen::EnterFactor(entry) => enter_factor::view::draw(cx, entry, frame, area),
            Screen::Verified(verified) => verified::view::draw(cx, verified, frame, area),
        }
    }
    if let (Some(area), Some(dashboard)) = (areas.dashboard, &model.dashboard) {
        dashboard::view::draw(cx, dashboard, frame, area);
    }
    if let (Some(area), Some(log)) = (areas.log, &model.log) {
        log::view::draw(cx, log, frame, area);
    }
    if let (Some(area), Some(tray)) = (areas.tray, &model.tray) {
        tray::view::draw(cx, tray, frame, area);
    }
}

/// What lies on top.
fn draw_overlay(cx: DrawContext<'_>, model: &Model, area: Rect, frame: &mut Frame<'_>) {
    match &model.overlay {
        Some(Overlay::Help(scroll)) => {
            overlays::help::draw(cx, *scroll, model.context_beneath(), frame, area);
        }
        Some(Overlay::DeliveryStats(panel)) => deliveries::view::draw(cx, panel, frame, area),
        Some(Overlay::Factors(panel)) => factors::view::draw(cx, panel, frame, area),
        Some(Overlay::SecondPerson(form)) => {
            second_person::view::draw(cx, form, frame, area);
        }
        Some(Overlay::SignUp(panel)) => sign_up::view::draw(cx, panel, frame, area),
        Some(Overlay::Document(form)) => document::view::draw(cx, form, frame, area),
        Some(Overlay::CustomerAct(form)) => customer_acts::view::draw(cx, form, frame, area),
        Some(Overlay::Incident(form)) => incident::view::draw(cx, form, frame, area),
        Some(Overlay::Approvals(list)) => approvals::view::draw(cx, list, frame, area),
        Some(Overlay::Pairing(it)) => pairing::view::draw(cx, it, frame, area),
        Some(Overlay::Palette(palette)) => overlays::palette::draw(cx, palette, frame, area),
        Some(Overlay::Confirm(question)) => {
            question::draw(cx, *question, &model.screen, frame, area);
        }
        None => {}
    }
}

/// The most important words come first: the rest may have no room.
fn too_small(model: &Model, frame: &mut Frame<'_>, theme: &Theme) {
    let area = frame.area();
    let leave = keymap::key_name(Context::Global, Command::Quit);
    let help = if model.is_asking_to_quit() {
        format!("{leave} once more leaves.")
    } else if model.is_at_stake() {
        "No key acts until it is larger; nothing is lost.".into()
    } else {
        format!("Make it larger, or leave with {leave}.")
    };
    let size = hints::sizes((area.width, area.height), theme);
    let banner = model.shared.place.mark.and_then(Mark::banner).map(|it| format!("{it}. "));
    let banner = banner.unwrap_or_default();
    let text = format!("{banner}This window is too small: {size}. {help}");
    let lines: Vec<Line<'_>> = wrap(&text, usize::from(area.width))
        .into_iter()
        .map(|text| Line::styled(text, theme.strong))
        .collect();
    panel::lines(frame, area, &lines);
}
