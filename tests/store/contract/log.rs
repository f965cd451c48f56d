//! What every store must remember: deliveries, sessions and the log.

use std::time::Duration;

use crate::support::{HOLDER, Terminal, phone, token, wish};
use countersign::domain::channel::Channel;
use countersign::domain::customer::CustomerId;
use countersign::domain::delivery::DeliveryState::{
    Delivered, Failed, Queued, Sent, Undeliverable, Unknown,
};
use countersign::domain::delivery::{FailureClass, SendReport};
use countersign::domain::delivery_retry::{NextStep, OutboxTask};
use countersign::domain::event::{EventFilter, EventId, EventKind, EventPage};
use countersign::domain::explanation::Explanation;
use countersign::domain::outcome::Outcome;
use countersign::domain::session::{SessionEnd, SessionId};
use countersign::service::ports::{AttemptOutcome, NewEvent, SessionFilter};

pub(super) async fn reports_never_go_back(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let report = |state, detail: Option<&str>| SendReport {
        state,
        detail: detail.map(Into::into),
        ..SendReport::sent(Some("SM1".into()))
    };
    let mut message = desk.message(&request).await;
    for (said, held) in [
        (Unknown, Unknown),
        (Queued, Queued),
        (Failed, Failed),
        (Sent, Sent),
        (Failed, Sent),
        (Unknown, Sent),
        (Delivered, Delivered),
        (Sent, Delivered),
        (Undeliverable, Delivered),
    ] {
        let words = report(said, Some("busy"));
        let next = Some((OutboxTask::Settle, Duration::from_hours(1)));
        desk.conclude(&message, &NextStep { report: words, next }).await;
        message.task = OutboxTask::Settle;
        assert_eq!(desk.request(&request.id).await.delivery.state, held, "after {said:?}");
    }
    assert_eq!(desk.request(&request.id).await.delivery.provider_id.as_deref(), Some("SM1"));
    let log = desk.log(&EventFilter::default()).await;
    let kinds: Vec<_> = log.iter().map(|it| (it.kind, it.outcome)).collect();
    assert_eq!(
        kinds,
        [
            (EventKind::Requested, None),
            (EventKind::Unsure, None),
            (EventKind::Delayed, None),
            (EventKind::NotSent, Some(Outcome::Unavailable)),
            (EventKind::Sent, None),
            (EventKind::Delivered, None),
        ]
    );
    assert_eq!(log[1].contact.as_deref(), Some("d***@example.org"));
    assert_eq!(log[1].request.as_ref(), Some(&request.id));
    let again = desk.issue(&wish(request.customer, "123456")).await;
    let refused = report(Undeliverable, Some("no such address"));
    desk.report(&again, &refused).await;
    let last = desk.log(&EventFilter::default()).await.pop().expect("an event");
    assert_eq!((last.kind, last.outcome), (EventKind::NotSent, Some(Outcome::Undeliverable)));
    assert_eq!(last.detail.as_deref(), Some("no such address"));
}

pub(super) async fn what_went_wrong_reads_back_for_clerk_and_admin(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let why = Explanation::with_advice(
        "The mail server refused the login.",
        "Check username in [email].",
        Some("535 user@host [AUTH]"),
    );
    let report = SendReport {
        state: Undeliverable,
        provider_id: None,
        detail: Some(why.clone()),
        fault: Some(FailureClass::Office { every: true }),
    };
    desk.report(&request, &report).await;
    assert_eq!(desk.request(&request.id).await.delivery.detail, Some(why.clone()));
    let last = desk.log(&EventFilter::default()).await.pop().expect("an event");
    assert_eq!(last.detail, Some(why.for_admin), "the log is for admins");

    let waiting = desk.issue(&wish(request.customer, "123456")).await;
    let message = desk.message(&waiting).await;
    let why = Explanation::with_advice("Twilio refused the login.", "Check [sms].", None);
    let minute = Duration::from_mins(1);
    desk.store.reschedule(&message, HOLDER, minute, &why, &desk.actor).await.expect("written");
    assert_eq!(desk.request(&waiting.id).await.delivery.detail, Some(why));
}

pub(super) async fn events_are_paged_and_filtered(desk: &Terminal) {
    let anna = desk.customer("WB-1").await;
    let bert = desk.customer("WB-2").await;
    let one = desk.issue(&wish(anna, "111111")).await;
    let mut by_sms = wish(bert, "222222");
    by_sms.contact = phone("+1 555 010 0142");
    let two = desk.issue(&by_sms).await;
    for (id, code) in [(&one.id, "000000"), (&two.id, "000000"), (&two.id, "222222")] {
        desk.enter(id, code).await;
    }
    let event = NewEvent {
        kind: EventKind::Imported,
        outcome: None,
        request: None,
        customer: None,
        channel: None,
        contact: None,
        detail: Some("x\nlogin ok\u{1b}[2J".into()),
        actor: &desk.actor,
    };
    for _ in 0..2 {
        desk.store.record("an import", event.clone()).await.expect("written");
    }

    let all = desk.log(&EventFilter::default()).await;
    assert_eq!(all.len(), 6);
    assert_eq!(all[5].detail.as_deref(), Some("x login ok[2J"), "one clean line");
    assert_eq!(all[0].customer.as_ref().map(|it| it.account_no.as_str()), Some("WB-1"));
    assert!(all.windows(2).all(|pair| pair[0].id < pair[1].id));

    let page = |page| async move {
        let events = desk.store.events(&EventFilter::default(), page, 2).await;
        events.expect("an answer").iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(page(EventPage::Newest).await, [all[5].id, all[4].id]);
    assert_eq!(page(EventPage::Before(all[4].id)).await, [all[3].id, all[2].id]);
    assert_eq!(page(EventPage::Before(all[0].id)).await, []);
    assert_eq!(page(EventPage::After(all[1].id)).await, [all[2].id, all[3].id]);
    assert_eq!(page(EventPage::After(all[5].id)).await, []);

    let texts = [None, Some("WB-1"), Some("wb-2"), Some("dana"), Some(one.id.as_str()), Some("zz")];
    for text in texts {
        for outcome in [None, Some(Outcome::Wrong), Some(Outcome::Verified)] {
            for channel in [None, Some(Channel::Email), Some(Channel::Sms)] {
                for customer in [None, Some(anna), Some(CustomerId(99))] {
                    for request in [None, Some(two.id.clone())] {
                        let filter = EventFilter {
                            text: text.map(str::to_owned),
                            outcome,
                            channel,
                            customer,
                            request,
                            ..EventFilter::default()
                        };
                        let expected: Vec<_> = all
                            .iter()
                            .filter(|it| filter_allows(&filter, it))
                            .map(|it| it.id)
                            .collect();
                        let found: Vec<_> =
                            desk.log(&filter).await.iter().map(|it| it.id).collect();
                        assert_eq!(found, expected, "{filter:?}");
                        let after = EventPage::After(all[1].id);
                        let found = desk.store.events(&filter, after, 99).await.expect("an answer");
                        let found: Vec<_> = found.iter().map(|it| it.id).collect();
                        let expected: Vec<_> =
                            expected.into_iter().filter(|id| *id > all[1].id).collect();
                        assert_eq!(found, expected, "after: {filter:?}");
                    }
                }
            }
        }
    }
}

/// The filter's meaning in plain words, for the customers of the test above.
fn filter_allows(filter: &EventFilter, event: &countersign::domain::event::Event) -> bool {
    let account = event.customer.as_ref().map(|it| it.account_no.as_str());
    let by_text = match filter.text.as_deref() {
        None => true,
        Some("WB-1") => account == Some("WB-1"),
        Some("wb-2") => account == Some("WB-2"),
        Some("dana") => account.is_some(),
        Some("zz") => false,
        Some(id) => event.request.as_ref().is_some_and(|it| it.as_str() == id),
    };
    by_text
        && filter.outcome.is_none_or(|it| event.outcome == Some(it))
        && filter.channel.is_none_or(|it| event.channel == Some(it))
        && filter.customer.is_none_or(|it| event.customer.as_ref().map(|of| of.id) == Some(it))
        && filter.request.as_ref().is_none_or(|it| event.request.as_ref() == Some(it))
}

pub(super) async fn a_request_is_found_by_the_word_in_its_message(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let request = desk.issue(&wish(customer, "123456")).await;
    let other = desk.issue(&wish(desk.customer("WB-2").await, "234567")).await;
    let text = Some(request.reference.as_str().to_lowercase());
    let found = desk.log(&EventFilter { text, ..EventFilter::default() }).await;
    assert_ne!(request.reference, other.reference);
    assert_eq!(
        found.iter().map(|it| it.request.clone()).collect::<Vec<_>>(),
        [Some(request.id.clone())]
    );
    let before = Some(request.created_at);
    let text = Some(request.reference.as_str().to_owned());
    assert!(desk.log(&EventFilter { text, before, ..EventFilter::default() }).await.is_empty());
    // A word that no message shows may be a part of an account number.
    let odd = desk.customer("A7B").await;
    let event = NewEvent {
        kind: EventKind::Imported,
        outcome: None,
        request: None,
        customer: Some(odd),
        channel: None,
        contact: None,
        detail: None,
        actor: &desk.actor,
    };
    desk.store.record("an act", event).await.expect("written");
    let filter = EventFilter { text: Some("A7B".into()), ..EventFilter::default() };
    assert_eq!(desk.log(&filter).await.len(), 1);
}

pub(super) async fn the_log_is_read_between_two_moments(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let request = desk.issue(&wish(customer, "123456")).await;
    for _ in 0..2 {
        desk.enter(&request.id, "000000").await;
        // So that the store's clock, which counts milliseconds, has gone on.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    let all = desk.log(&EventFilter::default()).await;
    let ends: Vec<_> = all.iter().map(|it| it.at).collect();
    let day = Duration::from_hours(24);
    let moments = [ends[0].minus(day), ends[0], ends[1], ends[2], ends[2].plus(day)];
    for from in moments.map(Some).into_iter().chain([None]) {
        for before in moments.map(Some).into_iter().chain([None]) {
            for channel in [None, Some(Channel::Email)] {
                let filter = EventFilter { from, before, channel, ..EventFilter::default() };
                let expected: Vec<_> = all
                    .iter()
                    .filter(|it| from.is_none_or(|from| it.at >= from))
                    .filter(|it| before.is_none_or(|before| it.at < before))
                    .map(|it| it.id)
                    .collect();
                let found: Vec<_> = desk.log(&filter).await.iter().map(|it| it.id).collect();
                assert_eq!(found, expected, "{filter:?}");
                let last = EventPage::Before(all[2].id);
                let older = desk.store.events(&filter, last, 1).await.expect("an answer");
                let expected_older = expected.iter().rfind(|id| **id < all[2].id);
                assert_eq!(older.first().map(|it| it.id).as_ref(), expected_older, "{filter:?}");
                let newer = EventPage::After(all[0].id);
                let newer = desk.store.events(&filter, newer, 9).await.expect("an answer");
                let newer: Vec<_> = newer.iter().map(|it| it.id).collect();
                let expected: Vec<_> = expected.into_iter().filter(|id| *id > all[0].id).collect();
                assert_eq!(newer, expected, "after: {filter:?}");
            }
        }
    }
    // Who follows begins before all that is too old, however much that is.
    let filter = EventFilter { from: Some(ends[2]), ..EventFilter::default() };
    let page = EventPage::After(EventId(0));
    let first = desk.store.events(&filter, page, 1).await.expect("an answer");
    assert_eq!(first.iter().map(|it| it.id).collect::<Vec<_>>(), [all[2].id]);
}

pub(super) async fn sessions_are_prolonged_and_ended(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let token = token(crate::support::next());
    let attempted = desk.enter_with(&request.id, "123456", &token).await.expect("an answer");
    let AttemptOutcome::Verified { session, .. } = attempted else { panic!("{attempted:?}") };
    let digest = token.digest();
    let touched = desk.store.touch(&digest, Duration::from_mins(10)).await.expect("an answer");
    let touched = touched.expect("the session");
    assert_eq!(touched.session.id, session.id);
    assert!(touched.session.idle_at > session.idle_at);
    let touched = desk.store.touch(&digest, Duration::from_hours(9)).await.expect("an answer");
    let touched = touched.expect("the session").session;
    assert_eq!(touched.idle_at, session.expires_at, "never beyond its end");
    assert_eq!(desk.store.touch("unknown", Duration::ZERO).await.expect("an answer"), None);

    let ended = desk.store.end_session(&session.id, SessionEnd::Logout, &desk.actor).await;
    let ended = ended.expect("an answer").expect("the session");
    assert_eq!(ended.session.ended.map(|it| it.1), Some(SessionEnd::Logout));
    let again = desk.store.end_session(&session.id, SessionEnd::Revoked, &desk.actor).await;
    assert_eq!(again.expect("an answer"), Some(ended.clone()), "it ends once");
    let touched = desk.store.touch(&digest, Duration::from_mins(5)).await.expect("an answer");
    assert_eq!(touched, Some(ended.clone()));
    let nobody = SessionId::from_bits(1 << 40);
    assert_eq!(desk.store.session(&nobody).await.expect("an answer"), None);
    let gone = desk.store.end_session(&nobody, SessionEnd::Revoked, &desk.actor).await;
    assert_eq!(gone.expect("an answer"), None);
    assert_eq!(desk.store.sessions(SessionFilter::Alive, 9).await.expect("an answer"), []);
    assert_eq!(desk.store.sessions(SessionFilter::All, 9).await.expect("an answer"), [ended]);
    let log = desk.log(&EventFilter::default()).await;
    let ends: Vec<_> = log.iter().filter(|it| it.kind == EventKind::SessionEnded).collect();
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0].detail.as_deref(), Some("logout"));
}
