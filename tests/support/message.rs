//! A message as the desk passes it to a sender.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::Arc;

use countersign::config::settings::MessageSettings;
use countersign::delivery::Templates;
use countersign::domain::code::Code;
use countersign::domain::contact::{Contact, EmailAddress, PhoneNumber};
use countersign::domain::message::{MessageFacts, Outgoing};
use countersign::domain::request::Reference;
use countersign::domain::time::Timestamp;

/// The code in [`to`]'s message; no port, number or status contains it.
pub(crate) const CODE: &str = "073914";

/// The built-in templates.
pub(crate) fn templates() -> Arc<Templates> {
    Arc::new(Templates::load(&MessageSettings::default()).expect("templates"))
}

/// A message with [`CODE`] to an email address or a phone number.
pub(crate) fn to(contact: &str) -> Outgoing {
    let to = if contact.contains('@') {
        Contact::Email(EmailAddress::parse(contact).expect("an address"))
    } else {
        Contact::Phone(PhoneNumber::parse(contact, "US").expect("a number"))
    };
    Outgoing {
        to,
        generation: 1,
        idempotency: "4F7K2M9QXA-1".into(),
        message_id: "4F7K2M9QXA-1-0123456789abcdef0123".into(),
        at: Timestamp::from_millis(1_763_820_000_000),
        facts: MessageFacts {
            office: "Riverside Billing".into(),
            counter: "3".into(),
            customer: "Dana Rivera".into(),
            purpose: "pay bill".into(),
            reference: Reference::from_store("K7Q"),
            code: Code::parse(CODE, 6).expect("six digits"),
            minutes: 5,
            locale: None,
        },
    }
}
