//! A provider that accepts messages and says later that it sends nothing for the office: it
//! counts against the provider, admins are told, and the fallback does the work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign::domain::channel::Channel;
use countersign::domain::circuit_breaker::{ProviderHealth, ProviderSlot};
use countersign::domain::customer::Customer;
use countersign::domain::delivery::{
    DeliveryState, FailureClass, MessageTrace, ProviderStatus, SendReport,
};
use countersign::domain::event::{EventFilter, EventKind, EventPage};
use countersign::domain::message::Outgoing;
use countersign::domain::request::Request;
use countersign::random::OsRandom;
use countersign::service::ports::{SendGuard, Sender};
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome};
use countersign::service::{Desk, Route, Senders};

use super::{Bench, Scripted};

/// What the provider says of the office's number.
const WHY: &str = "The office's number is not registered.";

/// Accepts everything, and tells later what became of it.
#[derive(Default)]
struct Accepting {
    refuses: Mutex<bool>,
    accepted: AtomicUsize,
}

#[async_trait]
impl Sender for Accepting {
    fn provider(&self) -> &'static str {
        "accepting"
    }

    async fn send_guarded(&self, _message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        if guard.claim().await {
            self.accepted.fetch_add(1, Ordering::SeqCst);
        }
        SendReport::sent(Some("SM1".into()))
    }

    fn can_tell(&self) -> bool {
        true
    }

    async fn ask(&self, trace: &MessageTrace) -> ProviderStatus {
        let refuses = *self.refuses.lock().expect("unpoisoned");
        let sent = SendReport::sent(trace.provider_id.clone());
        ProviderStatus::Known(if refuses {
            SendReport {
                state: DeliveryState::Undeliverable,
                detail: Some(WHY.into()),
                fault: Some(FailureClass::Office { every: true }),
                ..sent
            }
        } else {
            SendReport { state: DeliveryState::Delivered, ..sent }
        })
    }

    async fn check(&self) -> Result<String, countersign::domain::explanation::Explanation> {
        Ok("fine".into())
    }
}

struct Office {
    bench: Bench,
    desk: Desk,
    main: Arc<Accepting>,
    second: Arc<Scripted>,
    dana: Customer,
}

impl Office {
    async fn new() -> Self {
        let bench = Bench::new(Scripted::fine(), |_| {}).await;
        let (main, second) = (Arc::new(Accepting::default()), Scripted::fine());
        let first: Arc<dyn Sender> = main.clone();
        let route = Route { main: first, fallback: Some(second.clone()) };
        let desk = Desk::new(
            bench.store.clone(),
            Senders { email: None, sms: Some(route), whatsapp: None },
            Arc::new(OsRandom),
            bench.keys.clone(),
            bench.desk.office().clone(),
            bench.desk.actor().clone(),
        );
        let dana = bench.customer("WB-1", Some("0151 12345678")).await;
        Self { bench, desk: desk.expect("a desk"), main, second, dana }
    }

    /// Sends a code and asks what became of it; gives the state of its message.
    async fn send(&self) -> DeliveryState {
        let ask = CodeRequest {
            customer: self.dana.id,
            channel: Channel::Sms,
            purpose: "pay a bill".into(),
            representative: None,
            idempotency: self.bench.key(),
        };
        let CodeRequestOutcome::Ready(request) = self.desk.ask(&ask).await.expect("an answer")
        else {
            panic!("a code")
        };
        self.desk.deliver(request.delivery.id).await.expect("an answer").expect("a report");
        self.follow(&request).await
    }

    async fn follow(&self, request: &Request) -> DeliveryState {
        self.bench.behind_its_back("UPDATE core_outbox SET due_at = due_at - 60000").await;
        self.desk.work_off_outbox(1).await.expect("worked off");
        let now = self.desk.request(&request.id).await.expect("read").expect("there");
        now.delivery.state
    }

    /// How many messages each provider took.
    fn taken(&self) -> (usize, usize) {
        (self.main.accepted.load(Ordering::SeqCst), self.second.calls())
    }

    async fn state(&self) -> ProviderHealth {
        let (now, breakers) = self.bench.store.circuit_breakers().await.expect("an answer");
        let slot = ProviderSlot::main(Channel::Sms);
        breakers.iter().find(|it| it.slot == slot).expect("the provider").at(now)
    }

    fn refuse(&self, refuses: bool) {
        *self.main.refuses.lock().expect("unpoisoned") = refuses;
    }
}

#[tokio::test]
async fn what_is_refused_after_it_was_accepted_opens_the_circuit_breaker() {
    let office = Office::new().await;
    assert_eq!(office.send().await, DeliveryState::Delivered);
    office.refuse(true);
    for taken in 2..=4 {
        assert_eq!(office.state().await, ProviderHealth::Ok);
        assert_eq!(office.send().await, DeliveryState::Undeliverable);
        assert_eq!(office.taken(), (taken, 0));
    }
    assert_eq!(office.state().await, ProviderHealth::Down);
    assert_eq!(office.send().await, DeliveryState::Sent);
    assert_eq!(office.taken(), (4, 1), "the fallback does the work");
    let log = office.bench.store.events(&EventFilter::default(), EventPage::Newest, 99).await;
    let log = log.expect("an answer");
    let down: Vec<_> = log.iter().filter(|it| it.kind == EventKind::ProviderDown).collect();
    let detail = down[0].detail.as_deref().unwrap_or_default();
    assert!(down.len() == 1 && detail.contains(WHY), "admins are told: {down:?}");

    // The pause is over: one message finds out, and that it is accepted proves nothing.
    office.bench.behind_its_back("UPDATE core_line SET down_until = 1").await;
    assert_eq!(office.send().await, DeliveryState::Undeliverable);
    assert_eq!((office.taken(), office.state().await), ((5, 1), ProviderHealth::Down));
    let breakers = office.bench.store.circuit_breakers().await.expect("an answer").1;
    assert!(breakers.iter().any(|it| it.failures == 4), "for longer each time: {breakers:?}");

    office.refuse(false);
    office.bench.behind_its_back("UPDATE core_line SET down_until = 1").await;
    assert_eq!(office.send().await, DeliveryState::Delivered);
    assert_eq!((office.taken(), office.state().await), ((6, 1), ProviderHealth::Ok));
}
