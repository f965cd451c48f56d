//! Step one: a field, the customers found, and the whole of the selected one.
//!
//! ```text
//! Search › riv▏
//! ──────────────────────────────────────────────────────────────
//! Account     Name            Email               Phone
//! WB-004217   Dana Rivera     d***@example.org    +4**********12
//!
//! 3 customers
//! Dana Rivera · d***@example.org · +4**********12 · 12 Mill Lane
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::channel::Channel;
use crate::domain::customer::Customer;
use crate::service::ports::Preparing;
use crate::tui::keymap::{Command, Context, key_name};
use crate::tui::model::{Find, Focus, Hits, Part};
use crate::tui::view::Scene;
use crate::tui::widgets::field::field;
use crate::tui::widgets::panel::{self, Title};
use crate::tui::widgets::rows::{Row, flow, settle};
use crate::tui::widgets::table::{self, Cell, Column, EXTRA};
use crate::tui::widgets::text::wrap;

const LABEL: &str = "Search ";

const COLUMNS: [Column; 5] = [
    Column::new("Account", 9, 16, 0),
    Column::new("Name", 12, 34, 0).usually(18),
    Column::new("Email", 16, 34, 2).usually(18),
    Column::new("Phone", 14, 18, 1),
    Column::new("Address", 16, 40, EXTRA),
];

/// Draws the search.
pub fn draw(scene: Scene<'_>, find: &Find, frame: &mut Frame<'_>, area: Rect) {
    let focused = scene.has_focus(Focus::Work);
    let inner = panel::draw(frame, area, scene.theme, Title::of("Find the customer"), focused);
    let height = inner.height;
    if height < 3 {
        return;
    }
    search(scene, find, frame, Rect { height: 2, ..inner }, focused);
    let below = Rect { y: inner.y + 2, height: height - 2, ..inner };
    match &find.found {
        Some(found) if !find.input.value().trim().is_empty() => {
            if found.customers.is_empty() {
                panel::lines(frame, below, &nobody(scene, find, found, below));
            } else {
                hits(scene, find, found, frame, below);
            }
        }
        None if is_waiting(scene, find) => panel::lines(frame, below, &waiting(scene, below)),
        _ => panel::lines(frame, below, &help(scene, below)),
    }
}

fn search(scene: Scene<'_>, find: &Find, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    let theme = scene.theme;
    let label = format!("{LABEL}{} ", theme.symbols.pointer);
    let indent = u16::try_from(LABEL.len()).unwrap_or(0) + 2;
    let (mut typed, cursor) = field(&find.input, area.width.saturating_sub(indent));
    if find.kept {
        // As selected text looks everywhere: what is typed takes its place.
        typed = typed.style(scene.theme.selected);
    }
    let rule = theme.symbols.rule.repeat(usize::from(area.width));
    let line = Line::from(vec![Span::styled(label, theme.muted), typed.style(theme.strong)]);
    panel::lines(frame, area, &[line, Line::styled(rule, theme.border)]);
    if focused {
        frame.set_cursor_position(Position::new(area.x + indent + cursor, area.y));
    }
}

fn help<'a>(scene: Scene<'_>, area: Rect) -> Vec<Line<'a>> {
    let theme = scene.theme;
    let mut rows =
        vec![Row::Gap, Line::from("Type one of these, or how it begins:").into(), Row::Gap];
    for (what, example) in [
        ("account number", "WB-004217, or only 4217"),
        ("name", "rivera, or dana riv"),
        ("email address", "dana@"),
        ("phone number", "0151 1234, or +49 151"),
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

fn nobody<'a>(scene: Scene<'_>, find: &Find, found: &Hits, area: Rect) -> Vec<Line<'a>> {
    let theme = scene.theme;
    if is_waiting(scene, find) {
        return waiting(scene, area);
    }
    if let Some(preparing) = found.preparing {
        return nobody_yet(scene, found, preparing, area);
    }
    vec![
        Line::default(),
        Line::from(vec![
            Span::styled(format!("{} ", theme.symbols.alert), theme.warning),
            Span::styled("No customer matches ", theme.strong),
            Span::styled(format!("\"{}\"", found.typed.trim()), theme.strong),
        ]),
        Line::default(),
        Line::from("Try fewer letters, or the surname alone,"),
        Line::from("or the account number on the bill,"),
        Line::from("or the last digits of the phone number."),
    ]
}

/// Nobody yet, while customers are being made ready to be found.
fn nobody_yet<'a>(
    scene: Scene<'_>,
    found: &Hits,
    preparing: Preparing,
    area: Rect,
) -> Vec<Line<'a>> {
    let theme = scene.theme;
    let title = vec![
        Span::styled(format!("{} ", theme.symbols.alert), theme.warning),
        Span::styled(format!("Nobody is found yet for \"{}\"", found.typed.trim()), theme.strong),
    ];
    let Preparing { seen, percent } = preparing;
    let texts = [
        format!("Customers are being prepared for the search: {seen} so far, {percent} %."),
        "That is done once. The search is repeated until all of them are ready.".into(),
    ];
    let mut rows = vec![Row::Gap, Line::from(title).into(), Row::Gap];
    rows.extend(texts.iter().flat_map(|it| lines(it, area)));
    settle(rows, area.height).lines
}

/// A text on as many lines as it needs.
fn lines<'a>(text: &str, area: Rect) -> impl Iterator<Item = Row<'a>> {
    wrap(text, usize::from(area.width)).into_iter().map(|it| Line::from(it).into())
}

fn hits(scene: Scene<'_>, find: &Find, found: &Hits, frame: &mut Frame<'_>, area: Rect) {
    let theme = scene.theme;
    let room = usize::from(area.width);
    let selected = find.selected.min(found.customers.len() - 1);
    let details = found.customers.get(selected).map_or(Vec::new(), |it| details(scene, it, room));
    // The heading, the count, and an empty line above the count.
    let below = 2 + u16::try_from(details.len()).unwrap_or(0);
    let rows = usize::from(area.height.saturating_sub(1 + below));
    let first = table::offset(selected, found.customers.len(), rows);
    let shown: Vec<Vec<Cell>> =
        found.customers.iter().skip(first).take(rows).map(|it| cells(it, scene)).collect();
    let widths = table::widths(&COLUMNS, &shown, room);
    let mut lines = vec![table::heading(&COLUMNS, &widths, theme)];
    lines.extend(shown.into_iter().map(|row| table::line(&COLUMNS, &widths, row, theme)));
    panel::lines(frame, area, &lines);
    let row = u16::try_from(selected - first).unwrap_or(0);
    panel::select(frame, area, row + 1, theme);
    let foot = Rect { y: area.bottom().saturating_sub(below - 1), height: below - 1, ..area };
    let mut lines = vec![Line::styled(count(scene, find, found), theme.muted)];
    lines.extend(details);
    panel::lines(frame, foot, &lines);
}

fn cells(customer: &Customer, scene: Scene<'_>) -> Vec<Cell> {
    let plain = Style::new();
    let none = || ("none".to_owned(), scene.theme.muted);
    let contact = |channel| customer.masked(channel).map_or_else(none, |it| (it, plain));
    vec![
        (customer.account_no.clone(), plain),
        (customer.name.clone(), scene.theme.strong),
        contact(Channel::Email),
        contact(Channel::Sms),
        (customer.address.clone().unwrap_or_default(), plain),
    ]
}

/// All of the selected customer, whatever the columns had to leave out.
fn details<'a>(scene: Scene<'_>, customer: &Customer, room: usize) -> Vec<Line<'a>> {
    let theme = scene.theme;
    let facts = [
        Some(customer.name.clone()),
        customer.masked(Channel::Email),
        customer.masked(Channel::Sms),
        customer.address.clone(),
    ];
    let parts = facts
        .into_iter()
        .flatten()
        .flat_map(|fact| wrap(&fact, room))
        .enumerate()
        .map(|(at, fact)| {
            let style = if at == 0 { theme.strong } else { Style::new() };
            vec![Span::styled(fact, style)]
        })
        .collect();
    let mut lines = flow(parts, room, 3);
    lines.truncate(3);
    lines
}

fn count(scene: Scene<'_>, find: &Find, found: &Hits) -> String {
    if is_waiting(scene, find) && scene.model.health.store == Part::Down {
        return format!("Waiting for the store; shown is what \"{}\" found", found.typed.trim());
    }
    if is_waiting(scene, find) {
        return "Searching".into();
    }
    if find.opening.is_some() && scene.model.health.store != Part::Ok {
        let key = key_name(Context::Find, Command::Clear);
        return format!("Opening; the store takes its time; {key} stops it");
    }
    if let Some(Preparing { percent, .. }) = found.preparing {
        let shown = found.customers.len();
        return format!("{shown} so far; {percent} % of the customers are ready to be found");
    }
    match (found.customers.len(), found.more) {
        (shown, true) => format!("{shown} shown, more match: type more to narrow it down"),
        (1, false) => "1 customer".into(),
        (shown, false) => format!("{shown} customers"),
    }
}

/// Whether a search waits for the store longer than usual.
fn is_waiting(scene: Scene<'_>, find: &Find) -> bool {
    (find.waits || find.searching.is_some()) && scene.model.health.store != Part::Ok
}

/// What becomes of a search that waits, and of keys meanwhile.
fn waiting<'a>(scene: Scene<'_>, area: Rect) -> Vec<Line<'a>> {
    let theme = scene.theme;
    if scene.model.health.store != Part::Down {
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
