//! What the file gives away, and what must not happen without its trace.

use std::collections::HashSet;
use std::fs;

use countersign::domain::outcome::Outcome;
use countersign::domain::request::Status;
use countersign::service::ports::SessionFilter;
use sha2::{Digest, Sha256};

use crate::support::{Kind, Terminal, TestStore, next, on_each_store, phone, token, wish};

/// Everything a thief of the file would have.
fn dump(fixture: &TestStore) -> Vec<u8> {
    ["", "-wal", "-shm"]
        .iter()
        .filter_map(|suffix| fs::read(format!("{}{suffix}", fixture.file().display())).ok())
        .flatten()
        .collect()
}

fn holds(dump: &[u8], needle: &[u8]) -> bool {
    dump.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn security_09_no_code_can_be_read_from_the_file() {
    let fixture = TestStore::sqlite();
    let desk = Terminal::new(fixture.open().await);
    let customer = desk.customer_with_both("WB-1").await;
    let first = desk.issue(&wish(customer, "739164")).await;
    desk.reissue(&first, "739164").await;
    let mut by_sms = wish(customer, "739164");
    by_sms.purpose = "change address".into();
    by_sms.contact = phone("+1 555 010 0142");
    let open = desk.issue(&by_sms).await;
    assert_eq!(desk.enter(&open.id, "000000").await, Outcome::Wrong);

    let stored = fixture.number("SELECT COUNT(*) FROM core_otp WHERE length(otp_code) = 64").await
        + fixture.number("SELECT COUNT(*) FROM core_otp_retired").await;
    assert_eq!(stored, 3);
    let distinct = fixture
        .number("SELECT COUNT(*) FROM (SELECT otp_code FROM core_otp UNION SELECT otp_code FROM core_otp_retired)")
        .await;
    assert_eq!(distinct, 3, "the same code never has the same digest");

    let dump = dump(&fixture);
    assert!(!holds(&dump, b"739164"), "the digits");
    let hashes: HashSet<[u8; 32]> =
        (0..1_000_000).map(|it| Sha256::digest(format!("{it:06}")).into()).collect();
    let as_bytes = dump.windows(32).filter(|it| hashes.contains::<[u8]>(it)).count();
    let as_text = dump
        .windows(64)
        .filter(|it| hex::decode(it).is_ok_and(|it| hashes.contains(it.as_slice())))
        .count();
    assert_eq!((as_bytes, as_text), (0, 0), "no plain hash of any code");
}

#[tokio::test]
async fn security_29_the_store_keeps_a_tokens_hash_only() {
    let fixture = TestStore::sqlite();
    let desk = Terminal::new(fixture.open().await);
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let token = token(next());
    desk.enter_with(&request.id, "123456", &token).await.expect("an answer");
    let dump = dump(&fixture);
    assert!(holds(&dump, token.digest().as_bytes()));
    assert!(!holds(&dump, token.reveal().as_bytes()));
    let raw = hex::decode(token.reveal().as_bytes()).expect("hexadecimal");
    assert!(!holds(&dump, &raw));
}

on_each_store! {
    async fn security_09_the_digest_goes_when_the_code_can_no_longer_be_entered(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let used = desk.issue(&wish(customer, "111111")).await;
        assert_eq!(desk.enter(&used.id, "111111").await, Outcome::Verified);
        let locked = desk.issue(&wish(customer, "222222")).await;
        for _ in 0..5 {
            desk.enter(&locked.id, "000000").await;
        }
        let cancelled = desk.issue(&wish(customer, "333333")).await;
        desk.store.cancel(&cancelled.id, &desk.actor).await.expect("an answer");
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_otp WHERE otp_code <> ''").await, 0);
    }

    async fn security_37_the_digest_of_an_expired_code_goes_with_the_next_code(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let (dana, omar) = (desk.customer("WB-1").await, desk.customer("WB-2").await);
        let expired = desk.issue(&wish(dana, "111111")).await;
        fixture.pass(600_000).await;
        desk.issue(&wish(omar, "222222")).await;
        let kept = "SELECT COUNT(*) FROM core_otp WHERE otp_code <> ''";
        assert_eq!(fixture.number(kept).await, 1);
        assert_eq!(desk.enter(&expired.id, "111111").await, Outcome::Expired);
    }

    async fn security_36_without_its_event_nothing_is_done(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let request = desk.issue(&wish(customer, "123456")).await;
        let (full, room) = match fixture.kind() {
            Kind::Sqlite => (
                "CREATE TRIGGER full BEFORE INSERT ON core_event \
                 BEGIN SELECT RAISE(ABORT, 'no room'); END",
                "DROP TRIGGER full",
            ),
            Kind::Postgres => (
                "ALTER TABLE core_event ADD CONSTRAINT full_up CHECK (at < 0) NOT VALID",
                "ALTER TABLE core_event DROP CONSTRAINT full_up",
            ),
            Kind::MariaDb => (
                "CREATE TRIGGER full_up BEFORE INSERT ON core_event FOR EACH ROW \
                 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no room'",
                "DROP TRIGGER full_up",
            ),
        };
        let gone = "ALTER TABLE core_event RENAME TO gone";
        let full = format!("ALTER TABLE gone RENAME TO core_event; {full}");
        for breakage in [gone, &full] {
            fixture.sql(breakage).await;
            assert!(desk.try_enter(&request.id, "123456").await.is_err());
            assert!(desk.try_enter(&request.id, "000000").await.is_err());
            assert!(desk.try_issue(&wish(customer, "222222")).await.is_err());
            assert!(desk.try_reissue(&request, "222222").await.is_err());
            assert!(desk.store.cancel(&request.id, &desk.actor).await.is_err());
            let sessions = desk.store.sessions(SessionFilter::All, 9).await.expect("an answer");
            assert_eq!(sessions, []);
            assert_eq!(fixture.number("SELECT COUNT(*) FROM core_guard WHERE failures > 0").await, 0);
            let now = desk.request(&request.id).await;
            assert_eq!((now.status, now.attempts, now.generation), (Status::Open, 0, 1));
        }
        fixture.sql(room).await;
        assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
    }
}
