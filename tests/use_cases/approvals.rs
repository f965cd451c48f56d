//! Acts that take a second admin: who approves, and that each is carried out once.

use countersign::domain::approval::{Approval, GuardedAct};
use countersign::domain::purpose::{Attested, Purpose};
use countersign::domain::session::SessionToken;
use countersign::domain::staff::AccountName;
use countersign::service::DeskError;
use countersign::service::api::{Answer, Authentication, Call, Caller, Role};
use countersign::service::approvals::calls::{
    ApproveAct, LeaveVouch, ListApprovals, RefuseAct, VouchFor,
};
use countersign::service::approvals::vouch::Vouched;
use countersign::service::approvals::{ApprovalOutcome, RefusalOutcome};
use countersign::service::customers::calls::UnlockCustomer;
use countersign::service::staff::StaffAct;
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::upkeep::calls::RunMaintenanceStep;
use countersign::service::upkeep::maintenance::MaintenanceRun;

use super::*;

/// An office in which every guarded act takes a second admin.
async fn office() -> Bench {
    let all = vec![GuardedAct::Unlock, GuardedAct::Confirm, GuardedAct::Purge];
    Bench::new(Scripted::fine(), |office| office.four_eyes = all).await
}

async fn as_admin(desk: &Desk, clerk: &str, call: impl Into<Call>) -> Answer {
    let actor = Actor { clerk: clerk.into(), counter: "3".into() };
    let caller =
        Caller { actor, role: Role::Admin, authentication: Authentication::PeerCredentials };
    desk.handle(&caller, call.into(), RetryPolicy::brief()).await
}

fn unlock(customer: &Customer, reason: &str, key: &str) -> UnlockCustomer {
    UnlockCustomer { customer: customer.id, reason: reason.into(), key: key.into() }
}

/// What an act waits as.
fn waits(answer: &Answer) -> Approval {
    match answer.error() {
        Some(DeskError::AwaitsApproval(approval)) => (**approval).clone(),
        other => panic!("it does not wait: {other:?}"),
    }
}

async fn approve(desk: &Desk, clerk: &str, approval: &Approval) -> ApprovalOutcome {
    let call = ApproveAct { approval: approval.id.clone() };
    let answer = as_admin(desk, clerk, call).await;
    let Answer::ApproveAct(Ok(outcome)) = answer else { panic!("{answer:?}") };
    outcome
}

async fn with_a_wrong_code(bench: &Bench) -> Customer {
    let dana = bench.customer("WB-1", None).await;
    let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    assert_eq!(bench.verify(&request, &other(&code)).await, Outcome::Wrong);
    dana
}

const FAILURES: &str = "SELECT failures FROM core_guard";
const UNLOCKED: &str = "SELECT COUNT(*) FROM core_event WHERE kind = 'unlocked'";

#[tokio::test]
async fn security_31_an_act_that_takes_two_admins_is_never_done_by_one() {
    let bench = office().await;
    let dana = with_a_wrong_code(&bench).await;
    let asked = as_admin(&bench.desk, "amira", unlock(&dana, "she showed an id", "k")).await;
    let waiting = waits(&asked);
    assert_eq!(waiting.target, "unlock Dana Rivera (WB-1)");
    let again = as_admin(&bench.desk, "amira", unlock(&dana, "she showed an id", "k")).await;
    assert_eq!(waits(&again).id, waiting.id, "the same act told twice waits once");
    assert_eq!(bench.number(FAILURES).await, 1, "nothing was done");

    let own = approve(&bench.desk, "amira", &waiting).await;
    assert!(matches!(own, ApprovalOutcome::Yourself(_)), "{own:?}");
    assert_eq!(bench.number(FAILURES).await, 1);
    let listed = as_admin(&bench.desk, "boss", ListApprovals).await;
    let Answer::ListApprovals(Ok(listed)) = listed else { panic!("{listed:?}") };
    assert_eq!(listed, std::slice::from_ref(&waiting));

    let done = approve(&bench.desk, "boss", &waiting).await;
    let ApprovalOutcome::CarriedOut { approval, changed: true } = &done else { panic!("{done:?}") };
    assert_eq!(approval.approved_by.as_deref(), Some("boss"));
    assert_eq!(bench.number(FAILURES).await, 0);
    let third = approve(&bench.desk, "third", &waiting).await;
    assert!(matches!(third, ApprovalOutcome::ByAnother(_)), "{third:?}");
    // Who asked and why, who approved, and what was done.
    let log = bench.desk.log(&EventFilter::default(), EventPage::Newest, 50).await.expect("a log");
    let said = |kind: EventKind| {
        let mut of_kind = log.iter().filter(|it| it.kind == kind);
        let event = of_kind.next().unwrap_or_else(|| panic!("no {kind:?}"));
        assert_eq!(of_kind.count(), 0, "{kind:?} once");
        (event.actor.clerk.clone(), event.detail.clone().unwrap_or_default())
    };
    let (who, what) = said(EventKind::ApprovalAsked);
    assert!(who == "amira" && what.contains("she showed an id"), "{who}: {what}");
    let (who, what) = said(EventKind::Approved);
    assert!(who == "boss" && what.contains("amira"), "{who}: {what}");
    let done = ("amira".to_owned(), "she showed an id; approved by boss".to_owned());
    assert_eq!(said(EventKind::Unlocked), done);
    // The first admin, who lost the answer, is told of it.
    let told = as_admin(&bench.desk, "amira", unlock(&dana, "she showed an id", "k")).await;
    assert!(matches!(told, Answer::UnlockCustomer(Ok(true))), "{told:?}");
    assert_eq!(bench.number(UNLOCKED).await, 1);
}

async fn refuse(desk: &Desk, clerk: &str, approval: &Approval) -> RefusalOutcome {
    let call = RefuseAct { approval: approval.id.clone() };
    let answer = as_admin(desk, clerk, call).await;
    let Answer::RefuseAct(Ok(outcome)) = answer else { panic!("{answer:?}") };
    outcome
}

#[tokio::test]
async fn security_31_an_act_that_was_refused_is_not_done() {
    let bench = office().await;
    let dana = with_a_wrong_code(&bench).await;
    let waiting = waits(&as_admin(&bench.desk, "amira", unlock(&dana, "an id", "k")).await);
    for _ in 0..2 {
        let refused = refuse(&bench.desk, "boss", &waiting).await;
        assert!(matches!(refused, RefusalOutcome::Refused(_)), "{refused:?}");
    }
    let entries = "SELECT COUNT(*) FROM core_event WHERE kind = 'approval_refused'";
    assert_eq!(bench.number(entries).await, 1, "told twice, done once");
    let late = approve(&bench.desk, "third", &waiting).await;
    assert!(matches!(late, ApprovalOutcome::Expired(_)), "{late:?}");
    assert_eq!(bench.number(FAILURES).await, 1, "nothing was done");
    // Whoever asked takes it back; what was approved stays so.
    let own = waits(&as_admin(&bench.desk, "amira", unlock(&dana, "an id", "k2")).await);
    let taken_back = refuse(&bench.desk, "amira", &own).await;
    assert!(matches!(taken_back, RefusalOutcome::Refused(_)), "{taken_back:?}");
    let third = waits(&as_admin(&bench.desk, "amira", unlock(&dana, "an id", "k3")).await);
    approve(&bench.desk, "boss", &third).await;
    let refused = refuse(&bench.desk, "third", &third).await;
    assert!(matches!(refused, RefusalOutcome::Approved(_)), "{refused:?}");
    assert_eq!(bench.number(FAILURES).await, 0);
    assert_eq!(bench.number(entries).await, 2);
}

#[tokio::test]
async fn of_fifty_admins_who_approve_at_once_one_carries_the_act_out() {
    let bench = office().await;
    let dana = with_a_wrong_code(&bench).await;
    let waiting = waits(&as_admin(&bench.desk, "amira", unlock(&dana, "an id", "k")).await);
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..50 {
        let (desk, waiting) = (bench.desk.clone(), waiting.clone());
        tasks.spawn(async move { approve(&desk, &format!("boss {at}"), &waiting).await });
    }
    let outcomes = tasks.join_all().await;
    let count = |is: fn(&ApprovalOutcome) -> bool| outcomes.iter().filter(|it| is(it)).count();
    assert_eq!(count(|it| matches!(it, ApprovalOutcome::CarriedOut { .. })), 1, "{outcomes:?}");
    assert_eq!(count(|it| matches!(it, ApprovalOutcome::ByAnother(_))), 49, "{outcomes:?}");
    assert_eq!(bench.number(UNLOCKED).await, 1);
    let approved = "SELECT COUNT(*) FROM core_event WHERE kind = 'approved'";
    assert_eq!(bench.number(approved).await, 1);
}

#[tokio::test]
async fn an_act_needs_a_reason_whether_or_not_it_takes_two() {
    for bench in [office().await, Bench::new(Scripted::fine(), |_| {}).await] {
        let dana = with_a_wrong_code(&bench).await;
        for reason in ["", "  ", "\u{1b}\u{7}"] {
            let asked = as_admin(&bench.desk, "amira", unlock(&dana, reason, "k")).await;
            assert!(matches!(asked.error(), Some(DeskError::NoReason)), "{reason:?}: {asked:?}");
        }
        assert_eq!(bench.number(FAILURES).await, 1);
    }
}

#[tokio::test]
async fn an_act_waits_for_a_quarter_of_an_hour() {
    let bench = office().await;
    let dana = with_a_wrong_code(&bench).await;
    let waiting = waits(&as_admin(&bench.desk, "amira", unlock(&dana, "an id", "k")).await);
    // The end is signed before the row is written, a moment earlier.
    let seconds = waiting.expires_at.since(waiting.asked_at).as_secs();
    assert!((890..=900).contains(&seconds), "{seconds}");
    // An end that was moved by hand is not the desk's.
    bench.behind_its_back("UPDATE core_approval SET expires_at = created_at").await;
    let late = approve(&bench.desk, "boss", &waiting).await;
    assert_eq!(late, ApprovalOutcome::NotFound);
    assert_eq!(bench.number(FAILURES).await, 1);
    let again = as_admin(&bench.desk, "amira", unlock(&dana, "an id", "k")).await;
    assert_ne!(waits(&again).id, waiting.id, "it is asked for again");
}

#[tokio::test]
async fn security_54_an_act_that_nobody_asked_the_desk_for_cannot_be_approved() {
    let bench = office().await;
    let dana = with_a_wrong_code(&bench).await;
    let waiting = waits(&as_admin(&bench.desk, "amira", unlock(&dana, "an id", "k")).await);
    // Another asker, so that who asked approves it.
    bench.behind_its_back("UPDATE core_approval SET clerk = 'mallory'").await;
    let forged = approve(&bench.desk, "amira", &waiting).await;
    assert_eq!(forged, ApprovalOutcome::NotFound);
    bench.behind_its_back("UPDATE core_approval SET clerk = 'amira', act = 'purge'").await;
    assert_eq!(approve(&bench.desk, "boss", &waiting).await, ApprovalOutcome::NotFound);
    assert_eq!(bench.number(FAILURES).await, 1);
}

#[tokio::test]
async fn security_54_an_act_that_reads_otherwise_than_it_was_asked_is_neither_listed_nor_approved()
{
    let bench = office().await;
    let dana = with_a_wrong_code(&bench).await;
    let waiting = waits(&as_admin(&bench.desk, "amira", unlock(&dana, "an id", "k")).await);
    let list = || async { bench.desk.approvals().await.expect("a list") };
    for (forge, back) in [
        (
            "UPDATE core_approval SET target = 'unlock Bo'",
            "UPDATE core_approval SET target = 'unlock Dana Rivera (WB-1)'",
        ),
        (
            "UPDATE core_approval SET reason = 'a court order'",
            "UPDATE core_approval SET reason = 'an id'",
        ),
        ("UPDATE core_approval SET counter = '4'", "UPDATE core_approval SET counter = '3'"),
        (
            "UPDATE core_approval SET expires_at = expires_at + 60000",
            "UPDATE core_approval SET expires_at = expires_at - 60000",
        ),
        ("UPDATE core_approval SET customer_id = NULL", "UPDATE core_approval SET customer_id = 1"),
    ] {
        bench.behind_its_back(forge).await;
        assert_eq!(list().await, [], "{forge}");
        let forged = approve(&bench.desk, "boss", &waiting).await;
        assert_eq!(forged, ApprovalOutcome::NotFound, "{forge}");
        bench.behind_its_back(back).await;
        assert_eq!(list().await, std::slice::from_ref(&waiting), "{back}");
    }
    assert_eq!(bench.number(FAILURES).await, 1);
}

#[tokio::test]
async fn who_is_no_admin_any_more_has_nothing_approved() {
    let bench = office().await;
    let dana = with_a_wrong_code(&bench).await;
    let account = |name: &str| name.parse::<AccountName>().expect("an account");
    for name in ["boss", "cleo"] {
        let add = StaffAct::Add(Role::Admin);
        bench.desk.change_staff(&account(name), add).await.expect("an outcome");
    }
    let waiting = waits(&as_admin(&bench.desk, "cleo", unlock(&dana, "an id", "k")).await);
    let demote = StaffAct::SetRole(Role::Clerk);
    bench.desk.change_staff(&account("cleo"), demote).await.expect("an outcome");
    let refused = approve(&bench.desk, "boss", &waiting).await;
    assert!(matches!(refused, ApprovalOutcome::AskerMayNot(_)), "{refused:?}");
    assert_eq!(bench.number(FAILURES).await, 1);
}

#[tokio::test]
async fn a_purge_waits_as_a_whole_and_is_run_as_a_whole() {
    let bench = office().await;
    with_a_wrong_code(&bench).await;
    bench.behind_its_back("UPDATE core_event SET at = at - 100000 * 86400000").await;
    bench
        .behind_its_back(
            "INSERT INTO core_trial (contact, clerk, counter, created_at) \
             VALUES ('ops@office.example', 'boss', '1', 0)",
        )
        .await;
    let (old_events, old_tests) =
        ("SELECT COUNT(*) FROM core_event WHERE at < 0", "SELECT COUNT(*) FROM core_trial");
    let events = bench.number(old_events).await;
    assert!(events > 0);
    let step = RunMaintenanceStep {
        run: MaintenanceRun::default(),
        reason: "the lawyer said so".into(),
        key: "k".into(),
    };
    let waiting = waits(&as_admin(&bench.desk, "amira", step).await);
    assert_eq!(bench.number(old_tests).await, 1);
    let done = approve(&bench.desk, "boss", &waiting).await;
    assert!(matches!(done, ApprovalOutcome::CarriedOut { changed: true, .. }), "{done:?}");
    assert_eq!(bench.number(old_tests).await, 0);
    // The log is the owner's: two admins do not purge it either.
    assert_eq!(bench.number(old_events).await, events);
    let told = "SELECT COUNT(*) FROM core_event WHERE kind = 'maintained' \
                AND detail LIKE '%the lawyer said so; approved by boss'";
    assert_eq!(bench.number(told).await, 1);
}

/// An office in which a colleague's word is enough for one purpose.
async fn vouching() -> (Bench, Customer) {
    let bench = Bench::new(Scripted::fine(), |office| {
        let taking = |name: &str| Purpose { second_person: Attested::Alone, ..name.into() };
        office.purposes = vec![taking("a closure"), "a question".into(), taking("a move")];
    })
    .await;
    let dana = bench.customer("WB-1", None).await;
    (bench, dana)
}

fn vouch(customer: &Customer, purpose: &str, key: &str) -> VouchFor {
    VouchFor {
        customer: customer.id,
        purpose: purpose.into(),
        reason: "lost the phone".into(),
        key: key.into(),
        session: None,
    }
}

async fn as_clerk(desk: &Desk, clerk: &str, call: impl Into<Call>) -> Answer {
    let actor = Actor { clerk: clerk.into(), counter: "3".into() };
    let caller =
        Caller { actor, role: Role::Clerk, authentication: Authentication::PeerCredentials };
    desk.handle(&caller, call.into(), RetryPolicy::brief()).await
}

#[tokio::test]
async fn security_69_a_second_person_approves_once_for_this_act_and_never_oneself() {
    let (bench, dana) = vouching().await;
    let desk = &bench.desk;
    let gate = async |purpose| desk.verified_now("WB-1", purpose).await.expect("read").is_some();
    let asked = waits(&as_clerk(desk, "amira", vouch(&dana, "a closure", "k")).await);
    assert!(asked.target.contains("Dana Rivera (WB-1), for \"a closure\""), "{}", asked.target);
    assert!(!gate("a closure").await, "nobody has approved it");
    assert!(matches!(approve(desk, "amira", &asked).await, ApprovalOutcome::Yourself(_)));
    // A clerk approves nothing.
    let refused = as_clerk(desk, "bo", ApproveAct { approval: asked.id.clone() }).await;
    assert!(matches!(refused.error(), Some(DeskError::Forbidden { .. })), "{refused:?}");
    let done = approve(desk, "boss", &asked).await;
    assert!(matches!(done, ApprovalOutcome::CarriedOut { .. }), "{done:?}");
    assert!(!gate("a closure").await, "the counter that asked goes on with it");

    // The approval is for this act, whoever tells another one under its key.
    let other = bench.customer("WB-2", None).await;
    let elsewhere = as_clerk(desk, "amira", vouch(&other, "a closure", "k")).await;
    assert_ne!(waits(&elsewhere).id, asked.id, "another customer");
    let elsewhere = as_clerk(desk, "amira", vouch(&dana, "a move", "k")).await;
    assert_ne!(waits(&elsewhere).id, asked.id, "another purpose");
    let elsewhere = as_clerk(desk, "bo", vouch(&dana, "a closure", "k")).await;
    assert_ne!(waits(&elsewhere).id, asked.id, "another clerk");

    let mut told = Vec::new();
    for _ in 0..3 {
        let answer = as_clerk(desk, "amira", vouch(&dana, "a closure", "k")).await;
        let Answer::VouchFor(Ok(Vouched::Approved(it))) = answer else { panic!("{answer:?}") };
        told.push((it.session.id.clone(), it.token.reveal().to_string()));
        assert_eq!(it.session.factors.to_string(), "second-person");
    }
    assert!(told.iter().all(|it| *it == told[0]), "one session, however often it is told");
    assert!(gate("a closure").await && !gate("a move").await && !gate("a question").await);
    let log = desk.log(&EventFilter::default(), EventPage::Newest, 50).await.expect("a log");
    let entries: Vec<_> = log.iter().filter(|it| it.kind == EventKind::Vouched).collect();
    assert_eq!(entries.len(), 1);
    let detail = entries[0].detail.as_deref().expect("a detail");
    let said = detail.contains("approved by boss") && detail.contains(": lost the phone; told: ");
    assert!(said, "{detail}");
    assert_eq!(entries[0].actor.clerk, "amira");
    let named = entries[0].verification();
    assert_eq!(named.as_ref(), Some(&told[0].0.to_string()), "it can be disowned: {detail}");
}

#[tokio::test]
async fn what_is_waited_for_no_more_is_over_for_admins_too() {
    let (bench, dana) = vouching().await;
    let desk = &bench.desk;
    let asked = waits(&as_clerk(desk, "amira", vouch(&dana, "a closure", "k")).await);
    let leave = async |clerk: &str| {
        let call = LeaveVouch { asked: vouch(&dana, "a closure", "k") };
        let answer = as_clerk(desk, clerk, call).await;
        let Answer::LeaveVouch(Ok(waited)) = answer else { panic!("{answer:?}") };
        waited
    };
    assert!(!leave("bo").await, "another clerk asked for it");
    assert_eq!(desk.approvals().await.expect("a list").len(), 1);
    assert!(leave("amira").await);
    assert!(!leave("amira").await, "once");
    assert_eq!(desk.approvals().await.expect("a list"), []);
    let late = approve(desk, "boss", &asked).await;
    assert!(matches!(late, ApprovalOutcome::Expired(_)), "{late:?}");
    let log = desk.log(&EventFilter::default(), EventPage::Newest, 50).await.expect("a log");
    let refused: Vec<_> = log.iter().filter(|it| it.kind == EventKind::ApprovalRefused).collect();
    let detail = refused[0].detail.as_deref().unwrap_or_default();
    assert!(refused.len() == 1 && detail.contains("withdrawn by amira"), "{detail}");
}

#[tokio::test]
async fn security_69_an_approval_that_was_written_into_the_store_by_hand_approves_nothing() {
    let (bench, dana) = vouching().await;
    let desk = &bench.desk;
    let asked = waits(&as_clerk(desk, "amira", vouch(&dana, "a closure", "k")).await);
    bench.behind_its_back("UPDATE core_approval SET approved_by = 'boss', approved_at = 1").await;
    let again = waits(&as_clerk(desk, "amira", vouch(&dana, "a closure", "k")).await);
    assert_eq!((again.id, again.approved_by), (asked.id.clone(), None));
    // Nor one that was given to another act.
    let other = waits(&as_clerk(desk, "amira", vouch(&dana, "a move", "l")).await);
    bench.behind_its_back("UPDATE core_approval SET approved_by = NULL").await;
    approve(desk, "boss", &other).await;
    bench
        .behind_its_back(
            "UPDATE core_approval SET approved_by = 'boss', \
             approved_key_id = (SELECT MAX(approved_key_id) FROM core_approval), \
             approved_mac = (SELECT MAX(approved_mac) FROM core_approval)",
        )
        .await;
    let again = waits(&as_clerk(desk, "amira", vouch(&dana, "a closure", "k")).await);
    assert_eq!((again.id, again.approved_by), (asked.id, None));
    assert!(desk.verified_now("WB-1", "a closure").await.expect("read").is_none());
}

#[tokio::test]
async fn security_69_no_colleague_is_asked_where_the_purpose_takes_none_or_no_reason_is_given() {
    let (bench, dana) = vouching().await;
    let plain = as_clerk(&bench.desk, "amira", vouch(&dana, "a question", "k")).await;
    assert!(matches!(plain.error(), Some(DeskError::NoSecondPerson)), "{plain:?}");
    let silent = VouchFor { reason: " ".into(), ..vouch(&dana, "a closure", "k") };
    let silent = as_clerk(&bench.desk, "amira", silent).await;
    assert!(matches!(silent.error(), Some(DeskError::NoReason)), "{silent:?}");
    let entries = "SELECT COUNT(*) FROM core_event WHERE kind = 'approval_asked'";
    assert_eq!(bench.number(entries).await, 0);
}

#[tokio::test]
async fn security_69_what_was_refused_does_not_come_back_and_one_clerk_asks_for_few_at_once() {
    let (bench, dana) = vouching().await;
    let desk = &bench.desk;
    let asked = waits(&as_clerk(desk, "amira", vouch(&dana, "a closure", "k")).await);
    refuse(desk, "boss", &asked).await;
    let again = as_clerk(desk, "amira", vouch(&dana, "a closure", "k")).await;
    let error = again.error().expect("refused").to_string();
    assert!(error.contains("refused"), "{error}");
    for key in ["1", "2", "3", "4", "5"] {
        waits(&as_clerk(desk, "amira", vouch(&dana, "a closure", key)).await);
    }
    let flood = as_clerk(desk, "amira", vouch(&dana, "a closure", "6")).await;
    let error = flood.error().expect("refused").to_string();
    assert!(error.contains("wait for approval already"), "{error}");
    waits(&as_clerk(desk, "bo", vouch(&dana, "a closure", "7")).await);
}

#[tokio::test]
async fn security_69_nobody_is_asked_for_a_purpose_that_is_none_of_the_offices() {
    let (bench, dana) = vouching().await;
    let answer = as_clerk(&bench.desk, "amira", vouch(&dana, "passport C01X00T47", "k")).await;
    assert!(matches!(answer, Answer::VouchFor(Ok(Vouched::NoSuchPurpose(_)))), "{answer:?}");
    assert!(!format!("{answer:?}").contains("Dana"), "{answer:?}");
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_approval").await, 0);
}

#[tokio::test]
async fn security_69_the_secret_of_a_session_does_not_wait_in_the_store() {
    let (bench, dana) = vouching().await;
    let token = SessionToken::new([7; 32]);
    let call = VouchFor { session: Some(token.clone()), ..vouch(&dana, "a closure", "k") };
    waits(&as_clerk(&bench.desk, "amira", call).await);
    let kept = "SELECT COUNT(*) FROM core_approval WHERE call_json LIKE '%0707%'";
    assert_eq!(bench.number(kept).await, 0);
}
