//! Draws the dashboard: as many parts side by side as there is room for, the one that has the
//! keyboard among them. The line above names them all by their number keys.
//!
//! ```text
//! 80 columns                                200 columns
//!
//! 1 2 3 4 5 CLERKS 6 7 8 9 0                1 FIGURES  2 Course  3 Channels  4 Counters …
//! ╭ Clerks · Today · by asked ─────────╮    ╭ Figures ──────╮╭ Course ───────╮╭ Channels ─────╮
//! │   Clerk    Asked  Verified Success │    │ Asked for 412 ││ ▃▅▇█▆▂        ││ SMS       300 │
//! │ › amira       52        48    92 % │    ╰───────────────╯╰───────────────╯╰───────────────╯
//! │   tomasz      40        31    77 % │    ╭ Counters ─────╮╭ Clerks ───────╮╭ Messages ─────╮
//! │                                    │    │ counter 3  52 ││ amira      52 ││ 12 not sent   │
//! ╰────────────────── Updated 10:42:07 ╯    ╰───────────────╯╰───────────────╯╰───────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::dashboard::charts;
use crate::tui::dashboard::reads::Course;
use crate::tui::dashboard::rows::{Meaning, PaneRow, PaneRows, rows};
use crate::tui::dashboard::state::{Dashboard, Pane};
use crate::tui::dashboard::update::{field_label, place};
use crate::tui::machine::draw_context::{DrawContext, Focus};
use crate::tui::machine::loaded::{Progress, Reading};
use crate::tui::theme::Theme;
use crate::tui::widgets::field::field;
use crate::tui::widgets::moment::second_or_day;
use crate::tui::widgets::panel::{self, Title, show_cursor};
use crate::tui::widgets::table::{self, Cell};
use crate::tui::widgets::text::{width, wrap};

/// The cells that a part needs beside others.
const MIN_PANE_COLUMNS: u16 = 62;

/// The lines that a part needs among others.
const MIN_PANE_ROWS: u16 = 11;

/// Draws it.
pub fn draw(cx: DrawContext<'_>, dashboard: &Dashboard, frame: &mut Frame<'_>, area: Rect) {
    let field_height = u16::from(dashboard.typing.is_some());
    let [panes, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(field_height)]).areas(area);
    for (pane, area) in places(dashboard.pane, panes) {
        draw_pane(cx, dashboard, pane, frame, area);
    }
    draw_field(cx, dashboard, frame, below);
}

/// The parts that are in sight, and where: the page of them that has the current one.
fn places(current: Pane, area: Rect) -> Vec<(Pane, Rect)> {
    let columns = usize::from(area.width / MIN_PANE_COLUMNS).max(1);
    let rows = usize::from(area.height / MIN_PANE_ROWS).max(1);
    let size = (columns * rows).min(Pane::ALL.len());
    let pages = Pane::ALL.len().div_ceil(size);
    // All pages have about as many: the last one is not left with one part alone.
    let size = Pane::ALL.len().div_ceil(pages);
    let first = current.place() / size * size;
    let shown: Vec<Pane> = Pane::ALL.iter().copied().skip(first).take(size).collect();
    let lines = shown.len().div_ceil(columns);
    let heights = vec![Constraint::Fill(1); lines];
    let line_areas = Layout::vertical(heights).split(area);
    let mut places = Vec::new();
    for (line, line_area) in shown.chunks(columns).zip(line_areas.iter()) {
        let widths = vec![Constraint::Fill(1); line.len()];
        let areas = Layout::horizontal(widths).split(*line_area);
        places.extend(line.iter().copied().zip(areas.iter().copied()));
    }
    places
}

/// The names of the parts with their keys; where there is no room, of the current one alone.
pub fn tabs(dashboard: &Dashboard, columns: u16, theme: &Theme) -> Line<'static> {
    let key = |pane: Pane| (pane.place() + 1) % 10;
    let whole: usize = Pane::ALL.iter().map(|it| width(it.title()) + 4).sum();
    let is_wide = whole <= usize::from(columns);
    let mut spans = vec![Span::raw(" ")];
    for pane in Pane::ALL {
        let is_current = pane == dashboard.pane;
        let title = if is_current { pane.title().to_uppercase() } else { pane.title().into() };
        let style = if is_current { theme.accent } else { theme.muted };
        spans.push(Span::styled(key(pane).to_string(), theme.key));
        if is_wide || is_current {
            spans.push(Span::styled(format!(" {title}"), style));
        }
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}

fn draw_pane(
    cx: DrawContext<'_>,
    dashboard: &Dashboard,
    pane: Pane,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = cx.theme;
    let focused = cx.has_focus(Focus::Dashboard) && pane == dashboard.pane;
    let mut shown = rows(dashboard, pane, cx.shared, cx.now);
    let rows = shown.rows.take();
    let count = rows.as_ref().map_or(0, Vec::len);
    let at = place(dashboard, pane, count);
    let title = title(cx, dashboard, pane, (at, count));
    let mut inner = panel::draw(frame, area, theme, title, focused);
    let Some(rows) = rows else {
        let text = match reading(dashboard, pane).progress() {
            Progress::Failed => Line::styled("It could not be read.", theme.warning),
            _ => Line::styled(format!("Reading{}", theme.symbols.ellipsis), theme.muted),
        };
        return panel::lines(frame, inner, &[text]);
    };
    let course = dashboard.course.value().and_then(Course::of);
    if let Some(course) = course.filter(|_| pane == Pane::Course) {
        inner = charts::draw(&course, at, theme, frame, inner);
    }
    let inner = draw_note(cx, &shown, frame, inner);
    if rows.is_empty() {
        return panel::lines(frame, inner, &[Line::styled(shown.nothing, theme.muted)]);
    }
    let inner = match rows.get(at).filter(|_| focused && pane == Pane::Alarms) {
        Some(row) => draw_whole(cx, row, frame, inner),
        None => inner,
    };
    draw_rows(cx, &shown, &rows, (at, focused), frame, inner);
}

/// Draws the whole text of a line at the bottom, and gives the room above: its columns cut it.
fn draw_whole(cx: DrawContext<'_>, row: &PaneRow, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let told: Vec<&str> = row.cells.iter().skip(1).map(|(text, _)| text.as_str()).collect();
    let lines = wrap(&told.join(&format!(" {} ", cx.theme.symbols.dot)), usize::from(area.width));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(1);
    if height.saturating_add(3) > area.height {
        return area;
    }
    let [above, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(height)]).areas(area);
    let rule = cx.theme.symbols.rule.repeat(usize::from(area.width));
    let mut drawn = vec![Line::styled(rule, cx.theme.border)];
    drawn.extend(lines.into_iter().map(Line::from));
    panel::lines(frame, below, &drawn);
    above
}

/// What is shown, of when, how it is sorted and filtered; and when it was read.
fn title<'a>(
    cx: DrawContext<'_>,
    dashboard: &Dashboard,
    pane: Pane,
    (at, count): (usize, usize),
) -> Title<'a> {
    let mut title = Title::of(pane.title());
    if pane.is_of_period() {
        title.parts.push(Span::raw(dashboard.period.label()));
    }
    if pane.is_sorted() {
        title.parts.push(Span::raw(dashboard.sort.label()));
    }
    if pane.is_filtered() && !dashboard.filter.is_empty() {
        title.parts.push(Span::styled(format!("\"{}\"", dashboard.filter), cx.theme.warning));
    }
    let updated = dashboard.updated_at.filter(|_| pane == dashboard.pane).map(|at| {
        let now = cx.time().unwrap_or(at);
        format!("Updated {}", second_or_day(at, now, cx.shared.place.zone))
    });
    let line = (count > 1 && pane == dashboard.pane).then(|| format!("{} of {count}", at + 1));
    let dot = format!(" {} ", cx.theme.symbols.dot);
    let foot: Vec<String> = line.into_iter().chain(updated).collect();
    title.foot = Some(foot.join(&dot)).filter(|it| !it.is_empty());
    title
}

/// The read of what a part shows; of the one that matters most where there are several.
const fn reading(dashboard: &Dashboard, pane: Pane) -> &Reading {
    match pane {
        Pane::Figures | Pane::Course => &dashboard.course.reading,
        Pane::Channels => &dashboard.groups[0].reading,
        Pane::Counters => &dashboard.groups[2].reading,
        Pane::Clerks => &dashboard.groups[3].reading,
        Pane::Messages | Pane::Lockouts | Pane::AtWork => &dashboard.oversight.reading,
        Pane::Alarms => &dashboard.alarms.reading,
        Pane::Trail => &dashboard.trail.reading,
    }
}

/// Draws what has to be said at the bottom, and gives the room above.
fn draw_note(cx: DrawContext<'_>, shown: &PaneRows, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let Some(note) = &shown.note else { return area };
    let lines = wrap(note, usize::from(area.width));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    if height + 3 > area.height {
        return area;
    }
    let [above, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(height)]).areas(area);
    let lines: Vec<Line<'_>> =
        lines.into_iter().map(|it| Line::styled(it, cx.theme.warning)).collect();
    panel::lines(frame, below, &lines);
    above
}

fn draw_rows(
    cx: DrawContext<'_>,
    shown: &PaneRows,
    rows: &[PaneRow],
    (at, focused): (usize, bool),
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = cx.theme;
    let height = usize::from(area.height.saturating_sub(1));
    let first = table::offset(at, rows.len(), height);
    let in_sight: Vec<Vec<Cell>> =
        rows.iter().skip(first).take(height).map(|row| cells(row, theme)).collect();
    let widths = table::widths(shown.columns, &in_sight, usize::from(area.width));
    let mut lines = vec![table::heading(shown.columns, &widths, theme)];
    let each = in_sight.into_iter();
    lines.extend(each.map(|cells| table::line(shown.columns, &widths, cells, theme)));
    panel::lines(frame, area, &lines);
    if focused {
        let row = u16::try_from(at - first).unwrap_or(u16::MAX).saturating_add(1);
        let pointer = panel::select(frame, area, row, widths[0], theme);
        show_cursor(frame, pointer);
    }
}

fn cells(row: &PaneRow, theme: &Theme) -> Vec<Cell> {
    let style = |meaning: Meaning| match meaning {
        Meaning::Plain => Style::new(),
        Meaning::Label => theme.muted,
        Meaning::Strong => theme.strong,
        Meaning::Warning => theme.warning,
        Meaning::Bad => theme.bad,
    };
    row.cells.iter().map(|(text, meaning)| (text.clone(), style(*meaning))).collect()
}

fn draw_field(cx: DrawContext<'_>, dashboard: &Dashboard, frame: &mut Frame<'_>, area: Rect) {
    let Some(typing) = &dashboard.typing else { return };
    let label = format!(" {} {} ", field_label(typing.purpose), cx.theme.symbols.pointer);
    let indent = u16::try_from(width(&label)).unwrap_or(0);
    let (typed, cursor) = field(&typing.input, area.width.saturating_sub(indent));
    let line = Line::from(vec![Span::styled(label, cx.theme.muted), typed.style(cx.theme.strong)]);
    panel::lines(frame, area, &[line]);
    let place = Position::new(area.x.saturating_add(indent).saturating_add(cursor), area.y);
    if cx.has_focus(Focus::Dashboard) && area.contains(place) {
        frame.set_cursor_position(place);
    }
}
