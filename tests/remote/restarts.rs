//! A service that is killed again and again while terminals work at it: no act is lost and
//! none is done twice. The mail server and the store are asked in the end.
//!
//! `COUNTERSIGN_TEST_KILLS` and `COUNTERSIGN_TEST_TERMINALS` make it longer than CI has time
//! for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::domain::channel::Channel;
use countersign::domain::code::TypedCode;
use countersign::random::OsRandom;
use countersign::remote::RemoteDesk;
use countersign::service::api::{Answer, Call, Door as _};
use countersign::service::customers::calls::FindCustomers;
use countersign::service::delivery::calls::DeliverCode;
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::calls::{AskForCode, ResendCode, VerifyCode};
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome};
use countersign::service::verification::verify::Verification;
use zeroize::Zeroizing;

use crate::post_office::PostOffice;
use crate::service::{BOSS, Service, is_root};

/// How long a terminal waits for a letter before it asks for another code, as a clerk would:
/// what a killed service was sending is not sent again.
const LETTER_TIMEOUT: Duration = Duration::from_secs(3);

/// How long one terminal may take for one customer.
const TEST_TIMEOUT: Duration = Duration::from_mins(2);

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |it| it.parse().expect("a number"))
}

fn email(customer: usize) -> String {
    format!("c{customer}@example.org")
}

/// An office that sends to a mail server of the test.
fn service(port: u16, customers: usize) -> Service {
    let service = Service::start_with(&format!(
        "[email]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
         from = \"desk@example.org\"\n[otp]\nresend_cooldown_seconds = 0\n\
         [limits]\nper_contact = 100000\nper_customer = 100000\nper_clerk = 100000\n\
         per_counter = 100000\nin_all = 100000\nwrong_codes_per_clerk = 100000\n\
         lookups_per_clerk = 100000\n"
    ));
    let lines = (0..customers).map(|it| format!("R-{it},Person {it},{},,\n", email(it)));
    let list = format!("account_no,name,email,phone,address\n{}", lines.collect::<String>());
    std::fs::write(service.path("more.csv"), list).expect("written");
    service.owner(&["customers", "import", "../more.csv"]);
    service.counter(BOSS, &["staff", "add", "root", "--json"]).ended(0, "changed");
    service
}

/// A terminal that verifies one customer after the other.
struct Terminal {
    door: RemoteDesk,
    post: Arc<PostOffice>,
    /// How many codes were asked for, new ones of a request too.
    codes: Arc<AtomicUsize>,
}

impl Terminal {
    async fn call(&self, call: impl Into<Call>) -> Answer {
        let retry = RetryPolicy::lasting(|_| {});
        let retry = retry.waiting(Duration::from_millis(20), Duration::from_millis(200));
        self.door.handle(call.into(), retry).await
    }

    /// Verifies a customer, once with a wrong code and once with the right one.
    async fn verify(&self, number: usize) {
        let begun = Instant::now();
        let customer = loop {
            // A read is not repeated: whoever needs it makes it anew.
            let find = FindCustomers { typed: format!("R-{number}"), limit: 50 };
            if let Answer::FindCustomers(Ok(found)) = self.call(find).await {
                let account = format!("R-{number}");
                let hit = found.customers.into_iter().find(|it| it.account_no == account);
                break hit.expect("a customer").id;
            }
            assert!(begun.elapsed() < TEST_TIMEOUT, "no search is answered");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let ask = AskForCode(CodeRequest {
            customer,
            channel: Channel::Email,
            purpose: "pay a bill".into(),
            representative: None,
            idempotency: format!("ask {number}"),
        });
        let answer = self.call(ask).await;
        let Answer::AskForCode(Ok(
            CodeRequestOutcome::Ready(mut request) | CodeRequestOutcome::Already(mut request),
        )) = answer
        else {
            panic!("no code: {answer:?}")
        };
        self.codes.fetch_add(1, Ordering::Relaxed);
        let mut old = BTreeSet::new();
        let code = loop {
            self.call(DeliverCode { delivery: request.delivery.id, max_elapsed: Duration::ZERO })
                .await;
            if let Some(code) = self.letter(number, &old).await {
                break code;
            }
            assert!(begun.elapsed() < TEST_TIMEOUT, "no letter comes");
            old = self.letters(number);
            let resend = ResendCode { request: request.id.clone(), after: request.generation };
            let answer = self.call(resend).await;
            let Answer::ResendCode(Ok(Some(
                CodeRequestOutcome::Ready(next) | CodeRequestOutcome::Already(next),
            ))) = answer
            else {
                panic!("no new code: {answer:?}")
            };
            self.codes.fetch_add(1, Ordering::Relaxed);
            request = next;
        };
        let wrong = if code == "123456" { "654321" } else { "123456" };
        for (typed, key) in [(wrong, "wrong"), (code.as_str(), "right")] {
            let answer = self
                .call(VerifyCode {
                    request: request.id.clone(),
                    code: TypedCode(Zeroizing::new(typed.to_owned())),
                    key: format!("{key} {number}"),
                    session: None,
                })
                .await;
            let Answer::VerifyCode(Ok(answer)) = answer else { panic!("{key}: {answer:?}") };
            let is_verified = matches!(answer, Verification::Verified(_));
            assert_eq!(is_verified, key == "right", "{answer:?}");
        }
    }

    fn letters(&self, number: usize) -> BTreeSet<String> {
        let to = email(number);
        self.post.letters().into_iter().filter(|it| it.to == to).map(|it| it.code).collect()
    }

    /// A code that was not there before.
    async fn letter(&self, number: usize, old: &BTreeSet<String>) -> Option<String> {
        let since = Instant::now();
        while since.elapsed() < LETTER_TIMEOUT {
            if let Some(code) = self.letters(number).difference(old).next() {
                return Some(code.clone());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_no_act_is_lost_or_done_twice_though_the_service_is_killed() {
    if !is_root() {
        return;
    }
    let kills = number("COUNTERSIGN_TEST_KILLS", 8);
    let terminals = number("COUNTERSIGN_TEST_TERMINALS", 8);
    let customers = terminals * kills;
    let post = Arc::new(PostOffice::start(|_| None).await);
    let mut service = service(post.port, customers);
    let codes = Arc::new(AtomicUsize::new(0));
    let verified = Arc::new(AtomicUsize::new(0));
    let mut working = tokio::task::JoinSet::new();
    for at in 0..terminals {
        let connected = RemoteDesk::connect(&service.socket(), Arc::new(OsRandom), false).await;
        let (door, _) = connected.expect("connected");
        let (post, codes, verified) =
            (Arc::clone(&post), Arc::clone(&codes), Arc::clone(&verified));
        working.spawn(async move {
            let terminal = Terminal { door, post, codes };
            for round in 0..kills {
                terminal.verify(round * terminals + at).await;
                verified.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    // Set where a terminal gave up: nothing is left to be killed for.
    let over = Arc::new(AtomicBool::new(false));
    let killing = tokio::task::spawn_blocking({
        let (verified, over) = (Arc::clone(&verified), Arc::clone(&over));
        move || {
            let mut killed = 0;
            for kill in 1..=kills {
                // One in each share of the work, at another moment of it each time.
                while verified.load(Ordering::Relaxed) < customers * (kill - 1) / kills {
                    if over.load(Ordering::Relaxed) {
                        return (service, killed);
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                std::thread::sleep(Duration::from_millis(37 * (kill as u64 % 7)));
                service.kill();
                service.run();
                killed += 1;
            }
            (service, killed)
        }
    });
    let mut gave_up = 0;
    while let Some(done) = working.join_next().await {
        if done.is_err() {
            gave_up += 1;
            over.store(true, Ordering::Relaxed);
        }
    }
    let (service, killed) = killing.await.expect("killed");
    assert_eq!(gave_up, 0, "terminals gave up");

    let letters: Vec<_> = post.letters().into_iter().map(|it| (it.to, it.code)).collect();
    let distinct: BTreeSet<_> = letters.iter().collect();
    assert_eq!(distinct.len(), letters.len(), "a letter came twice");
    let codes = codes.load(Ordering::Relaxed);
    assert!(letters.len() <= codes, "{} letters of {codes} codes", letters.len());
    assert_eq!(verified.load(Ordering::Relaxed), customers);
    let log = service.counter(BOSS, &["log", "--json", "--limit", "100000"]).lines();
    let count = |kind: &str| log.iter().filter(|it| it["kind"] == kind).count();
    assert_eq!(count("attempt"), 2 * customers, "each attempt once");
    assert_eq!(count("requested") + count("resent"), codes, "each code once");
    assert_eq!(count("service_started"), killed + 1);
    println!(
        "{terminals} terminals, {killed} kills: {customers} verified, {codes} codes, {} letters",
        letters.len()
    );
}
