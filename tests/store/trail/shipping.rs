//! The cursors of shipping: one process moves one at a time, and nothing is passed over.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign::domain::audit::checkpoint::Checkpoint;
use countersign::domain::audit::shipping::{CursorId, ShippedRecord};
use countersign::domain::audit::walk::Fault;
use countersign::service::Desk;
use countersign::service::audit::ship::{Shipping, ShippingProgress};
use countersign::service::ports::{Collector, CollectorError, CursorClaim, ShippingStore};
use tokio::task::JoinSet;

use super::{Drawer, Trail, desk, write};
use crate::support::{actor, on_each_store};

const LEASE: Duration = Duration::from_mins(1);

fn cursor() -> CursorId {
    CursorId::new("collector", "syslog over TLS, log.example.org:6514")
}

/// A collector that takes what it is given, or not, by a script.
#[derive(Default)]
struct Collected {
    records: Mutex<Vec<ShippedRecord>>,
    /// Whether it fails next; with what it has kept of the batch then.
    fails: Mutex<Vec<usize>>,
}

#[async_trait]
impl Collector for Collected {
    fn target(&self) -> String {
        cursor().target
    }

    async fn ship(&self, records: &[ShippedRecord]) -> Result<(), CollectorError> {
        let fails = self.fails.lock().expect("unpoisoned").pop();
        let kept = fails.unwrap_or(records.len()).min(records.len());
        self.records.lock().expect("unpoisoned").extend_from_slice(&records[..kept]);
        if fails.is_some() { Err(CollectorError::new("it went away")) } else { Ok(()) }
    }
}

impl Collected {
    fn sequences(&self) -> Vec<u64> {
        self.records.lock().expect("unpoisoned").iter().map(|it| it.sequence).collect()
    }
}

fn shipping(desk: &Desk, collector: &Arc<Collected>) -> Desk {
    desk.clone().with_shipping(Shipping::new("collector", collector.clone()))
}

async fn progress(desk: &Desk) -> ShippingProgress {
    desk.ship_trail().await.expect("answered")
}

on_each_store! {
    async fn security_66_one_process_at_a_time_moves_a_cursor_and_only_from_where_it_stands(fixture) {
        let store = fixture.open().await;
        let (cursor, actor) = (cursor(), actor());
        assert_eq!(store.cursor(&cursor).await.expect("read"), None);
        let claim = |owner| {
            let claim = CursorClaim { cursor: &cursor, owner, lease: LEASE, actor: &actor };
            let store = store.clone();
            async move { store.claim_cursor(&claim).await.expect("answered") }
        };
        let mut first = JoinSet::new();
        for owner in 0..8 {
            let (store, cursor, actor) = (fixture.open().await, cursor.clone(), actor.clone());
            first.spawn(async move {
                let owner = format!("process {owner}");
                let (cursor, actor, owner) = (&cursor, &actor, &*owner);
                store.claim_cursor(&CursorClaim { cursor, owner, lease: LEASE, actor }).await
            });
        }
        let claimed = first.join_all().await;
        let claimed = claimed.into_iter().filter_map(|it| it.expect("answered")).count();
        assert_eq!(claimed, 1, "one of eight");
        let begun = fixture.number("SELECT COUNT(*) FROM core_event WHERE kind = 'exported'").await;
        assert_eq!(begun, 1, "that the log goes out is one entry");

        fixture.sql("UPDATE core_audit_shipping SET lease_until = 0").await;
        assert_eq!(claim("one").await, Some(0), "the lease of a dead one ends");
        assert_eq!(claim("two").await, None);
        assert!(!store.advance_cursor(&cursor, "two", 0, 5).await.expect("answered"));
        assert!(store.advance_cursor(&cursor, "one", 0, 5).await.expect("answered"));
        assert!(!store.advance_cursor(&cursor, "one", 0, 9).await.expect("answered"), "moved");
        assert_eq!(claim("one").await, Some(5), "prolonged");

        store.cursor_failed(&cursor, "two", "not mine").await.expect("answered");
        assert_eq!(store.cursor(&cursor).await.expect("read").expect("one").failure, None);
        for _ in 0..2 {
            assert_eq!(claim("one").await, Some(5));
            store.cursor_failed(&cursor, "one", "it is away").await.expect("answered");
        }
        let failure = store.cursor(&cursor).await.expect("read").expect("one").failure;
        let failure = failure.expect("a failure");
        assert_eq!((failure.count, &*failure.why), (2, "it is away"));
        assert_eq!(claim("two").await, Some(5), "a failure gives the lease back");
        assert!(store.advance_cursor(&cursor, "two", 5, 6).await.expect("answered"));
        assert_eq!(store.cursor(&cursor).await.expect("read").expect("one").failure, None);
        store.release_cursor(&cursor, "two").await.expect("answered");
        assert_eq!(claim("one").await, Some(6));
        // Another collector gets the log from its first entry.
        let other = CursorId::new("collector", "file /var/log/audit.jsonl");
        let claim = CursorClaim { cursor: &other, owner: "two", lease: LEASE, actor: &actor };
        assert_eq!(store.claim_cursor(&claim).await.expect("answered"), Some(0));
    }

    async fn security_66_a_batch_that_was_not_confirmed_is_shipped_once_more(fixture) {
        let trail = Trail::sealed(fixture, 7).await;
        let collector: Arc<Collected> = Arc::default();
        let desk = shipping(&trail.desk, &collector);
        // It keeps three of them, and dies.
        collector.fails.lock().expect("unpoisoned").push(3);
        let failed = progress(&desk).await;
        assert!(matches!(failed, ShippingProgress::Failed { ref why, .. } if why == "it went away"));
        let status = desk.shipping_status().await.expect("read").expect("one");
        assert_eq!((status.shipped, status.sealed), (0, 7), "one entry more, not sealed yet");
        assert!(status.failure.is_some() && status.waiting_since.is_some());
        let shipped = progress(&desk).await;
        assert_eq!(shipped, ShippingProgress::Shipped { count: 7, more: false });
        let expected: Vec<u64> = (0..3).chain(0..7).collect();
        assert_eq!(collector.sequences(), expected);
        assert_eq!(progress(&desk).await, ShippingProgress::Nothing);
        let status = desk.shipping_status().await.expect("read").expect("one");
        assert_eq!((status.waiting(), status.waiting_since, status.failure), (0, None, None));
        for record in collector.records.lock().expect("unpoisoned").iter() {
            let line = record.line();
            for hidden in ["Dana", "+4*", "salt"] {
                assert!(!line.contains(hidden), "{line}");
            }
        }
    }

    async fn security_66_the_collector_holds_what_shows_that_the_end_was_cut_off(fixture) {
        let trail = Trail::sealed(fixture, 6).await;
        let collector: Arc<Collected> = Arc::default();
        progress(&shipping(&trail.desk, &collector)).await;
        let kept = collector.records.lock().expect("unpoisoned")[2].checkpoint.clone();
        assert_eq!(Checkpoint::unverified(&kept).expect("a checkpoint").size, 6);
        trail.sql("DELETE FROM core_event WHERE id > 4").await;
        trail.sql("DELETE FROM core_audit_leaf").await;
        trail.sql("DELETE FROM core_audit_checkpoint").await;
        trail.sql("UPDATE core_audit_tree SET size = 0, edge = '[]', last_event = 0, settled = 0, \
                   note = NULL").await;
        // Sealed anew by the desk's own key: it is whole in itself.
        trail.seal().await;
        trail.intact(4).await;
        let run = trail.verify_against(&[kept]).await;
        let faults = run.walk().faults();
        assert_eq!(faults, [Fault::CutOff { size: 4, kept: 6 }]);
    }

    async fn security_66_desks_that_are_cut_off_at_any_moment_ship_all_in_order(fixture) {
        const COUNT: u64 = 1_200;
        let trail = Trail::new(fixture).await;
        let values: Vec<_> = (1..=COUNT)
            .map(|it| format!("({it}, {it}, 'attempt', 'wrong', 'c', '1')"))
            .collect();
        trail.sql(&format!(
            "INSERT INTO core_event (id, at, kind, outcome, clerk, counter) VALUES {}",
            values.join(", ")
        )).await;
        trail.seal().await;
        let collector: Arc<Collected> = Arc::default();
        let mut killed = 0;
        for round in 0_u64.. {
            // A process has a name of its own as an owner.
            let desk = shipping(&desk(trail.store.clone(), Drawer::with(7)), &collector);
            // Dropped at whatever it waits for: as if its process had been killed.
            let patience = Duration::from_millis(1 + round * 25);
            match tokio::time::timeout(patience, desk.ship_trail()).await {
                Err(_) => killed += 1,
                Ok(progress) => match progress.expect("answered") {
                    ShippingProgress::Shipped { more: false, .. } | ShippingProgress::Nothing => break,
                    _ => {}
                },
            }
            // A minute later.
            trail.sql("UPDATE core_audit_shipping SET lease_until = 0").await;
        }
        assert!(killed > 0, "nobody was killed");
        let mut next = 0;
        for sequence in collector.sequences() {
            assert!(sequence <= next, "{sequence} came before {next}");
            next = next.max(sequence + 1);
        }
        assert_eq!(next, COUNT);
    }
}

/// Ships what is sealed in a store: for the test of rights.
pub(crate) async fn ships(store: Arc<countersign::store::SqlStore>) {
    write(&store).await;
    let collector: Arc<Collected> = Arc::default();
    let desk = shipping(&desk(store, Drawer::with(7)), &collector);
    let shipped = progress(&desk).await;
    assert!(matches!(shipped, ShippingProgress::Shipped { .. }), "{shipped:?}");
}
