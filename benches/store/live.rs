//! The latency until one terminal sees what another one did.

use std::time::{Duration, Instant};

use countersign::domain::event::{EventFilter, EventId, EventPage};
use countersign::service::ports::{AuditStore, StoreHealth};

use super::desk;
use super::desk::Desk;
use super::people;
use super::place::{Bare, Place};
use super::support::{Figure, Report};

const ACTS: u64 = 60;

/// Longer than any backoff.
const TEST_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) async fn live(place: &Place, bare: &Bare, customers: u64, report: &mut Report) {
    report.section("from an act's answer at one terminal to its entry at another");
    let desk = Desk::open(place, customers, 1).await;
    let other = place.open(1).await;
    let (mut changes, all) = (other.changes(), EventFilter::default());
    let mut floor = Figure::new("bare");
    let mut figure = Figure::new("seen by another terminal");
    let begin = desk::begin(&desk.store).await;
    let mut last = EventId(bare.number("SELECT MAX(id) FROM core_event").await);
    for round in 0..ACTS {
        changes.mark_unchanged();
        desk.ask(begin + round).await;
        let since = Instant::now();
        let seen = async {
            loop {
                changes.changed().await.expect("it goes on");
                let new = other.events(&all, EventPage::After(last), 50);
                if let Some(newest) = new.await.expect("an answer").iter().map(|it| it.id).max() {
                    return newest;
                }
            }
        };
        last = tokio::time::timeout(TEST_TIMEOUT, seen).await.expect("seen in time");
        figure.record(since.elapsed());
        floor.time(bare.number("SELECT MAX(id) FROM core_event")).await;
        // A random delay of up to 600 ms between acts.
        tokio::time::sleep(Duration::from_millis(people::scattered(round) % 600)).await;
    }
    report.line(&figure, &floor);
    desk.store.close().await;
    other.close().await;
}
