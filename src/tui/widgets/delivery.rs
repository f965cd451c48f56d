//! How far a message has come: where to, the steps, and what went wrong in
//! words.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::delivery::{Delivery, DeliveryState, TRAY};
use crate::domain::request::{Request, Status};
use crate::domain::time::Timestamp;
use crate::service::messages;
use crate::tui::theme::Theme;
use crate::tui::widgets::moment::age;
use crate::tui::widgets::rows::flow;
use crate::tui::widgets::text::wrap;

/// `SMS to +1*******42   queued ✓  sent ✓  delivered ✓ 2 s ago`
pub fn lines(
    request: &Request,
    now: Option<Timestamp>,
    room: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let delivery = &request.delivery;
    let to = format!("{} to {}", request.channel.label(), request.contact);
    let mut parts: Vec<Vec<Span<'static>>> =
        wrap(&to, room).into_iter().map(|part| vec![Span::raw(part)]).collect();
    let mut steps = Vec::new();
    if delivery.by_fallback {
        parts.push(vec![Span::styled("by the fallback", theme.muted)]);
    }
    for (step, last) in passed(delivery) {
        let mut spans =
            vec![Span::raw(format!("{step} ")), Span::styled(theme.symbols.check, theme.good)];
        if last && let Some(now) = now {
            spans.push(Span::styled(
                format!(" {}", age(now.since(delivery.updated_at))),
                theme.muted,
            ));
        }
        steps.push(spans);
    }
    if let Some((mark, style, words)) = problem(request, theme) {
        steps.push(vec![Span::styled(format!("{mark} {words}"), style)]);
    }
    parts.extend(steps);
    let mut lines = flow(parts, room, 2);
    if let Some(detail) = delivery.detail.as_ref().filter(|_| !was_withdrawn(request)) {
        lines.extend(wrap(&detail.for_clerk, room).into_iter().map(Line::from));
    }
    if delivery.state == DeliveryState::Unknown {
        lines.extend(wrap(messages::ASK_FIRST, room).into_iter().map(Line::from));
    }
    lines
}

/// The steps passed, each with whether it is the last that was reached.
fn passed(delivery: &Delivery) -> Vec<(&'static str, bool)> {
    match delivery.state {
        // A tick beside what waits would be read as sent.
        DeliveryState::Queued => vec![],
        DeliveryState::Sent if delivery.provider == TRAY => vec![("in the tray", true)],
        DeliveryState::Sent => vec![("queued", false), ("sent", true)],
        DeliveryState::Forwarded => {
            vec![("queued", false), ("sent", false), ("with the network", true)]
        }
        DeliveryState::Delivered => vec![("queued", false), ("sent", false), ("delivered", true)],
        DeliveryState::Read => {
            vec![("queued", false), ("sent", false), ("delivered", false), ("opened", true)]
        }
        // The provider took it, and the network did not bring it.
        DeliveryState::Undeliverable if delivery.provider_id.is_some() => {
            vec![("queued", false), ("sent", false)]
        }
        DeliveryState::Undeliverable | DeliveryState::Failed | DeliveryState::Unknown => {
            vec![("queued", false)]
        }
    }
}

/// Whether its code ended before it was known to have gone out.
fn was_withdrawn(request: &Request) -> bool {
    request.status != Status::Open && request.delivery.state == DeliveryState::Queued
}

fn problem(request: &Request, theme: &Theme) -> Option<(&'static str, Style, &'static str)> {
    let symbols = theme.symbols;
    let delivery = &request.delivery;
    match delivery.state {
        DeliveryState::Queued if was_withdrawn(request) => {
            Some((symbols.info, theme.muted, "was not sent before the code ended"))
        }
        DeliveryState::Queued if delivery.detail.is_some() => {
            Some((symbols.alert, theme.warning, "queued, and tried again by itself"))
        }
        DeliveryState::Queued => Some((symbols.info, theme.muted, "being sent")),
        DeliveryState::Sent
        | DeliveryState::Forwarded
        | DeliveryState::Delivered
        | DeliveryState::Read => None,
        DeliveryState::Undeliverable if delivery.provider_id.is_some() => {
            Some((symbols.cross, theme.bad, "did not arrive"))
        }
        DeliveryState::Undeliverable => Some((symbols.cross, theme.bad, "cannot be delivered")),
        DeliveryState::Failed => Some((symbols.cross, theme.bad, "was not sent")),
        DeliveryState::Unknown => {
            Some((symbols.alert, theme.warning, messages::state(delivery.state)))
        }
    }
}
