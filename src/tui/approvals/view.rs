//! The acts that wait for a second admin: what, who asked, until when; of the selected one
//! why, and where it was asked for.
//!
//! ```text
//! Left    Asked by    What
//! 12:03   tomasz      unlock Dana Rivera (WB-004217)
//! ──────────────────────────────────────────────────
//! Why           showed an identity card
//! Asked         14:29 at counter 12
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::approval::Approval;
use crate::tui::approvals::state::ApprovalsPanel;
use crate::tui::approvals::update::place;
use crate::tui::machine::draw_context::DrawContext;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::widgets::centred::centred;
use crate::tui::widgets::counter_name::counter;
use crate::tui::widgets::facts::{LABEL, facts};
use crate::tui::widgets::moment::{clock_span, minute};
use crate::tui::widgets::panel::{self, Title, show_cursor};
use crate::tui::widgets::rows::{Row, flow, settle};
use crate::tui::widgets::table::{self, Cell, Column};
use crate::tui::widgets::text::wrap;

const COLUMNS: [Column; 3] = [
    Column::new("Left", 5, 7, 0),
    Column::new("Asked by", 8, 20, 0),
    Column::new("What", 20, 90, 0),
];

/// Draws the list.
pub fn draw(cx: DrawContext<'_>, list: &ApprovalsPanel, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let area = centred(area, 92, area.height.min(20));
    let title = Title::of("Acts that wait for a second admin");
    let inner = panel::draw(frame, area, theme, title, true);
    let waiting = cx.shared.approvals.waiting(cx.time());
    let Some(selected) = waiting.get(place(list, &waiting)) else {
        let is_known = cx.shared.approvals.list.value().is_some();
        let text = if is_known { "Nothing waits." } else { "Reading what waits" };
        return panel::lines(frame, inner, &[Line::default(), Line::styled(text, theme.muted)]);
    };
    let room = usize::from(inner.width);
    let details = settle(details(cx, list, selected, room), 0).lines;
    let height = u16::try_from(details.len()).unwrap_or(u16::MAX).min(inner.height);
    let rows = usize::from(inner.height.saturating_sub(height + 1));
    let at = place(list, &waiting);
    let first = table::offset(at, waiting.len(), rows);
    let shown: Vec<_> = waiting.iter().skip(first).take(rows).map(|it| cells(cx, it)).collect();
    let widths = table::widths(&COLUMNS, &shown, room);
    let mut lines = vec![table::heading(&COLUMNS, &widths, theme)];
    lines.extend(shown.into_iter().map(|cells| table::line(&COLUMNS, &widths, cells, theme)));
    panel::lines(frame, inner, &lines);
    let foot = Rect { y: inner.bottom().saturating_sub(height), height, ..inner };
    panel::lines(frame, foot, &details);
    let row = u16::try_from(at - first).unwrap_or(u16::MAX).saturating_add(1);
    let pointer = panel::select(frame, inner, row, widths[0], theme);
    show_cursor(frame, pointer);
}

fn cells(cx: DrawContext<'_>, approval: &Approval) -> Vec<Cell> {
    let left = cx.until(approval.expires_at).map(clock_span).unwrap_or_default();
    vec![
        (left, cx.theme.muted),
        (approval.asked_by.clerk.clone(), Style::new()),
        (approval.target.clone(), cx.theme.strong),
    ]
}

fn details<'a>(
    cx: DrawContext<'_>,
    list: &ApprovalsPanel,
    approval: &Approval,
    room: usize,
) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let lines = |text: &str, style: Style| {
        let wrapped = wrap(text, room.saturating_sub(LABEL)).into_iter();
        wrapped.map(|text| Line::styled(text, style)).collect()
    };
    let mut rows = vec![Line::styled(theme.symbols.rule.repeat(room), theme.border).into()];
    rows.extend(facts("What", lines(&approval.target, theme.strong), theme));
    rows.extend(facts("Why", lines(&approval.reason, Style::new()), theme));
    let asked = format!(
        "{} by {}, {}",
        minute(approval.asked_at, cx.shared.place.zone),
        approval.asked_by.clerk,
        counter(&approval.asked_by.counter)
    );
    rows.extend(facts("Asked", lines(&asked, Style::new()), theme));
    let key = |command| key_name(Context::Approvals, command);
    let is_own = approval.asked_by.clerk == cx.shared.place.clerk;
    let help = if list.acting.is_some() {
        vec![Line::styled("One moment", theme.accent)]
    } else if is_own {
        let text = format!("Another admin approves it. {} takes it back.", key(Command::Refuse));
        lines(&text, theme.muted)
    } else {
        let parts = [(Command::Approve, " approves it"), (Command::Refuse, " refuses it")]
            .map(|(command, does)| vec![Span::styled(key(command), theme.key), Span::raw(does)]);
        flow(parts.to_vec(), room.saturating_sub(LABEL), 3)
    };
    rows.extend(facts("", help, theme));
    rows
}
