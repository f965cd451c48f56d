//! Workers that are killed (SIGKILL) while they hand a message over, as
//! processes: whatever the moment, the message comes once where the provider
//! can tell, it is never lost unnoticed, and `status` says how it is.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use countersign::domain::channel::Channel;
use countersign::domain::delivery::DeliveryState;
use countersign::domain::request::Request;

use crate::faulty_servers::date;
use crate::http_double::{Double, Request as Asked, json};
use crate::post_office::{At, Does, PostOffice};
use crate::process_office::{Kind, ProcessOffice};
use crate::twilio_double::{ACCOUNT, FROM, TOKEN};
use crate::twilio_records::Books;

/// How long a message is left to who holds it, and a hand-over to who began it.
const LEASE: u64 = 32_000;
const HANDOVER: u64 = 62_000;

/// Long enough for a worker to come to its commit.
const A_MOMENT: Duration = Duration::from_millis(1_500);

/// When the worker is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    BeforeSending,
    AfterSending,
    BeforeTheCommit,
}

use Moment::{AfterSending, BeforeSending, BeforeTheCommit};

const STOPPED: &str = "stopped in the middle";

fn email(port: u16) -> String {
    format!(
        "[email]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
         from = \"desk@example.org\""
    )
}

/// What is left to be told after a killing.
struct End {
    state: DeliveryState,
    received: usize,
    says: String,
}

impl End {
    fn tell(&self, kind: Kind, provider: &str, moment: Moment) {
        let Self { state, received, says } = self;
        println!("| {kind:?} | {provider} | {moment:?} | {} | {received} | {says} |", state.word());
    }
}

/// What another worker makes of it, so much later.
async fn taken_over(
    office: &ProcessOffice,
    request: &Request,
    after: u64,
) -> (DeliveryState, String) {
    office.pass(after).await;
    let worker = office.worker("second");
    let state = async || {
        let now = office.desk.request(&request.id).await.expect("an answer").expect("a request");
        now.delivery.state
    };
    office.idle(async || state().await == DeliveryState::Sent).await;
    worker.end().await;
    let out = office.run(&["status", request.id.as_str()]);
    let says = out.lines().nth(1).unwrap_or_default().to_owned();
    (state().await, says)
}

async fn mail(kind: Kind, moment: Moment) -> End {
    let met = match moment {
        BeforeSending => (At::Data, Does::Hang),
        AfterSending => (At::Letter, Does::Hang),
        BeforeTheCommit => (At::Letter, Does::Hold),
    };
    let post = PostOffice::start(move |number| (number == 0).then_some(met)).await;
    let office = ProcessOffice::open(kind, &email(post.port), 1).await;
    let request = office.ask(0, Channel::Email).await;
    office.pass(LEASE).await;
    let worker = office.worker("first");
    post.met(1).await;
    if moment == BeforeTheCommit {
        let mut raw = office.raw().await;
        raw.lock().await;
        post.release();
        tokio::time::sleep(A_MOMENT).await;
        worker.kill();
        raw.run("ROLLBACK").await;
    } else {
        worker.kill();
    }
    let after = if moment == BeforeSending { LEASE } else { HANDOVER };
    let (state, says) = taken_over(&office, &request, after).await;
    let code = &post.letters().first().map(|it| it.code.clone()).unwrap_or_default();
    assert!(!code.is_empty() && !office.logs().contains(code.as_str()), "a code in a log");
    let received = post.letters().len();
    office.close().await;
    End { state, received, says }
}

/// A door that is opened once.
#[derive(Default)]
struct Door(Mutex<bool>, Condvar);

impl Door {
    fn pass(&self) {
        let open = self.0.lock().expect("no panic");
        drop(self.1.wait_while(open, |open| !*open).expect("no panic"));
    }

    fn open(&self) {
        *self.0.lock().expect("no panic") = true;
        self.1.notify_all();
    }
}

async fn text(kind: Kind, twilio: bool, moment: Moment) -> End {
    let (taken, door) = (Arc::new(AtomicUsize::new(0)), Arc::new(Door::default()));
    let (counted, held, books) = (Arc::clone(&taken), Arc::clone(&door), Books::default());
    let double = Double::start(move |asked: &Asked| {
        if asked.method != "POST" {
            return books.answer(asked, &date());
        }
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        let answer =
            if twilio { books.answer(asked, &date()) } else { json("200 OK", r#"{"id":4711}"#) };
        match moment {
            AfterSending if first => return None,
            // Another thread of the runtime goes on meanwhile.
            BeforeTheCommit if first => tokio::task::block_in_place(|| held.pass()),
            _ => {}
        }
        answer
    })
    .await;
    let url = double.url();
    let sms = if twilio {
        format!(
            "[sms]\nprovider = \"twilio\"\naccount_sid = \"{ACCOUNT}\"\nauth_token = \"{TOKEN}\"\n\
             from = \"{FROM}\"\nbase_url = \"{url}\""
        )
    } else {
        format!(
            "[sms]\nprovider = \"gateway\"\nurl = \"{url}/send\"\nid_pointer = \"/id\"\n\
             body = '{{\"to\": \"{{{{to}}}}\", \"message\": \"{{{{text}}}}\"}}'"
        )
    };
    let office = ProcessOffice::open(kind, &sms, 1).await;
    let request = office.ask(0, Channel::Sms).await;
    let mut after = LEASE;
    // Before it sends, a worker is not seen by the provider: it is as if it had
    // never been.
    if moment != BeforeSending {
        office.pass(LEASE).await;
        let worker = office.worker("first");
        while taken.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if moment == BeforeTheCommit {
            let mut raw = office.raw().await;
            raw.lock().await;
            door.open();
            tokio::time::sleep(A_MOMENT).await;
            worker.kill();
            raw.run("ROLLBACK").await;
        } else {
            worker.kill();
        }
        after = HANDOVER;
    }
    let (state, says) = taken_over(&office, &request, after).await;
    office.close().await;
    End { state, received: taken.load(Ordering::SeqCst), says }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn security_20_an_email_whose_worker_is_killed_comes_once_and_is_told_of() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (moment, state, words) in [
            (BeforeSending, DeliveryState::Sent, ""),
            (AfterSending, DeliveryState::Unknown, STOPPED),
            (BeforeTheCommit, DeliveryState::Unknown, STOPPED),
        ] {
            let end = mail(kind, moment).await;
            end.tell(kind, "Smtp", moment);
            assert_eq!((end.state, end.received), (state, 1), "{kind:?} {moment:?}");
            assert!(end.says.contains(words), "{kind:?} {moment:?}: {}", end.says);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn security_20_a_text_message_whose_worker_is_killed_comes_once_and_is_asked_about() {
    let kind = Kind::Sqlite;
    for (twilio, moment, state, words) in [
        (true, BeforeSending, DeliveryState::Sent, ""),
        (true, AfterSending, DeliveryState::Sent, ""),
        (true, BeforeTheCommit, DeliveryState::Sent, ""),
        (false, BeforeSending, DeliveryState::Sent, ""),
        (false, AfterSending, DeliveryState::Unknown, STOPPED),
        (false, BeforeTheCommit, DeliveryState::Unknown, STOPPED),
    ] {
        let end = text(kind, twilio, moment).await;
        let provider = if twilio { "Twilio" } else { "Gateway" };
        end.tell(kind, provider, moment);
        assert_eq!((end.state, end.received), (state, 1), "{provider} {moment:?}");
        assert!(end.says.contains(words), "{provider} {moment:?}: {}", end.says);
    }
}
