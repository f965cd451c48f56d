//! Handing a committed message to its provider and writing down what came of it.

use super::{Desk, DeskError};
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::delivery::Report;
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
        let channel = match message.to {
            Contact::Email(_) => Channel::Email,
            Contact::Phone(_) => Channel::Sms,
        };
        let report = self.sender(channel).send(message).await;
        let id = request.delivery.id;
        self.insist(|| self.store.report(id, &report, &self.actor)).await?;
        Ok(report)
    }
}
