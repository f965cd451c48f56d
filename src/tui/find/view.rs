//! Step one: a field, the customers found, and of the selected one what the
//! columns leave out; on a wide screen the whole of them beside the list.
//!
//! ```text
//! Search › riv▏
//! ──────────────────────────────────────────────────────────────
//! Account     Name            Email               Phone
//! WB-004217   Dana Rivera     d***@example.org    +4**********12
//!
//! 3 customers
//! 12 Mill Lane
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::channel::Channel;
use crate::domain::customer::Customer;
use crate::service::api::Permission;
use crate::service::messages;
use crate::service::ports::{IndexProgress, NoCustomers};
use crate::tui::find::examples;
use crate::tui::find::state::{Find, SearchHits};
use crate::tui::machine::draw_context::{DrawContext, Focus};
use crate::tui::machine::health::DependencyState;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::permissions::{forbidden, may};
use crate::tui::widgets::facts::labelled_by;
use crate::tui::widgets::field::field;
use crate::tui::widgets::panel::{self, Title, show_cursor};
use crate::tui::widgets::rows::{Row, settle};
use crate::tui::widgets::table::{self, Cell, Column, EXTRA};
use crate::tui::widgets::text::{fit, pad, width, wrap};

const LABEL: &str = "Search ";

const COLUMNS: [Column; 5] = [
    Column::new("Account", 9, 16, 0),
    Column::new("Name", 12, 34, 0).usually(18),
    Column::new("Email", 16, 34, 2).usually(18),
    Column::new("Phone", 14, 18, 1),
    Column::new("Address", 16, 40, EXTRA),
];

/// The columns beside a card that has the address.
const COLUMNS_BESIDE_CARD: [Column; 4] = [COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[3]];

/// The width from which the selected customer stands beside the list: that of a
/// window of 120 columns.
const MIN_WIDTH_FOR_CARD: u16 = 114;

/// The most cells of what the columns leave out: it is written anew with each step
/// through the list, which a slow line carries.
const MAX_DETAIL_CELLS: usize = 48;

/// The cells of a label on the card.
const CARD_LABEL_CELLS: usize = 10;

/// Draws the search.
pub fn draw(cx: DrawContext<'_>, find: &Find, frame: &mut Frame<'_>, area: Rect) {
    let focused = cx.has_focus(Focus::Work);
    let inner = panel::draw(frame, area, cx.theme, Title::of("Find the customer"), focused);
    let height = inner.height;
    if height < 3 {
        return;
    }
    // A small window has no line to spare for a rule.
    let head = if cx.theme.framed { 2 } else { 1 };
    search(cx, find, frame, Rect { height: head, ..inner }, focused);
    let below = Rect { y: inner.y + head, height: height - head, ..inner };
    if !cx.shared.place.may(Permission::Verify) {
        return panel::lines(frame, below, &only_reads(cx, below));
    }
    match find.found.value() {
        Some(found) if !find.input.value().trim().is_empty() => {
            if found.customers.is_empty() {
                panel::lines(frame, below, &nobody(cx, find, found, below));
            } else {
                hits(cx, find, found, frame, below);
            }
        }
        None if is_waiting(cx, find) => panel::lines(frame, below, &waiting(cx, below)),
        _ => match find.nobody {
            Some(why) => panel::lines(frame, below, &no_customers(cx, why, below)),
            None => panel::lines(frame, below, &help(cx, below)),
        },
    }
}

fn search(cx: DrawContext<'_>, find: &Find, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    let theme = cx.theme;
    let label = format!("{LABEL}{} ", theme.symbols.pointer);
    let indent = u16::try_from(LABEL.len()).unwrap_or(0) + 2;
    let (mut typed, cursor) = field(&find.input, area.width.saturating_sub(indent));
    if find.kept {
        // As selected text looks everywhere: what is typed takes its place.
        typed = typed.style(cx.theme.selected);
    }
    let rule = theme.symbols.rule.repeat(usize::from(area.width));
    let line = Line::from(vec![Span::styled(label, theme.muted), typed.style(theme.strong)]);
    panel::lines(frame, area, &[line, Line::styled(rule, theme.border)]);
    if focused {
        frame.set_cursor_position(Position::new(area.x + indent + cursor, area.y));
    }
}

fn help<'a>(cx: DrawContext<'_>, area: Rect) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let mut rows =
        vec![Row::Gap, Line::from("Type one of these, or how it begins:").into(), Row::Gap];
    for (what, example) in [
        ("account number", "WB-004217, or only 4217"),
        ("name", "rivera, or dana riv"),
        ("email address", "dana@"),
        ("phone number", examples::phone(&cx.shared.place.country)),
    ] {
        let what = Span::raw(format!("  {what:<18}"));
        rows.push(Line::from(vec![what, Span::styled(example, theme.muted)]).into());
    }
    rows.push(Row::Gap);
    let key = key_name(Context::Find, Command::Accept);
    let choose = format!("{key} takes the first customer found; the arrows choose another.");
    let wrapped = wrap(&choose, usize::from(area.width)).into_iter();
    rows.extend(wrapped.map(|text| Line::styled(text, theme.muted).into()));
    settle(rows, area.height).lines
}

/// What somebody can do here whose role verifies nobody.
fn only_reads<'a>(cx: DrawContext<'_>, area: Rect) -> Vec<Line<'a>> {
    let mut rows = vec![Row::Gap];
    rows.extend(lines(&forbidden(cx.shared, Permission::Verify), area));
    rows.push(Row::Gap);
    for (command, does) in [
        (Command::ToggleLog, "the log, and each request's timeline"),
        (Command::ToggleDeliveryStats, "what became of the messages"),
    ] {
        if may(cx.shared, command) {
            let key = pad(key_name(Context::Global, command), CARD_LABEL_CELLS, "");
            let key = Span::styled(key, cx.theme.key);
            rows.push(Line::from(vec![key, Span::raw(does)]).into());
        }
    }
    settle(rows, area.height).lines
}

fn nobody<'a>(cx: DrawContext<'_>, find: &Find, found: &SearchHits, area: Rect) -> Vec<Line<'a>> {
    let theme = cx.theme;
    if is_waiting(cx, find) {
        return waiting(cx, area);
    }
    if let Some(preparing) = found.preparing {
        return nobody_yet(cx, found, preparing, area);
    }
    if let Some(why) = find.nobody {
        return no_customers(cx, why, area);
    }
    let title = vec![
        Span::styled(format!("{} ", theme.symbols.alert), theme.warning),
        Span::styled(format!("No customer matches \"{}\"", found.typed.trim()), theme.strong),
    ];
    let mut rows = vec![Row::Gap, Line::from(title).into(), Row::Gap];
    for text in [
        "Try fewer letters, or the surname alone,",
        "or the account number on the bill,",
        "or the last digits of the phone number.",
    ] {
        rows.extend(lines(text, area));
    }
    settle(rows, area.height).lines
}

/// Nobody can be found, whatever is typed.
fn no_customers<'a>(cx: DrawContext<'_>, why: NoCustomers, area: Rect) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let text = wrap(messages::no_customers(why), usize::from(area.width).saturating_sub(2));
    let text = text.into_iter().map(|it| Line::styled(it, theme.strong)).collect();
    let mark = Span::styled(format!("{} ", theme.symbols.alert), theme.warning);
    let mut rows = vec![Row::Gap];
    rows.extend(labelled_by(mark, 2, text).into_iter().map(Row::Line));
    settle(rows, area.height).lines
}

/// Nobody yet, while the search index is being built.
fn nobody_yet<'a>(
    cx: DrawContext<'_>,
    found: &SearchHits,
    preparing: IndexProgress,
    area: Rect,
) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let title = vec![
        Span::styled(format!("{} ", theme.symbols.alert), theme.warning),
        Span::styled(format!("Nobody is found yet for \"{}\"", found.typed.trim()), theme.strong),
    ];
    let IndexProgress { seen, percent } = preparing;
    let texts = [
        format!("The search index is being built: {seen} customers so far, {percent} %."),
        "That is done once. The search is repeated until it is complete.".into(),
    ];
    let mut rows = vec![Row::Gap, Line::from(title).into(), Row::Gap];
    rows.extend(texts.iter().flat_map(|it| lines(it, area)));
    settle(rows, area.height).lines
}

/// A text on as many lines as it needs.
fn lines<'a>(text: &str, area: Rect) -> impl Iterator<Item = Row<'a>> {
    wrap(text, usize::from(area.width)).into_iter().map(|it| Line::from(it).into())
}

fn hits(cx: DrawContext<'_>, find: &Find, found: &SearchHits, frame: &mut Frame<'_>, area: Rect) {
    let Some((list, card)) = beside(cx, area) else {
        table_of(cx, find, found, frame, area, &COLUMNS);
        return;
    };
    let widths = table_of(cx, find, found, frame, list, &COLUMNS_BESIDE_CARD);
    let place = find.preview.place(find.selected, found.customers.len());
    if let Some(customer) = found.customers.get(place) {
        panel::lines(frame, card, &whole(cx, customer, &widths, usize::from(card.width)));
    }
    let line = Line::styled(cx.theme.symbols.timeline, cx.theme.border);
    let between = Rect { x: card.x - 3, width: 1, ..card };
    panel::lines(frame, between, &vec![line; usize::from(card.height)]);
}

/// The list, and the selected customer beside it, where there is room for both.
fn beside(cx: DrawContext<'_>, area: Rect) -> Option<(Rect, Rect)> {
    if area.width < MIN_WIDTH_FOR_CARD || !cx.theme.framed {
        return None;
    }
    let width = (area.width / 3).clamp(38, 60);
    let card = Rect { x: area.right() - width, width, ..area };
    Some((Rect { width: area.width - width - 6, ..area }, card))
}

fn table_of(
    cx: DrawContext<'_>,
    find: &Find,
    found: &SearchHits,
    frame: &mut Frame<'_>,
    area: Rect,
    columns: &[Column],
) -> Vec<usize> {
    let theme = cx.theme;
    let room = usize::from(area.width);
    let selected = find.selected.min(found.customers.len() - 1);
    let near = |rows: usize| {
        let first = table::offset(selected, found.customers.len(), rows);
        (first, found.customers.iter().skip(first).take(rows))
    };
    let (_, about) = near(usize::from(area.height));
    let rows: Vec<Vec<Cell>> = about.clone().map(|it| cells(it, cx)).collect();
    let widths = table::widths(columns, &rows, room);
    let details = |it: &Customer| details(cx, it, &widths, room);
    // As many lines as any of them needs: the list does not move with each step.
    let lines = about.map(|it| details(it).len()).max().unwrap_or(0);
    // The heading, the count, and an empty line above the count.
    let below = 2 + u16::try_from(lines).unwrap_or(0);
    let (first, shown) = near(usize::from(area.height.saturating_sub(1 + below)));
    let mut lines = vec![table::heading(columns, &widths, theme)];
    lines.extend(shown.map(|it| table::line(columns, &widths, cells(it, cx), theme)));
    panel::lines(frame, area, &lines);
    let row = u16::try_from(selected - first).unwrap_or(0);
    let at = panel::select(frame, area, row + 1, widths[0], theme);
    // What is typed goes into the field; who goes through the list looks there.
    if selected > 0 && cx.has_focus(Focus::Work) {
        show_cursor(frame, at);
    }
    let foot = Rect { y: area.bottom().saturating_sub(below - 1), height: below - 1, ..area };
    let mut lines = vec![Line::styled(count(cx, find, found), theme.muted)];
    lines.extend(found.customers.get(selected).map_or(Vec::new(), details));
    panel::lines(frame, foot, &lines);
    widths
}

fn cells(customer: &Customer, cx: DrawContext<'_>) -> Vec<Cell> {
    let plain = Style::new();
    let none = || ("none".to_owned(), cx.theme.muted);
    let contact = |channel| customer.masked(channel).map_or_else(none, |it| (it, plain));
    vec![
        (customer.account_no.clone(), plain),
        name(customer, cx),
        contact(Channel::Email),
        contact(Channel::Sms),
        (customer.address.clone().unwrap_or_default(), plain),
    ]
}

/// The name, with the flags in words.
fn name(customer: &Customer, cx: DrawContext<'_>) -> Cell {
    if customer.flags.is_empty() {
        return (customer.name.clone(), cx.theme.strong);
    }
    (format!("{} ({})", customer.name, customer.flags.labels()), cx.theme.warning)
}

/// What the columns had to leave out of the selected customer.
fn details<'a>(
    cx: DrawContext<'_>,
    customer: &Customer,
    widths: &[usize],
    room: usize,
) -> Vec<Line<'a>> {
    if widths.len() < COLUMNS.len() {
        // All of them stands beside the list.
        return Vec::new();
    }
    let cells = cells(customer, cx);
    let left_out = cells.into_iter().zip(widths).filter(|((text, _), room)| width(text) > **room);
    let facts: Vec<String> = left_out.map(|((fact, _), _)| fact).collect();
    if facts.is_empty() {
        return Vec::new();
    }
    let text = facts.join("   ");
    vec![Line::from(fit(&text, room.min(MAX_DETAIL_CELLS), cx.theme.symbols.ellipsis).into_owned())]
}

/// Who it is, and what the list does not show whole, in the room beside it.
fn whole<'a>(
    cx: DrawContext<'_>,
    customer: &Customer,
    widths: &[usize],
    room: usize,
) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let mut lines: Vec<Line<'a>> = wrap(&customer.name, room)
        .into_iter()
        .map(|text| Line::styled(text, theme.strong))
        .collect();
    for flag in customer.flags.iter() {
        let text = messages::flag(flag, &|at| cx.shared.place.end(at));
        let text = wrap(&text, room).into_iter();
        lines.extend(text.map(|text| Line::styled(text, theme.warning)));
    }
    lines.push(Line::default());
    let plain = Style::new();
    let cut = |at: usize, channel| {
        let is_cut = |it: &String| width(it) > widths.get(at).copied().unwrap_or(0);
        customer.masked(channel).filter(is_cut).map(|it| (it, plain))
    };
    let address = customer.address.clone().map(|it| (it, plain));
    for (label, value) in [
        ("Account", Some((customer.account_no.clone(), plain))),
        ("Address", address.or_else(|| Some(("none on file".into(), theme.muted)))),
        ("Email", cut(2, Channel::Email)),
        ("Phone", cut(3, Channel::Sms)),
    ] {
        let Some((text, style)) = value else { continue };
        let values = wrap(&text, room.saturating_sub(CARD_LABEL_CELLS));
        let values = values.into_iter().map(|text| Line::styled(text, style)).collect();
        let label = pad(label, CARD_LABEL_CELLS, "");
        lines.extend(labelled_by(Span::styled(label, theme.muted), CARD_LABEL_CELLS, values));
    }
    lines
}

fn count(cx: DrawContext<'_>, find: &Find, found: &SearchHits) -> String {
    if is_waiting(cx, find) && cx.shared.health.store == DependencyState::Down {
        return format!("Waiting for the store; shown is what \"{}\" found", found.typed.trim());
    }
    if is_waiting(cx, find) {
        return "Searching".into();
    }
    if find.opening.is_some() && cx.shared.health.store != DependencyState::Ok {
        let key = key_name(Context::Find, Command::Clear);
        return format!("Opening; the store takes its time; {key} stops it");
    }
    if let Some(IndexProgress { percent, .. }) = found.preparing {
        let shown = found.customers.len();
        return format!("{shown} so far; {percent} % of the search index are built");
    }
    match (found.customers.len(), found.more) {
        (shown, true) => format!("{shown} shown, more match: type more to narrow it down"),
        (1, false) => "1 customer".into(),
        (shown, false) => format!("{shown} customers"),
    }
}

/// Whether a search waits for the store longer than usual.
fn is_waiting(cx: DrawContext<'_>, find: &Find) -> bool {
    (find.waits || find.found.reading.is_loading()) && cx.shared.health.store != DependencyState::Ok
}

/// What becomes of a search that waits, and of keys meanwhile.
fn waiting<'a>(cx: DrawContext<'_>, area: Rect) -> Vec<Line<'a>> {
    let theme = cx.theme;
    if cx.shared.health.store != DependencyState::Down {
        return vec![Line::default(), Line::from("Searching")];
    }
    let title = vec![
        Span::styled(format!("{} ", theme.symbols.alert), theme.warning),
        Span::styled("The search waits for the store", theme.strong),
    ];
    let (choose, stop) =
        (key_name(Context::Find, Command::Accept), key_name(Context::Find, Command::Clear));
    let mut rows = vec![Row::Gap, Line::from(title).into(), Row::Gap];
    for text in [
        "It is made as soon as the store is back; what was typed stays.".to_owned(),
        format!("Nobody is chosen meanwhile: press {choose} when customers are shown."),
        format!("{stop} empties the search."),
    ] {
        rows.extend(
            wrap(&text, usize::from(area.width)).into_iter().map(|it| Line::from(it).into()),
        );
    }
    settle(rows, area.height).lines
}
