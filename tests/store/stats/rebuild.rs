//! Making the stats anew.

use countersign::domain::stats::query::StatsFilter;
use countersign::service::ports::stats::StatsStore as _;

use super::{counted, recount, timed, write_one};
use crate::support::{actor, on_each_store};
use crate::trail::Trail;
use crate::trail::removal::{LONG_AGO, purge, write_old};

/// A rebuild to its end; gives the number of its steps.
async fn rebuild(trail: &Trail) -> usize {
    for step in 1.. {
        if trail.store.rebuild_stats(7, &actor()).await.expect("a step").is_over {
            return step;
        }
    }
    unreachable!("the last step was the last")
}

async fn sealed(trail: &Trail, count: usize) {
    for number in 0..count {
        write_one(&trail.store, number).await;
    }
    trail.seal().await;
}

on_each_store! {
    async fn what_is_made_anew_is_what_was_made_when_it_was_sealed(fixture) {
        let trail = Trail::new(fixture).await;
        sealed(&trail, 40).await;
        let (events, times) = (counted(&trail.fixture).await, timed(&trail.fixture).await);
        assert!(rebuild(&trail).await > 40 / 7, "a few at a time");
        assert_eq!(counted(&trail.fixture).await, events);
        assert_eq!(timed(&trail.fixture).await, times);
        // What was lost or changed by hand is whole again, and the rows of before are gone.
        trail.sql("DELETE FROM core_stats WHERE series = (SELECT * FROM \
                   (SELECT MIN(series) FROM core_stats) few)").await;
        trail.sql("UPDATE core_stats_time SET events = events + 1").await;
        assert_ne!(counted(&trail.fixture).await, events);
        trail.seal().await;
        rebuild(&trail).await;
        assert_eq!(counted(&trail.fixture).await, recount(&trail.fixture).await);
        let runs = "SELECT COUNT(DISTINCT run) FROM core_stats";
        assert_eq!(trail.fixture.number(runs).await, 1);
        assert_eq!(trail.fixture.number("SELECT stage FROM core_stats_state").await, 0);
    }

    async fn what_is_sealed_meanwhile_is_counted_once(fixture) {
        let trail = Trail::new(fixture).await;
        sealed(&trail, 20).await;
        for number in 0.. {
            let step = trail.store.rebuild_stats(7, &actor()).await.expect("a step");
            if step.is_over {
                break;
            }
            // At each moment that the rebuild can be at, and the reader sees whole stats.
            write_one(&trail.store, number).await;
            trail.seal().await;
            assert_eq!(counted(&trail.fixture).await, recount(&trail.fixture).await);
        }
        trail.seal().await;
        assert_eq!(counted(&trail.fixture).await, recount(&trail.fixture).await);
    }

    async fn what_was_purged_stays_counted(fixture) {
        let trail = Trail::new(fixture).await;
        let old = write_old(&trail, 12, LONG_AGO).await;
        sealed(&trail, 10).await;
        let before = counted(&trail.fixture).await;
        assert_eq!(purge(&trail).await, old.len() as u64);
        trail.seal().await;
        let after = counted(&trail.fixture).await;
        assert!(before.iter().all(|it| after.contains(it)), "{before:?} {after:?}");
        rebuild(&trail).await;
        // But for the entry of the rebuild itself.
        assert_eq!(counted(&trail.fixture).await, after);
        trail.seal().await;
        assert_eq!(counted(&trail.fixture).await.len(), after.len() + 1);
    }

    async fn a_purge_in_between_begins_it_again(fixture) {
        let trail = Trail::new(fixture).await;
        write_old(&trail, 12, LONG_AGO).await;
        sealed(&trail, 10).await;
        let before = counted(&trail.fixture).await;
        // Past the clearing and the copying, and before the first count.
        while trail.fixture.number("SELECT stage FROM core_stats_state").await != 3 {
            trail.store.rebuild_stats(7, &actor()).await.expect("a step");
        }
        purge(&trail).await;
        rebuild(&trail).await;
        let after = counted(&trail.fixture).await;
        assert!(before.iter().all(|it| after.contains(it)), "{before:?} {after:?}");
    }

    async fn a_log_from_before_there_were_stats_is_counted_by_a_rebuild(fixture) {
        let trail = Trail::new(fixture).await;
        sealed(&trail, 20).await;
        // As the migration leaves it.
        trail.sql("DELETE FROM core_stats; DELETE FROM core_stats_time; \
                   UPDATE core_stats_state SET since = (SELECT size FROM core_audit_tree)").await;
        assert_eq!(trail.desk.stats(Vec::new(), None, StatsFilter::default()).await
            .expect("read").uncounted, 20);
        rebuild(&trail).await;
        let read = trail.desk.stats(Vec::new(), None, StatsFilter::default()).await.expect("read");
        assert_eq!(read.uncounted, 0);
        trail.seal().await;
        assert_eq!(counted(&trail.fixture).await, recount(&trail.fixture).await);
    }
}
