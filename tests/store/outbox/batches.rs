//! Several messages of the outbox in one transaction.

use super::*;

on_each_store! {
    async fn security_20_of_several_sends_those_begin_that_may_and_each_once(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let messages = desk.queues::<5>(customer).await.map(|(_, message)| message);
        let [free, begun, later, by_fallback, over] = &messages;
        assert!(desk.begins(begun, HOLDER).await);
        let later = OutboxMessage { tries: 1, ..later.clone() };
        fixture.sql(&format!(
            "UPDATE core_outbox SET useful_until = 1 WHERE delivery_id = {}", over.delivery.0
        )).await;
        let fallback = ProviderSlot::fallback(free.slot.channel);
        let asked =
            [free, begun, &later, by_fallback, over].map(|message| match message.delivery {
                id if id == by_fallback.delivery => (message, fallback),
                _ => (message, message.slot),
            });
        let others = desk.store.claim_send(&asked, OTHER).await.expect("an answer");
        assert_eq!(others, [false; 5], "they are not the other's");
        for words in [[true, false, false, true, false], [false; 5]] {
            let given = desk.store.claim_send(&asked, HOLDER).await.expect("an answer");
            assert_eq!(given, words);
        }
        fixture.pass(62_000).await;
        let taken = desk.takes(OTHER).await;
        let mut wish = wish(customer, "123456");
        wish.purpose = "f".into();
        let twice = desk.message(&desk.issue(&wish).await).await;
        let asked = [(&twice, twice.slot), (&twice, fallback)];
        let words = desk.store.claim_send(&asked, HOLDER).await.expect("an answer");
        assert_eq!(words, [true, false], "a terminal may be at one message twice");
        desk.store.release_send_claim(&twice, OTHER).await.expect("an answer");
        assert!(!desk.begins(&twice, HOLDER).await, "it is not the other's to take back");
        desk.store.release_send_claim(&twice, HOLDER).await.expect("an answer");
        assert!(desk.begins(&twice, HOLDER).await, "nobody made that one");
        let line = |message: &OutboxMessage| {
            let it = taken.iter().find(|it| it.delivery == message.delivery).expect("due");
            (it.begun_at.is_some(), it.slot)
        };
        assert_eq!(line(free), (true, free.slot));
        assert_eq!(line(by_fallback), (true, fallback));
        assert!(!line(&later).0);
    }

    async fn security_20_of_several_first_sends_those_begin_that_may_and_each_once(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let messages = desk.queues::<5>(customer).await.map(|(_, message)| message);
        let [free, begun, over, settled, also] = &messages;
        assert!(desk.begins(begun, HOLDER).await);
        for (change, message) in [("useful_until = 1", over), ("task = 'settle'", settled)] {
            let id = message.delivery.0;
            fixture.sql(&format!("UPDATE core_outbox SET {change} WHERE delivery_id = {id}")).await;
        }
        let asked = [free, begun, over, settled, also, free].map(|message| (message, message.slot));
        let begins = async |holder| desk.store.claim_send(&asked, holder).await.expect("an answer");
        assert_eq!(begins(OTHER).await, [false; 6], "they are not the other's");
        assert_eq!(begins(HOLDER).await, [true, false, false, false, true, false]);
        assert_eq!(begins(HOLDER).await, [false; 6], "each once");
        let begun = "SELECT COUNT(*) FROM core_outbox WHERE begun_at IS NOT NULL";
        assert_eq!(fixture.number(begun).await, 3);
        let next = desk.store.next_due(OTHER, &["tray"]).await.expect("an answer");
        assert!(next.is_some(), "what is over and what is to be settled come due again");
    }

    async fn the_outcomes_of_several_messages_are_written_in_one_transaction(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let (requests, messages): (Vec<_>, Vec<_>) = desk.queues::<4>(customer).await.into_iter().unzip();
        for message in &messages {
            assert!(desk.begins(message, HOLDER).await);
        }
        // The entry of the second stands already: it fails, and the others do not.
        fixture.sql(&format!(
            "INSERT INTO core_event (at, kind, clerk, counter, act) \
             VALUES (1, 'sent', 'amira', '3', '{} 0 sent')", messages[1].delivery.0
        )).await;
        let steps = [sent(None), sent(None), failed(None), failed(None)];
        let outcomes: Vec<_> = messages.iter().zip(&steps).map(|(message, step)| outbox::MessageOutcome {
            message,
            owner: HOLDER,
            slot: message.slot,
            provider: "smtp",
            step,
            has_claim: true,
            experience: Some(if step.report.fault.is_some() {
                SendExperience::Failed
            } else {
                SendExperience::Answered(Duration::from_millis(80))
            }),
            actor: &desk.actor,
        }).collect();
        for _ in 0..2 {
            desk.store.complete(&outcomes).await.expect("written");
        }
        let mut states = Vec::new();
        for request in &requests {
            states.push(desk.state(request).await);
        }
        let (sent, failed) = (DeliveryState::Sent, DeliveryState::Failed);
        assert_eq!(states, [sent, DeliveryState::Queued, failed, failed]);
        assert_eq!(held(&fixture).await, (1, 1));
        let kinds = desk.kinds().await;
        assert_eq!((count(&kinds, EventKind::Sent), count(&kinds, EventKind::NotSent)), (2, 2));
        let (_, breakers) = desk.store.circuit_breakers().await.expect("an answer");
        assert_eq!(breakers.iter().map(|it| it.failures).sum::<u32>(), 2);
    }

    async fn each_of_several_messages_is_completed_as_if_it_were_alone(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let messages = desk.queues::<6>(customer).await.map(|(_, message)| message);
        for message in &messages {
            assert!(desk.begins(message, HOLDER).await);
        }
        let withdrawn = messages[5].delivery.0;
        fixture.sql(&format!("DELETE FROM core_outbox WHERE delivery_id = {withdrawn}")).await;
        let soon = Duration::from_secs(5);
        let mut delivered = sent(None);
        delivered.report.state = DeliveryState::Delivered;
        let steps = [
            sent(None),
            sent(Some((OutboxTask::Follow, soon))),
            failed(Some(soon)),
            unknown(Some((OutboxTask::Settle, soon))),
            delivered,
            sent(None),
        ];
        let outcomes: Vec<_> = messages.iter().zip(&steps).enumerate().map(|(at, (message, step))| {
            let slot = message.slot;
            outbox::MessageOutcome {
                message,
                owner: HOLDER,
                slot: if at == 0 { ProviderSlot::fallback(slot.channel) } else { slot },
                provider: "smtp",
                step,
                has_claim: true,
                experience: None,
                actor: &desk.actor,
            }
        }).collect();
        desk.store.complete(&outcomes).await.expect("written");
        let accepted = "accepted_at IS NOT NULL AND delivered_at IS NULL AND provider_id = 'SM1'";
        let states = [
            format!("state = 'sent' AND progress = 3 AND fallback = 1 AND {accepted}"),
            format!("state = 'sent' AND provider = 'smtp' AND fallback = 0 AND {accepted}"),
            "state = 'queued' AND progress = 0 AND provider = 'tray' AND accepted_at IS NULL".into(),
            "state = 'unknown' AND progress = 1 AND accepted_at IS NULL".into(),
            "state = 'delivered' AND progress = 5 AND accepted_at IS NOT NULL \
             AND delivered_at IS NOT NULL".into(),
            format!("state = 'sent' AND {accepted}"),
        ];
        let errands_then = [
            None,
            Some("task = 'follow' AND sealed IS NULL AND begun_at IS NOT NULL AND tries = 0"),
            Some("task = 'send' AND sealed IS NOT NULL AND begun_at IS NULL AND tries = 1"),
            Some("task = 'settle' AND sealed IS NOT NULL AND begun_at IS NOT NULL AND tries = 0"),
            None,
            None,
        ];
        for (at, message) in messages.iter().enumerate() {
            let id = message.delivery.0;
            let (table, is) = ("core_delivery WHERE id", &states[at]);
            let found = fixture.number(&format!("SELECT COUNT(*) FROM {table} = {id} AND {is}")).await;
            assert_eq!(found, 1, "{at}: {is}");
            let table = "core_outbox WHERE delivery_id";
            let is = errands_then[at].unwrap_or("1 = 1");
            let found = fixture.number(&format!("SELECT COUNT(*) FROM {table} = {id} AND {is}")).await;
            assert_eq!(found, i64::from(errands_then[at].is_some()), "{at}: {is}");
        }
        let kinds = desk.kinds().await;
        let told = [EventKind::Sent, EventKind::Delayed, EventKind::Unsure, EventKind::Delivered];
        assert_eq!(told.map(|kind| count(&kinds, kind)), [3, 1, 1, 1]);
    }

    async fn terminals_that_write_down_at_once_lose_nothing(fixture) {
        let mut desks = Vec::new();
        for number in 0..4 {
            let desk = Terminal::new(fixture.open().await);
            let customer = desk.customer(&format!("WB-{number}")).await;
            let messages = desk.queues::<6>(customer).await.map(|(_, message)| message);
            for message in &messages {
                assert!(desk.begins(message, HOLDER).await);
            }
            desks.push((desk, messages));
        }
        let telling = desks.into_iter().map(|(desk, messages)| {
            tokio::spawn(async move {
                let step = sent(None);
                for lot in messages.chunks(2) {
                    let outcome = |message| outbox::MessageOutcome {
                        message,
                        owner: HOLDER,
                        slot: message.slot,
                        provider: "smtp",
                        step: &step,
                        has_claim: true,
                        experience: Some(SendExperience::Answered(Duration::from_millis(80))),
                        actor: &desk.actor,
                    };
                    let outcomes: Vec<_> = lot.iter().map(outcome).collect();
                    desk.store.complete(&outcomes).await.expect("written");
                }
            })
        });
        for told in telling.collect::<Vec<_>>() {
            told.await.expect("an end");
        }
        assert_eq!(held(&fixture).await, (0, 0));
        let sent = "SELECT COUNT(*) FROM core_delivery WHERE state = 'sent'";
        assert_eq!(fixture.number(sent).await, 24);
    }
}
