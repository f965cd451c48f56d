//! Emails that came back after a provider had taken them.

use countersign::domain::channel::Channel;
use countersign::domain::contact::Contact;
use countersign::domain::contact_state::{self, ContactFailure, ContactState};
use countersign::domain::delivery::{DeliveryState, SendReport};
use countersign::domain::event::{EventFilter, EventKind};
use countersign::domain::explanation::Explanation;
use countersign::domain::outcome::Outcome;
use countersign::domain::request::{Request, RequestId};
use countersign::service::ports::ErasureOutcome;
use countersign::service::ports::bounces::{BounceFound, StoredBounce};
use tokio::task::JoinSet;

use crate::support::{Terminal, Wish, actor, email, new_customer, on_each_store, wish, with_email};

const EMAIL: &str = "dana.rivera@example.org";
const TASKS: usize = 12;

fn sent() -> SendReport {
    SendReport::sent(None)
}

impl Terminal {
    async fn email_to_dana(&self) -> Request {
        self.import(&[with_email(new_customer("WB-1", "Dana Rivera"), EMAIL)]).await;
        let customer = self.of_account("WB-1").await;
        self.issue(&Wish { contact: email(EMAIL), ..wish(customer, "222222") }).await
    }

    async fn came_back(&self, request: &RequestId, generation: u32) -> BounceFound {
        let detail = Explanation {
            for_clerk: "for the clerk".into(),
            for_admin: "for the admin".into(),
            key: None,
        };
        let failure = ContactFailure::Bounced;
        let bounce =
            StoredBounce { request, generation, failure, detail: &detail, actor: &self.actor };
        self.store.record_bounce(bounce).await.expect("an answer")
    }

    async fn known_of(&self, contact: &Contact) -> ContactState {
        let name = contact_state::name(Channel::Email, contact);
        let states = self.store.contact_states(&[&name]).await.expect("an answer");
        states.first().map(|(_, state)| *state).unwrap_or_default()
    }
}

on_each_store! {
    async fn an_email_that_came_back_is_written_once_with_its_event(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let request = desk.email_to_dana().await;
        assert_eq!(desk.came_back(&request.id, 1).await, BounceFound::Known, "nothing was sent");
        desk.report(&request, &sent()).await;
        assert!(!desk.known_of(&email(EMAIL)).await.is_bad);
        assert_eq!(desk.came_back(&request.id, 2).await, BounceFound::Nothing);
        assert_eq!(desk.came_back(&RequestId::from_bits(9), 1).await, BounceFound::Nothing);
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (desk, id) = (desk.clone(), request.id.clone());
            tasks.spawn(async move { desk.came_back(&id, 1).await });
        }
        let found = tasks.join_all().await;
        let recorded = found.iter().filter(|it| **it == BounceFound::Recorded).count();
        assert_eq!(recorded, 1, "{found:?}");
        assert!(found.iter().all(|it| *it != BounceFound::Nothing), "{found:?}");

        let read = desk.request(&request.id).await;
        assert_eq!(read.status, request.status, "the request goes on");
        assert_eq!(read.delivery.state, DeliveryState::Undeliverable);
        assert_eq!(read.delivery.provider, "tray");
        let detail = read.delivery.detail.expect("a detail");
        assert_eq!((&*detail.for_clerk, &*detail.for_admin), ("for the clerk", "for the admin"));
        let known = desk.known_of(&email(EMAIL)).await;
        assert!(known.is_bad, "{known:?}");
        assert_eq!(known.open_failure().map(|(it, _)| it), Some(ContactFailure::Bounced));
        let filter = EventFilter { kind: Some(EventKind::NotSent), ..EventFilter::default() };
        let log = desk.log(&filter).await;
        let [event] = log.as_slice() else { panic!("{log:?}") };
        assert_eq!(event.outcome, Some(Outcome::Undeliverable));
        assert_eq!(event.detail.as_deref(), Some("for the admin"));
        assert_eq!(event.request.as_ref(), Some(&request.id));
    }

    async fn what_arrived_or_was_erased_does_not_come_back(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let request = desk.email_to_dana().await;
        let arrived = SendReport { state: DeliveryState::Delivered, ..sent() };
        desk.report(&request, &arrived).await;
        assert_eq!(desk.came_back(&request.id, 1).await, BounceFound::Known);
        assert!(!desk.known_of(&email(EMAIL)).await.is_bad);
        assert_eq!(desk.enter(&request.id, "222222").await, Outcome::Verified);
        let erased =
            desk.store.erase_customer("e1", request.customer, "asked", &actor(), None).await;
        assert!(matches!(erased, Ok(ErasureOutcome::Erased { .. })), "{erased:?}");
        fixture.sql("UPDATE core_delivery SET state = 'sent', progress = 3").await;
        assert_eq!(desk.came_back(&request.id, 1).await, BounceFound::Nothing);
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_contact_state").await, 0);
    }

    async fn old_mail_says_nothing_of_a_contact_where_a_message_arrived_since(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let request = desk.email_to_dana().await;
        desk.report(&request, &sent()).await;
        fixture.sql("UPDATE core_delivery SET updated_at = updated_at - 3600000").await;
        assert_eq!(desk.came_back(&request.id, 1).await, BounceFound::Recorded);
        assert_eq!(desk.request(&request.id).await.delivery.state, DeliveryState::Undeliverable);
        assert!(!desk.known_of(&email(EMAIL)).await.is_bad);
    }
}
