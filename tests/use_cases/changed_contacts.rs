//! A contact that was changed: its quarantine, and the notice to the old one.

use super::*;

#[tokio::test]
async fn security_17_a_changed_contact_is_refused_in_words_with_an_entry_and_another_channel() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    let changed = bench.changed(&dana, "mallory@example.org").await;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Superseded);

    let refusal = refused(bench.ask(&changed, Channel::Email).await);
    let waiting = refusal.quarantine.as_ref().expect("the reason");
    assert_eq!(waiting.instead, [Channel::Sms, Channel::Whatsapp]);
    assert_eq!(
        (refusal.outcome, refusal.retry_at),
        (Outcome::Limited, Some(waiting.quarantine.until))
    );
    let filter = EventFilter { outcome: Some(Outcome::Limited), ..EventFilter::default() };
    let events = bench.desk.log(&filter, EventPage::Newest, 10).await.expect("the log");
    assert_eq!((events.len(), events[0].kind), (1, EventKind::Refused));
    assert!(events[0].detail.as_deref().is_some_and(|it| it.contains("was changed")), "{events:?}");
    // It is told before it is tried, and the other channels come first.
    let waiting = bench.desk.waiting_contacts(&[changed.id]).await.expect("an answer");
    let offered = bench.desk.channels(
        &changed,
        &waiting,
        &BreakerSnapshot::default(),
        &KnownContacts::default(),
    );
    let stands: Vec<_> = offered.iter().map(|it| (it.channel, it.waits_until)).collect();
    let (usable, last) = ([Channel::Sms, Channel::Whatsapp], (Channel::Email, refusal.retry_at));
    assert_eq!(stands, [(usable[0], None), (usable[1], None), last]);
    let (request, code) = bench.send(bench.ask(&changed, Channel::Sms).await).await;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);

    let confirm =
        bench.desk.confirm_contact("an act", dana.id, ContactKind::Email, "showed a passport");
    assert!(confirm.await.expect("confirmed"));
    assert!(bench.desk.waiting_contacts(&[changed.id]).await.expect("an answer").is_empty());
    let (request, code) = bench.send(bench.ask(&changed, Channel::Email).await).await;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
}

#[tokio::test]
async fn security_17_where_both_contacts_were_changed_no_channel_is_offered() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let mut dana = bench.customer("WB-1", Some("0151 12345678")).await;
    dana.phone = Some("0160 7654321".into());
    let changed = bench.changed(&dana, "mallory@example.org").await;
    for channel in [Channel::Email, Channel::Sms, Channel::Whatsapp] {
        let refusal = refused(bench.ask(&changed, channel).await);
        let waiting = refusal.quarantine.expect("the reason");
        assert!(waiting.instead.is_empty() && waiting.quarantine.other_until.is_some());
        assert!(refusal.reason.contains("both"), "{}", refusal.reason);
    }
}

#[tokio::test]
async fn security_17_the_old_contact_is_told_once_and_never_a_code() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench.changed(&dana, "mallory@example.org").await;
    for _ in 0..2 {
        bench.desk.work_off_outbox(4).await.expect("worked off");
    }
    let told = bench.sender.told.lock().expect("unpoisoned").clone();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to.as_str(), "WB-1@example.org");
    assert_eq!((&*told[0].office, &*told[0].customer), ("Riverside Billing", "Dana Rivera"));
    let log = bench.desk.log(&EventFilter::default(), EventPage::Newest, 1).await.expect("the log");
    assert_eq!(log[0].kind, EventKind::NoticeSent);
    assert_eq!(log[0].contact.as_deref(), Some("W***@example.org"));
}

#[tokio::test]
async fn security_17_a_notice_that_nobody_could_send_is_given_up_and_never_sent_by_another_provider()
 {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench.changed(&dana, "mallory@example.org").await;
    bench
        .behind_its_back(
            "UPDATE core_notice SET provider = 'elsewhere', created_at = created_at - 432000001",
        )
        .await;
    bench.sign_notices().await;
    bench.desk.work_off_outbox(4).await.expect("worked off");
    assert!(bench.sender.told.lock().expect("unpoisoned").is_empty());
    let log = bench.desk.log(&EventFilter::default(), EventPage::Newest, 1).await.expect("the log");
    assert_eq!(log[0].kind, EventKind::NoticeNotSent);
    let why = "No terminal with elsewhere was there to tell it.";
    assert_eq!(log[0].detail.as_deref(), Some(why));
    bench.desk.work_off_outbox(4).await.expect("nothing is left");
    let again =
        bench.desk.log(&EventFilter::default(), EventPage::Newest, 1).await.expect("the log");
    assert_eq!(again[0].id, log[0].id);
}

#[tokio::test]
async fn security_54_a_notice_that_was_written_by_hand_is_not_sent_and_the_log_says_so() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench.changed(&dana, "mallory@example.org").await;
    bench
        .behind_its_back(
            "INSERT INTO core_notice (customer_id, channel, contact, provider, created_at, due_at, \
             tries, about, key_id, mac) SELECT customer_id, channel, 'eve@example.org', provider, \
             created_at, due_at, tries, about, key_id, mac FROM core_notice",
        )
        .await;
    bench.desk.work_off_outbox(4).await.expect("worked off");
    let told = bench.sender.told.lock().expect("unpoisoned").clone();
    let told: Vec<_> = told.iter().map(|it| it.to.as_str()).collect();
    assert_eq!(told, ["WB-1@example.org"]);
    let filter = EventFilter { kind: Some(EventKind::NoticeNotSent), ..EventFilter::default() };
    let log = bench.desk.log(&filter, EventPage::Newest, 9).await.expect("the log");
    assert_eq!((log.len(), log[0].outcome), (1, Some(Outcome::Forbidden)));
    assert!(log[0].detail.as_deref().is_some_and(|it| it.contains("by hand")), "{log:?}");
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_notice").await, 0);
}

#[tokio::test]
async fn a_notice_under_a_key_that_is_not_here_waits_for_a_terminal_that_has_it() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench.changed(&dana, "mallory@example.org").await;
    bench.behind_its_back("UPDATE core_notice SET key_id = 'k9'").await;
    bench.desk.work_off_outbox(4).await.expect("worked off");
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_notice").await, 1);
    bench.behind_its_back("UPDATE core_notice SET key_id = 'k1', due_at = 0").await;
    bench.desk.work_off_outbox(4).await.expect("worked off");
    assert_eq!(bench.sender.told.lock().expect("unpoisoned").len(), 1);
}
