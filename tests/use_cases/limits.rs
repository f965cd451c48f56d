//! The limits: wrong codes, rate limits, countries, and test messages, which count with codes.

use super::*;

#[tokio::test]
async fn security_05_a_new_code_does_not_reset_the_count() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let (request, first) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    for _ in 0..3 {
        assert_eq!(bench.verify(&request, &other(&first)).await, Outcome::Wrong);
    }
    let resent = bench.desk.resend(&request.id, 1).await.expect("asked").expect("there");
    let (request, second) = bench.send(resent).await;
    let superseded = if first == second { Outcome::Verified } else { Outcome::Superseded };
    assert_eq!(bench.verify(&request, &first).await, superseded);
    assert_eq!(bench.verify(&request, "000000").await, Outcome::Wrong);
    assert_eq!(bench.verify(&request, &second).await, Outcome::Locked);
}

#[tokio::test]
async fn security_06_wrong_codes_in_a_row_lock_the_customer_until_staff_unlock() {
    let bench = Bench::new(Scripted::fine(), |office| office.otp.failure_cap = 4).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    for (channel, wrong) in [(Channel::Email, 3), (Channel::Sms, 1)] {
        let (request, code) = bench.send(bench.ask(&dana, channel).await).await;
        for _ in 0..wrong {
            assert_eq!(bench.verify(&request, &other(&code)).await, Outcome::Wrong);
        }
        if channel == Channel::Sms {
            // The lock ends the pending code: even the right one is refused.
            assert_eq!(bench.verify(&request, &code).await, Outcome::Locked);
        }
    }
    assert_eq!(refused(bench.ask(&dana, Channel::Email).await).outcome, Outcome::Locked);
    assert!(
        bench.desk.unlock("first", dana.id, "showed an identity card").await.expect("unlocked")
    );
    assert!(!bench.desk.unlock("second", dana.id, "again").await.expect("unlocked"));
    let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
    let of_dana = EventFilter { customer: Some(dana.id), ..EventFilter::default() };
    let events = bench.desk.log(&of_dana, EventPage::Newest, 50).await.expect("the log");
    let unlocks: Vec<_> = events.iter().filter(|it| it.kind == EventKind::Unlocked).collect();
    assert_eq!(unlocks.len(), 1);
    assert_eq!(unlocks[0].detail.as_deref(), Some("showed an identity card"));
    assert_eq!(unlocks[0].actor.clerk, "amira");
}

#[tokio::test]
async fn security_19_a_thousand_numbers_outside_the_list_send_nothing() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let batch: Vec<NewCustomer> = (0..1_000)
        .map(|number| NewCustomer {
            account_no: format!("WB-{number}"),
            name: "Abroad".into(),
            email: None,
            phone: Some(PhoneNumber::parse(&format!("+1876555{number:04}"), "DE").expect("number")),
            address: None,
            locale: None,
            balance: None,
            unsaid: Unsaid::default(),
        })
        .collect();
    bench.store.import(&batch, *SCRIPTED, bench.desk.actor(), false).await.expect("imported");
    for number in 0..1_000 {
        let account = format!("WB-{number}");
        let found = bench.desk.identify(&account).await.expect("read");
        let countersign::service::customers::lookup::ExactMatch::One(customer) = found else {
            panic!("{account}: {found:?}")
        };
        let refusal = refused(bench.ask(&customer, Channel::Sms).await);
        assert_eq!(refusal.outcome, Outcome::NoContact);
    }
    assert_eq!(bench.sender.calls(), 0);
}

#[tokio::test]
async fn security_19_limits_are_taken_before_the_send() {
    let bench = Bench::new(Scripted::fine(), |office| office.limits.per_hour.per_contact = 2).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    for _ in 0..2 {
        bench.send(bench.ask(&dana, Channel::Sms).await).await;
    }
    let refusal = refused(bench.ask(&dana, Channel::Sms).await);
    assert_eq!(refusal.outcome, Outcome::Limited);
    assert!(refusal.retry_at.is_some());
    // The limit is the contact's: another channel is still open.
    assert!(matches!(bench.ask(&dana, Channel::Email).await, CodeRequestOutcome::Ready(_)));
    let filter = EventFilter { outcome: Some(Outcome::Limited), ..EventFilter::default() };
    let events = bench.desk.log(&filter, EventPage::Newest, 10).await.expect("the log");
    assert_eq!(events.len(), 1);
    assert_eq!(bench.sender.calls(), 2);
}

#[tokio::test]
async fn another_code_that_is_refused_belongs_to_the_requests_timeline() {
    let bench = Bench::new(Scripted::fine(), |office| {
        office.otp.resend_cooldown = std::time::Duration::from_secs(30);
    })
    .await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let (request, _) = bench.send(bench.ask(&dana, Channel::Sms).await).await;
    let asked = bench.desk.resend(&request.id, 1).await.expect("an answer").expect("there");
    assert_eq!(refused(asked).outcome, Outcome::Limited);
    let timeline = bench.desk.timeline(&request.id).await.expect("the log");
    assert_eq!(timeline.last().map(|it| it.kind), Some(EventKind::Refused), "{timeline:?}");
}

#[tokio::test]
async fn a_test_message_is_in_the_log_and_goes_to_allowed_countries_alone() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let refused = bench.desk.send_test("+1 212 555 0142").await;
    assert!(matches!(refused, Err(TestMessageError::Contact(_))), "{refused:?}");
    for (typed, masked) in [("admin@example.org", "a***@example.org"), ("0151 12345678", "+4")] {
        let trials = bench.desk.send_test(typed).await.expect("sent");
        assert_eq!(trials.len(), 1, "there is no fallback");
        assert!(trials[0].contact.starts_with(masked), "{trials:?}");
    }
    let events =
        bench.desk.log(&EventFilter::default(), EventPage::Newest, 9).await.expect("the log");
    let told: Vec<_> = events.iter().map(|it| (it.kind, it.contact.clone())).collect();
    assert_eq!(told.len(), 4, "before and after each: {told:?}");
    assert!(told.iter().all(|(kind, _)| *kind == EventKind::Tested));
    assert_eq!(told[3].1.as_deref(), Some("a***@example.org"));
}

#[tokio::test]
async fn security_19_test_messages_count_with_all_others_before_they_are_sent() {
    let bench = Bench::new(Scripted::fine(), |office| office.limits.per_hour.per_contact = 2).await;
    let dana = bench.customer("wb-1", None).await;
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    let sent = bench.sender.calls();
    bench.desk.send_test("wb-1@example.org").await.expect("there is room for one more");
    let limited = bench.desk.send_test("wb-1@example.org").await;
    let Err(TestMessageError::Limited(refusal)) = limited else { panic!("{limited:?}") };
    assert_eq!(refusal.limit, RateLimit::Contact(RateWindow::Hour));
    let wait = refusal.retry_at.since(bench.desk.now().await.expect("a clock"));
    assert!(wait.as_secs() > 3_500 && wait.as_secs() <= 3_600, "{wait:?}");
    assert_eq!(bench.sender.calls() - sent, 1, "nothing was sent after the limit");
    bench.desk.send_test("other@example.org").await.expect("another contact has its own");
}

#[tokio::test]
async fn security_19_codes_and_test_messages_share_one_budget_of_the_office() {
    let bench = Bench::new(Scripted::fine(), |office| office.limits.per_hour.in_all = 3).await;
    let dana = bench.customer("wb-1", None).await;
    let bo = bench.customer("wb-2", None).await;
    bench.desk.send_test("admin@example.org").await.expect("the first");
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench.desk.send_test("admin@example.org").await.expect("the third");
    let sent = bench.sender.calls();
    let asked = bench.ask(&bo, Channel::Email).await;
    let CodeRequestOutcome::Refused(refusal) = asked else { panic!("{asked:?}") };
    assert_eq!(
        (refusal.outcome, &*refusal.reason),
        (Outcome::Limited, RateLimit::Office(RateWindow::Hour).sentence())
    );
    let limited = bench.desk.send_test("other@example.org").await;
    assert!(matches!(limited, Err(TestMessageError::Limited(_))), "{limited:?}");
    assert_eq!(bench.sender.calls(), sent, "three in all, whatever they hold");
}
