//! What leaves the desk of a customer: masked contacts, and an entry in the log for each
//! account that is opened and each contact that is shown.

use countersign::domain::contact::ContactKind;
use countersign::service::DeskError;
use countersign::service::api::{Answer, Authentication, Call, Caller, Role};
use countersign::service::customers::calls::{
    ChannelChoices, FindCustomers, IdentifyCustomer, ListRepresentatives, OpenCustomer,
    ReadAccount, ReadCustomer, ReadSignUp, RevealContact,
};
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::calls::AskForCode;

use super::*;

const NUMBER: &str = "+4915123456789";
const ADDRESS: &str = "WB-1@example.org";

async fn as_clerk(desk: &Desk, clerk: &str, call: impl Into<Call>) -> Answer {
    let actor = Actor { clerk: clerk.into(), counter: "3".into() };
    let caller =
        Caller { actor, role: Role::Clerk, authentication: Authentication::PeerCredentials };
    desk.handle(&caller, call.into(), RetryPolicy::brief()).await
}

/// An answer as it crosses a socket.
fn written(answer: &Answer) -> String {
    assert!(answer.error().is_none(), "{answer:?}");
    serde_json::to_string(answer).expect("written")
}

#[tokio::test]
async fn security_37_no_contact_in_full_leaves_the_desk_unless_it_is_revealed() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some(NUMBER)).await;
    assert_eq!(dana.phone.as_deref(), Some(NUMBER), "the desk itself knows it");
    let customer = dana.id;
    let token = bench.session(&dana, Channel::Sms).await;
    let calls: [Call; 10] = [
        FindCustomers { typed: "dana".into(), limit: 5 }.into(),
        FindCustomers { typed: NUMBER.into(), limit: 5 }.into(),
        IdentifyCustomer { name: ADDRESS.into() }.into(),
        IdentifyCustomer { name: NUMBER.into() }.into(),
        OpenCustomer { customer }.into(),
        ReadSignUp { customer }.into(),
        ListRepresentatives { customer }.into(),
        ReadCustomer { customer }.into(),
        ReadAccount { customer, token: token.clone() }.into(),
        ChannelChoices { customers: vec![customer, customer] }.into(),
    ];
    for call in calls {
        let name = call.name();
        let answer = written(&as_clerk(&bench.desk, "bo", call).await);
        let crossed = answer.replace("Dana", "");
        for secret in [NUMBER, &NUMBER[4..10], ADDRESS, "WB-1@"] {
            assert!(!crossed.contains(secret), "{name}: {crossed}");
        }
    }
    let choices = as_clerk(&bench.desk, "bo", ChannelChoices { customers: vec![customer] }).await;
    let Answer::ChannelChoices(Ok(choices)) = choices else { panic!("{choices:?}") };
    assert!(choices[0].iter().all(|it| it.refusal.is_none()), "{choices:?}");
    assert_eq!(choices[0][0].contact.as_deref(), Some("W***@example.org"));
}

#[tokio::test]
async fn security_37_a_contact_is_revealed_for_a_reason_and_the_log_keeps_it() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some(NUMBER)).await;
    let reveal =
        |kind, reason: &str| RevealContact { customer: dana.id, kind, reason: reason.to_owned() };
    let entries = "SELECT COUNT(*) FROM core_event WHERE kind = 'contact_revealed'";
    let refused = as_clerk(&bench.desk, "bo", reveal(ContactKind::Phone, " \u{7}")).await;
    assert!(matches!(refused.error(), Some(DeskError::NoReason)), "{refused:?}");
    assert_eq!(bench.number(entries).await, 0);
    let shown = as_clerk(&bench.desk, "bo", reveal(ContactKind::Phone, "reads it back")).await;
    assert!(!format!("{shown:?}").contains(NUMBER), "no trace of the program holds it");
    let Answer::RevealContact(Ok(Some(shown))) = shown else { panic!("{shown:?}") };
    assert_eq!(shown.contact, NUMBER);
    let log = bench.desk.log(&EventFilter::default(), EventPage::Newest, 9).await.expect("a log");
    let entry = log.iter().find(|it| it.kind == EventKind::ContactRevealed).expect("an entry");
    assert_eq!((&*entry.actor.clerk, entry.detail.as_deref()), ("bo", Some("reads it back")));
    assert_eq!(entry.contact.as_deref(), Some("+4**********89"));
    // Without its entry nothing is shown.
    bench
        .behind_its_back(
            "CREATE TRIGGER refuse BEFORE INSERT ON core_event \
             BEGIN SELECT RAISE(ABORT, 'full'); END",
        )
        .await;
    let unwritten = as_clerk(&bench.desk, "bo", reveal(ContactKind::Email, "reads it back")).await;
    assert!(unwritten.error().is_some(), "{unwritten:?}");
}

#[tokio::test]
async fn security_37_an_account_that_is_opened_is_in_the_log_once() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let opened = "SELECT COUNT(*) FROM core_event WHERE kind = 'account_opened'";
    let token = bench.session(&dana, Channel::Email).await;
    let open = || OpenCustomer { customer: dana.id };
    bench
        .behind_its_back(
            "CREATE TRIGGER refuse BEFORE INSERT ON core_event \
             BEGIN SELECT RAISE(ABORT, 'full'); END",
        )
        .await;
    for _ in 0..2 {
        let unwritten = as_clerk(&bench.desk, "bo", open()).await;
        assert!(unwritten.error().is_some(), "without its entry it is not opened");
    }
    bench.behind_its_back("DROP TRIGGER refuse").await;
    for _ in 0..3 {
        written(&as_clerk(&bench.desk, "bo", open()).await);
        let read = ReadAccount { customer: dana.id, token: token.clone() };
        written(&as_clerk(&bench.desk, "bo", read).await);
    }
    assert_eq!(bench.number(opened).await, 1, "as often as a counter reads it");
    written(&as_clerk(&bench.desk, "cleo", open()).await);
    assert_eq!(bench.number(opened).await, 2, "each clerk");
}

#[tokio::test]
async fn who_looks_too_many_customers_up_is_told_and_logged_once() {
    let bench = Bench::new(Scripted::fine(), |office| office.limits.lookups_per_clerk = 5).await;
    bench.customer("WB-1", None).await;
    let find = || FindCustomers { typed: "dana".into(), limit: 5 };
    for _ in 0..5 {
        written(&as_clerk(&bench.desk, "bo", find()).await);
    }
    for _ in 0..3 {
        let refused = as_clerk(&bench.desk, "bo", find()).await;
        let Some(DeskError::TooManyLookups { minutes }) = refused.error() else {
            panic!("{refused:?}")
        };
        assert!((59..=60).contains(minutes), "{minutes}");
    }
    let logged = "SELECT COUNT(*) FROM core_event WHERE kind = 'refused' AND outcome = 'limited'";
    assert_eq!(bench.number(logged).await, 1);
    written(&as_clerk(&bench.desk, "cleo", find()).await);
}

/// Two counters, one customer: the second one hears of the first, may go on, and the log
/// says so.
#[tokio::test]
async fn a_customer_who_is_being_verified_elsewhere_is_shown_so() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let (first, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    let opened = as_clerk(&bench.desk, "bo", OpenCustomer { customer: dana.id }).await;
    let Answer::OpenCustomer(Ok(Some(opened))) = opened else { panic!("{opened:?}") };
    let open = opened.open.expect("the request of the first counter");
    assert_eq!((&open.id, &*open.asked_by.clerk), (&first.id, "amira"));
    assert_eq!(open.asked_by.counter, "3");

    // The second counter goes on; the first one's request says by whom.
    let ask = AskForCode(CodeRequest {
        customer: dana.id,
        channel: Channel::Email,
        purpose: "pay a bill".into(),
        representative: None,
        idempotency: "another".into(),
    });
    let asked = as_clerk(&bench.desk, "bo", ask).await;
    let Answer::AskForCode(Ok(CodeRequestOutcome::Ready(second))) = asked else {
        panic!("{asked:?}")
    };
    let timeline = bench.desk.timeline(&first.id).await.expect("a timeline");
    let replaced = timeline.iter().find(|it| it.kind == EventKind::Superseded).expect("an entry");
    assert_eq!(replaced.actor.clerk, "bo");
    assert_eq!(replaced.detail.as_deref(), Some("asked for by amira at 3"));
    assert_eq!(bench.verify(&first, &code).await, Outcome::Superseded);
    // A code that another counter asked for can be entered here, which is in the log.
    assert_eq!(bench.verify(&second, &other(&code)).await, Outcome::Wrong);
    let timeline = bench.desk.timeline(&second.id).await.expect("a timeline");
    let entered = timeline.iter().find(|it| it.kind == EventKind::Attempt).expect("an entry");
    assert_eq!(entered.detail.as_deref(), Some("asked for by bo at 3"));
}
