//! Step two: the channels with their contacts or with what is missing, the
//! purpose, and what Enter will do.
//!
//! ```text
//! Send the code by
//!
//! › SMS          +4**********12  preferred
//!   Email        not possible: no email address on file
//!
//!   Purpose      ‹ pay a bill ›  1 of 3, Tab for the next
//!
//! Enter sends a code of 6 digits by SMS to +4**********12.
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::channel::{Channel, Factor};
use crate::domain::circuit_breaker::ProviderHealth;
use crate::domain::contact_state::ContactState;
use crate::domain::customer_factor::FactorKind;
use crate::domain::level::Level;
use crate::domain::purpose::{Missing, Purpose};
use crate::domain::request::{Request, Status};
use crate::domain::time::Timestamp;
use crate::service::customers::lookup::ChannelChoice;
use crate::service::messages;
use crate::tui::machine::draw_context::{DrawContext, Focus};
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::permissions::may;
use crate::tui::send::state::{Send, WithoutProof};
use crate::tui::widgets::customer_title::title;
use crate::tui::widgets::facts::{LABEL, facts, labelled};
use crate::tui::widgets::moment::{clock_span, short_day};
use crate::tui::widgets::panel::{self, show_cursor};
use crate::tui::widgets::rows::{Row, flow, settle};
use crate::tui::widgets::text::{pad, wrap};

/// Draws the choice of a channel.
pub fn draw(cx: DrawContext<'_>, send: &Send, frame: &mut Frame<'_>, area: Rect) {
    let focused = cx.has_focus(Focus::Work);
    let title = title(&send.customer, None);
    let inner = panel::draw(frame, area, cx.theme, title, focused);
    let room = usize::from(inner.width);
    let mut rows = Vec::new();
    if cx.theme.framed {
        rows.push(Line::styled("Send the code by", cx.theme.muted).into());
        rows.push(Row::Gap);
    }
    for (at, choice) in send.choices.iter().enumerate() {
        let is_first = at == 0 && send.choices.len() > 1;
        let lines = channel(cx, send, choice, is_first, room);
        rows.extend(lines.into_iter().enumerate().map(|(line, it)| {
            if at == send.selected && line == 0 { Row::Marked(it) } else { Row::Line(it) }
        }));
    }
    for (at, kind) in send.usable_factors().enumerate() {
        let line = factor(cx, send, kind);
        let is_selected = send.selected == send.choices.len() + at;
        rows.push(if is_selected { Row::Marked(line) } else { Row::Line(line) });
    }
    rows.push(Row::Gap);
    rows.extend(stands_here(cx, send, room));
    rows.extend(purpose(cx, send, room));
    rows.extend(takes(cx, send, room));
    rows.push(Row::Gap);
    rows.extend(plan(cx, send, room).into_iter().map(Row::Line));
    if let Some(open) = send.open.as_deref().filter(|it| it.status == Status::Open) {
        rows.push(Row::Gap);
        rows.extend(still_open(cx, open, room).into_iter().map(Row::Line));
    }
    let settled = settle(with_flags(cx, send, rows, inner), inner.height);
    panel::lines(frame, inner, &settled.lines);
    if let Some(row) = settled.marked {
        let at = panel::select(frame, inner, row, LABEL - 2, cx.theme);
        if focused {
            show_cursor(frame, at);
        }
    }
}

/// The purpose that is selected.
fn purpose_of(cx: DrawContext<'_>, send: &Send) -> Option<Purpose> {
    send.purpose_of(&cx.shared.place.purposes)
}

/// The rows below the flags of the customer: in words where there is room, by their names alone
/// where something to act on would be out of sight.
fn with_flags<'a>(
    cx: DrawContext<'_>,
    send: &Send,
    rows: Vec<Row<'a>>,
    inner: Rect,
) -> Vec<Row<'a>> {
    let (room, height) = (usize::from(inner.width), usize::from(inner.height));
    let lines = |rows: &[Row<'_>]| rows.iter().filter(|it| !matches!(it, Row::Gap)).count();
    let in_words = flags(cx, send, room);
    let is_room = in_words.is_empty() || lines(&in_words) + lines(&rows) <= height;
    let flags = if is_room { in_words } else { flags_by_name(cx, send, room) };
    [Row::Gap].into_iter().chain(flags).chain(rows).collect()
}

fn flags_by_name<'a>(cx: DrawContext<'_>, send: &Send, room: usize) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let names = send.customer.flags.labels();
    let mark = Span::styled(format!("{} Flags", theme.symbols.alert), theme.warning);
    let text = styled(&names, room.saturating_sub(LABEL), theme.warning);
    labelled(mark, text).into_iter().map(Row::Line).collect()
}

/// The flags of the customer, in words.
fn flags<'a>(cx: DrawContext<'_>, send: &Send, room: usize) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let mut rows = Vec::new();
    for flag in send.customer.flags.iter() {
        let text = messages::flag(flag, &|at| cx.shared.place.end(at));
        let mark = Span::styled(format!("{} Flag", theme.symbols.alert), theme.warning);
        let text = styled(&text, room.saturating_sub(LABEL), theme.warning);
        rows.extend(labelled(mark, text).into_iter().map(Row::Line));
    }
    if !rows.is_empty() {
        rows.push(Row::Gap);
    }
    rows
}

/// Who stands here, where somebody may act for the customer.
fn stands_here<'a>(cx: DrawContext<'_>, send: &Send, room: usize) -> Vec<Row<'a>> {
    let theme = cx.theme;
    if send.representatives.is_empty() {
        return Vec::new();
    }
    let [before, after] = theme.symbols.turn;
    let (name, style) = match send.represented_by() {
        None => ("the holder".to_owned(), theme.strong),
        Some(it) => (format!("{}, a representative", it.representative.name), theme.warning),
    };
    let key = key_name(Context::Send, Command::NextPerson);
    let parts = vec![
        vec![
            Span::styled(format!("{before} "), theme.accent),
            Span::styled(name, style),
            Span::styled(format!(" {after}"), theme.accent),
        ],
        vec![Span::styled(format!("{key} for the next"), theme.muted)],
    ];
    facts("Stands here", flow(parts, room.saturating_sub(LABEL), 2), theme)
}

/// What the purpose takes, where that is more than one code, and what was proven.
fn takes<'a>(cx: DrawContext<'_>, send: &Send, room: usize) -> Vec<Row<'a>> {
    let theme = cx.theme;
    let Some(purpose) = purpose_of(cx, send) else { return Vec::new() };
    if purpose.level == Level::Contact && send.session.is_none() {
        return Vec::new();
    }
    let room = room.saturating_sub(LABEL);
    let mut lines = styled(purpose.level.label(), room, Style::new());
    if let Some(open) = &send.session {
        let proven = messages::factors_in_words(&open.session.factors);
        lines.extend(styled(&format!("proven: {proven}"), room, theme.good));
        if let Some(missing) = open.missing_for(Some(&purpose)) {
            let missing = format!("missing: {}", messages::missing(missing));
            lines.extend(styled(&missing, room, theme.warning));
        }
    }
    facts("Takes", lines, theme)
}

/// A way that needs no message.
fn factor<'a>(cx: DrawContext<'_>, send: &Send, kind: FactorKind) -> Line<'a> {
    let theme = cx.theme;
    let key = key_name(Context::Send, command_of(kind));
    let (label, what) = match kind {
        FactorKind::Totp => ("App", "the customer's authenticator".to_owned()),
        FactorKind::BackupCodes => {
            let left = send.factors.backup_codes.as_ref().map_or(0, |it| it.left.len());
            ("Paper", format!("a backup code, {left} left"))
        }
    };
    Line::from(vec![
        Span::styled(pad(label, LABEL, ""), theme.strong),
        Span::raw(what),
        Span::styled(format!("  {key}"), theme.muted),
    ])
}

/// The key that leads there at once.
const fn command_of(kind: FactorKind) -> Command {
    match kind {
        FactorKind::Totp => Command::UseTotp,
        FactorKind::BackupCodes => Command::UseBackupCode,
    }
}

fn channel<'a>(
    cx: DrawContext<'_>,
    send: &Send,
    choice: &ChannelChoice,
    first: bool,
    room: usize,
) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let helps = send.is_helped_over(purpose_of(cx, send).as_ref(), choice);
    let now = cx.time().unwrap_or_default();
    let label = choice.channel.label();
    let Some(reason) = &choice.refusal else {
        let contact = choice.contact.clone().unwrap_or_default();
        let mut parts = vec![vec![Span::styled(contact, theme.strong)]];
        match choice.health {
            _ if !helps => {
                let more = if send.session.is_some() { " more" } else { "" };
                let text = format!("proves nothing{more} for this");
                parts.push(vec![Span::styled(text, theme.muted)]);
            }
            _ if choice.waits(now).is_some() => {
                parts.push(vec![Span::styled("changed a short while ago", theme.warning)]);
            }
            ProviderHealth::Down => parts.push(vec![Span::styled("down at the moment", theme.bad)]),
            ProviderHealth::Slow => {
                parts.push(vec![Span::styled("slow at the moment", theme.warning)]);
            }
            ProviderHealth::Fallback => {
                parts.push(vec![Span::styled("by the fallback", theme.muted)]);
            }
            ProviderHealth::Ok if first && !choice.state.is_bad => {
                parts.push(vec![Span::styled("preferred", theme.muted)]);
            }
            ProviderHealth::Ok => {}
        }
        parts.extend(last_message(cx, choice.state));
        parts.extend(sharing(cx, send, choice));
        return labelled(
            Span::styled(label, theme.strong),
            flow(parts, room.saturating_sub(LABEL), 2),
        );
    };
    let contact = choice.contact.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
    let text = format!("not possible: {reason}{contact}");
    let lines = wrap(&text, room.saturating_sub(LABEL));
    let lines = lines.into_iter().map(|text| Line::styled(text, theme.muted)).collect();
    labelled(Span::styled(label, theme.muted), lines)
}

/// What became of the last message to a contact: a failure that nothing has followed, or how far
/// it came.
fn last_message<'a>(cx: DrawContext<'_>, state: ContactState) -> Vec<Vec<Span<'a>>> {
    let theme = cx.theme;
    let day = |moment| short_day(moment, cx.shared.place.zone);
    if let Some((failure, at)) = state.open_failure() {
        let style = if state.is_bad { theme.bad } else { theme.warning };
        let when = format!("last: failed {},", day(at));
        return vec![vec![Span::styled(format!("{when} {}", failure.label()), style)]];
    }
    let Some((arrived, at)) = state.arrived else { return Vec::new() };
    let text = format!("last: {} {}", messages::state(arrived), day(at));
    vec![vec![Span::styled(text, theme.muted)]]
}

/// That other customers have the contact too, and what that means for the purpose.
fn sharing<'a>(cx: DrawContext<'_>, send: &Send, choice: &ChannelChoice) -> Vec<Vec<Span<'a>>> {
    let (Some(customers), purpose) = (choice.customers, purpose_of(cx, send)) else {
        return Vec::new();
    };
    let parts = messages::shared_contact(choice.channel, customers, purpose.as_ref());
    parts.into_iter().map(|it| vec![Span::styled(it, cx.theme.warning)]).collect()
}

fn purpose<'a>(cx: DrawContext<'_>, send: &Send, room: usize) -> Vec<Row<'a>> {
    let DrawContext { shared, theme, .. } = cx;
    let purposes = &shared.place.purposes;
    let [before, after] = theme.symbols.turn;
    let name = shared.place.purpose_name(send.purpose);
    let mut parts = vec![vec![
        Span::styled(format!("{before} "), theme.accent),
        Span::styled(name, theme.strong),
        Span::styled(format!(" {after}"), theme.accent),
    ]];
    if purposes.len() > 1 {
        let key = key_name(Context::Send, Command::NextPurpose);
        let place = format!("{} of {}, {key} for the next", send.purpose + 1, purposes.len());
        parts.push(vec![Span::styled(place, theme.muted)]);
    }
    facts("Purpose", flow(parts, room.saturating_sub(LABEL), 2), theme)
}

/// What Enter will do, or what is being done.
fn plan<'a>(cx: DrawContext<'_>, send: &Send, room: usize) -> Vec<Line<'a>> {
    let theme = cx.theme;
    let key = key_name(Context::Send, Command::Accept);
    let purpose = purpose_of(cx, send);
    let purpose = purpose.as_ref();
    match send.without_proof(purpose) {
        Some(WithoutProof::AmountDue) => {
            let text = format!(
                "Nothing has to be proven: {key} shows what is due on the account whose number \
                 the customer brings, and nothing else."
            );
            return styled(&text, room, Style::new());
        }
        Some(WithoutProof::Serve) => {
            let text = format!("What was proven is enough: {key} goes on with it.");
            return styled(&text, room, Style::new());
        }
        None => {}
    }
    let colleague = key_name(Context::Send, Command::AskColleague);
    if send.missing(purpose) == Some(Missing::SecondPerson) {
        let text = format!("A colleague has to approve it as well: {colleague} asks one.");
        return styled(&text, room, Style::new());
    }
    if let Some((name, why)) = send.out_of_scope(purpose) {
        let text = format!("{name} is not served for this: {why}.");
        return styled(&text, room, theme.warning);
    }
    if send.is_left_to_colleague(purpose) {
        let text = format!("Nothing else is left for this: {colleague} asks a colleague.");
        return styled(&text, room, theme.warning);
    }
    if let Some(flag) = send.refusal_of(Factor::Sms) {
        let text = format!("The customer is marked \"{}\": nothing is sent.", flag.flag.label());
        return styled(&text, room, theme.warning);
    }
    if let Some(kind) = send.selected_factor() {
        let text = match kind {
            FactorKind::Totp => format!("{key} asks for the code that the authenticator shows."),
            FactorKind::BackupCodes => format!("{key} asks for one of the backup codes."),
        };
        return styled(&text, room, Style::new());
    }
    let takes_document = send.is_helped_by(purpose, Factor::Document);
    let selected = send.choices.get(send.selected);
    let helps = |it: &ChannelChoice| send.is_helped_over(purpose, it);
    if takes_document && !selected.is_some_and(helps) {
        let key = key_name(Context::Send, Command::SeeDocument);
        return styled(
            &format!("{key} is for a document that you have in hand."),
            room,
            Style::new(),
        );
    }
    if let Some(choice) = selected.filter(|it| it.needs_sign_up) {
        let key = key_name(Context::Send, Command::SignUp);
        let kind = choice.channel.contact_kind().label();
        let text = format!(
            "This office takes verified contacts alone. {key} verifies the {kind} by a code; or \
             choose another way with the arrows."
        );
        return styled(&text, room, theme.warning);
    }
    let Some(choice) = selected.filter(|it| it.refusal.is_none()) else {
        let text = if send.choices.iter().any(|it| it.refusal.is_none()) {
            "This channel cannot be used for this customer. Choose another with the arrows, or \
             correct the customer's record first."
        } else {
            "No channel can be used for this customer. Correct the customer's record first, then \
             come back."
        };
        let text = format!("{text} {}", messages::CORRECTED);
        return styled(&text, room, theme.warning);
    };
    let way = in_a_sentence(choice.channel);
    let to = choice.contact.as_deref().unwrap_or("the contact on file");
    if send.sending.is_some() {
        return styled(&format!("Sending a code by {way} to {to}"), room, theme.accent);
    }
    if let Some(until) = choice.waits(cx.time().unwrap_or_default()) {
        let text = waits(cx, send, choice, until);
        return styled(&text, room, theme.warning);
    }
    let digits = cx.shared.place.code_length;
    let text = format!("{key} sends a code of {digits} digits by {way} to {to}.");
    let mut lines = styled(&text, room, Style::new());
    if choice.health == ProviderHealth::Down {
        let label = choice.channel.label();
        let now = cx.time().unwrap_or_default();
        let works = |it: &ChannelChoice| it.is_usable(now) && it.health != ProviderHealth::Down;
        let instead =
            if send.choices.iter().any(works) { " Another channel is quicker." } else { "" };
        let text = format!(
            "{label} is down at the moment: the message waits until it works again.{instead}"
        );
        lines.extend(styled(&text, room, theme.warning));
    }
    lines
}

/// Why a changed contact is not used, and what to do instead.
fn waits(cx: DrawContext<'_>, send: &Send, choice: &ChannelChoice, until: Timestamp) -> String {
    let clock = |moment| cx.shared.place.wall_clock(moment);
    let (kind, now) = (choice.channel.contact_kind(), cx.time());
    let why = messages::contact_waits(kind, until, now, &clock);
    let is_usable = |it: &ChannelChoice| it.is_usable(now.unwrap_or_default());
    if may(cx.shared, Command::Lift) {
        let key = key_name(Context::Global, Command::Lift);
        return format!("{why} {key} confirms it, for a reason; then it gets the code.");
    }
    let instead = if send.choices.iter().any(is_usable) {
        "Choose another channel with the arrows, or ask an admin"
    } else {
        "Ask an admin"
    };
    let key = key_name(Context::Send, Command::Accept);
    format!("{why} {instead}: once it is confirmed, {key} sends the code.")
}

/// A channel's name among other words.
const fn in_a_sentence(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::Sms => "SMS",
        Channel::Whatsapp => "WhatsApp",
    }
}

fn still_open<'a>(cx: DrawContext<'_>, open: &Request, room: usize) -> Vec<Line<'a>> {
    let left = cx.until(open.expires_at);
    let left = left.map_or(String::new(), |left| format!(", {} left", clock_span(left)));
    let key = key_name(Context::Send, Command::EnterCode);
    let text = format!(
        "A code is open for \"{}\": reference {}{left}. {key} goes back to enter it.",
        open.purpose, open.reference
    );
    styled(&text, room, cx.theme.accent)
}

fn styled<'a>(text: &str, room: usize, style: Style) -> Vec<Line<'a>> {
    wrap(text, room).into_iter().map(|text| Line::styled(text, style)).collect()
}
