//! Handing a committed message to its provider and writing down what came of it.

use super::{Desk, DeskError};
use crate::domain::channel::Channel;
use crate::domain::delivery::{DeliveryState, Fault, Report};
use crate::domain::message::Outgoing;
use crate::domain::request::Request;

impl Desk {
    /// Sends the message of a request that was just stored, once. The report is
    /// written to the store, however often that takes, before it is given back.
    pub async fn deliver(
        &self,
        request: &Request,
        message: &Outgoing,
    ) -> Result<Report, DeskError> {
        let report = match self.sender(request.channel) {
            Some(sender) => sender.send(message).await,
            None => not_here(request.channel),
        };
        let id = request.delivery.id;
        self.insist(|| self.store.report(id, &report, &self.actor)).await?;
        Ok(report)
    }
}

/// The report of a message over a channel that this office does not have.
fn not_here(channel: Channel) -> Report {
    Report {
        state: DeliveryState::Failed,
        provider_id: None,
        detail: Some(format!("This counter does not send by {}.", channel.label())),
        fault: Some(Fault::Permanent),
    }
}
