//! A customer's address or number becomes another one: what is pending is
//! revoked, the one before is told, and the new one has to wait.

use std::sync::Arc;
use std::time::Duration;

use countersign::domain::contact::{Contact, ContactKind};
use countersign::domain::contact_notice::NoticeStep;
use countersign::domain::contact_state::ContactFailure;
use countersign::domain::customer::{CustomerId, NewCustomer};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::event::{Event, EventFilter, EventKind};
use countersign::domain::outcome::Outcome;
use countersign::domain::request::{Request, RequestId, Status};
use countersign::service::ports::contact_notices::{Notice, NoticeOutcome};
use countersign::service::ports::{CustomerKey, IssueOutcome, Quarantine};
use countersign::store::SqlStore;

use crate::office::Office;
use crate::support::{
    Kind, Terminal, TestStore, Wish, email, new_customer, on_each_store, phone, wish, with_email,
    with_phone,
};

const HOUR: i64 = 3_600_000;

const OLD: &str = "dana.rivera@example.org";
const NEW: &str = "mallory@example.org";
const NUMBER: &str = "+1 555 010 0142";

fn dana(address: &str) -> NewCustomer {
    with_email(new_customer("WB-1", "Dana Rivera"), address)
}

fn over(customer: CustomerId, contact: Contact) -> Wish {
    Wish { contact, ..wish(customer, "222222") }
}

fn quarantined(issued: IssueOutcome) -> Quarantine {
    match issued {
        IssueOutcome::Quarantined(quarantine) => quarantine,
        other => panic!("not held back: {other:?}"),
    }
}

impl Terminal {
    async fn asks(&self, customer: CustomerId, contact: Contact) -> IssueOutcome {
        self.try_issue(&over(customer, contact)).await.expect("an answer")
    }

    /// Asks for another code to this contact; gives what came of it.
    async fn reissue_to(&self, request: &Request, contact: &Contact) -> &'static str {
        match self.try_reissue_to(request, "222222", contact).await.expect("an answer") {
            IssueOutcome::Fresh(_) => "sent",
            IssueOutcome::Quarantined(_) => "held back",
            other => panic!("{other:?}"),
        }
    }

    /// All notices, which are taken.
    pub(crate) async fn notices(&self) -> Vec<Notice> {
        let mut notices = self.store.claim_notices(&["tray"], 99).await.expect("an answer");
        notices.sort_by_key(|it| it.id);
        notices
    }

    /// Whom they go to.
    async fn told(&self) -> Vec<String> {
        self.notices().await.iter().map(|it| it.contact.as_str().to_owned()).collect()
    }

    pub(crate) async fn concludes(&self, notice: &Notice, report: &SendReport, next: NoticeStep) {
        let outcome =
            NoticeOutcome { notice, provider: Some("tray"), report, next, actor: &self.actor };
        self.store.complete_notice(outcome).await.expect("written");
    }

    pub(crate) async fn entries(&self, kind: EventKind) -> Vec<Event> {
        let mut log = self.log(&EventFilter::default()).await;
        log.retain(|it| it.kind == kind);
        log
    }

    /// A customer who has had both contacts from the beginning.
    async fn with_both(&self) -> (CustomerId, NewCustomer) {
        let both = with_phone(with_email(new_customer("WB-9", "Dana Rivera"), OLD), NUMBER);
        self.import(std::slice::from_ref(&both)).await;
        (self.of_account("WB-9").await, both)
    }

    pub(crate) async fn of_account(&self, account_no: &str) -> CustomerId {
        let found = self.store.identify(CustomerKey::Account(account_no)).await.expect("an answer");
        found[0].id
    }
}

async fn desk(fixture: &TestStore) -> (Terminal, CustomerId) {
    let desk = Terminal::new(fixture.open().await);
    let customer = desk.customer("WB-1").await;
    (desk, customer)
}

on_each_store! {
    async fn security_17_a_pending_code_does_not_verify_after_the_change(fixture) {
        let (desk, _) = desk(&fixture).await;
        let (customer, both) = desk.with_both().await;
        let by_email = desk.issue(&wish(customer, "111111")).await;
        assert_eq!(desk.enter(&by_email.id, "000000").await, Outcome::Wrong);
        let by_sms = desk.issue(&Wish {
            purpose: "complaint".into(),
            ..over(customer, phone(NUMBER))
        }).await;
        let other = desk.issue(&wish(desk.customer("WB-2").await, "333333")).await;

        desk.import(&[with_email(both, NEW)]).await;
        assert_eq!(desk.enter(&by_email.id, "111111").await, Outcome::Superseded);
        let closed = desk.request(&by_email.id).await;
        assert_eq!((closed.status, closed.attempts), (Status::Cancelled, 1));
        let digests = "SELECT COUNT(*) FROM core_otp WHERE otp_code <> ''";
        assert_eq!(fixture.number(digests).await, 2, "the digest is erased");
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_outbox").await, 2, "nothing is sent");
        let waiting = desk.store.queue_stats().await.expect("an answer").length;
        assert_eq!(waiting, 3, "the one before is to be told");
        let cancelled = desk.entries(EventKind::Cancelled).await;
        assert_eq!(cancelled.len(), 1);
        assert_eq!(cancelled[0].request.as_ref(), Some(&by_email.id));
        assert_eq!(cancelled[0].detail.as_deref(), Some("The email address was changed."));
        // What went elsewhere, and what is somebody else's, stays.
        assert_eq!(desk.enter(&by_sms.id, "222222").await, Outcome::Verified);
        assert_eq!(desk.enter(&other.id, "333333").await, Outcome::Verified);
    }

    async fn security_17_a_change_wins_no_guesses_back(fixture) {
        let (mut desk, customer) = desk(&fixture).await;
        desk.policy.contact_quarantine = Duration::ZERO;
        let first = desk.issue(&wish(customer, "111111")).await;
        for _ in 0..4 {
            assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
        }
        desk.import(&[dana(NEW)]).await;
        let second = desk.issue(&over(customer, email(NEW))).await;
        assert_eq!(second.attempts, 4);
    }

    async fn security_17_the_old_contact_is_told_and_the_new_one_is_not(fixture) {
        let (desk, customer) = desk(&fixture).await;
        desk.issue(&wish(customer, "111111")).await;
        desk.import(&[dana(NEW)]).await;
        let notices = desk.notices().await;
        assert_eq!(notices.len(), 1, "{notices:?}");
        let told = &notices[0];
        assert_eq!((told.contact.as_str(), told.customer), (OLD, customer));
        assert_eq!((told.customer_name.as_str(), told.tries), ("Dana Rivera", 1));
        let changed = desk.entries(EventKind::ContactChanged).await;
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].contact.as_deref(), Some("m***@example.org"));
        let detail = "The email address was d***@example.org before.";
        assert_eq!(changed[0].detail.as_deref(), Some(detail));
        assert_eq!(changed[0].customer.as_ref().map(|it| it.id), Some(customer));
    }

    async fn security_17_the_new_contact_is_refused_until_its_time_is_over(fixture) {
        let (desk, _) = desk(&fixture).await;
        let (customer, both) = desk.with_both().await;
        desk.issue(&wish(customer, "111111")).await;
        desk.import(&[with_email(both, NEW)]).await;
        let held = quarantined(desk.asks(customer, email(NEW)).await);
        assert_eq!((held.kind, held.other_until), (ContactKind::Email, None));
        assert_eq!(held.until.since(held.changed_at), Duration::from_hours(24));
        desk.issue(&over(customer, phone(NUMBER))).await;

        fixture.pass(24 * HOUR - 10_000).await;
        quarantined(desk.asks(customer, email(NEW)).await);
        fixture.pass(10_000).await;
        let request = desk.issue(&over(customer, email(NEW))).await;
        assert_eq!(desk.enter(&request.id, "222222").await, Outcome::Verified);
    }

    async fn security_17_where_both_were_changed_both_wait_and_it_is_said(fixture) {
        let (desk, _) = desk(&fixture).await;
        let (customer, both) = desk.with_both().await;
        fixture.pass(HOUR).await;
        let number = "+1 555 010 0199";
        desk.import(&[with_phone(with_email(both, NEW), number)]).await;
        let held = quarantined(desk.asks(customer, phone(number)).await);
        assert_eq!((held.kind, held.other_until), (ContactKind::Phone, Some(held.until)));
        let mut told = desk.told().await;
        told.sort();
        assert_eq!(told, ["+15550100142", OLD]);
    }

    async fn security_17_a_quarantine_can_be_turned_off_and_the_rest_stays(fixture) {
        let (mut desk, customer) = desk(&fixture).await;
        desk.policy.contact_quarantine = Duration::ZERO;
        let before = desk.issue(&wish(customer, "111111")).await;
        desk.import(&[dana(NEW)]).await;
        let after = desk.issue(&over(customer, email(NEW))).await;
        assert_eq!(desk.enter(&before.id, "111111").await, Outcome::Superseded);
        assert_eq!(desk.enter(&after.id, "222222").await, Outcome::Verified);
        assert_eq!(desk.told().await, [OLD]);
    }

    async fn security_17_first_sight_and_another_writing_are_no_change(fixture) {
        let (desk, _) = desk(&fixture).await;
        let (customer, both) = desk.with_both().await;
        let mut desk_of_tests = desk.clone();
        desk_of_tests.policy.contact_quarantine = Duration::from_hours(720);
        let request = desk_of_tests.issue(&wish(customer, "111111")).await;
        desk.import(&[with_email(both, "Dana.Rivera@EXAMPLE.org")]).await;
        assert_eq!(desk.enter(&request.id, "111111").await, Outcome::Verified);
        let again = over(customer, email("Dana.Rivera@EXAMPLE.org"));
        desk_of_tests.issue(&again).await;
        desk_of_tests.issue(&over(customer, phone("+1 (555) 010-0142"))).await;
        assert_eq!(desk.told().await, [] as [&str; 0]);
        assert!(desk.entries(EventKind::ContactChanged).await.is_empty());
    }

    async fn security_17_an_import_protects_who_was_never_sent_a_code(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let person = |at: u32, address: &str| {
            with_email(new_customer(&format!("WB-{at}"), "Dana Rivera"), address)
        };
        let batch: Vec<_> = (0..50).map(|at| person(at, &format!("p{at}@example.org"))).collect();
        desk.import(&batch).await;
        let mut changed = batch.clone();
        changed[7] = person(7, NEW);
        let count = desk.import(&changed).await;
        assert_eq!((count.changed, count.unchanged), (1, 49));
        assert_eq!(desk.told().await, ["p7@example.org"]);
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_contact").await, 1);
        quarantined(desk.asks(desk.of_account("WB-7").await, email(NEW)).await);
        desk.issue(&over(desk.of_account("WB-8").await, email("p8@example.org"))).await;
    }

    async fn security_17_a_contact_taken_out_and_put_in_anew_is_a_change(fixture) {
        let (desk, customer) = desk(&fixture).await;
        let request = desk.issue(&wish(customer, "111111")).await;
        let without = new_customer("WB-1", "Dana Rivera");
        desk.import(std::slice::from_ref(&without)).await;
        assert_eq!(desk.enter(&request.id, "111111").await, Outcome::Superseded);
        assert_eq!(desk.told().await, [OLD]);
        desk.import(&[dana(NEW)]).await;
        quarantined(desk.asks(customer, email(NEW)).await);
        desk.import(&[without]).await;
        desk.import(&[dana(NEW)]).await;
        quarantined(desk.asks(customer, email(NEW)).await);
    }

    async fn security_17_a_change_in_the_offices_own_table_is_noticed_when_a_code_is_asked_for(
        fixture
    ) {
        let office = Office::new(fixture.kind());
        office.make_table().await;
        office.register(1, "K-1", "Ada", "0151 12345678").await;
        let desk = Terminal::new(office.open().await);
        let (customer, old) = (CustomerId(1), phone("+49 151 12345678"));
        let request = desk.issue(&over(customer, old.clone())).await;
        let number = |raw: &str| format!("UPDATE core_customer SET phone = '{raw}' WHERE id = 1");
        office.sql(&number("+49 (151) 1234-5678")).await;
        assert_eq!(desk.reissue_to(&request, &old).await, "sent");

        office.sql(&number("0160 7654321")).await;
        let new = phone("+49 160 7654321");
        let pending = desk.request(&request.id).await;
        assert_eq!(desk.reissue_to(&pending, &new).await, "held back");
        assert_eq!(desk.enter(&request.id, "222222").await, Outcome::Superseded);
        assert_eq!(desk.told().await, ["+4915112345678"]);
        quarantined(desk.asks(customer, new.clone()).await);
        assert_eq!(desk.told().await, [] as [&str; 0], "once");
        // Who has read the record before it was changed reads it again.
        let stale = desk.asks(customer, old).await;
        assert!(matches!(stale, IssueOutcome::Outdated), "{stale:?}");
        office.fixture.pass(24 * HOUR).await;
        desk.issue(&over(customer, new)).await;
    }

    async fn security_17_a_confirmed_contact_waits_no_longer(fixture) {
        let (desk, customer) = desk(&fixture).await;
        desk.import(&[dana(NEW)]).await;
        let confirm = async |act: &str, kind| {
            let why = "showed a passport";
            let done = desk.store.confirm_contact(act, customer, kind, why, &desk.actor).await;
            done.expect("an answer")
        };
        assert!(!confirm("act 0", ContactKind::Phone).await, "that one was not changed");
        assert!(confirm("act 1", ContactKind::Email).await);
        assert!(confirm("act 1", ContactKind::Email).await, "told again");
        assert!(!confirm("act 2", ContactKind::Email).await);
        desk.issue(&over(customer, email(NEW))).await;
        let confirmed = desk.entries(EventKind::ContactConfirmed).await;
        assert_eq!(confirmed.len(), 1);
        assert_eq!(confirmed[0].detail.as_deref(), Some("showed a passport"));
        assert_eq!(confirmed[0].contact.as_deref(), Some("m***@example.org"));
    }

    async fn security_17_a_notice_is_one_terminals_at_a_time_and_taken_over_when_it_died(fixture) {
        let (desk, _) = desk(&fixture).await;
        desk.import(&[dana(NEW)]).await;
        let elsewhere = desk.store.claim_notices(&["smtp"], 9).await.expect("an answer");
        assert!(elsewhere.is_empty(), "another provider's");
        let first = desk.notices().await.remove(0);
        assert!(desk.notices().await.is_empty(), "somebody is at it");
        let next = desk.store.next_notice_due(&["tray"]).await.expect("an answer").expect("a time");
        assert!(next > Duration::from_secs(100) && next <= Duration::from_mins(2), "{next:?}");
        fixture.pass(120_000).await;
        let second = desk.notices().await.remove(0);
        assert_eq!((second.id, second.tries), (first.id, 2));
        // Who comes back too late can undo nothing.
        desk.concludes(&first, &SendReport::sent(None), NoticeStep::Told).await;
        assert!(desk.entries(EventKind::NoticeSent).await.is_empty());
        desk.concludes(&second, &SendReport::sent(None), NoticeStep::Told).await;
        let told = desk.entries(EventKind::NoticeSent).await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].contact.as_deref(), Some("d***@example.org"));
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_notice").await, 0);
        assert_eq!(desk.store.next_notice_due(&["tray"]).await.expect("an answer"), None);
    }

    async fn security_17_a_notice_that_no_terminal_can_send_is_anybodys_after_five_days(fixture) {
        let (desk, _) = desk(&fixture).await;
        desk.import(&[dana(NEW)]).await;
        let elsewhere = async || desk.store.claim_notices(&["smtp"], 9).await.expect("an answer");
        let wait = async || desk.store.next_notice_due(&["smtp"]).await.expect("an answer");
        assert!(elsewhere().await.is_empty());
        let days = Duration::from_hours(5 * 24);
        let left = wait().await.expect("a time");
        assert!(left <= days && left + Duration::from_mins(1) > days, "{left:?}");
        fixture.pass(5 * 24 * 3_600_000).await;
        // Somebody who has its provider is at it: then it is nobody else's.
        let owners = desk.notices().await;
        assert_eq!(owners.len(), 1);
        assert!(elsewhere().await.is_empty());
        assert!(wait().await.is_some_and(|it| it > Duration::from_mins(1)));
        fixture.pass(120_000).await;
        assert_eq!(wait().await, Some(Duration::ZERO));
        let taken = elsewhere().await;
        assert_eq!((taken.len(), &*taken[0].provider), (1, "tray"));
    }

    async fn security_17_a_notice_that_cannot_come_is_given_up_with_an_entry(fixture) {
        let (desk, _) = desk(&fixture).await;
        desk.import(&[dana(NEW)]).await;
        let notice = desk.notices().await.remove(0);
        let gone = SendReport {
            state: DeliveryState::Undeliverable,
            provider_id: None,
            detail: Some("There is no such mailbox.".into()),
            fault: Some(FailureClass::Recipient(ContactFailure::UnknownMailbox)),
        };
        desk.concludes(&notice, &gone, NoticeStep::Again(Duration::from_mins(1))).await;
        assert!(desk.notices().await.is_empty(), "it waits");
        fixture.pass(60_000).await;
        let notice = desk.notices().await.remove(0);
        desk.concludes(&notice, &gone, NoticeStep::GivenUp).await;
        let given_up = desk.entries(EventKind::NoticeNotSent).await;
        assert_eq!(given_up.len(), 1);
        assert_eq!(given_up[0].outcome, Some(Outcome::Undeliverable));
        assert_eq!(given_up[0].detail.as_deref(), Some("By tray. There is no such mailbox."));
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_notice").await, 0);
    }

    async fn security_17_a_change_and_a_code_that_is_asked_for_do_not_miss_each_other(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..20 {
            let (asking, importing) = (fixture.open().await, fixture.open().await);
            let account = format!("WB-{at}");
            let customer = desk.customer(&account).await;
            tasks.spawn(race(asking, importing, account, customer));
        }
        for (request, customer) in tasks.join_all().await {
            // Either the code was stored first and is revoked, or it was never stored.
            if let Some(request) = request {
                assert_eq!(desk.enter(&request, "222222").await, Outcome::Superseded);
            }
            quarantined(desk.asks(customer, email(NEW)).await);
        }
    }
}

/// The customer's guard holds the import back until the code is stored; without
/// it the import would see no code to revoke.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn security_17_a_change_waits_for_a_code_that_is_just_being_stored() {
    let fixture = TestStore::new(Kind::Postgres);
    let (desk, customer) = desk(&fixture).await;
    desk.issue(&wish(customer, "111111")).await;
    let (asking, importing) =
        (Terminal::new(fixture.open().await), Terminal::new(fixture.open().await));
    let mut other = crate::support::postgres(fixture.database()).await;
    // Nobody queues a message now, so that the code is stored no further than that.
    let hold = "BEGIN; LOCK TABLE core_delivery IN SHARE ROW EXCLUSIVE MODE";
    sqlx::raw_sql(hold).execute(&mut other).await.expect("held");
    let asked = tokio::spawn(async move { asking.issue(&wish(customer, "222222")).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let changed = tokio::spawn(async move { importing.import(&[dana(NEW)]).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    sqlx::raw_sql("COMMIT").execute(&mut other).await.expect("let go");
    let request = asked.await.expect("an end");
    changed.await.expect("an end");
    assert_eq!(desk.enter(&request.id, "222222").await, Outcome::Superseded);
}

/// A code to the old address is asked for while that is changed.
async fn race(
    asking: Arc<SqlStore>,
    importing: Arc<SqlStore>,
    account: String,
    customer: CustomerId,
) -> (Option<RequestId>, CustomerId) {
    let (asking, importing) = (Terminal::new(asking), Terminal::new(importing));
    let changed = with_email(new_customer(&account, "Dana Rivera"), NEW);
    let changed = [changed];
    let (issued, _) = tokio::join!(asking.asks(customer, email(OLD)), importing.import(&changed));
    let request = match issued {
        IssueOutcome::Fresh(request) => Some(request.id),
        IssueOutcome::Outdated => None,
        other => panic!("{other:?}"),
    };
    (request, customer)
}
