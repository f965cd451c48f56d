//! What became of sending a message, whichever screen the clerk is at by now.

use crate::domain::delivery::{DeliveryState, SendReport};
use crate::domain::request::Request;
use crate::service::messages;
use crate::tui::machine::pending::PendingAct;
use crate::tui::machine::step::Step;

/// A message that did not go out.
pub(in crate::tui) struct NotSent {
    /// What happened, for the clerk.
    pub(in crate::tui) text: String,
    /// It is the message of the request that is shown.
    pub(in crate::tui) is_shown: bool,
}

/// Takes a report in. `request` is the one that is shown, `act` the one that sent. The failure,
/// where it is one.
pub(in crate::tui) fn take(
    step: &Step<'_>,
    request: Option<&mut Request>,
    act: Option<PendingAct>,
    report: &SendReport,
) -> Option<NotSent> {
    let at = step.store_time();
    let request = request.filter(|it| Some(PendingAct::Deliver(it.delivery.id)) == act);
    let sent_to = request.map(|request| {
        let delivery = &mut request.delivery;
        if delivery.state == DeliveryState::Queued {
            delivery.state = report.state;
            delivery.provider_id.clone_from(&report.provider_id);
            delivery.detail.clone_from(&report.detail);
            delivery.updated_at = at;
        }
        (request.channel, request.contact.clone())
    });
    messages::delivery_outcome(report.state)?;
    let detail = report.detail.as_ref().map(|it| &*it.for_clerk);
    let is_shown = sent_to.is_some();
    let text = match sent_to {
        Some((channel, contact)) => messages::delivery(report.state, channel, &contact, detail),
        None => format!(
            "A code that was asked for before did not go out. {}",
            detail.unwrap_or_default()
        ),
    };
    Some(NotSent { text, is_shown })
}
