//! Step four: what was proven and for how long, then what the office has on
//! the customer, scrolled.
//!
//! ```text
//! ✓ VERIFIED    SMS: holds the phone on file
//! Session       14:32 left  ████████████████░░░   ends in 4:32 if unused
//! ──────────────────────────────────────────────────────────────────────
//! Account       WB-004217
//! Balance       123.45 EUR owed
//!
//! Bills
//! Number     Issued       Due          Amount      Status
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::account::Account;
use crate::domain::channel::{Channel, Factor};
use crate::domain::customer::Customer;
use crate::domain::level::Level;
use crate::domain::money::Money;
use crate::service::messages;
use crate::tui::machine::draw_context::{DrawContext, Focus};
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::scroll::Extent;
use crate::tui::verified::state::Verified;
use crate::tui::widgets::countdown::{bar, digits};
use crate::tui::widgets::customer_title::title;
use crate::tui::widgets::facts::{LABEL, fact, facts, labelled};
use crate::tui::widgets::moment::{clock_span, recorded};
use crate::tui::widgets::panel;
use crate::tui::widgets::rows::{Row, flow, settle};
use crate::tui::widgets::scroll_foot::foot;
use crate::tui::widgets::table::{self, Cell, Column, EXTRA};
use crate::tui::widgets::text::wrap;

const BILLS: [Column; 5] = [
    Column::new("Number", 8, 18, 0),
    Column::new("Issued", 11, 11, EXTRA),
    Column::new("Due", 11, 11, 0),
    Column::new("Amount", 14, 24, 0).to_the_right(),
    Column::new("Status", 7, 16, 0),
];

const FEEDBACK: [Column; 3] = [
    Column::new("Received", 11, 11, 0),
    Column::new("About", 12, 60, 0),
    Column::new("Status", 7, 16, 0),
];

/// The most cells the session's bar takes.
const MAX_BAR_CELLS: usize = 20;

/// What a proof is not enough for that is none of the strong ones, where the office asks for one.
const WEAK_PROOF: &str =
    "Purposes of your office that ask for a strong proof take a code by SMS as well.";

/// Draws the verified customer.
pub fn draw(cx: DrawContext<'_>, verified: &Verified, frame: &mut Frame<'_>, area: Rect) {
    let theme = cx.theme;
    let parts = parts(cx, verified, area);
    let extent = parts.extent();
    let visible = verified.scroll.visible(extent);
    let Parts { head, body, .. } = parts;
    let mut title = title(&verified.customer, Some(&verified.session.purpose));
    title.foot = foot(&visible, extent.lines, theme.symbols.more);
    let inner = panel::draw(frame, area, theme, title, cx.has_focus(Focus::Work));
    let rule = theme.symbols.rule.repeat(usize::from(inner.width));
    let mut lines = head;
    lines.push(Line::styled(rule, theme.border));
    lines.extend(body.into_iter().skip(visible.start).take(visible.len()));
    panel::lines(frame, inner, &lines);
}

/// What stays, what scrolls below it, and the lines there are for that.
struct Parts<'a> {
    head: Vec<Line<'a>>,
    body: Vec<Line<'a>>,
    height: usize,
}

impl Parts<'_> {
    const fn extent(&self) -> Extent {
        Extent { lines: self.body.len(), page: self.height }
    }
}

fn parts<'a>(cx: DrawContext<'_>, verified: &Verified, area: Rect) -> Parts<'a> {
    let inside = panel::inside(area, cx.theme);
    let room = usize::from(inside.width);
    let head = settle(head(cx, verified, room), 0).lines;
    let height = usize::from(inside.height).saturating_sub(head.len() + 1);
    Parts { head, body: body(cx, verified, room), height }
}

/// The lines there are to scroll, and how many of them are in sight.
pub fn extent(cx: DrawContext<'_>, verified: &Verified, area: Rect) -> Extent {
    parts(cx, verified, area).extent()
}

fn head<'a>(cx: DrawContext<'_>, verified: &Verified, room: usize) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let session = &verified.session;
    let labels: Vec<_> = session.factors.iter().map(messages::factor_label).collect();
    let asks_for_strong = cx.shared.place.purposes.iter().any(|it| it.level > Level::Contact);
    let weak = |label: &str| {
        if asks_for_strong {
            format!("{label} confirmed. {WEAK_PROOF}")
        } else {
            format!("{label} confirmed.")
        }
    };
    let proof = match session.factor {
        _ if labels.len() > 1 => format!("{}.", labels.join(" and ")),
        Factor::ContactConfirmed => weak("email"),
        Factor::Sms => format!("SMS: {}", messages::factor(session.factor)),
        Factor::Whatsapp => weak("WhatsApp"),
        factor => format!("{}: {}", messages::factor_label(factor), messages::factor(factor)),
    };
    if let Some((_, how)) = session.ended {
        let mark = Span::styled(format!("{} ENDED", theme.symbols.alert), theme.warning);
        let text = format!("{}.", messages::session_end(how));
        let lines = wrap(&text, room.saturating_sub(LABEL)).into_iter().map(Line::from);
        return labelled(mark, lines.collect()).into_iter().map(Row::Line).collect();
    }
    let mark = if session.is_reached {
        Span::styled(format!("{} VERIFIED", theme.symbols.check), theme.good)
    } else {
        Span::styled(format!("{} NOT YET", theme.symbols.alert), theme.warning)
    };
    let proof = wrap(&proof, room.saturating_sub(LABEL)).into_iter().map(Line::from).collect();
    let mut rows: Vec<Row<'_>> = labelled(mark, proof).into_iter().map(Row::Line).collect();
    if let Some(it) = &session.representative {
        let text = format!("{}, who represents {}", it.name, session.customer_name);
        let lines = styled(&text, room.saturating_sub(LABEL), theme.warning);
        rows.extend(facts("Stands here", lines, theme));
    }
    rows.extend(flags(cx, verified, room.saturating_sub(LABEL)));
    rows.extend(level(cx, verified, room.saturating_sub(LABEL)));
    rows.extend(facts("Session", time_left(cx, verified, room.saturating_sub(LABEL)), theme));
    rows
}

/// The customer's flags, in words.
fn flags<'a>(cx: DrawContext<'_>, verified: &Verified, room: usize) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let clock = |at| cx.shared.place.end(at);
    let flags = verified.customer.flags.iter();
    let lines = flags.flat_map(|it| styled(&messages::flag(it, &clock), room, theme.warning));
    facts("Flags", lines.collect(), theme)
}

/// The level with all that was proven, what is missing, and the purposes before.
fn level<'a>(cx: DrawContext<'_>, verified: &Verified, room: usize) -> Vec<Row<'a>> {
    let (theme, session) = (cx.theme, &verified.session);
    let proven = messages::factors_in_words(&session.factors);
    let mut lines = styled(&format!("{} ({proven})", session.level.label()), room, Style::new());
    let purposes = &cx.shared.place.purposes;
    let purpose = purposes.iter().find(|it| it.name == session.purpose);
    let purpose = purpose.map(|it| verified.customer.flags.raise(it));
    if let Some(missing) = purpose.and_then(|it| session.missing_for(&it)) {
        let key = key_name(Context::Verified, Command::AnotherPurpose);
        let text = format!("missing: {}; {key} asks for it", messages::missing(missing));
        lines.extend(styled(&text, room, theme.warning));
    }
    if !session.also_for.is_empty() {
        let text = format!("also for: {}", session.also_for.join(", "));
        lines.extend(styled(&text, room, theme.muted));
    }
    facts("Level", lines, theme)
}

fn styled<'a>(text: &str, room: usize, style: Style) -> Vec<Line<'a>> {
    wrap(text, room).into_iter().map(|text| Line::styled(text, style)).collect()
}

fn time_left<'a>(cx: DrawContext<'_>, verified: &Verified, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let session = &verified.session;
    if verified.leaving.is_some() {
        return vec![Line::styled("logging out", theme.accent)];
    }
    let (Some(left), Some(idle)) = (cx.until(session.expires_at), cx.until(session.idle_at)) else {
        return vec![Line::styled("reading the clock", theme.muted)];
    };
    let mut first = vec![digits(left, theme), Span::raw(" left")];
    if !cx.shared.place.reduced_motion {
        first.push(Span::raw("  "));
        let whole = session.expires_at.since(session.created_at);
        first.extend(bar(left, whole, room.saturating_sub(14).min(MAX_BAR_CELLS), theme));
    }
    let mut parts = vec![first];
    if session.idle_at < session.expires_at {
        let style = if idle.as_secs() < 60 { theme.warning } else { theme.muted };
        let text = format!("ends in {} if unused", clock_span(idle));
        parts.push(vec![Span::styled(text, style)]);
    }
    flow(parts, room, 3)
}

fn body<'a>(cx: DrawContext<'_>, verified: &Verified, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    if !verified.session.is_verified() {
        let text = "What the office has on the customer is shown once enough was proven.";
        let lines = wrap(text, room).into_iter();
        return lines.map(|it| Line::styled(it, theme.muted)).collect();
    }
    let mut rows = record(cx, &verified.customer, room);
    match verified.account.value() {
        Some(account) => rows.extend(crate::tui::verified::view::account(cx, account, room)),
        None if verified.account.reading.is_loading() => {
            rows.push(fact("Balance", vec![Span::styled("being read", theme.muted)], theme));
        }
        None => {
            rows.push(fact("Balance", vec![Span::styled("not known", theme.muted)], theme));
        }
    }
    settle(rows, u16::MAX).lines
}

fn record<'a>(cx: DrawContext<'_>, customer: &Customer, room: usize) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let value = |text: Option<String>| match text {
        Some(text) => wrap(&text, room.saturating_sub(LABEL)).into_iter().map(Line::from).collect(),
        None => vec![Line::styled("none on file", theme.muted)],
    };
    let mut rows = Vec::new();
    for (label, text) in [
        ("Account", Some(customer.account_no.clone())),
        ("Name", Some(customer.name.clone())),
        ("Address", customer.address.clone()),
        ("Email", customer.masked(Channel::Email)),
        ("Phone", customer.masked(Channel::Sms)),
    ] {
        rows.extend(facts(label, value(text), theme));
    }
    rows
}

/// Lists that are not known here are left out: "No bills." would be a claim.
fn account<'a>(cx: DrawContext<'_>, account: &Account, room: usize) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let zone = cx.shared.place.zone;
    let mut rows = vec![fact("Balance", vec![balance(account.balance.as_ref(), cx)], theme)];
    if let Some(invoices) = &account.invoices {
        let bills = invoices.entries.iter().map(|bill| {
            let due = bill.due_at.as_ref().map(|it| recorded(it, zone)).unwrap_or_default();
            vec![
                (bill.number.clone(), Style::new()),
                (recorded(&bill.issued_at, zone), Style::new()),
                (due, Style::new()),
                (bill.amount.to_string(), Style::new()),
                (bill.status.clone(), status(&bill.status, cx)),
            ]
        });
        let none = ("Bills", "No bills.");
        rows.extend(list(none, &BILLS, bills.collect(), &invoices.unreadable, cx, room));
    }
    if let Some(feedback) = &account.feedback {
        let entries = feedback.entries.iter().map(|it| {
            vec![
                (recorded(&it.at, zone), Style::new()),
                (it.subject.clone(), Style::new()),
                (it.status.clone(), status(&it.status, cx)),
            ]
        });
        let none = ("Feedback", "No feedback.");
        rows.extend(list(none, &FEEDBACK, entries.collect(), &feedback.unreadable, cx, room));
    }
    rows
}

fn balance(balance: Option<&Money>, cx: DrawContext<'_>) -> Span<'static> {
    let theme = cx.theme;
    let Some(balance) = balance else { return Span::styled("not known", theme.muted) };
    match balance.cents {
        0 => Span::styled("nothing is owed", theme.good),
        1.. => Span::styled(format!("{balance} owed"), theme.strong),
        _ => {
            let cents = balance.cents.saturating_abs();
            let credit = Money { cents, currency: balance.currency.clone() };
            Span::styled(format!("{credit} in credit"), theme.good)
        }
    }
}

fn status(word: &str, cx: DrawContext<'_>) -> Style {
    match word {
        "paid" | "answered" | "closed" | "resolved" => cx.theme.good,
        "overdue" => cx.theme.bad,
        "open" => cx.theme.warning,
        _ => Style::new(),
    }
}

fn list<'a>(
    (title, none): (&'static str, &'static str),
    columns: &[Column],
    cells: Vec<Vec<Cell>>,
    unreadable: &[String],
    cx: DrawContext<'_>,
    room: usize,
) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let mut rows = vec![Row::Gap, Line::styled(title, theme.title).into()];
    if cells.is_empty() && unreadable.is_empty() {
        rows.push(Line::styled(none, theme.muted).into());
        return rows;
    }
    if !cells.is_empty() {
        let widths = table::widths(columns, &cells, room);
        rows.push(table::heading(columns, &widths, theme).into());
        for row in cells {
            rows.extend(table::lines(columns, &widths, row, theme).into_iter().map(Row::Line));
        }
    }
    // What cannot be read is there all the same.
    if !unreadable.is_empty() {
        let text = format!("Not shown: {}.", unreadable.join("; "));
        let lines = wrap(&text, room).into_iter();
        rows.extend(lines.map(|line| Row::Line(Line::styled(line, theme.warning))));
    }
    rows
}
