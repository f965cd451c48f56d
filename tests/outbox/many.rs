//! A thousand codes through workers that are processes, against a server of
//! whose conversations one in twenty fails for now.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::collections::BTreeSet;
use std::time::Instant;

use countersign::domain::channel::Channel;

use crate::post_office::{At, Does, PostOffice};
use crate::process_office::{Kind, ProcessOffice, email};

const CODES: usize = 1_000;

/// One in twenty, in turn: refused at the greeting, at the recipient and after
/// the letter, and ended before the letter. Never three in a row: then the
/// provider would count as down.
fn weather(number: usize) -> Option<(At, Does)> {
    let troubles = [
        (At::Recipient, Does::Say("450 4.2.1 mailbox busy\r\n")),
        (At::Letter, Does::Say("451 4.3.0 try again later\r\n")),
        (At::Data, Does::Close),
        (At::Recipient, Does::Say("421 4.7.0 too many connections\r\n")),
    ];
    (number % 20 == 7).then(|| troubles[number / 20 % troubles.len()])
}

async fn thousand(kind: Kind, workers: usize) {
    let post = PostOffice::start(weather).await;
    let senders = format!(
        "[email]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         from = \"desk@example.org\"",
        post.port
    );
    let office = ProcessOffice::open(kind, &senders, CODES).await;
    for customer in 0..CODES {
        office.ask(customer, Channel::Email).await;
    }
    // The terminal that asked is gone: workers take over.
    office.pass(12_000).await;
    let begun = Instant::now();
    let names: Vec<_> = (0..workers).map(|it| format!("worker{it}")).collect();
    let running: Vec<_> = names.iter().map(|name| office.worker(name)).collect();
    office.idle(async || false).await;
    let took = begun.elapsed();
    for worker in running {
        worker.end().await;
    }

    let letters = post.letters();
    let to: BTreeSet<_> = letters.iter().map(|it| it.to.clone()).collect();
    assert_eq!(to, (0..CODES).map(email).collect(), "each has one");
    assert_eq!(letters.len(), CODES, "none has two");
    let mut raw = office.raw().await;
    let sent = raw.number("SELECT COUNT(*) FROM core_delivery WHERE state = 'sent'").await;
    assert_eq!(sent, i64::try_from(CODES).expect("a number"));
    assert_eq!(raw.number("SELECT COUNT(*) FROM core_outbox").await, 0, "no sealed code is left");
    let delayed = raw.number("SELECT COUNT(*) FROM core_event WHERE kind = 'delayed'").await;
    // What ends on a kept connection is begun again on a new one at once.
    assert!(post.troubled() >= CODES / 20 && delayed >= 20, "{delayed} failed for now");

    let logs = office.logs();
    let told = logs.lines().filter(|line| line.contains(" sent to ")).count();
    assert_eq!(told, CODES, "each is told of");
    assert!(logs.lines().count() >= CODES, "the logs were kept");
    let words: BTreeSet<_> = logs.split(|it: char| !it.is_ascii_alphanumeric()).collect();
    for letter in &letters {
        assert!(!words.contains(letter.code.as_str()), "a code in a log");
        assert!(!logs.contains(&letter.to), "an address in a log");
    }
    println!(
        "{kind:?}, {workers} at work: {CODES} codes in {:.1} s, {} faults, {delayed} tried again later",
        took.as_secs_f64(),
        post.troubled(),
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn security_20_of_1000_codes_each_comes_once_through_a_worker() {
    thousand(Kind::Sqlite, 1).await;
    thousand(Kind::Postgres, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn security_20_of_1000_codes_each_comes_once_through_two_workers() {
    thousand(Kind::Sqlite, 2).await;
    thousand(Kind::Postgres, 2).await;
}
