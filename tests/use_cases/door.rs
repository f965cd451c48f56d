//! The one door: who may ask for what, and that calls and answers can cross a
//! socket.

use countersign::domain::code::TypedCode;
use countersign::service::DeskError;
use countersign::service::api::{Answer, Authentication, Call, Caller, Permission, Role};
use countersign::service::audit::calls::ReadLog;
use countersign::service::customers::calls::{FindCustomers, UnlockCustomer};
use countersign::service::staff::calls::RescueStaff;
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::calls::{AskForCode, ResendCode, VerifyCode};
use zeroize::Zeroizing;

use super::*;

fn caller(desk: &Desk, role: Role) -> Caller {
    Caller { actor: desk.actor().clone(), role, authentication: Authentication::OwnProcess }
}

/// Through the door as through a socket: the call and its answer are written and
/// read again on the way.
async fn across(desk: &Desk, role: Role, call: impl Into<Call>) -> Answer {
    let written = serde_json::to_string(&call.into()).expect("written");
    let call = serde_json::from_str(&written).expect("read");
    let answer = desk.handle(&caller(desk, role), call, RetryPolicy::brief()).await;
    let written = serde_json::to_string(&answer).expect("written");
    serde_json::from_str(&written).expect("read")
}

#[tokio::test]
async fn a_customer_is_verified_by_values_that_crossed_a_socket() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("+49 151 23456789")).await;
    let found = across(&bench.desk, Role::Clerk, FindCustomers { typed: "dana".into(), limit: 5 });
    let Answer::FindCustomers(Ok(found)) = found.await else { panic!("no customer") };
    assert_eq!(found.customers, [dana.clone().with_masked_contacts()]);
    let ask = CodeRequest {
        customer: dana.id,
        channel: Channel::Email,
        purpose: "pay a bill".into(),
        representative: None,
        idempotency: "an act".into(),
    };
    let asked = across(&bench.desk, Role::Clerk, AskForCode(ask)).await;
    let Answer::AskForCode(Ok(asked)) = asked else { panic!("{asked:?}") };
    let (request, code) = bench.send(asked).await;
    let verify = VerifyCode {
        request: request.id,
        code: TypedCode(Zeroizing::new(code)),
        key: "an act".into(),
        session: None,
    };
    let verified = across(&bench.desk, Role::Clerk, verify).await;
    let Answer::VerifyCode(Ok(Verification::Verified(verified))) = verified else {
        panic!("{verified:?}")
    };
    let alive = bench.desk.touch(&verified.token).await.expect("an answer");
    assert_eq!(alive.map(|it| it.id), Some(verified.session.id));
}

#[tokio::test]
async fn what_a_role_may_not_do_is_refused_before_anything_is_done() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let entries = || bench.number("SELECT COUNT(*) FROM core_event");
    let refusals = || {
        bench.number(
            "SELECT COUNT(*) FROM core_event WHERE kind = 'refused' AND outcome = 'forbidden'",
        )
    };
    let before = entries().await;
    let ask = CodeRequest {
        customer: dana.id,
        channel: Channel::Email,
        purpose: "pay a bill".into(),
        representative: None,
        idempotency: "an act".into(),
    };
    let asked = across(&bench.desk, Role::Auditor, AskForCode(ask)).await;
    let refused = DeskError::Forbidden { role: Role::Auditor, permission: Permission::Verify };
    assert_eq!(asked.error().map(ToString::to_string), Some(refused.to_string()));
    let unlock =
        UnlockCustomer { customer: dana.id, reason: "she asked".into(), key: "an act".into() };
    let unlocked = across(&bench.desk, Role::Clerk, unlock).await;
    assert!(matches!(unlocked.error(), Some(DeskError::Forbidden { .. })), "{unlocked:?}");
    let rescue = RescueStaff { account: "mallory".parse().expect("an account") };
    let mut admin = caller(&bench.desk, Role::Admin);
    admin.authentication = Authentication::PeerCredentials;
    let rescued = bench.desk.handle(&admin, rescue.into(), RetryPolicy::brief()).await;
    assert!(matches!(rescued.error(), Some(DeskError::Forbidden { .. })), "{rescued:?}");
    assert_eq!(refusals().await, 3, "each refusal is in the log");
    assert_eq!(entries().await, before + 3, "and nothing else was done");
    let log = ReadLog { filter: EventFilter::default(), page: EventPage::Newest, limit: 10 };
    let read = across(&bench.desk, Role::Auditor, log).await;
    assert!(read.error().is_none(), "an auditor reads: {read:?}");
}

/// Whoever loses the answer makes the same call again.
#[tokio::test]
async fn a_call_made_twice_is_done_once_and_answered_alike() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let ask = AskForCode(CodeRequest {
        customer: dana.id,
        channel: Channel::Email,
        purpose: "pay a bill".into(),
        representative: None,
        idempotency: "an act".into(),
    });
    let asked = across(&bench.desk, Role::Clerk, ask.clone()).await;
    let Answer::AskForCode(Ok(asked)) = asked else { panic!("{asked:?}") };
    let (request, first) = bench.send(asked).await;
    let again = across(&bench.desk, Role::Clerk, ask).await;
    let Answer::AskForCode(Ok(CodeRequestOutcome::Already(same))) = again else {
        panic!("{again:?}")
    };
    assert_eq!(same.id, request.id);

    let another = ResendCode { request: request.id.clone(), after: request.generation };
    let resent = across(&bench.desk, Role::Clerk, another.clone()).await;
    let Answer::ResendCode(Ok(Some(resent))) = resent else { panic!("{resent:?}") };
    let (_, second) = bench.send(resent).await;
    let again = across(&bench.desk, Role::Clerk, another).await;
    let Answer::ResendCode(Ok(Some(CodeRequestOutcome::Already(same)))) = again else {
        panic!("{again:?}")
    };
    assert_eq!(same.generation, 2, "one code more, not two");

    let verify = |code: &str, key: &str| VerifyCode {
        request: request.id.clone(),
        code: TypedCode(Zeroizing::new(code.to_owned())),
        key: key.to_owned(),
        session: None,
    };
    let mut tries = Vec::new();
    for _ in 0..2 {
        let wrong = across(&bench.desk, Role::Clerk, verify(&other(&second), "a wrong one")).await;
        let Answer::VerifyCode(Ok(Verification::Refused(refused))) = wrong else {
            panic!("{wrong:?}")
        };
        tries.push((refused.outcome, refused.request.attempts));
    }
    assert_eq!(tries, [(Outcome::Wrong, 1), (Outcome::Wrong, 1)]);
    assert_ne!(first, second);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let right = across(&bench.desk, Role::Clerk, verify(&second, "the right one")).await;
        let Answer::VerifyCode(Ok(Verification::Verified(verified))) = right else {
            panic!("{right:?}")
        };
        tokens.push(verified.token.digest());
    }
    assert_eq!(tokens[0], tokens[1], "one session");
    // The same key in the mouth of another clerk is another act.
    let mut other_clerk = caller(&bench.desk, Role::Clerk);
    other_clerk.actor.clerk = "mallory".into();
    let call = verify(&second, "the right one").into();
    let answer = bench.desk.handle(&other_clerk, call, RetryPolicy::brief()).await;
    let Answer::VerifyCode(Ok(Verification::Refused(refused))) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(refused.outcome, Outcome::Used);
}

/// Whoever guesses gets no answer that is not counted, whatever keys they give.
#[tokio::test]
async fn security_04_another_code_under_the_same_key_is_another_attempt() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    let wrong: Vec<_> = (0..20).map(|it| format!("{it:06}")).filter(|it| *it != code).collect();
    for guess in &wrong {
        bench.desk.verify(&request.id, guess, "the same key").await.expect("an answer");
    }
    assert_eq!(bench.number("SELECT attempts FROM core_otp").await, 5);
    let locked = bench.number("SELECT COUNT(*) FROM core_otp WHERE status = 'locked'").await;
    assert_eq!(locked, 1);
    let right = bench.desk.verify(&request.id, &code, "the same key").await.expect("an answer");
    let Verification::Refused(refused) = right else { panic!("{right:?}") };
    assert_eq!(refused.outcome, Outcome::Locked);
}

/// The key of an entry is not the caller's to choose: it would keep another act's entry out
/// of the log.
#[tokio::test]
async fn security_36_no_key_of_a_caller_takes_the_place_of_another_acts_entry() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench.verify(&request, &other(&code)).await;
    let key = format!("expired:{}", request.id);
    let reason = "she asked\u{1b}[2J".to_owned();
    let unlock = UnlockCustomer { customer: dana.id, reason, key };
    let answer = across(&bench.desk, Role::Admin, unlock).await;
    let Answer::UnlockCustomer(Ok(true)) = answer else { panic!("{answer:?}") };
    let taken = "SELECT COUNT(*) FROM core_event WHERE act LIKE 'expired:%'";
    assert_eq!(bench.number(taken).await, 0);
    let steered = "SELECT COUNT(*) FROM core_event WHERE detail LIKE '%' || char(27) || '%'";
    assert_eq!(bench.number(steered).await, 0);
}

#[tokio::test]
async fn a_purpose_is_one_of_the_offices() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let ask = |purpose: &str| {
        AskForCode(CodeRequest {
            customer: dana.id,
            channel: Channel::Email,
            purpose: purpose.to_owned(),
            representative: None,
            idempotency: purpose.to_owned(),
        })
    };
    let fraud = "call +1 900 555 0199 to pay your bill";
    let answer = across(&bench.desk, Role::Clerk, ask(fraud)).await;
    let Answer::AskForCode(Ok(CodeRequestOutcome::Refused(refusal))) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(refusal.outcome, Outcome::Malformed);
    let answer = across(&bench.desk, Role::Clerk, ask(" Pay a bill ")).await;
    let Answer::AskForCode(Ok(CodeRequestOutcome::Ready(request))) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(request.purpose, "pay a bill");
}

/// The calls that a role may make.
fn allowed(role: Role) -> Vec<&'static str> {
    let may =
        |(name, permission): &(&'static str, Permission)| permission.is_of(role).then_some(*name);
    Call::TABLE.iter().filter_map(may).collect()
}

/// Written out, so that a change of the table is a change of this test.
#[test]
fn clerks_and_admins_make_the_calls_that_the_table_says() {
    let all: Vec<_> = Call::TABLE.iter().map(|(name, _)| *name).collect();
    let of_owner = ["RescueStaff"];
    let of_pads = ["AskForPad", "ReadPad", "TypeAtPad", "EnterAtPad", "LeavePad"];
    let is_for_admins = |it: &&str| !of_owner.contains(it) && !of_pads.contains(it);
    let of_admins: Vec<_> = all.iter().copied().filter(is_for_admins).collect();
    assert_eq!(allowed(Role::Admin), of_admins);
    let not_for_clerks: Vec<_> =
        of_admins.iter().copied().filter(|it| !allowed(Role::Clerk).contains(it)).collect();
    assert_eq!(
        not_for_clerks,
        [
            "ListBadContacts",
            "UnlockCustomer",
            "ConfirmContact",
            "ImportCustomers",
            "FinishImport",
            "ReportCustomer",
            "EraseCustomer",
            "HoldCustomer",
            "FlagCustomer",
            "UnflagCustomer",
            "DisownVerification",
            "ListFlags",
            "ReadStats",
            "RecordStatsExport",
            "RebuildStats",
            "ReadOversight",
            "ReadAlarms",
            "CountAlarms",
            "AcknowledgeAlarm",
            "ListStaff",
            "ChangeStaff",
            "ListApprovals",
            "ApproveAct",
            "RefuseAct",
            "ReadPastSends",
            "ResetSignIn",
            "ApproveReset",
            "LiftSignInBlock",
            "ListSittings",
            "EndSitting",
            "CountDueMaintenance",
            "RunMaintenanceStep",
            "FinishMaintenance",
        ]
    );
}

/// Written out, as for clerks.
#[test]
fn an_auditor_makes_the_calls_that_the_table_says() {
    assert_eq!(
        allowed(Role::Auditor),
        [
            "WaitForIndex",
            "IdentifyCustomer",
            "ListFlags",
            "ReadBreakers",
            "ReadDeliveryStats",
            "ReadLog",
            "ReadTimeline",
            "ReadTrail",
            "ReadShipping",
            "ReadTrailKeys",
            "BeginVerification",
            "VerifyTrail",
            "BeginExport",
            "ReadExport",
            "ProveEntry",
            "ProveConsistency",
            "ReadStats",
            "RecordStatsExport",
            "ReadOversight",
            "ReadAlarms",
            "CountAlarms",
            "ReadPolicy",
            "SignIn",
            "SignOut",
            "LockTerminal",
            "KeepSitting",
            "ReadClock",
            "CheckStore"
        ]
    );
}

#[test]
fn a_program_may_make_few_calls() {
    assert_eq!(
        allowed(Role::Gate),
        [
            "WaitForIndex",
            "AskGate",
            "SignIn",
            "SignOut",
            "LockTerminal",
            "KeepSitting",
            "ReadClock",
            "CheckStore"
        ]
    );
    assert_eq!(
        allowed(Role::Worker),
        [
            "WaitForIndex",
            "ReadQueue",
            "DeliverDue",
            "RecordBounce",
            "SealTrail",
            "ShipTrail",
            "SignIn",
            "SignOut",
            "LockTerminal",
            "KeepSitting",
            "ReadClock",
            "CheckStore"
        ]
    );
}

#[test]
fn a_call_never_prints_a_code() {
    let code = TypedCode(Zeroizing::new("481902".into()));
    let request = "7K3M9QX2TB".parse().expect("a name");
    let call = Call::from(VerifyCode { request, code, key: "an act".into(), session: None });
    assert!(!format!("{call:?}").contains("481902"), "{call:?}");
}
