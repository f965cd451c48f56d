//! What is known of a contact from the messages before: what arrived last, what failed last and
//! what that means, and whether another message is worth its price.

use sha2::{Digest as _, Sha256};

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::delivery::{DeliveryState, FailureClass, SendReport};
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// Why a contact did not get a message, as its provider told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum ContactFailure {
    /// The number is a landline.
    Landline,
    /// The number gets no text messages: a landline, a short code.
    NoTexts,
    /// The customer has stopped messages from the office.
    Stopped,
    /// There is no such number.
    UnknownNumber,
    /// The phone was off, without a signal or full.
    Unreachable,
    /// The number has no WhatsApp.
    NoWhatsapp,
    /// There is no such mailbox or domain.
    UnknownMailbox,
    /// The mailbox is full.
    MailboxFull,
    /// The mailbox takes no mail.
    Refused,
    /// A mail that a server had taken came back.
    Bounced,
    /// Refused for good, and the reply does not tell whose fault it is.
    Unexplained,
}

words!(ContactFailure, "a reason why a contact gets no messages");

impl ContactFailure {
    /// Whether the next message fares no better: the record has to be mended, or the customer has
    /// to act. What passes by itself or may be the office's own fault is not one.
    pub const fn is_for_good(self) -> bool {
        match self {
            Self::Landline
            | Self::NoTexts
            | Self::Stopped
            | Self::UnknownNumber
            | Self::NoWhatsapp
            | Self::UnknownMailbox
            | Self::Refused
            | Self::Bounced => true,
            Self::Unreachable | Self::MailboxFull | Self::Unexplained => false,
        }
    }

    /// What it means, on screens and in lists.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Landline => "a landline",
            Self::NoTexts => "gets no text messages",
            Self::Stopped => "the customer answered STOP",
            Self::UnknownNumber => "no such number",
            Self::Unreachable => "the phone was not reached",
            Self::NoWhatsapp => "no WhatsApp on this number",
            Self::UnknownMailbox => "no such mailbox",
            Self::MailboxFull => "the mailbox is full",
            Self::Refused => "the mailbox takes no mail",
            Self::Bounced => "mail to it came back",
            Self::Unexplained => "refused without a reason",
        }
    }
}

/// What a message says about its contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactNews {
    /// It came as far as this.
    Arrived(DeliveryState),
    /// It failed because of the contact.
    Failed(ContactFailure),
}

impl ContactNews {
    /// What a report says about the contact; `None` where it is about the message, the office or
    /// the provider, or is not final.
    pub const fn of(report: &SendReport) -> Option<Self> {
        match (report.state, report.fault) {
            (DeliveryState::Undeliverable, Some(FailureClass::Recipient(failure))) => {
                Some(Self::Failed(failure))
            }
            (DeliveryState::Undeliverable, Some(FailureClass::Unclassified)) => {
                Some(Self::Failed(ContactFailure::Unexplained))
            }
            (
                DeliveryState::Sent
                | DeliveryState::Forwarded
                | DeliveryState::Delivered
                | DeliveryState::Read,
                _,
            ) => Some(Self::Arrived(report.state)),
            _ => None,
        }
    }

    /// The standing of the contact after it.
    pub const fn standing(self, channel: Channel) -> ContactStanding {
        match (self, channel) {
            (Self::Failed(failure), _) if failure.is_for_good() => ContactStanding::Bad,
            // A mail server that took a message knows the mailbox. That a provider took a text
            // message says nothing of the number: its network answers later.
            (Self::Arrived(_), Channel::Email)
            | (Self::Arrived(DeliveryState::Delivered | DeliveryState::Read), _) => {
                ContactStanding::Good
            }
            _ => ContactStanding::Unchanged,
        }
    }
}

/// How a contact stands after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ContactStanding {
    /// As before; of a contact without another message, that nothing is known.
    Unchanged,
    /// Messages arrive.
    Good,
    /// The last one failed for good.
    Bad,
}

words!(ContactStanding, "a standing of a contact");

/// What is known of a contact on one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ContactState {
    /// How far the last message came that did not fail, and when that was known.
    pub arrived: Option<(DeliveryState, Timestamp)>,
    /// The last failure, and when it was known.
    pub failed: Option<(ContactFailure, Timestamp)>,
    /// Whether a message since the last arrival failed for good.
    pub is_bad: bool,
}

impl ContactState {
    /// The failure that is worth telling: the last one, unless a message arrived after it.
    pub fn open_failure(&self) -> Option<(ContactFailure, Timestamp)> {
        let (failure, at) = self.failed?;
        let is_over = self.arrived.is_some_and(|(_, arrived)| arrived > at);
        (self.is_bad || !is_over).then_some((failure, at))
    }
}

/// The name of a contact on a channel in the store: a digest, so that no table but those that have
/// the contact for their own work has it in clear. Addresses are compared as
/// [`Contact::is_same`] does.
pub fn name(channel: Channel, contact: &Contact) -> String {
    let compared = match contact {
        Contact::Email(address) => address.on_envelope().to_ascii_lowercase(),
        Contact::Phone(number) => number.as_str().to_owned(),
    };
    let hash = Sha256::new().chain_update(channel.word()).chain_update([0]).chain_update(compared);
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report(state: DeliveryState, fault: Option<FailureClass>) -> SendReport {
        SendReport { state, fault, ..SendReport::sent(None) }
    }

    /// The standing after messages, the last one last.
    fn standing_after(channel: Channel, news: &[ContactNews]) -> ContactStanding {
        news.iter().fold(ContactStanding::Unchanged, |before, it| match it.standing(channel) {
            ContactStanding::Unchanged => before,
            after => after,
        })
    }

    fn any_news() -> impl Strategy<Value = ContactNews> {
        let arrived = vec![
            DeliveryState::Sent,
            DeliveryState::Forwarded,
            DeliveryState::Delivered,
            DeliveryState::Read,
        ];
        prop_oneof![
            prop::sample::select(arrived).prop_map(ContactNews::Arrived),
            prop::sample::select(ContactFailure::ALL.to_vec()).prop_map(ContactNews::Failed),
        ]
    }

    proptest! {
        /// Bad is who had a failure for good and no proof of an arrival after it.
        #[test]
        fn a_contact_is_bad_from_a_failure_for_good_to_a_proven_arrival(
            channel in prop::sample::select(Channel::ALL.to_vec()),
            news in prop::collection::vec(any_news(), 0..12),
        ) {
            let proves = |it: &ContactNews| match it {
                ContactNews::Arrived(state) => {
                    channel == Channel::Email
                        || [DeliveryState::Delivered, DeliveryState::Read].contains(state)
                }
                ContactNews::Failed(_) => false,
            };
            let fails =
                |it: &ContactNews| matches!(it, ContactNews::Failed(it) if it.is_for_good());
            let failed = news.iter().rposition(fails);
            let arrived = news.iter().rposition(proves);
            let is_bad = failed.is_some_and(|it| arrived.is_none_or(|arrived| arrived < it));
            prop_assert_eq!(standing_after(channel, &news) == ContactStanding::Bad, is_bad);
        }
    }

    #[test]
    fn only_what_a_contact_is_at_fault_for_is_told_of_it() {
        use DeliveryState::{Delivered, Failed, Queued, Sent, Undeliverable, Unknown};
        let landline = FailureClass::Recipient(ContactFailure::Landline);
        let of = |state, fault| ContactNews::of(&report(state, fault));
        let failed = |it| Some(ContactNews::Failed(it));
        assert_eq!(of(Undeliverable, Some(landline)), failed(ContactFailure::Landline));
        let unclear = Some(FailureClass::Unclassified);
        assert_eq!(of(Undeliverable, unclear), failed(ContactFailure::Unexplained));
        assert_eq!(of(Delivered, None), Some(ContactNews::Arrived(Delivered)));
        assert_eq!(of(Sent, None), Some(ContactNews::Arrived(Sent)));
        for (state, fault) in [
            (Undeliverable, FailureClass::Message),
            (Undeliverable, FailureClass::Office { every: false }),
            (Failed, FailureClass::Provider { retry_after: None }),
            (Failed, FailureClass::Passing),
            (Queued, FailureClass::Unclassified),
            (Unknown, FailureClass::Unknown),
        ] {
            assert_eq!(of(state, Some(fault)), None, "{state:?} {fault:?}");
        }
    }

    #[test]
    fn a_failure_is_told_until_a_message_arrives() {
        let at = Timestamp::from_millis;
        let failed = Some((ContactFailure::Unreachable, at(20)));
        let arrived = |millis| Some((DeliveryState::Delivered, at(millis)));
        let told = |it: ContactState| it.open_failure().is_some();
        assert!(told(ContactState { failed, arrived: None, is_bad: false }));
        assert!(told(ContactState { failed, arrived: arrived(10), is_bad: false }));
        assert!(!told(ContactState { failed, arrived: arrived(30), is_bad: false }));
        // A provider took a later one, and the network has not answered.
        assert!(told(ContactState { failed, arrived: arrived(30), is_bad: true }));
        assert!(!told(ContactState::default()));
    }

    #[test]
    fn one_contact_has_one_name_on_each_channel() {
        let email = |raw| Contact::parse(Channel::Email, raw).expect("an address");
        let phone = Contact::parse(Channel::Sms, "+4915112345678").expect("a number");
        let dana = name(Channel::Email, &email("Dana@Example.org"));
        assert_eq!(dana, name(Channel::Email, &email("dana@example.org")));
        assert_ne!(dana, name(Channel::Email, &email("dan@example.org")));
        assert_ne!(name(Channel::Sms, &phone), name(Channel::Whatsapp, &phone));
        assert_eq!(dana.len(), 64);
    }

    #[test]
    fn words_and_labels_are_distinct() {
        for failure in ContactFailure::ALL {
            assert_eq!(failure.word().parse(), Ok(failure));
            let same = ContactFailure::ALL.iter().filter(|it| it.label() == failure.label());
            assert_eq!(same.count(), 1, "{failure:?}");
        }
        for standing in ContactStanding::ALL {
            assert_eq!(standing.word().parse(), Ok(standing));
        }
    }
}
