//! The tray: what is put in is what a reader finds, in order and for the user
//! alone, also when several write at once.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use countersign::config::settings::{EmailSettings, SmsSettings, TraySettings};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::channel::Channel;
use countersign::domain::delivery::DeliveryState;
use countersign::domain::rehearsal::{self, Script};
use countersign::domain::time::Timestamp;
use countersign::service::ports::{Sender, Tray, TrayMessage};

use crate::message::{self, CODE};

struct Desk {
    email: Arc<dyn Sender>,
    sms: Arc<dyn Sender>,
    tray: Arc<dyn Tray>,
}

fn desk(file: &Path) -> Desk {
    let settings = TraySettings { file: file.to_owned() };
    let email = EmailSettings::Tray { from: "desk@example.org".into() };
    let (templates, times) = (message::templates(), SendTimeouts::default());
    Desk {
        email: delivery::email_sender(&email, &settings, &templates, times)
            .expect("a sender")
            .expect("it is on"),
        sms: delivery::sms_sender(&SmsSettings::Tray, &settings, &templates, times)
            .expect("a sender")
            .expect("it is on"),
        tray: delivery::tray(&settings),
    }
}

async fn read(desk: &Desk, after: u64, limit: u32) -> Vec<TrayMessage> {
    desk.tray.messages(after, limit).await.expect("a readable tray")
}

#[tokio::test]
async fn a_message_lies_in_the_tray_as_the_customer_would_read_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new/tray.jsonl");
    let desk = desk(&file);
    assert_eq!(read(&desk, 0, 10).await, []);

    let mail = message::to("dana@example.org");
    let report = desk.email.send(&mail).await;
    assert_eq!(report.state, DeliveryState::Sent);
    assert_eq!(report.provider_id.as_deref(), Some("tray 1"));
    let report = desk.sms.send(&message::to("+15550100142")).await;
    assert_eq!(report.provider_id.as_deref(), Some("tray 2"));

    let messages = read(&desk, 0, 10).await;
    let [mail, text] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(
        (mail.number, mail.channel, mail.to.as_str()),
        (1, Channel::Email, "dana@example.org")
    );
    assert_eq!(mail.at, Timestamp::from_millis(1_763_820_000_000));
    assert_eq!(mail.reference, "K7Q");
    assert_eq!(
        mail.subject.as_deref(),
        Some("Riverside Billing: your code for the counter, reference K7Q")
    );
    assert!(mail.text.lines().any(|line| line == message::CODE), "{}", mail.text);
    assert_eq!((text.number, text.channel, text.to.as_str()), (2, Channel::Sms, "+15550100142"));
    assert_eq!(text.subject, None);
    assert_eq!(
        text.text,
        "073914 is your code at Riverside Billing, counter 3 (pay bill). Ref K7Q. Valid 5 min. \
         Say it only at the counter, never by phone."
    );
    assert_eq!(read(&desk, 1, 10).await.len(), 1);
    assert_eq!(read(&desk, 0, 1).await[0].number, 2, "the newest of more");
    assert!(desk.sms.check().await.is_ok_and(|said| said.contains("tray.jsonl")));
}

#[tokio::test]
async fn the_tray_is_the_users_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new/tray.jsonl");
    let desk = desk(&file);
    desk.sms.send(&message::to("+15550100142")).await;
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&folder.path().join("new")), 0o700);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("to be allowed");
    desk.sms.send(&message::to("+15550100142")).await;
    assert_eq!(mode(&file), 0o600, "a file left open is closed again");
}

#[tokio::test]
async fn the_tray_is_not_written_through_a_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, victim) = (folder.path().join("tray.jsonl"), folder.path().join("victim"));
    fs::write(&victim, "").expect("a file");
    symlink(&victim, &file).expect("a link");
    let desk = desk(&file);
    let report = desk.sms.send(&message::to("+15550100142")).await;
    assert_eq!(report.state, DeliveryState::Failed);
    assert!(report.detail.is_some_and(|said| said.for_admin.contains("[tray]")));
    assert!(desk.sms.check().await.is_err());
    assert_eq!(fs::read(&victim).expect("a file"), b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_once_lose_nothing_and_number_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tray.jsonl");
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let desk = desk(&file);
        writers.spawn(async move {
            for _ in 0..20 {
                let report = desk.sms.send(&message::to("+15550100142")).await;
                assert_eq!(report.state, DeliveryState::Sent, "{:?}", report.detail);
            }
        });
    }
    writers.join_all().await;
    let numbers: Vec<u64> =
        read(&desk(&file), 0, 1_000).await.iter().map(|message| message.number).collect();
    assert_eq!(numbers, (1..=160).collect::<Vec<u64>>());
}

#[tokio::test]
async fn the_tray_keeps_the_newest_and_their_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tray.jsonl");
    let desk = desk(&file);
    let mut most = 0;
    for number in 1..=520_u64 {
        let report = desk.sms.send(&message::to("+15550100142")).await;
        assert_eq!(report.provider_id, Some(format!("tray {number}")));
        let held = fs::read_to_string(&file).expect("a tray").lines().count();
        most = most.max(held);
        assert!(held >= 200.min(usize::try_from(number).expect("small")), "{held} at {number}");
    }
    assert_eq!(most, 250);
    let numbers: BTreeSet<u64> =
        read(&desk, 0, 1_000).await.iter().map(|message| message.number).collect();
    assert_eq!(numbers.last(), Some(&520));
    assert_eq!(numbers.len() as u64, 520 - numbers.first().expect("some") + 1);
}

#[tokio::test]
async fn security_38_what_others_wrote_into_the_tray_is_cleaned_or_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tray.jsonl");
    let foreign = r#"{"number":7,"at":1,"channel":"sms","to":"+1\u001b[2J","text":"a\u202eb\nc\u001b]52;c;x\u0007","reference":"K\u200b7Q"}"#;
    fs::write(&file, format!("garbage\n{foreign}\n{{\"number\":8,\"at\"")).expect("a file");
    let desk = desk(&file);
    let report = desk.sms.send(&message::to("+15550100142")).await;
    assert_eq!(report.provider_id.as_deref(), Some("tray 8"));
    let messages = read(&desk, 0, 10).await;
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].text, "ab\nc]52;c;x");
    assert_eq!(messages[0].to, "+1[2J");
    assert_eq!(messages[0].reference, "K7Q");
    assert_eq!(messages[1].number, 8);
}

#[tokio::test]
async fn a_customer_of_a_rehearsal_misreads_the_first_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = desk(&folder.path().join("tray.jsonl"));
    let mut mail = message::to(Script::WrongCode.email());
    desk.email.send(&mail).await;
    mail.generation = 2;
    desk.email.send(&mail).await;
    let read_out: Vec<_> = read(&desk, 0, 10).await.into_iter().map(|it| it.text).collect();
    let wrong = rehearsal::misread(CODE);
    assert!(read_out[0].contains(&wrong) && !read_out[0].contains(CODE), "{read_out:?}");
    assert!(read_out[1].contains(CODE), "{read_out:?}");
}
