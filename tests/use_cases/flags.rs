//! Flags of customers at the one door: what each refuses or raises, who sets them, and what the
//! log says.

use countersign::domain::approval::GuardedAct;
use countersign::domain::channel::Factor;
use countersign::domain::code::TypedCode;
use countersign::domain::customer_factor::{FactorKind, TypedFactor};
use countersign::domain::document::SeenDocument;
use countersign::domain::event::Event;
use countersign::domain::flag::{Flag, IncidentKind, Standing};
use countersign::domain::level::Level;
use countersign::domain::purpose::{Attested, Missing, Purpose};
use countersign::domain::session::{SessionEnd, SessionToken};
use countersign::domain::sign_in::TypedSecret;
use countersign::domain::time::Timestamp;
use countersign::service::DeskError;
use countersign::service::api::{Answer, Authentication, Call, Caller, Role};
use countersign::service::approvals::calls::{ApproveAct, VouchFor};
use countersign::service::approvals::vouch::Vouched;
use countersign::service::customers::calls::{
    FileIncident, FindCustomers, FlagCustomer, ListFlags, OpenCustomer, ReadAccount, UnflagCustomer,
};
use countersign::service::factors::calls::{MakeBackupCodes, SeeDocument, VerifyFactor};
use countersign::service::factors::{BackupCodes, NumberedCode};
use countersign::service::messages;
use countersign::service::ports::StoreError;
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::amount_due::AmountDue;
use countersign::service::verification::calls::{
    AskForCode, AskGate, ReadAmountDue, ResendCode, ServeFor, TouchSession, VerifyCode,
};
use countersign::service::verification::session::ServedFor;

use super::*;

async fn office() -> Bench {
    Bench::new(Scripted::fine(), |office| {
        let purpose = |name: &str, level| Purpose { level, ..Purpose::from(name) };
        office.purposes = vec![
            purpose("a question", Level::Contact),
            purpose("a bill", Level::Nist),
            Purpose {
                document: Attested::Alone,
                second_person: Attested::Alone,
                ..purpose("a new address", Level::Two)
            },
        ];
        office.four_eyes = vec![GuardedAct::Purge];
    })
    .await
}

/// A call at the door, by somebody of this role.
async fn call(desk: &Desk, role: Role, call: impl Into<Call>) -> Answer {
    let actor = Actor { clerk: format!("the {role}"), counter: "3".into() };
    let caller = Caller { actor, role, authentication: Authentication::PeerCredentials };
    desk.handle(&caller, call.into(), RetryPolicy::brief()).await
}

fn flag(customer: &Customer, flag: Flag) -> FlagCustomer {
    let (reason, key) = ("account was taken over".into(), format!("flag {flag}"));
    FlagCustomer { customer: customer.id, flag, reason, until: None, key }
}

fn unflag(customer: &Customer, flag: Flag) -> UnflagCustomer {
    let (reason, key) = ("it is theirs again".into(), format!("unflag {flag}"));
    UnflagCustomer { customer: customer.id, flag, reason, key }
}

fn refusing(answer: &Answer) -> Option<Flag> {
    match answer.error() {
        Some(DeskError::Store(StoreError::Flagged(refusal))) => Some(refusal.flag.flag),
        _ => None,
    }
}

impl Bench {
    fn asking(&self, customer: &Customer, channel: Channel, purpose: &str) -> AskForCode {
        let (customer, purpose) = (customer.id, purpose.to_owned());
        AskForCode(CodeRequest {
            customer,
            channel,
            purpose,
            representative: None,
            idempotency: self.key(),
        })
    }

    /// A session for a purpose, by a code.
    async fn proven(
        &self,
        customer: &Customer,
        channel: Channel,
        purpose: &str,
    ) -> (countersign::domain::session::Session, SessionToken) {
        let asked = self.desk.ask(&self.asking(customer, channel, purpose).0).await;
        let (request, code) = self.send(asked.expect("asked")).await;
        match self.desk.verify(&request.id, &code, &self.key()).await.expect("judged") {
            Verification::Verified(it) => (it.session, it.token),
            other => panic!("not verified: {other:?}"),
        }
    }

    async fn set(&self, customer: &Customer, which: Flag) {
        let answer = call(&self.desk, Role::Admin, flag(customer, which)).await;
        assert!(matches!(answer, Answer::FlagCustomer(Ok(true))), "{answer:?}");
    }

    async fn entries(&self, kind: EventKind) -> Vec<Event> {
        let filter = EventFilter { kind: Some(kind), ..EventFilter::default() };
        self.store.events(&filter, EventPage::Newest, 99).await.expect("a log")
    }
}

/// Every call that proves something, asks for it, or opens what was proven.
fn proving(bench: &Bench, dana: &Customer, request: &Request, code: &NumberedCode) -> Vec<Call> {
    let (customer, purpose, key) = (dana.id, "a new address".to_owned(), bench.key());
    let typed = TypedSecret::new(format!("{} {}", code.number, code.code.0.as_str()));
    let typed = TypedFactor { kind: FactorKind::BackupCodes, typed };
    let document = SeenDocument {
        kind: "passport".into(),
        name_matches: true,
        photo_matches: true,
        expires: String::new(),
    };
    let reason = "lost the phone".to_owned();
    vec![
        bench.asking(dana, Channel::Sms, "a bill").into(),
        ResendCode { request: request.id.clone(), after: request.generation }.into(),
        VerifyCode {
            request: request.id.clone(),
            code: TypedCode(String::from("123456").into()),
            key: key.clone(),
            session: None,
        }
        .into(),
        VerifyFactor { customer, purpose: purpose.clone(), typed, key: key.clone(), session: None }
            .into(),
        SeeDocument {
            customer,
            purpose: purpose.clone(),
            document,
            key: key.clone(),
            session: None,
        }
        .into(),
        VouchFor { customer, purpose, reason, key, session: None }.into(),
    ]
}

#[tokio::test]
async fn security_67_a_hold_refuses_every_proof_and_ends_what_was_proven() {
    let bench = office().await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let (_, first) = bench.proven(&dana, Channel::Email, "a new address").await;
    let asked = bench.desk.ask(&bench.asking(&dana, Channel::Sms, "a new address").0).await;
    let (request, code) = bench.send(asked.expect("asked")).await;
    let both = bench.desk.verify_for(&request.id, &code, &bench.key(), Some(&first)).await;
    let Ok(Verification::Verified(both)) = both else { panic!("{both:?}") };
    let token = both.token;
    assert!(both.session.serves("a new address"));
    let made = bench.desk.make_backup_codes(&token, false, &bench.key()).await.expect("made");
    let BackupCodes::Made(codes) = made else { panic!("{made:?}") };
    let asked = bench.desk.ask(&bench.asking(&dana, Channel::Email, "a question").0).await;
    let (request, _) = bench.send(asked.expect("asked")).await;
    bench.set(&dana, Flag::Hold).await;

    let calls = proving(&bench, &dana, &request, &codes[0]);
    let refused = calls.len();
    for it in calls {
        let name = it.name();
        let answer = call(&bench.desk, Role::Clerk, it).await;
        assert_eq!(refusing(&answer), Some(Flag::Hold), "{name}: {answer:?}");
        let told = messages::desk_error(answer.error().expect("an error")).for_clerk;
        for part in ["on hold", "account was taken over", "the admin", "An admin may lift it"] {
            assert!(told.contains(part), "{name}: {told}");
        }
    }
    // Each is an entry of the log, with the customer.
    let entries = bench.entries(EventKind::Refused).await;
    let of_flag = entries.iter().filter(|it| it.outcome == Some(Outcome::Forbidden));
    assert_eq!(of_flag.count(), refused);
    assert!(entries.iter().all(|it| it.customer.as_ref().is_some_and(|it| it.id == dana.id)));

    // What was proven before is over, and opens nothing.
    let Answer::TouchSession(Ok(Some(touched))) =
        call(&bench.desk, Role::Clerk, TouchSession { token: token.clone() }).await
    else {
        panic!("no session")
    };
    assert_eq!(touched.ended.map(|(_, how)| how), Some(SessionEnd::Revoked));
    let read = ReadAccount { customer: dana.id, token: token.clone() };
    let read = call(&bench.desk, Role::Clerk, read).await;
    assert!(matches!(read.error(), Some(DeskError::NotVerified)), "{read:?}");
    let serve = ServeFor { token, purpose: "a question".into() };
    let served = call(&bench.desk, Role::Clerk, serve).await;
    assert!(matches!(served, Answer::ServeFor(Ok(ServedFor::SessionOver))), "{served:?}");
    let gate = AskGate { account_no: "WB-1".into(), purpose: "a new address".into() };
    let gate = call(&bench.desk, Role::Clerk, gate).await;
    assert!(matches!(gate, Answer::AskGate(Ok(None))), "{gate:?}");

    // Once it is lifted all is as before, and nothing of before comes back.
    let lifted = call(&bench.desk, Role::Admin, unflag(&dana, Flag::Hold)).await;
    assert!(matches!(lifted, Answer::UnflagCustomer(Ok(true))), "{lifted:?}");
    let gate = AskGate { account_no: "WB-1".into(), purpose: "a new address".into() };
    let gate = call(&bench.desk, Role::Clerk, gate).await;
    assert!(matches!(gate, Answer::AskGate(Ok(None))), "{gate:?}");
    bench.proven(&dana, Channel::Sms, "a bill").await;
}

#[tokio::test]
async fn security_67_at_risk_each_purpose_takes_a_rung_more() {
    let bench = office().await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    bench.set(&dana, Flag::AtRisk).await;
    // No message is sent that proves nothing.
    let asked = bench.desk.ask(&bench.asking(&dana, Channel::Email, "a question").0).await;
    let refusal = refused(asked.expect("asked"));
    assert_eq!(refusal.outcome, Outcome::Forbidden);
    assert!(refusal.reason.contains("it takes one strong proof"), "{}", refusal.reason);
    let (session, token) = bench.proven(&dana, Channel::Sms, "a question").await;
    assert!(session.serves("a question"));
    // One strong proof was enough for a bill; now it takes two.
    let served = bench.desk.serve_for(&token, "a bill").await.expect("an answer");
    assert!(matches!(served, ServedFor::Missing(_, Missing::OtherKind)), "{served:?}");
    let (second, _) = bench.proven(&dana, Channel::Sms, "a bill").await;
    assert!(!second.is_reached, "{second:?}");
    assert!(bench.desk.verified_now("WB-1", "a bill").await.expect("an answer").is_none());
}

#[tokio::test]
async fn security_67_the_dead_are_sent_no_code() {
    let bench = office().await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    bench.set(&dana, Flag::Deceased).await;
    for channel in [Channel::Email, Channel::Sms, Channel::Whatsapp] {
        let ask = bench.asking(&dana, channel, "a question");
        let answer = call(&bench.desk, Role::Clerk, ask).await;
        assert_eq!(refusing(&answer), Some(Flag::Deceased), "{answer:?}");
    }
    assert_eq!(bench.sender.calls(), 0);
    // A colleague may say who is served; that is asked for.
    let (customer, purpose) = (dana.id, "a new address".to_owned());
    let (reason, key) = ("the heir, with the certificate".to_owned(), bench.key());
    let vouch = VouchFor { customer, purpose, reason, key, session: None };
    let answer = call(&bench.desk, Role::Clerk, vouch).await;
    assert!(matches!(answer.error(), Some(DeskError::AwaitsApproval(_))), "{answer:?}");
}

#[tokio::test]
async fn flags_are_shown_where_a_customer_is_found_and_set_by_admins_for_a_reason() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    let bo = bench.customer("WB-2", None).await;
    for role in [Role::Clerk, Role::Auditor] {
        let answer = call(&bench.desk, role, flag(&dana, Flag::Hold)).await;
        assert!(matches!(answer.error(), Some(DeskError::Forbidden { .. })), "{answer:?}");
    }
    let unsaid = FlagCustomer { reason: "  ".into(), ..flag(&dana, Flag::Hold) };
    let answer = call(&bench.desk, Role::Admin, unsaid).await;
    assert!(matches!(answer.error(), Some(DeskError::NoReason)), "{answer:?}");
    let over = Some(Timestamp::from_millis(1));
    let past = FlagCustomer { until: over, ..flag(&dana, Flag::Hold) };
    let answer = call(&bench.desk, Role::Admin, past).await;
    assert!(matches!(answer, Answer::FlagCustomer(Ok(false))), "{answer:?}");
    assert_eq!(bench.entries(EventKind::FlagSet).await.len(), 0);

    bench.set(&dana, Flag::DoNotDisclose).await;
    bench.set(&dana, Flag::AtRisk).await;
    // The same act told twice is one.
    bench.set(&dana, Flag::AtRisk).await;
    let set = bench.entries(EventKind::FlagSet).await;
    let details: Vec<_> = set.iter().filter_map(|it| it.detail.as_deref()).collect();
    assert_eq!(
        details,
        ["at risk: account was taken over", "do not disclose: account was taken over"]
    );
    assert!(set.iter().all(|it| it.actor.clerk == "the admin"));

    let find = FindCustomers { typed: "rivera".into(), limit: 5 };
    let Answer::FindCustomers(Ok(found)) = call(&bench.desk, Role::Clerk, find).await else {
        panic!("nobody")
    };
    let flags = |id| found.customers.iter().find(|it| it.id == id).map(|it| it.flags.labels());
    assert_eq!(flags(dana.id).as_deref(), Some("at risk, do not disclose"));
    assert_eq!(flags(bo.id).as_deref(), Some(""));
    let open = OpenCustomer { customer: dana.id };
    let Answer::OpenCustomer(Ok(Some(opened))) = call(&bench.desk, Role::Clerk, open).await else {
        panic!("nobody")
    };
    assert_eq!(opened.customer.flags.labels(), "at risk, do not disclose");
    let Answer::ListFlags(Ok(listed)) =
        call(&bench.desk, Role::Auditor, ListFlags { limit: 9 }).await
    else {
        panic!("no list")
    };
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].flag.set_by.clerk, "the admin");
    // Nothing of this keeps a proof of the holder from counting as the raised level says.
    let none = opened.customer.flags.refusal_of(Standing::Holder, Factor::Sms);
    assert!(none.is_none(), "{none:?}");
}

#[tokio::test]
async fn an_incident_is_in_the_log_with_whoever_is_in_view() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    let file = |customer, seen: &str| FileIncident {
        customer,
        kind: IncidentKind::Coached,
        seen: seen.into(),
        key: format!("filed {seen}"),
    };
    let seen = "somebody on the phone dictates\nevery word";
    for _ in 0..2 {
        let filed = call(&bench.desk, Role::Clerk, file(Some(dana.id), seen)).await;
        assert!(matches!(filed, Answer::FileIncident(Ok(()))), "{filed:?}");
    }
    let filed = call(&bench.desk, Role::Clerk, file(None, "a row of strange calls")).await;
    assert!(matches!(filed, Answer::FileIncident(Ok(()))), "{filed:?}");
    let empty = call(&bench.desk, Role::Clerk, file(None, " ")).await;
    assert!(matches!(empty.error(), Some(DeskError::NoReason)), "{empty:?}");
    let entries = bench.entries(EventKind::IncidentFiled).await;
    assert_eq!(entries.len(), 2, "told twice it is one");
    assert_eq!(entries[0].customer, None);
    let about = entries[1].customer.as_ref().expect("a customer");
    assert_eq!((about.id, entries[1].actor.clerk.as_str()), (dana.id, "the clerk"));
    let detail = entries[1].detail.as_deref().expect("a detail");
    assert!(detail.starts_with("The customer is told what to say: somebody on the phone"));
    assert!(!detail.contains('\n'), "{detail:?}");
}

#[tokio::test]
async fn security_67_the_amount_due_is_told_to_nobody_under_a_hold_or_who_wants_no_disclosure() {
    let bench = Bench::new(Scripted::fine(), |office| {
        let level = Level::None;
        office.purposes = vec![Purpose { level, ..Purpose::from("pay at the till") }];
    })
    .await;
    let dana = bench.customer("WB-1", None).await;
    let ask = || ReadAmountDue { account_no: "WB-1".into(), purpose: "pay at the till".into() };
    let due = async || call(&bench.desk, Role::Clerk, ask()).await;
    for (which, is_told) in [
        (Flag::AtRisk, true),
        (Flag::Deceased, true),
        (Flag::DoNotDisclose, false),
        (Flag::Hold, false),
    ] {
        bench.set(&dana, which).await;
        let answer = due().await;
        let refused = refusing(&answer);
        assert_eq!(refused, (!is_told).then_some(which), "{which}: {answer:?}");
        call(&bench.desk, Role::Admin, unflag(&dana, which)).await;
    }
    let told = due().await;
    assert!(matches!(told, Answer::ReadAmountDue(Ok(AmountDue::Due(_)))), "{told:?}");
}

#[tokio::test]
async fn security_67_at_risk_no_further_code_goes_where_it_would_prove_nothing() {
    let bench = office().await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let asked = bench.desk.ask(&bench.asking(&dana, Channel::Email, "a question").0).await;
    let (request, _) = bench.send(asked.expect("asked")).await;
    bench.set(&dana, Flag::AtRisk).await;
    let again = bench.desk.resend(&request.id, request.generation).await.expect("an answer");
    let refusal = refused(again.expect("a request"));
    assert_eq!(refusal.outcome, Outcome::Forbidden);
    assert!(refusal.reason.contains("it takes one strong proof"), "{}", refusal.reason);
    assert_eq!(bench.sender.calls(), 1);
}

#[tokio::test]
async fn security_67_a_second_persons_word_of_before_a_hold_counts_no_more_after_it() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    let (customer, purpose) = (dana.id, "a new address".to_owned());
    let (reason, key) = ("lost the phone".to_owned(), bench.key());
    let vouch = VouchFor { customer, purpose, reason, key, session: None };
    let waits = call(&bench.desk, Role::Clerk, vouch.clone()).await;
    let Some(DeskError::AwaitsApproval(approval)) = waits.error() else { panic!("{waits:?}") };
    let approve = ApproveAct { approval: approval.id.clone() };
    let approved = call(&bench.desk, Role::Admin, approve).await;
    assert!(matches!(approved, Answer::ApproveAct(Ok(_))), "{approved:?}");
    bench.set(&dana, Flag::Hold).await;
    call(&bench.desk, Role::Admin, unflag(&dana, Flag::Hold)).await;
    let told = call(&bench.desk, Role::Clerk, vouch).await;
    assert!(matches!(told.error(), Some(DeskError::AwaitsApproval(_))), "{told:?}");
}

#[tokio::test]
async fn security_68_under_a_flag_nothing_is_enrolled_that_would_not_count() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    bench.set(&dana, Flag::Deceased).await;
    // The heir, for whom a colleague stands.
    let (customer, purpose) = (dana.id, "a new address".to_owned());
    let (reason, key) = ("the heir, with the certificate".to_owned(), bench.key());
    let vouch = VouchFor { customer, purpose, reason, key, session: None };
    let waits = call(&bench.desk, Role::Clerk, vouch.clone()).await;
    let Some(DeskError::AwaitsApproval(approval)) = waits.error() else { panic!("{waits:?}") };
    call(&bench.desk, Role::Admin, ApproveAct { approval: approval.id.clone() }).await;
    let Answer::VouchFor(Ok(Vouched::Approved(served))) =
        call(&bench.desk, Role::Clerk, vouch).await
    else {
        panic!("not approved")
    };
    let codes = MakeBackupCodes { token: served.token, replaces: false, key: bench.key() };
    let refused = call(&bench.desk, Role::Clerk, codes).await;
    assert_eq!(refusing(&refused), Some(Flag::Deceased), "{refused:?}");
}
