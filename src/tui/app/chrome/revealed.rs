//! A contact that is shown in full, on lines of its own between the work and the message: it is
//! seen whatever the screen shows of the customer, and covers nothing.

use std::time::Duration;

use ratatui::text::{Line, Span};

use crate::tui::machine::revealed::{REVEAL_TIME, Revealed};
use crate::tui::machine::shared::Shared;
use crate::tui::theme::Theme;
use crate::tui::widgets::countdown::bar;
use crate::tui::widgets::moment::clock_span;
use crate::tui::widgets::rows::flow;
use crate::tui::widgets::text::wrap;

/// More lines than this are not taken from the work.
const MAX_LINES: usize = 4;

/// The cells before and behind.
const MARGIN: usize = 4;

/// The most cells of the bar.
const BAR_CELLS: usize = 15;

/// `+49 151 12345612   masked again in 0:12 ████░   phone number of Dana Rivera (WB-004217)`
pub fn lines(
    revealed: &Revealed,
    left: Duration,
    columns: u16,
    moves: bool,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let room = usize::from(columns).saturating_sub(MARGIN + 1);
    let mut parts: Vec<Vec<Span<'static>>> = wrap(revealed.contact(), room)
        .into_iter()
        .map(|part| vec![Span::styled(part, theme.strong)])
        .collect();
    let mut time = vec![
        Span::styled("masked again in ", theme.muted),
        Span::styled(clock_span(left), theme.strong),
    ];
    if moves {
        time.push(Span::raw(" "));
        time.extend(bar(left.max(Duration::from_millis(1)), REVEAL_TIME, BAR_CELLS, theme));
    }
    parts.push(time);
    let of = format!("{} of {}", revealed.kind.label(), revealed.of);
    parts.extend(wrap(&of, room).into_iter().map(|it| vec![Span::raw(it)]));
    let mut lines = flow(parts, room, 3);
    lines.truncate(MAX_LINES);
    for (at, line) in lines.iter_mut().enumerate() {
        let mark = if at == 0 { theme.symbols.alert } else { " " };
        line.spans.insert(0, Span::styled(format!(" {mark}  "), theme.warning));
    }
    lines
}

/// The lines that it takes: as many at its end as at its beginning.
pub fn height(shared: &Shared, columns: u16) -> u16 {
    let Some(revealed) = &shared.revealed else { return 0 };
    let moves = !shared.place.reduced_motion;
    let lines = lines(revealed, REVEAL_TIME, columns, moves, &shared.drawn_theme());
    u16::try_from(lines.len()).unwrap_or(0)
}
