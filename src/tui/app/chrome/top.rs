//! The line on top: who and where, how the parts below are doing, the time.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::ProviderHealth;
use crate::domain::time::Timestamp;
use crate::tui::machine::health::{Dependency, DependencyState, Health};
use crate::tui::machine::shared::Shared;
use crate::tui::machine::{open_alarms, waiting_approvals};
use crate::tui::theme::Theme;
use crate::tui::widgets::counter_name::counter;
use crate::tui::widgets::moment::minute;
use crate::tui::widgets::rows::spread;
use crate::tui::widgets::text::{fit, width, width_of};

/// ` Riverside Billing · counter 3 · amira · demo      store ok · email ok · sms slow  14:32`
pub fn line(shared: &Shared, now: Option<Timestamp>, columns: u16, theme: &Theme) -> Line<'static> {
    let room = usize::from(columns).saturating_sub(2);
    let who = who(shared, theme);
    let clock = now.map_or_else(|| "--:--".to_owned(), |now| minute(now, shared.place.zone));
    let right = [Detail::All, Detail::Short, Detail::Troubles, Detail::Least]
        .into_iter()
        .map(|detail| right(shared, now, (detail, columns), &clock, theme))
        .find(|right| width_of(&who) + 2 + width_of(right) <= room)
        .unwrap_or_else(|| right(shared, now, (Detail::Least, columns), &clock, theme));
    let left = shorten(who, room.saturating_sub(width_of(&right) + 2), theme);
    let mut line = spread(left, right, room);
    line.spans.insert(0, Span::raw(" "));
    line
}

/// What stands above each screen of a terminal that could be taken for another one, over the
/// whole width.
pub fn banner(text: &'static str, columns: u16, theme: &Theme) -> Line<'static> {
    let style = theme.warning.add_modifier(Modifier::REVERSED | Modifier::BOLD);
    let room = usize::from(columns);
    let text = fit(text, room, theme.symbols.ellipsis).into_owned();
    let left = room.saturating_sub(width(&text)) / 2;
    let right = room.saturating_sub(width(&text) + left);
    Line::styled(format!("{}{text}{}", " ".repeat(left), " ".repeat(right)), style)
}

/// What waits for whoever sits here, how the parts below are doing, the time.
fn right(
    shared: &Shared,
    now: Option<Timestamp>,
    (detail, columns): (Detail, u16),
    clock: &str,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let health = health(known(shared, now), detail, clock, theme);
    let is_short = detail == Detail::Least;
    let approvals = match waiting_approvals::count(shared, now) {
        0 => None,
        count if is_short && columns < ROOM_FOR_WORDS => Some(format!("{count} wait")),
        1 if is_short => Some("1 approval".to_owned()),
        count if is_short => Some(format!("{count} approvals")),
        count => Some(format!("{count} to approve")),
    };
    let alarms = match open_alarms::count(shared) {
        0 => None,
        1 => Some("1 alarm".to_owned()),
        count => Some(format!("{count} alarms")),
    };
    let mut spans: Vec<Span<'static>> = Vec::new();
    for text in approvals.into_iter().chain(alarms) {
        if !spans.is_empty() {
            spans.push(Span::styled(format!(" {} ", theme.symbols.dot), theme.muted));
        }
        spans.push(Span::styled(text, theme.warning));
    }
    if spans.is_empty() {
        return health;
    }
    let is_well = health.first().is_some_and(|it| it.content == ALL_OK);
    if is_short && is_well {
        spans.extend(health.into_iter().skip(1));
    } else {
        spans.push(Span::styled(format!(" {} ", theme.symbols.dot), theme.muted));
        spans.extend(health);
    }
    spans
}

/// What this terminal has seen, or worse where the others have.
fn known(shared: &Shared, now: Option<Timestamp>) -> Health {
    let mut health = shared.health;
    for channel in Channel::ALL {
        let condition = now.map(|now| shared.providers.known.health(channel, now));
        let part = health.part(Dependency::of(channel));
        *part = match (condition, *part) {
            (_, DependencyState::Off) => DependencyState::Off,
            (Some(ProviderHealth::Down), _) | (_, DependencyState::Down) => DependencyState::Down,
            (Some(ProviderHealth::Slow), _) | (_, DependencyState::Slow) => DependencyState::Slow,
            (Some(ProviderHealth::Fallback), _) => DependencyState::Fallback,
            (Some(ProviderHealth::Ok) | None, part) => part,
        };
    }
    health
}

fn who(shared: &Shared, theme: &Theme) -> Vec<Span<'static>> {
    let place = &shared.place;
    let mut spans = vec![Span::styled(place.office.clone(), theme.strong)];
    let dot = || Span::styled(format!(" {} ", theme.symbols.dot), theme.muted);
    for fact in [counter(&place.counter), place.clerk.clone()] {
        spans.push(dot());
        spans.push(Span::raw(fact));
    }
    if shared.pad.is_paired() {
        spans.push(dot());
        spans.push(Span::styled(PAD, theme.good));
    }
    if let Some(mark) = place.mark {
        spans.push(dot());
        spans.push(Span::styled(mark.word(), theme.warning));
    }
    spans
}

/// Takes from the longest name until all fit.
fn shorten(mut spans: Vec<Span<'static>>, room: usize, theme: &Theme) -> Vec<Span<'static>> {
    while width_of(&spans) > room {
        let over = width_of(&spans) - room;
        let longest = spans.iter_mut().max_by_key(|span| width(&span.content));
        let Some(longest) = longest else { break };
        let long = width(&longest.content);
        if long <= 4 {
            break;
        }
        let cut = fit(&longest.content, long.saturating_sub(over).max(4), theme.symbols.ellipsis);
        if width(&cut) >= long {
            break;
        }
        longest.content = cut.into_owned().into();
    }
    spans
}

/// How much is detail of health.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Every part.
    All,
    /// Only that all is well, else every part.
    Short,
    /// Only what is not well.
    Troubles,
    /// That, in as few words as there are.
    Least,
}

/// From so many columns on there is room to say what waits.
const ROOM_FOR_WORDS: u16 = 72;

/// A pad is paired with this counter.
const PAD: &str = "pad";

const STORE: &str = "store";

const ALL_OK: &str = "all ok";

fn health(health: Health, detail: Detail, clock: &str, theme: &Theme) -> Vec<Span<'static>> {
    let mut parts = vec![(STORE, health.store), ("email", health.email), ("sms", health.sms)];
    // Most offices do without it: it is shown where it is not well.
    parts.extend((health.whatsapp != DependencyState::Ok).then_some(("whatsapp", health.whatsapp)));
    parts.retain(|(_, part)| *part != DependencyState::Off);
    let well = parts.iter().all(|(_, part)| *part == DependencyState::Ok);
    let mut spans: Vec<Span<'static>> = Vec::new();
    if well && detail != Detail::All {
        spans.push(Span::styled(ALL_OK, theme.muted));
    } else {
        for (name, part) in parts {
            if part == DependencyState::Ok && matches!(detail, Detail::Troubles | Detail::Least) {
                continue;
            }
            if !spans.is_empty() {
                spans.push(Span::styled(format!(" {} ", theme.symbols.dot), theme.muted));
            }
            let (word, style) = match part {
                DependencyState::Ok | DependencyState::Off => ("ok", theme.muted),
                DependencyState::Fallback => ("fallback", theme.warning),
                DependencyState::Slow => ("slow", theme.warning),
                DependencyState::Down if name != STORE => ("down", theme.bad),
                DependencyState::Down if detail == Detail::Least => ("lost", theme.bad),
                DependencyState::Down => ("lost, reconnecting", theme.bad),
            };
            spans.push(Span::styled(format!("{name} {word}"), style));
        }
    }
    spans.push(Span::raw("   "));
    spans.push(Span::styled(clock.to_owned(), theme.strong));
    spans
}
