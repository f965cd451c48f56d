//! The course of a time as charts: how many were verified of those who asked, as bars, and how
//! long half of them and 95 of 100 took, as lines of blocks. The selected piece stands out, and
//! the table below has its numbers.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Bar, BarChart, Sparkline};

use crate::domain::delivery_stats::Percentiles;
use crate::domain::stats::query::SpanStats;
use crate::tui::dashboard::reads::{Course, group};
use crate::tui::dashboard::rows::short_time;
use crate::tui::theme::Theme;
use crate::tui::widgets::panel;
use crate::tui::widgets::text::pad;

/// From this height on there are bars.
const MIN_BARS_HEIGHT: u16 = 9;

/// From this height on there are times too.
const MIN_TIMES_HEIGHT: u16 = 11;

/// The cells of a line's name.
const NAME_CELLS: u16 = 12;

/// The cells of the longest time of a line.
const MOST_CELLS: u16 = 8;

/// Draws the charts at the top of an area, and gives what is left below.
pub(super) fn draw(
    course: &Course<'_>,
    selected: usize,
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) -> Rect {
    if area.height < MIN_BARS_HEIGHT || course.pieces.is_empty() {
        return area;
    }
    let times = if area.height < MIN_TIMES_HEIGHT { 0 } else { 2 };
    let bars_height = ((area.height - times) / 3).clamp(2, 10);
    let [heading, bars, half, most, _, below] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(bars_height),
        Constraint::Length(times / 2),
        Constraint::Length(times / 2),
        Constraint::Length(u16::from(area.height > 2 * MIN_TIMES_HEIGHT)),
        Constraint::Fill(1),
    ])
    .areas(area);
    let text = "Verified of those asked for, up to 100 %";
    panel::lines(frame, heading, &[Line::styled(text, theme.muted)]);
    success(course, selected, theme, frame, bars);
    time(course, ("Half within", |it| it.p50), theme, frame, half);
    time(course, ("95 of 100", |it| it.p95), theme, frame, most);
    below
}

fn success(course: &Course<'_>, selected: usize, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let count = u16::try_from(course.pieces.len()).unwrap_or(u16::MAX);
    let gap = u16::from(area.width >= count.saturating_mul(2));
    let width = (area.width / count).saturating_sub(gap).clamp(1, 7);
    // The newest are those that matter where not all have a place.
    let room = usize::from(area.width / (width + gap).max(1)).max(1);
    let first = course.pieces.len().saturating_sub(room);
    let bars = course.pieces.iter().enumerate().skip(first).map(|(at, piece)| {
        let percent = piece.counts().success_percent();
        let value = percent.unwrap_or(0).min(100);
        let text = percent.filter(|_| width > 2).map(|it| it.to_string()).unwrap_or_default();
        let style = if at == selected { theme.warning } else { theme.accent };
        Bar::new(value).text_value(text).style(style).value_style(theme.strong)
    });
    let chart = BarChart::new(bars.collect::<Vec<_>>())
        .bar_set(theme.symbols.levels.clone())
        .bar_width(width)
        .bar_gap(gap)
        .max(100);
    frame.render_widget(chart, area);
}

fn time(
    course: &Course<'_>,
    (name, of): (&str, fn(&Percentiles) -> std::time::Duration),
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    if area.height == 0 || area.width <= NAME_CELLS + MOST_CELLS {
        return;
    }
    let times: Vec<Option<std::time::Duration>> = course
        .pieces
        .iter()
        .map(|it: &&SpanStats| group(it).and_then(|it| it.verified).map(|it| of(&it)))
        .collect();
    let room = usize::from(area.width - NAME_CELLS - MOST_CELLS);
    let first = times.len().saturating_sub(room);
    let millis = |it: &Option<std::time::Duration>| {
        it.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
    };
    let shown: Vec<Option<u64>> = times.iter().skip(first).map(millis).collect();
    let longest = times.iter().flatten().max();
    let name = pad(name, usize::from(NAME_CELLS), "");
    let [left, middle, right] = Layout::horizontal([
        Constraint::Length(NAME_CELLS),
        Constraint::Length(u16::try_from(shown.len()).unwrap_or(u16::MAX)),
        Constraint::Fill(1),
    ])
    .areas(area);
    panel::lines(frame, left, &[Line::styled(name, theme.muted)]);
    let line = Sparkline::default()
        .data(shown)
        .bar_set(theme.symbols.levels.clone())
        .absent_value_symbol(" ")
        .style(theme.accent);
    frame.render_widget(line, middle);
    if let Some(longest) = longest {
        let text = format!(" max {}", short_time(*longest));
        panel::lines(frame, right, &[Line::from(Span::styled(text, theme.muted))]);
    }
}
