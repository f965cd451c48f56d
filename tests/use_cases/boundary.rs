//! What a desk does with rows that somebody wrote by hand, with messages that are not its own,
//! and with a record that changed after the code was asked for.

use std::time::Duration;

use countersign::domain::provider::ProviderFingerprint;
use countersign::domain::session::SessionEnd;
use countersign::service::Route;
use countersign::service::api::{Answer, Authentication, Caller, Role};
use countersign::service::ports::SessionFilter;
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::upkeep::calls::{CountDueMaintenance, RunMaintenanceStep};
use countersign::service::upkeep::maintenance::MaintenanceRun;
use countersign::service::verification::verify::VerifiedCustomer;

use super::*;

/// A sender of the same kind with another account.
struct Account(Arc<Scripted>, &'static str, &'static str);

#[async_trait]
impl Sender for Account {
    fn provider(&self) -> &'static str {
        self.1
    }

    fn fingerprint(&self) -> ProviderFingerprint {
        ProviderFingerprint::of(self.1, "mail.example:465", self.2)
    }

    async fn send_guarded(&self, message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        self.0.send_guarded(message, guard).await
    }

    async fn send_notice(&self, notice: &ContactNotice) -> SendReport {
        self.0.send_notice(notice).await
    }

    async fn check(&self) -> Result<String, Explanation> {
        self.0.check().await
    }
}

impl Bench {
    /// Another desk on the same store, which sends email by this route alone.
    fn desk_by(&self, route: Route, change: impl FnOnce(&mut Office)) -> Desk {
        let mut office = self.desk.office().clone();
        change(&mut office);
        Desk::new(
            self.store.clone(),
            Senders { email: Some(route.clone()), sms: Some(route), whatsapp: None },
            Arc::new(OsRandom),
            self.keys.clone(),
            office,
            self.desk.actor().clone(),
        )
        .expect("a desk")
    }

    fn account(&self, provider: &'static str, account: &'static str) -> Arc<Account> {
        Arc::new(Account(Arc::clone(&self.sender), provider, account))
    }

    /// A request whose message waits.
    async fn waiting(&self, desk: &Desk, customer: &Customer, channel: Channel) -> Request {
        let ask = CodeRequest {
            customer: customer.id,
            channel,
            purpose: "pay a bill".into(),
            representative: None,
            idempotency: self.key(),
        };
        match desk.ask(&ask).await.expect("asked") {
            CodeRequestOutcome::Ready(request) => request,
            other => panic!("no code: {other:?}"),
        }
    }

    /// The time of the message has come for whoever is there.
    async fn let_it_be_due(&self) {
        self.behind_its_back("UPDATE core_outbox SET due_at = due_at - 120000").await;
    }

    /// Why a message was not sent, as an admin reads it.
    async fn why_not(&self, request: &Request) -> String {
        let now = self.desk.request(&request.id).await.expect("read").expect("the request");
        let why = now.delivery.detail.map_or_else(String::new, |it| it.for_admin);
        format!("{}: {why}", now.delivery.state.word())
    }

    async fn verified(&self, account: &str) -> Box<VerifiedCustomer> {
        let customer = self.customer(account, None).await;
        let (request, code) = self.send(self.ask(&customer, Channel::Email).await).await;
        match self.desk.verify(&request.id, &code, &self.key()).await.expect("judged") {
            Verification::Verified(verified) => verified,
            other => panic!("not verified: {other:?}"),
        }
    }
}

#[tokio::test]
async fn security_50_a_desk_with_another_account_takes_no_waiting_message() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let one = bench.account("smtp", "billing");
    let desk = bench.desk_by(Route { main: one.clone(), fallback: None }, |_| {});
    let request = bench.waiting(&desk, &dana, Channel::Email).await;
    bench.let_it_be_due().await;

    // Another account, and the same one with somebody who stands in for it.
    let other = bench.account("smtp", "eve");
    let alone = Route { main: other.clone(), fallback: None };
    for route in [alone.clone(), Route { main: one.clone(), fallback: Some(other) }] {
        let thief = bench.desk_by(route, |_| {});
        assert_eq!(thief.work_off_outbox(4).await.expect("worked off"), 0);
        let stats = thief.delivery_stats(Duration::from_hours(1)).await.expect("read");
        assert_eq!((stats.queue.length, stats.elsewhere), (1, 1));
    }
    assert_eq!(bench.sender.calls(), 0);
    let restarted = bench.desk_by(Route { main: one, fallback: None }, |_| {});
    assert_eq!(restarted.delivery_stats(Duration::from_hours(1)).await.expect("read").elsewhere, 0);
    assert_eq!(restarted.work_off_outbox(4).await.expect("worked off"), 1);
    assert_eq!(bench.sender.calls(), 1);

    // What nobody sends in time is given up, with the reason.
    let late = bench.waiting(&restarted, &dana, Channel::Email).await;
    bench.let_it_be_due().await;
    bench.behind_its_back("UPDATE core_outbox SET useful_until = useful_until - 3600000").await;
    bench.desk_by(alone, |_| {}).work_off_outbox(4).await.expect("worked off");
    let why = bench.why_not(&late).await;
    assert!(why.starts_with("failed: No desk was there whose provider"), "{why}");
    assert_eq!(
        (bench.sender.calls(), bench.number("SELECT COUNT(*) FROM core_outbox").await),
        (1, 0)
    );
    assert_eq!(bench.why_not(&request).await, "sent: ");
    assert_eq!(bench.store.circuit_breakers().await.expect("read").1[0].failures, 0);
}

#[tokio::test]
async fn security_51_what_waits_in_a_marked_store_goes_into_no_tray() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let desk = bench.desk_by(Route { main: bench.account("tray", ""), fallback: None }, |_| {});
    let request = bench.waiting(&desk, &dana, Channel::Email).await;
    bench.behind_its_back("INSERT INTO core_production VALUES (1, 1, 'the owner')").await;
    desk.deliver(request.delivery.id).await.expect("reported").expect("its to send");
    let why = bench.why_not(&request).await;
    assert!(why.contains("marked as one of real customers"), "{why}");
    // A tray that stands in does not serve either.
    let route =
        Route { main: bench.account("smtp", "billing"), fallback: Some(bench.account("tray", "")) };
    let desk = bench.desk_by(route, |_| {});
    let ben = bench.customer("WB-2", None).await;
    let request = bench.waiting(&desk, &ben, Channel::Email).await;
    bench.behind_its_back("UPDATE core_outbox SET tries = 1").await;
    desk.deliver(request.delivery.id).await.expect("reported").expect("its to send");
    let now = bench.desk.request(&request.id).await.expect("read").expect("the request");
    assert_eq!((&*now.delivery.provider, bench.sender.calls()), ("smtp", 1));
}

#[tokio::test]
async fn security_52_a_message_whose_contact_was_changed_is_not_sent() {
    for change in [
        "UPDATE core_delivery SET contact = 'eve@e.test'",
        "UPDATE core_otp SET email = 'eve@e.test'",
        "UPDATE core_delivery SET contact = 'eve@e.test'; UPDATE core_otp SET email = 'eve@e.test'; \
         UPDATE core_customer SET email = 'eve@e.test'",
    ] {
        let bench = Bench::new(Scripted::fine(), |_| {}).await;
        let dana = bench.customer("WB-1", None).await;
        let request = bench.waiting(&bench.desk, &dana, Channel::Email).await;
        bench.behind_its_back(change).await;
        bench.desk.deliver(request.delivery.id).await.expect("reported").expect("its to send");
        assert_eq!(bench.sender.calls(), 0, "{change}");
        let why = bench.why_not(&request).await;
        assert!(why.starts_with("failed: "), "{change}: {why}");
    }
}

#[tokio::test]
async fn security_53_country_and_contact_are_checked_again_at_the_hand_over() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("+49 151 23456789")).await;
    let route = || Route { main: bench.account("scripted", "billing"), fallback: None };
    let desk = bench.desk_by(route(), |_| {});

    // The office does not send to Germany any more.
    let abroad = bench.waiting(&desk, &dana, Channel::Sms).await;
    bench.let_it_be_due().await;
    let elsewhere = bench.desk_by(route(), |office| office.phones = PhonePolicy::of("US"));
    elsewhere.work_off_outbox(4).await.expect("worked off");
    let why = bench.why_not(&abroad).await;
    assert!(why.contains("does not send to numbers of that country"), "{why}");

    // The record names another number and another address since.
    for (channel, change) in [
        (Channel::Sms, "UPDATE core_customer SET phone = '+4915123456780'"),
        (Channel::Email, "UPDATE core_customer SET email = 'dana@elsewhere.example'"),
        (Channel::Sms, "UPDATE core_customer SET phone = NULL"),
    ] {
        let dana = bench.customer("WB-1", Some("+49 151 23456789")).await;
        bench.behind_its_back("UPDATE core_contact SET changed = 0").await;
        let request = bench.waiting(&desk, &dana, channel).await;
        bench.behind_its_back(change).await;
        desk.deliver(request.delivery.id).await.expect("reported").expect("its to send");
        let why = bench.why_not(&request).await;
        assert!(why.contains("is not the one for which the code was asked"), "{change}: {why}");
    }
    assert_eq!(bench.sender.calls(), 0);
}

#[tokio::test]
async fn security_53_a_notice_goes_to_no_country_that_was_left() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let route = || Route { main: bench.account("scripted", "billing"), fallback: None };
    let desk = bench.desk_by(route(), |_| {});
    let dana = bench.customer("WB-1", Some("+49 151 23456789")).await;
    bench.waiting(&desk, &dana, Channel::Sms).await;
    bench.behind_its_back("UPDATE core_customer SET phone = '+4915123456780'").await;
    let ask = CodeRequest {
        customer: dana.id,
        channel: Channel::Sms,
        purpose: "pay a bill".into(),
        representative: None,
        idempotency: bench.key(),
    };
    desk.ask(&ask).await.expect("asked");
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_notice").await, 1);
    let elsewhere = bench.desk_by(route(), |office| office.phones = PhonePolicy::of("US"));
    elsewhere.work_off_outbox(4).await.expect("worked off");
    assert!(bench.sender.told.lock().expect("unpoisoned").is_empty());
    let given_up = "SELECT COUNT(*) FROM core_event WHERE kind = 'notice_not_sent'";
    assert_eq!(bench.number(given_up).await, 1);
}

#[tokio::test]
async fn security_54_a_session_that_was_written_by_hand_is_none() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let verified = bench.verified("WB-1").await;
    let victim = bench.customer("WB-2", None).await;
    // The time of sessions without a proof is over.
    bench.behind_its_back("UPDATE core_schema SET applied_at = 1 WHERE version = 13").await;
    let (token, id) = (&verified.token, &verified.session.id);
    let is_there = async || {
        let desk = &bench.desk;
        let touched = desk.touch(token).await.expect("an answer").is_some();
        let read = desk.session(id).await.expect("an answer").is_some();
        let alive = desk.sessions(SessionFilter::Alive, 9).await.expect("an answer").len();
        (touched, read, alive)
    };
    assert_eq!(is_there().await, (true, true, 1));
    bench.behind_its_back("CREATE TABLE saved AS SELECT * FROM core_session").await;
    let ends = "SELECT COUNT(*) FROM core_event WHERE kind = 'session_ended'";
    assert_eq!(victim.id.0, 2, "the statements below name it");
    for change in [
        "UPDATE core_session SET customer_id = 2",
        "UPDATE core_session SET expires_at = expires_at + 3600000",
        "UPDATE core_session SET factor = 'sms'",
        "UPDATE core_session SET key_id = NULL, mac = NULL",
        "UPDATE core_session SET key_id = 'k9'",
    ] {
        bench.behind_its_back(change).await;
        assert_eq!(is_there().await, (false, false, 0), "{change}");
        let ended = bench.desk.end_session(id, SessionEnd::Revoked).await.expect("an answer");
        assert_eq!((ended, bench.number(ends).await), (None, 0), "{change}");
        bench.behind_its_back("DELETE FROM core_session").await;
        bench.behind_its_back("INSERT INTO core_session SELECT * FROM saved").await;
        assert_eq!(is_there().await, (true, true, 1), "after: {change}");
    }
    // One that was ended does not live again.
    bench.desk.end_session(id, SessionEnd::Logout).await.expect("an answer").expect("ended");
    bench.behind_its_back("UPDATE core_session SET ended_at = NULL, ended_how = NULL").await;
    assert_eq!(is_there().await, (false, false, 0));
}

#[tokio::test]
async fn security_54_the_answer_told_again_names_no_forged_session() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let customer = bench.customer("WB-1", None).await;
    let (request, code) = bench.send(bench.ask(&customer, Channel::Email).await).await;
    let verified = bench.desk.verify(&request.id, &code, "an act").await.expect("judged");
    assert!(matches!(verified, Verification::Verified(_)), "{verified:?}");
    let again = bench.desk.verify(&request.id, &code, "an act").await.expect("told again");
    assert!(matches!(again, Verification::Verified(_)), "{again:?}");
    bench.behind_its_back("UPDATE core_session SET customer_id = 2").await;
    let forged = bench.desk.verify(&request.id, &code, "an act").await;
    assert!(forged.is_err(), "{forged:?}");
}

#[tokio::test]
async fn security_55_the_log_is_purged_by_the_owner_alone() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench
        .behind_its_back("UPDATE core_event SET at = 1 WHERE id < (SELECT MAX(id) FROM core_event)")
        .await;
    let events = bench.number("SELECT COUNT(*) FROM core_event").await;
    let run = async |authentication| {
        let actor = bench.desk.actor().clone();
        let caller = Caller { actor, role: Role::Admin, authentication };
        let call = CountDueMaintenance;
        let due = bench.desk.handle(&caller, call.into(), RetryPolicy::brief()).await;
        let Answer::CountDueMaintenance(Ok(due)) = due else { panic!("{due:?}") };
        let mut run = MaintenanceRun::default();
        loop {
            let (reason, key) = ("the yearly purge".into(), "purge".into());
            let step = RunMaintenanceStep { run: run.clone(), reason, key };
            let done = bench.desk.handle(&caller, step.into(), RetryPolicy::brief()).await;
            let Answer::RunMaintenanceStep(Ok(progress)) = done else { panic!("{done:?}") };
            run = progress.run;
            if progress.rest.is_none() {
                return (due.is_empty(), run.totals().is_empty());
            }
        }
    };
    assert_eq!(run(Authentication::PeerCredentials).await, (true, true));
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_event").await, events);
    assert_eq!(run(Authentication::OwnProcess).await, (false, false));
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_event WHERE at = 1").await, 0);
    let told = "SELECT COUNT(*) FROM core_event WHERE kind = 'events_purged'";
    assert_eq!(bench.number(told).await, 1);
}
