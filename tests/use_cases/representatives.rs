//! Who stands here: representatives, added by two, served for what was agreed, by codes to a
//! contact of their own.

use countersign::domain::event::Event;
use countersign::domain::flag::Flag;
use countersign::domain::purpose::Purpose;
use countersign::domain::representative::{Representative, RepresentativeId};
use countersign::domain::session::{Session, SessionToken};
use countersign::service::DeskError;
use countersign::service::api::{Answer, Authentication, Call, Caller, Role};
use countersign::service::approvals::ApprovalOutcome;
use countersign::service::approvals::calls::ApproveAct;
use countersign::service::customers::calls::{
    AddRepresentative, EndRepresentative, FlagCustomer, ListRepresentatives, OpenCustomer,
    ReadAccount,
};
use countersign::service::factors::{BackupCodes, FactorRefusal};
use countersign::service::ports::StoreError;
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::calls::{AskForCode, ServeFor};

use super::*;

async fn office() -> Bench {
    Bench::new(Scripted::fine(), |office| {
        let of = |name: &str| Purpose { representative: true, ..Purpose::from(name) };
        office.purposes = vec![of("a bill"), of("a complaint"), "a closure".into()];
    })
    .await
}

async fn call(desk: &Desk, (clerk, role): (&str, Role), call: impl Into<Call>) -> Answer {
    let actor = Actor { clerk: clerk.into(), counter: "3".into() };
    let caller = Caller { actor, role, authentication: Authentication::PeerCredentials };
    desk.handle(&caller, call.into(), RetryPolicy::brief()).await
}

const CLERK: (&str, Role) = ("amira", Role::Clerk);
const BOSS: (&str, Role) = ("boss", Role::Admin);

fn anna(customer: &Customer) -> AddRepresentative {
    AddRepresentative {
        customer: customer.id,
        name: "Anna Rivera".into(),
        email: Some("anna@example.net".into()),
        phone: None,
        scope: vec!["a bill".into()],
        from: None,
        until: None,
        document: "Passport".into(),
        reason: "power of attorney, ticket 91".into(),
        key: "an act".into(),
    }
}

impl Bench {
    /// Anna, approved by the boss.
    async fn added(&self, dana: &Customer) -> Representative {
        let waits = call(&self.desk, CLERK, anna(dana)).await;
        let Some(DeskError::AwaitsApproval(approval)) = waits.error() else { panic!("{waits:?}") };
        let approve = ApproveAct { approval: approval.id.clone() };
        let done = call(&self.desk, BOSS, approve).await;
        assert!(
            matches!(done, Answer::ApproveAct(Ok(ApprovalOutcome::CarriedOut { .. }))),
            "{done:?}"
        );
        let list = ListRepresentatives { customer: dana.id };
        let Answer::ListRepresentatives(Ok(mut all)) = call(&self.desk, CLERK, list).await else {
            panic!("no list")
        };
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    fn ask_of(&self, dana: &Customer, id: &RepresentativeId, purpose: &str) -> AskForCode {
        AskForCode(CodeRequest {
            customer: dana.id,
            channel: Channel::Email,
            purpose: purpose.into(),
            representative: Some(id.clone()),
            idempotency: self.key(),
        })
    }

    /// A session of a representative.
    async fn session_of(&self, dana: &Customer, id: &RepresentativeId) -> (Session, SessionToken) {
        let asked = self.desk.ask(&self.ask_of(dana, id, "a bill").0).await.expect("asked");
        let (request, code) = self.send(asked).await;
        match self.desk.verify(&request.id, &code, &self.key()).await.expect("judged") {
            Verification::Verified(it) => (it.session, it.token),
            other => panic!("not verified: {other:?}"),
        }
    }

    async fn last(&self, kind: EventKind) -> Event {
        let filter = EventFilter { kind: Some(kind), ..EventFilter::default() };
        let all = self.store.events(&filter, EventPage::Newest, 9).await.expect("a log");
        all.into_iter().next().expect("an entry")
    }
}

fn not_represented(answer: &Answer) -> &str {
    match answer.error() {
        Some(DeskError::NotRepresented(why)) => why,
        other => panic!("not refused for that: {other:?}"),
    }
}

#[tokio::test]
async fn security_71_a_representative_is_added_by_two_and_served_for_what_was_agreed() {
    let bench = office().await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    // Nobody adds one alone: neither at once nor by approving it.
    let waits = call(&bench.desk, CLERK, anna(&dana)).await;
    let Some(DeskError::AwaitsApproval(approval)) = waits.error() else { panic!("{waits:?}") };
    assert!(approval.target.contains("Anna Rivera act for Dana Rivera"), "{}", approval.target);
    // Whoever approves it reads all of it; the log has no contact.
    let listed = bench.desk.approvals().await.expect("a list").remove(0).target;
    for part in ["Anna Rivera", "anna@example.net", "a bill", "until it is ended", "Passport"] {
        assert!(listed.contains(part), "{listed}");
    }
    let asked = bench.last(EventKind::ApprovalAsked).await.detail.unwrap_or_default();
    assert!(!asked.contains("anna@"), "{asked}");
    let approve = ApproveAct { approval: approval.id.clone() };
    let own = call(&bench.desk, ("amira", Role::Admin), approve).await;
    assert!(matches!(own, Answer::ApproveAct(Ok(ApprovalOutcome::Yourself(_)))), "{own:?}");
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_representative").await, 0);
    let it = bench.added(&dana).await;
    assert_eq!((it.approved_by.as_str(), it.added_by.clerk.as_str()), ("boss", "amira"));
    assert_eq!(it.email.as_deref(), Some("a***@example.net"), "masked outside of the desk");
    assert_eq!(it.document, "passport");
    // Told again, it is the same one.
    let Answer::AddRepresentative(Ok(again)) = call(&bench.desk, CLERK, anna(&dana)).await else {
        panic!("not answered")
    };
    assert_eq!(again.id, it.id);
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_representative").await, 1);

    // The code goes to her own contact, and its message names both.
    let (session, token) = bench.session_of(&dana, &it.id).await;
    let sent = bench.sender.sent.lock().expect("unpoisoned").last().expect("a message").clone();
    assert_eq!(sent.to.as_str(), "anna@example.net");
    assert_eq!(sent.facts.customer, "Anna Rivera");
    assert_eq!(sent.facts.purpose, "a bill, for Dana Rivera");
    assert_eq!(session.representative, Some(it.stands_here()));
    assert!(session.serves("a bill"));
    let detail = bench.last(EventKind::Attempt).await.detail.unwrap_or_default();
    assert!(detail.contains("Anna Rivera"), "{detail}");
    let gate = bench.desk.verified_now("WB-1", "a bill").await.expect("an answer");
    assert_eq!(gate.and_then(|it| it.representative).as_deref(), Some("Anna Rivera"));

    // Only for what was agreed, whatever the office serves representatives for.
    for (purpose, why) in [("a complaint", "not named"), ("a closure", "the holder alone")] {
        let asked = call(&bench.desk, CLERK, bench.ask_of(&dana, &it.id, purpose)).await;
        assert!(not_represented(&asked).contains(why), "{asked:?}");
        let serve = ServeFor { token: token.clone(), purpose: purpose.into() };
        let served = call(&bench.desk, CLERK, serve).await;
        assert!(not_represented(&served).contains(why), "{served:?}");
    }
    // Nor is anything of the holder's enrolled in her session.
    let made = bench.desk.make_backup_codes(&token, false, &bench.key()).await;
    assert!(matches!(made, Ok(BackupCodes::Refused(FactorRefusal::TooWeak))), "{made:?}");

    // Ended, she is served no more.
    let end = EndRepresentative {
        customer: dana.id,
        representative: it.id.clone(),
        reason: "taken back".into(),
        key: "an end".into(),
    };
    let ended = call(&bench.desk, CLERK, end).await;
    assert!(matches!(ended, Answer::EndRepresentative(Ok(true))), "{ended:?}");
    let read = ReadAccount { customer: dana.id, token };
    let read = call(&bench.desk, CLERK, read).await;
    assert!(matches!(read.error(), Some(DeskError::NotVerified)), "{read:?}");
    let asked = call(&bench.desk, CLERK, bench.ask_of(&dana, &it.id, "a bill")).await;
    assert!(not_represented(&asked).contains("nobody of this name"), "{asked:?}");
}

#[tokio::test]
async fn what_cannot_be_agreed_is_refused_before_anybody_is_asked() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    let good = || anna(&dana);
    for (wrong, why) in [
        (AddRepresentative { name: " ".into(), ..good() }, "a name"),
        (AddRepresentative { email: None, ..good() }, "an email address or a phone number"),
        (AddRepresentative { email: Some("anna".into()), ..good() }, "not valid"),
        (AddRepresentative { email: dana.email.clone(), ..good() }, "customer's own"),
        (AddRepresentative { scope: vec!["a closure".into()], ..good() }, "the holder alone"),
        (AddRepresentative { scope: vec!["a lawsuit".into()], ..good() }, "verifies for"),
        (AddRepresentative { scope: Vec::new(), ..good() }, "which purposes"),
        (AddRepresentative { document: "C01X00T47".into(), ..good() }, "one of: passport"),
    ] {
        let answer = call(&bench.desk, CLERK, wrong).await;
        assert!(not_represented(&answer).contains(why), "{why}: {answer:?}");
    }
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_approval").await, 0);
}

#[tokio::test]
async fn security_54_a_row_that_was_widened_by_hand_represents_nobody() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    let it = bench.added(&dana).await;
    bench
        .behind_its_back("UPDATE core_representative SET purposes = '[\"a bill\",\"a complaint\"]'")
        .await;
    for purpose in ["a bill", "a complaint"] {
        let asked = call(&bench.desk, CLERK, bench.ask_of(&dana, &it.id, purpose)).await;
        assert!(not_represented(&asked).contains("nobody of this name"), "{asked:?}");
    }
    assert_eq!(bench.sender.calls(), 0);
}

#[tokio::test]
async fn flags_tell_the_holder_from_a_representative() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    let it = bench.added(&dana).await;
    let flag = |flag, key: &str| FlagCustomer {
        customer: dana.id,
        flag,
        reason: "ticket 9".into(),
        until: None,
        key: key.into(),
    };
    // The holder is dead: whoever acts for them still may.
    let set = call(&bench.desk, BOSS, flag(Flag::Deceased, "one")).await;
    assert!(matches!(set, Answer::FlagCustomer(Ok(true))), "{set:?}");
    let (_, token) = bench.session_of(&dana, &it.id).await;
    let open = OpenCustomer { customer: dana.id };
    let Answer::OpenCustomer(Ok(Some(opened))) = call(&bench.desk, CLERK, open).await else {
        panic!("nobody")
    };
    assert_eq!(opened.representatives.len(), 1);
    assert!(opened.representatives[0].choices.iter().any(|it| it.refusal.is_none()));
    // Nothing is for anybody but the holder.
    let set = call(&bench.desk, BOSS, flag(Flag::DoNotDisclose, "two")).await;
    assert!(matches!(set, Answer::FlagCustomer(Ok(true))), "{set:?}");
    let read = ReadAccount { customer: dana.id, token };
    let read = call(&bench.desk, CLERK, read).await;
    assert!(matches!(read.error(), Some(DeskError::NotVerified)), "{read:?}");
    let asked = call(&bench.desk, CLERK, bench.ask_of(&dana, &it.id, "a bill")).await;
    let flagged = asked.error();
    assert!(matches!(flagged, Some(DeskError::Store(StoreError::Flagged(_)))), "{asked:?}");
}

#[tokio::test]
async fn the_session_of_a_representative_ends_with_their_time() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    let until = bench.store.now().await.expect("a time").plus(std::time::Duration::from_mins(1));
    let short = AddRepresentative { until: Some(until), ..anna(&dana) };
    let waits = call(&bench.desk, CLERK, short).await;
    let Some(DeskError::AwaitsApproval(approval)) = waits.error() else { panic!("{waits:?}") };
    call(&bench.desk, BOSS, ApproveAct { approval: approval.id.clone() }).await;
    let it = bench.desk.representatives(dana.id).await.expect("a list").remove(0);
    let (session, _) = bench.session_of(&dana, &it.id).await;
    assert_eq!(session.expires_at, until);
    assert!(session.idle_at <= until);
}

#[tokio::test]
async fn security_10_a_representative_outlives_two_rotations_of_the_keys() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    let it = bench.added(&dana).await;
    let first = ring("k1", 7);
    let second = ring("k2", 8).with_retired(first.current().0.clone(), Key::new([7; 32]));
    *bench.keys.0.lock().expect("unpoisoned") = second;
    bench.desk.keys_rotated(&KeyId::new("k2").expect("a name")).await.expect("done");
    // The first key is gone.
    *bench.keys.0.lock().expect("unpoisoned") = ring("k2", 8);
    bench.desk.keys_about_to_rotate().await.expect("done");
    let (session, _) = bench.session_of(&dana, &it.id).await;
    assert_eq!(session.representative, Some(it.stands_here()));
}
