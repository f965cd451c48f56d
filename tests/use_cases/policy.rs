//! The office's policy: what held is kept with each request and session, a change is in the
//! log, and another policy can be tried on what was sent.

use std::time::Duration;

use countersign::config::{Config, ProcessEnvironment};
use countersign::domain::policy_preview::PolicyPreview;
use countersign::service::api::{Answer, Authentication, Caller, Role};
use countersign::service::policy::calls::{ReadPastSends, ReadPolicy};
use countersign::service::store_call_retry::RetryPolicy;

use super::*;

const CHANGES: &str = "SELECT COUNT(*) FROM core_event WHERE kind = 'policy_changed'";

impl Bench {
    /// A desk with another policy over the same store.
    fn with_policy(&self, change: impl FnOnce(&mut Office)) -> Desk {
        let mut office = self.desk.office().clone();
        change(&mut office);
        desk(self.store.clone(), &self.sender, &self.keys, office)
    }

    async fn text(&self, question: &'static str) -> String {
        let raw = self.raw().await;
        let text = sqlx::query_scalar(question).fetch_one(&raw).await.expect("an answer");
        raw.close().await;
        text
    }
}

#[tokio::test]
async fn each_request_and_session_keeps_the_policy_it_was_made_under() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let version = bench.desk.office().policy().version();
    let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    assert_eq!(bench.text("SELECT policy_version FROM core_otp").await, version);
    assert_eq!(bench.number(CHANGES).await, 0, "there was none before");
    // Entered under another one.
    let stricter = bench.with_policy(|office| office.otp.session = Duration::from_mins(3));
    let verified = stricter.verify(&request.id, &code, "k").await.expect("judged");
    assert!(matches!(verified, Verification::Verified(_)), "{verified:?}");
    let later = stricter.office().policy().version();
    assert_ne!(later, version);
    assert_eq!(bench.text("SELECT policy_version FROM core_session").await, later);
    assert_eq!(bench.text("SELECT policy_version FROM core_otp").await, version);
    // What held can be read back.
    for (version, text) in
        [(version, bench.desk.office().policy()), (later, stricter.office().policy())]
    {
        let kept = bench.desk.policy_of(Some(&version)).await.expect("an answer");
        assert_eq!(kept.map(|it| (it.version, it.policy)), Some((version, text)));
    }
    assert_eq!(bench.desk.policy_of(Some("never")).await.expect("an answer"), None);
}

#[tokio::test]
async fn a_changed_policy_is_in_the_log_once_however_many_hosts_start_with_it() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    bench.desk.ensure_policy().await.expect("kept");
    let mut hosts = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let host = bench.with_policy(|office| {
            office.otp.max_attempts = 3;
            office.limits.per_hour.per_contact = 2;
        });
        hosts.spawn(async move { host.ensure_policy().await.expect("kept") });
    }
    hosts.join_all().await;
    assert_eq!(bench.number(CHANGES).await, 1);
    let detail = bench.text("SELECT detail FROM core_event WHERE kind = 'policy_changed'").await;
    assert!(detail.ends_with("limits.per_contact: 100 -> 2; otp.max_attempts: 5 -> 3"), "{detail}");
    // Back to what it was: that is a change too.
    bench.with_policy(|_| {}).ensure_policy().await.expect("kept");
    assert_eq!(bench.number(CHANGES).await, 2);
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_policy").await, 2);
}

#[tokio::test]
async fn another_policy_is_tried_on_what_was_sent() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("+49 151 23456789")).await;
    for _ in 0..5 {
        bench.send(bench.ask(&dana, Channel::Sms).await).await;
    }
    let actor = bench.desk.actor().clone();
    let caller = |role| Caller {
        actor: actor.clone(),
        role,
        authentication: Authentication::PeerCredentials,
    };
    let read = ReadPolicy { version: None };
    let answer = bench.desk.handle(&caller(Role::Auditor), read.into(), RetryPolicy::brief()).await;
    let Answer::ReadPolicy(Ok(Some(current))) = answer else { panic!("{answer:?}") };
    let changed = |set: &[&str]| {
        let set: Vec<String> = set.iter().map(|it| (*it).to_owned()).collect();
        let home = [("HOME", "/nowhere"), ("COUNTERSIGN__OTP__LENGTH", "9")];
        let surroundings = ProcessEnvironment::new(std::path::Path::new("/"), home);
        Config::of_policy(current.policy.as_str(), None, &set, &surroundings)
    };
    let same = changed(&[]).expect("a configuration");
    assert_eq!((&same.otp, same.limits), (&bench.desk.office().otp, bench.desk.office().limits));
    assert!(changed(&["otp.length=11"]).is_err(), "the bounds of the program stay");
    assert!(changed(&["otp.lenght=8"]).is_err());

    let sends =
        ReadPastSends { from: countersign::domain::time::Timestamp::from_millis(0), limit: 100 };
    let answer = bench.desk.handle(&caller(Role::Admin), sends.into(), RetryPolicy::brief()).await;
    let written = serde_json::to_string(&answer).expect("written");
    assert!(!written.contains("49151"), "no contact leaves the desk: {written}");
    let Answer::ReadPastSends(Ok(sends)) = answer else { panic!("{answer:?}") };
    assert_eq!(sends.len(), 5);
    assert!(sends.iter().all(|it| it.contact == sends[0].contact && it.prefix.is_some()));
    let fewer = changed(&["limits.per_contact=2"]).expect("a configuration");
    let mut preview = PolicyPreview::new(fewer.otp, fewer.limits);
    for it in &sends {
        preview.send(it);
    }
    assert_eq!(preview.refused().iter().collect::<Vec<_>>(), [(&"limits.per_contact", &3)]);
}
