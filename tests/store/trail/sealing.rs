//! Sealing: once, in order, behind the acts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use countersign::service::DeskError;
use countersign::service::ports::TrailError;
use tokio::task::JoinSet;

use super::{Drawer, Trail, counted, desk, size, write};
use crate::support::{Kind, on_each_store};

const WRITERS: usize = 4;
const EACH: usize = 250;

on_each_store! {
    async fn security_62_events_of_many_writers_are_sealed_once_and_in_order_though_sealers_are_killed(fixture) {
        let trail = Trail::new(fixture).await;
        let keys: Arc<Drawer> = Arc::default();
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let store = trail.fixture.open().await;
            writers.spawn(async move {
                for _ in 0..EACH {
                    write(&store).await;
                }
            });
        }
        let (is_over, mut sealers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for number in 0..2_u64 {
            let desk = desk(trail.fixture.open().await, keys.clone());
            let is_over = is_over.clone();
            sealers.spawn(async move {
                let mut killed = 0;
                for round in 0_u64.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    // Dropped at whatever it waits for: as if its process had been killed.
                    let patience = Duration::from_micros(300 + (round * 977 + number * 331) % 9_000);
                    match tokio::time::timeout(patience, desk.seal_trail()).await {
                        Ok(progress) => drop(progress.expect("sealed")),
                        Err(_) => killed += 1,
                    }
                }
                killed
            });
        }
        while let Some(written) = writers.join_next().await {
            written.expect("written");
        }
        is_over.store(true, Ordering::Relaxed);
        let killed: u32 = sealers.join_all().await.into_iter().sum();
        assert!(killed > 0, "no sealer was killed");

        let trail = Trail { desk: desk(trail.store.clone(), keys), ..trail };
        trail.seal().await;
        let (events, leaves) = (trail.events().await, trail.leaves().await);
        assert_eq!(events.len(), WRITERS * EACH);
        assert!(counted(&leaves).values().all(|it| *it == 1), "one was sealed twice");
        assert_eq!(leaves, events, "in the order of their numbers, none left out");
        trail.intact((WRITERS * EACH) as u64).await;
    }

    async fn security_62_an_event_that_is_committed_late_is_sealed_in_its_place_or_else_after(fixture) {
        let (pause, numbers_given) = match fixture.kind() {
            Kind::Sqlite => return,
            Kind::Postgres => (
                "SELECT pg_sleep",
                "SELECT last_value FROM pg_sequences WHERE sequencename = 'core_event_id_seq'",
            ),
            Kind::MariaDb => (
                "DO SLEEP",
                "SELECT CAST(auto_increment AS SIGNED) FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name = 'core_event'",
            ),
        };
        let insert = format!(
            "INSERT INTO core_event (at, kind, clerk, counter) VALUES ({}, 'cancelled', 'c', '1')",
            fixture.now()
        );
        let trail = Trail::sealed(fixture, 3).await;
        // Within the time that a missing number is waited for, and long after it.
        for (seconds, in_place) in [("0.5", true), ("2.5", false)] {
            let late = format!("BEGIN; {insert}; {pause}({seconds}); COMMIT");
            let before = trail.fixture.number(numbers_given).await;
            let begun = Instant::now();
            tokio::join!(trail.sql(&late), async {
                while trail.fixture.number(numbers_given).await == before {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                write(&trail.store).await;
                trail.seal().await;
                assert!(begun.elapsed() > Duration::from_millis(500), "it was waited for");
            });
            trail.seal().await;
            let (mut events, leaves) = (trail.events().await, trail.leaves().await);
            if !in_place {
                let last = events.len() - 1;
                events.swap(last - 1, last);
            }
            assert_eq!(leaves, events, "{seconds} s late");
            trail.intact(events.len() as u64).await;
        }
    }

    async fn a_number_that_was_rolled_back_is_passed_over(fixture) {
        let trail = Trail::sealed(fixture, 2).await;
        trail.sql("BEGIN; INSERT INTO core_event (at, kind, clerk, counter) \
                   VALUES (1, 'cancelled', 'c', '1'); ROLLBACK").await;
        write(&trail.store).await;
        trail.seal().await;
        trail.intact(3).await;
    }

    async fn a_log_of_thousands_is_sealed_and_verified_in_batches(fixture) {
        let trail = Trail::new(fixture).await;
        let values: Vec<_> = (1..=2_500_i64)
            .map(|it| format!("({it}, {it}, 'attempt', 'wrong', 'c{}', '1', 'the {it}.')", it % 7))
            .collect();
        trail.sql(&format!(
            "INSERT INTO core_event (id, at, kind, outcome, clerk, counter, detail) VALUES {}",
            values.join(", ")
        )).await;
        trail.seal().await;
        trail.intact(2_500).await;
        let nodes = trail.fixture.number("SELECT COUNT(*) FROM core_audit_node").await;
        assert_eq!(nodes, 2_500 / 256);
        let kept = trail.fixture.number("SELECT COUNT(*) FROM core_audit_checkpoint").await;
        assert_eq!(kept, 5, "one a batch");
        assert_eq!(size(&trail.checkpoint().await), 2_500);
    }

    async fn security_65_a_sealer_signs_no_tree_but_the_one_it_left(fixture) {
        let trail = Trail::sealed(fixture, 5).await;
        write(&trail.store).await;
        // Somebody who has no key of this trail.
        let other = desk(trail.fixture.open().await, Drawer::with(9));
        let refused = other.seal_trail().await.expect_err("another key");
        assert!(matches!(refused, DeskError::Trail(TrailError::Checkpoint(_))), "{refused:?}");
        let without = desk(trail.fixture.open().await, Arc::default());
        let refused = without.seal_trail().await.expect_err("no key");
        assert!(matches!(refused, DeskError::Trail(TrailError::NoKey)), "{refused:?}");

        let edge = trail.fixture.texts("SELECT edge FROM core_audit_tree").await.remove(0);
        let note = trail.checkpoint().await;
        for (change, back) in [
            ("edge = '[]', size = 0", format!("edge = '{edge}', size = 5")),
            ("note = NULL", format!("note = '{note}'")),
        ] {
            trail.sql(&format!("UPDATE core_audit_tree SET {change}")).await;
            // A server may still be about to undo the transaction of the sealer before.
            let refused = loop {
                match trail.desk.seal_trail().await {
                    Ok(progress) if progress.soon => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    sealed => break sealed.expect_err(change),
                }
            };
            assert!(matches!(refused, DeskError::Trail(TrailError::Broken)), "{refused:?}");
            assert!(!trail.faults().await.is_empty(), "{change}");
            trail.sql(&format!("UPDATE core_audit_tree SET {back}")).await;
        }
        trail.seal().await;
        trail.intact(6).await;
    }

    async fn what_is_not_sealed_yet_is_said(fixture) {
        let trail = Trail::sealed(fixture, 3).await;
        write(&trail.store).await;
        write(&trail.store).await;
        let run = trail.verify().await;
        assert_eq!((run.size(), run.unsealed(), run.walk().fault_count()), (3, 2, 0));
        let status = trail.desk.trail_status().await.expect("read");
        assert_eq!((status.size, status.unsealed), (3, 2));
    }
}
