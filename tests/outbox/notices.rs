//! Contacts that were changed are told so: once where all is well, and in the
//! end where it is not.

use std::time::Duration;

use countersign::domain::channel::Channel;
use countersign::domain::event::EventKind;
use tokio_util::sync::CancellationToken;

use crate::faulty_servers::smtp_sender;
use crate::office::Office;
use crate::post_office::{At, Does, Letter, PostOffice};

const LONG: Duration = Duration::from_mins(5);

/// How long a notice is left to who took it.
const LEASE: u64 = 120_000;

fn notice() -> Letter {
    // No line of it looks like a code.
    Letter { to: "dana@example.org".into(), code: String::new() }
}

/// How often the log says so.
async fn count(office: &Office, kind: EventKind) -> usize {
    office.said().await.into_iter().filter(|it| *it == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn security_17_a_worker_tells_the_old_contact_once_and_sends_it_no_pending_code() {
    let post = PostOffice::start(|_| None).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    // Asked for, and not sent yet when the address is changed.
    office.ask(Channel::Email).await;
    office.change_address("mallory@example.org").await;
    let end = CancellationToken::new();
    let workers = [office.terminal().await, office.terminal().await].map(|worker| {
        let end = end.clone();
        tokio::spawn(async move { worker.run_outbox(4, end, |_, _| ()).await })
    });
    let waited = async {
        while count(&office, EventKind::NoticeSent).await == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waited).await.expect("told");
    end.cancel();
    for worker in workers {
        worker.await.expect("an end");
    }
    office.pass(LEASE).await;
    office.desk.work_off_outbox(4).await.expect("worked off");
    assert_eq!(post.letters(), [notice()]);
    assert_eq!(count(&office, EventKind::NoticeSent).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_17_a_notice_whose_terminal_died_is_told_by_another_one() {
    let post = PostOffice::start(|number| (number == 0).then_some((At::Data, Does::Hang))).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    office.change_address("mallory@example.org").await;
    let dying = office.terminal().await;
    let dying = tokio::spawn(async move { dying.work_off_outbox(4).await });
    post.met(1).await;
    dying.abort();
    office.desk.work_off_outbox(4).await.expect("worked off");
    assert_eq!(post.count(), 0, "it may be at it still");
    office.pass(LEASE).await;
    office.desk.work_off_outbox(4).await.expect("worked off");
    assert_eq!(post.letters(), [notice()]);
    assert_eq!(office.said().await, [EventKind::ContactChanged, EventKind::NoticeSent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_17_notices_wait_while_the_provider_is_down() {
    let post = PostOffice::start(|_| None).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    office.change_address("mallory@example.org").await;
    let down = |until: &str| {
        format!("UPDATE core_line SET failures = 3, down_until = {until} WHERE name = 'email'")
    };
    office.sql(&down("unixepoch() * 1000 + 60000")).await;
    office.desk.work_off_outbox(4).await.expect("worked off");
    office.pass(30_000).await;
    office.desk.work_off_outbox(4).await.expect("worked off");
    assert_eq!(post.conversations(), 0, "nobody knocks");
    office.sql(&down("0")).await;
    office.pass(60_000).await;
    office.desk.work_off_outbox(4).await.expect("worked off");
    assert_eq!(post.letters(), [notice()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_17_what_fails_is_tried_for_a_day_and_then_given_up_with_an_entry() {
    let busy = Some((At::Letter, Does::Say("451 4.3.0 not now\r\n")));
    let post = PostOffice::start(move |_| busy).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    office.change_address("mallory@example.org").await;
    for tries in 1..=3 {
        office.desk.work_off_outbox(4).await.expect("worked off");
        assert_eq!(post.conversations(), tries);
        office.pass(60_000 << tries).await;
    }
    office.pass(24 * 3_600_000).await;
    office.desk.work_off_outbox(4).await.expect("worked off");
    office.pass(3_600_000).await;
    office.desk.work_off_outbox(4).await.expect("worked off");
    assert_eq!((post.conversations(), post.count()), (4, 0));
    assert_eq!(office.said().await, [EventKind::ContactChanged, EventKind::NoticeNotSent]);
}
