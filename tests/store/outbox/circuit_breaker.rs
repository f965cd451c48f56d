//! The circuit breakers, as the outcomes of messages open and close them.

use super::*;

on_each_store! {
    async fn three_failures_open_a_circuit_breaker_and_a_success_closes_it(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let health = async || {
            let (now, breakers) = desk.store.circuit_breakers().await.expect("an answer");
            breakers.iter().map(|it| it.at(now)).max().expect("breakers")
        };
        for failures in 1..=4 {
            let message = desk.message(&desk.issue(&wish(customer, "123456")).await).await;
            desk.tells(&message, HOLDER, false, &failed(None)).await;
            let expected = if failures < 3 { ProviderHealth::Ok } else { ProviderHealth::Down };
            assert_eq!(health().await, expected, "{failures} failures");
        }
        let (now, breakers) = desk.store.circuit_breakers().await.expect("an answer");
        let down: Vec<_> = breakers.iter().filter(|it| it.is_open(now)).collect();
        assert_eq!(down.len(), 1, "{down:?}");
        assert_eq!(down[0].slot, ProviderSlot::main(wish_channel()));
        assert_eq!(down[0].detail, Some(busy()));
        for _ in 0..2 {
            let message = desk.message(&desk.issue(&wish(customer, "123456")).await).await;
            assert!(desk.begins(&message, HOLDER).await);
            desk.tells(&message, HOLDER, true, &sent(None)).await;
            assert_eq!(health().await, ProviderHealth::Ok);
        }
        let kinds = desk.kinds().await;
        assert_eq!(count(&kinds, EventKind::ProviderDown), 1);
        assert_eq!(count(&kinds, EventKind::ProviderUp), 1);
    }

    async fn when_the_pause_is_over_one_message_tries_and_brings_the_others_back(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let line = ProviderSlot::main(wish_channel());
        let tries = async |line| desk.store.try_probe(line).await.expect("an answer");
        assert!(!tries(line).await, "nothing is known against it");
        for _ in 0..3 {
            let message = desk.message(&desk.issue(&wish(customer, "123456")).await).await;
            desk.tells(&message, HOLDER, false, &failed(None)).await;
        }
        assert!(!tries(line).await, "its pause is not over");
        let waiting = desk.issue(&wish(customer, "123456")).await;
        let message = desk.message(&waiting).await;
        let before = count(&desk.kinds().await, EventKind::Delayed);
        for _ in 0..2 {
            let (minute, why) = (Duration::from_mins(1), "It is busy.".into());
            let store = &desk.store;
            let postponed = store.reschedule(&message, HOLDER, minute, &why, &desk.actor);
            postponed.await.expect("written");
        }
        assert_eq!(count(&desk.kinds().await, EventKind::Delayed), before + 1, "it is told once");
        fixture.sql("UPDATE core_line SET down_until = 1").await;
        let racing = tokio::join!(tries(line), tries(line), tries(ProviderSlot::fallback(line.channel)));
        assert_eq!(usize::from(racing.0) + usize::from(racing.1), 1, "one of them");
        assert!(!racing.2);
        let mut other = wish(customer, "123456");
        other.purpose = "change address".into();
        let message = desk.message(&desk.issue(&other).await).await;
        assert!(desk.begins(&message, HOLDER).await);
        assert!(desk.takes(HOLDER).await.is_empty());
        desk.tells(&message, HOLDER, true, &sent(None)).await;
        let taken = desk.takes(HOLDER).await;
        assert_eq!(taken.len(), 1, "what waited need not wait any longer");
        assert_eq!(taken[0].delivery, waiting.delivery.id);
    }
}
