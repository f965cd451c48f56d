//! What became of the last messages to each contact: written with the state of the delivery, by
//! contact, and gone with the contact or the customer.

use std::time::Duration;

use countersign::domain::channel::Channel;
use countersign::domain::contact::Contact;
use countersign::domain::contact_state::{self, ContactFailure, ContactState};
use countersign::domain::customer::CustomerId;
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::delivery_retry::{NextStep, OutboxTask};
use countersign::service::ports::ErasureOutcome;
use countersign::service::ports::contact_state::BadContactRow;
use countersign::service::ports::outbox::MessageOutcome;

use crate::support::{
    HOLDER, Terminal, Wish, actor, email, new_customer, on_each_store, phone, wish, with_email,
    with_phone,
};

const EMAIL: &str = "dana.rivera@example.org";
const NUMBER: &str = "+15550100142";

fn over(customer: CustomerId, contact: &Contact, purpose: &str) -> Wish {
    let wish = wish(customer, "222222");
    Wish { contact: contact.clone(), purpose: purpose.into(), ..wish }
}

fn undeliverable(failure: ContactFailure) -> SendReport {
    let fault = Some(FailureClass::Recipient(failure));
    SendReport { state: DeliveryState::Undeliverable, fault, ..SendReport::sent(None) }
}

fn arrived(state: DeliveryState) -> SendReport {
    SendReport { state, ..SendReport::sent(None) }
}

impl Terminal {
    /// Two customers who share a phone number.
    async fn shares(&self) -> [CustomerId; 2] {
        let one = with_email(with_phone(new_customer("WB-1", "Dana Rivera"), NUMBER), EMAIL);
        let other = with_phone(new_customer("WB-2", "Sam Rivera"), NUMBER);
        self.import(&[one, other]).await;
        [self.of_account("WB-1").await, self.of_account("WB-2").await]
    }

    /// A message to a contact with all that was reported of it.
    async fn sends(&self, to: (CustomerId, &Contact), purpose: &str, reports: &[SendReport]) {
        let request = self.issue(&over(to.0, to.1, purpose)).await;
        let message = self.message(&request).await;
        let last = reports.len() - 1;
        for (at, report) in reports.iter().enumerate() {
            let follow = OutboxTask::Follow;
            let next = (at < last).then_some((follow, Duration::ZERO));
            let mut message = message.clone();
            message.task = if at == 0 { message.task } else { follow };
            self.conclude(&message, &NextStep { report: report.clone(), next }).await;
        }
    }

    async fn knows(&self, channel: Channel, contact: &Contact) -> ContactState {
        let name = contact_state::name(channel, contact);
        let states = self.store.contact_states(&[&name, "nobody"]).await.expect("an answer");
        assert!(states.iter().all(|(it, _)| *it == name));
        states.first().map(|(_, state)| *state).unwrap_or_default()
    }

    async fn bad(&self) -> Vec<BadContactRow> {
        self.store.bad_contacts(None, 100).await.expect("an answer")
    }
}

fn failure(state: ContactState) -> Option<ContactFailure> {
    state.open_failure().map(|(failure, _)| failure)
}

on_each_store! {
    async fn a_failure_for_good_is_known_before_the_next_message(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let [dana, sam] = desk.shares().await;
        let number = phone(NUMBER);
        assert_eq!(desk.knows(Channel::Sms, &number).await, ContactState::default());
        desk.sends((dana, &number), "a", &[arrived(DeliveryState::Sent),
            undeliverable(ContactFailure::Landline)]).await;
        let known = desk.knows(Channel::Sms, &number).await;
        assert!(known.is_bad && known.arrived.is_some(), "{known:?}");
        assert_eq!(failure(known), Some(ContactFailure::Landline));
        assert_eq!(desk.knows(Channel::Whatsapp, &number).await, ContactState::default());
        let bad = desk.bad().await;
        assert_eq!((bad.len(), bad[0].customer, bad[0].channel), (1, dana, Channel::Sms));
        assert_eq!(bad[0].failure, ContactFailure::Landline);

        // A provider that takes the next message knows nothing of the number.
        desk.sends((sam, &number), "b", &[arrived(DeliveryState::Sent)]).await;
        assert!(desk.knows(Channel::Sms, &number).await.is_bad);
        assert_eq!(desk.bad().await[0].customer, sam, "one row, for whom the last message was");
        desk.sends((dana, &number), "c", &[arrived(DeliveryState::Delivered)]).await;
        let known = desk.knows(Channel::Sms, &number).await;
        assert!(!known.is_bad, "{known:?}");
        assert_eq!(known.arrived.map(|(state, _)| state), Some(DeliveryState::Delivered));
        assert_eq!(desk.bad().await, []);
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_contact_state").await, 1);
    }

    async fn what_is_the_offices_fault_is_not_the_contacts(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let [dana, _] = desk.shares().await;
        let office = FailureClass::Office { every: true };
        let report = SendReport {
            fault: Some(office), state: DeliveryState::Failed, ..SendReport::sent(None)
        };
        desk.sends((dana, &phone(NUMBER)), "a", &[report]).await;
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_contact_state").await, 0);
        desk.sends((dana, &phone(NUMBER)), "b",
            &[undeliverable(ContactFailure::Unreachable)]).await;
        let known = desk.knows(Channel::Sms, &phone(NUMBER)).await;
        assert_eq!((failure(known), known.is_bad), (Some(ContactFailure::Unreachable), false));
        assert_eq!(desk.bad().await, []);
    }

    async fn of_several_messages_to_one_contact_the_last_one_counts(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let [dana, sam] = desk.shares().await;
        let (number, address) = (phone(NUMBER), email(EMAIL));
        let mut messages = Vec::new();
        for wish in [over(dana, &number, "a"), over(sam, &number, "b"), over(dana, &address, "c")] {
            messages.push(desk.message(&desk.issue(&wish).await).await);
        }
        let steps = [arrived(DeliveryState::Delivered), undeliverable(ContactFailure::Stopped),
            arrived(DeliveryState::Sent)].map(|report| NextStep { report, next: None });
        let outcomes: Vec<_> = messages.iter().zip(&steps).map(|(message, step)| MessageOutcome {
            message, owner: HOLDER, slot: message.slot, provider: "tray", step,
            has_claim: false, experience: None, actor: &desk.actor,
        }).collect();
        desk.store.complete(&outcomes).await.expect("written");
        let known = desk.knows(Channel::Sms, &number).await;
        assert!(known.is_bad && failure(known) == Some(ContactFailure::Stopped), "{known:?}");
        assert!(desk.knows(Channel::Email, &address).await.arrived.is_some());
    }

    async fn a_mended_record_and_an_erased_customer_take_it_along(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let [dana, sam] = desk.shares().await;
        let (number, address) = (phone(NUMBER), email(EMAIL));
        desk.sends((dana, &address), "a", &[undeliverable(ContactFailure::UnknownMailbox)]).await;
        desk.sends((dana, &number), "b", &[undeliverable(ContactFailure::Landline)]).await;
        let other = "dana@example.org";
        let mended = with_email(with_phone(new_customer("WB-1", "Dana Rivera"), NUMBER), other);
        desk.import(&[mended]).await;
        assert_eq!(desk.knows(Channel::Email, &address).await, ContactState::default());
        assert!(desk.knows(Channel::Sms, &number).await.is_bad);

        // The row names Dana, and Sam has the number as well.
        let erased = desk.store.erase_customer("e1", sam, "asked", &actor(), None).await;
        assert!(matches!(erased, Ok(ErasureOutcome::Erased { .. })), "{erased:?}");
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_contact_state").await, 0);

        desk.sends((dana, &number), "c", &[undeliverable(ContactFailure::Landline)]).await;
        let told = desk.store.personal_data(dana).await.expect("an answer");
        let section = told.iter().find(|it| it.name == "what became of messages to them");
        let entries = &section.expect("a section").entries;
        assert_eq!((entries.len(), &entries[0]["failure"]), (1, &"landline".into()));
        let text = entries[0].to_string();
        assert!(!text.contains("5550100142"), "{text}");
    }

    async fn a_list_of_bad_contacts_is_read_page_by_page(fixture) {
        let desk = Terminal::new(fixture.open().await);
        for at in 0..7 {
            fixture.sql(&format!(
                "INSERT INTO core_contact_state (contact_name, channel, customer_id, failure, \
                 failed_at, standing) VALUES ('n{at}', 'sms', 1, 'landline', {}, 'bad')", at / 3
            )).await;
        }
        fixture.sql("INSERT INTO core_contact_state (contact_name, channel, customer_id, failure, \
            failed_at, standing) VALUES ('good', 'sms', 1, 'landline', 1, 'good')").await;
        let (mut after, mut names) = (None, Vec::new());
        loop {
            let page = desk.store.bad_contacts(after.as_ref(), 2).await.expect("an answer");
            let Some(last) = page.last() else { break };
            after = Some(last.place.clone());
            names.extend(page.into_iter().map(|it| it.place.name));
        }
        assert_eq!(names, ["n6", "n5", "n4", "n3", "n2", "n1", "n0"]);
    }
}
