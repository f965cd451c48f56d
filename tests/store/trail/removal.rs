//! What goes out of the log by right, and that nothing else hides behind it.

use countersign::domain::audit::removal::RemovalKind;
use countersign::domain::audit::walk::Fault;
use countersign::domain::event::{EventFilter, EventPage};
use countersign::domain::maintenance::{MaintenanceTask, TaskProgress};
use countersign::domain::policy::Retention;
use countersign::service::ports::{AuditStore as _, MaintenanceStore as _, StoreError, TaskBatch};
use countersign::service::upkeep::maintenance::MaintenanceRun;

use super::{Trail, removal_key, write};
use crate::support::{actor, on_each_store};

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Four years, in milliseconds: longer than anything is kept.
pub(crate) const LONG_AGO: i64 = 4 * 365 * DAY;

/// Writes entries of so many milliseconds ago; gives their numbers.
pub(crate) async fn write_old(trail: &Trail, count: usize, age: i64) -> Vec<i64> {
    let before = trail.events().await.len();
    let row = format!(
        "({} - {age}, 'attempt', 'wrong', 17, '+4*******12', 'amira', '3', 'Dana Rivera')",
        trail.fixture.now()
    );
    trail
        .sql(&format!(
            "INSERT INTO core_event (at, kind, outcome, customer_id, contact, clerk, counter, \
             detail) VALUES {}",
            vec![row; count].join(", ")
        ))
        .await;
    trail.events().await.split_off(before)
}

/// Purges what is old, without sealing anything; gives how much it was.
pub(crate) async fn purge(trail: &Trail) -> u64 {
    purge_with(trail, Retention::default()).await.done
}

/// Purges whatever its age, as years later.
pub(crate) async fn purge_all(trail: &Trail) -> u64 {
    let purge_events_after = std::time::Duration::ZERO;
    purge_with(trail, Retention { purge_events_after, ..Retention::default() }).await.done
}

async fn purge_with(trail: &Trail, retention: Retention) -> TaskProgress {
    let key = removal_key();
    let (actor, mut from, mut all) = (actor(), TaskBatch::START, TaskProgress::default());
    loop {
        let task = MaintenanceTask::PurgeEvents;
        let removal_key = Some(&key);
        let batch =
            TaskBatch { task, retention: &retention, from, most: 5, actor: &actor, removal_key };
        let progress = trail.store.run_maintenance_batch(batch).await.expect("purged");
        (all.done, all.kept) = (all.done + progress.done, all.kept + progress.kept);
        match progress.next {
            Some(next) => from = next,
            None => return all,
        }
    }
}

fn not_announced(event: i64, removed: u64, announced: u64) -> Fault {
    let by = RemovalKind::Purge;
    Fault::NotAnnounced { by, event, index: 0, removed, announced }
}

/// Removes an event as a purge would do it, by whoever owns the database, with an announcement of so
/// many in all that the desk did not write.
async fn forge_purge(trail: &Trail, gone: i64, total: u64) {
    let said = format!("events up to number {gone} purged: 1, in all {total}; erased: 0");
    for change in [
        format!("DELETE FROM core_event WHERE id = {gone}"),
        format!("UPDATE core_audit_leaf SET salt = NULL WHERE event_id = {gone}"),
        format!("UPDATE core_audit_tree SET purged_up_to = {gone}, purged = {total}"),
        format!(
            "INSERT INTO core_event (at, kind, clerk, counter, detail) \
             VALUES ({}, 'events_purged', 'amira', '3', '{said}')",
            trail.fixture.now()
        ),
    ] {
        trail.sql(&change).await;
    }
}

on_each_store! {
    async fn security_55_a_purge_is_an_entry_and_what_remains_verifies(fixture) {
        let trail = Trail::new(fixture).await;
        let old = write_old(&trail, 12, LONG_AGO).await;
        for _ in 0..4 {
            write(&trail.store).await;
        }
        trail.seal().await;
        let kept = trail.checkpoint().await;
        assert_eq!(purge(&trail).await, 12);
        let run = trail.verify().await;
        assert_eq!(run.walk().faults(), [not_announced(old[0], 12, 0)], "not sealed yet");
        trail.seal().await;
        // Three batches, three entries.
        trail.intact(16 + 3).await;
        let run = trail.verify_against(&[kept]).await;
        assert_eq!((run.walk().fault_count(), run.walk().purged()), (0, 12));
        let salts = "SELECT COUNT(*) FROM core_audit_leaf WHERE salt IS NULL";
        assert_eq!(trail.fixture.number(salts).await, 12);

        let page = trail.store.events(&EventFilter::default(), EventPage::Newest, 1).await;
        let newest = page.expect("read").remove(0);
        let last = old[11];
        let said = format!("events up to number {last} purged: 2, in all 12; erased: 0; proof: ");
        assert!(newest.detail.is_some_and(|it| it.starts_with(&said)));
        assert_eq!(run.walk().unproven(), 0);
        assert_eq!(newest.actor, actor());

        // Years later those entries are old themselves.
        let more = write_old(&trail, 3, LONG_AGO).await;
        trail.seal().await;
        assert_eq!(purge_all(&trail).await, 4 + 3 + 3 - 1, "the newest stays");
        trail.seal().await;
        let newest = *trail.events().await.first().expect("the newest");
        assert_eq!(newest, more[2]);
        let run = trail.verify().await;
        assert_eq!(run.walk().faults(), []);
        assert_eq!(run.walk().purged(), 12 + 9);
    }

    async fn security_55_nothing_that_was_deleted_hides_behind_a_purge(fixture) {
        let trail = Trail::new(fixture).await;
        let old = write_old(&trail, 3, LONG_AGO).await;
        // Within the range, and kept, since it is not old.
        let within = write_old(&trail, 2, 0).await;
        write_old(&trail, 3, LONG_AGO).await;
        let after = write_old(&trail, 2, 0).await;
        trail.seal().await;
        assert_eq!(purge(&trail).await, 6);
        trail.seal().await;
        trail.intact(12).await;
        trail.sql("CREATE TABLE kept_event AS SELECT * FROM core_event").await;
        trail.sql("CREATE TABLE kept_leaf AS SELECT * FROM core_audit_leaf").await;

        let delete = |event: i64| format!("DELETE FROM core_event WHERE id = {event}");
        let forget = |event: i64| {
            format!("UPDATE core_audit_leaf SET salt = NULL WHERE event_id = {event}")
        };
        let reach = |event: i64| {
            format!("UPDATE core_audit_tree SET purged_up_to = {event}, purged = 99")
        };
        let deleted = |event, index| vec![Fault::Deleted { event, index }];
        let cases = [
            (vec![delete(within[0])], deleted(within[0], 3)),
            (vec![delete(after[0])], deleted(after[0], 8)),
            (vec![delete(after[0]), forget(after[0])], deleted(after[0], 8)),
            // As a purge leaves it: then they are more than the log says.
            (vec![delete(within[1]), forget(within[1])], vec![not_announced(old[0], 7, 6)]),
            (
                vec![delete(after[0]), forget(after[0]), reach(after[0])],
                vec![not_announced(old[0], 7, 0)],
            ),
            (
                vec!["UPDATE core_event SET clerk = 'bob' WHERE id = WITHIN".into()],
                vec![Fault::Changed { event: within[0], index: 3 }],
            ),
            // What says so is deleted, or changed.
            (
                vec!["DELETE FROM core_event WHERE kind = 'events_purged'".into()],
                Vec::new(),
            ),
        ];
        let told: Vec<i64> = trail.events().await.split_off(4);
        let reached = trail.fixture.number("SELECT purged_up_to FROM core_audit_tree").await;
        for (changes, faults) in cases {
            for change in &changes {
                trail.sql(&change.replace("WITHIN", &within[0].to_string())).await;
            }
            let found = trail.faults().await;
            if faults.is_empty() {
                let gone = |event: &i64, index| Fault::Deleted { event: *event, index };
                assert_eq!(
                    found,
                    [gone(&told[0], 10), gone(&told[1], 11), not_announced(old[0], 6, 0)]
                );
            } else {
                assert_eq!(found, faults, "{changes:?}");
            }
            for table in ["event", "leaf"] {
                let of = if table == "event" { "core_event" } else { "core_audit_leaf" };
                trail.sql(&format!("DELETE FROM {of}")).await;
                trail.sql(&format!("INSERT INTO {of} SELECT * FROM kept_{table}")).await;
            }
            trail.sql(&reach(reached).replace("99", "6")).await;
            trail.intact(12).await;
        }
    }

    async fn security_55_an_entry_of_a_purge_that_the_desk_did_not_write_covers_nothing(fixture) {
        let trail = Trail::new(fixture).await;
        let old = write_old(&trail, 3, LONG_AGO).await;
        let after = write_old(&trail, 2, 0).await;
        trail.seal().await;
        assert_eq!(purge(&trail).await, 3);
        trail.seal().await;
        trail.intact(6).await;
        // As a purge would do it, by whoever owns the database; the sealer seals what there is.
        let gone = after[0];
        forge_purge(&trail, gone, 4).await;
        trail.seal().await;
        let faults = trail.faults().await;
        let forged = *trail.events().await.last().expect("the newest");
        let not_the_desks = Fault::NotTheDesks { event: forged, index: 6 };
        assert_eq!(faults, [not_the_desks, not_announced(old[0], 4, 0)]);
    }

    async fn security_55_the_desk_purges_no_event_that_is_not_as_it_was_sealed(fixture) {
        let trail = Trail::new(fixture).await;
        let old = write_old(&trail, 4, LONG_AGO).await;
        let young = write_old(&trail, 6, 0).await;
        trail.seal().await;
        // Whoever owns the database says that these are old, and puts one in that never was.
        let (changed, salt) = (young[1], young[3]);
        trail.sql(&format!("UPDATE core_event SET at = 1 WHERE id IN ({changed}, {salt})")).await;
        let forget = "UPDATE core_audit_leaf SET salt = NULL WHERE event_id =";
        trail.sql(&format!("{forget} {salt}")).await;
        let done = purge_with(&trail, Retention::default()).await;
        assert_eq!((done.done, done.kept), (4, 2));
        trail.seal().await;
        let faults = [
            Fault::Changed { event: changed, index: 5 },
            Fault::Changed { event: salt, index: 7 },
        ];
        let run = trail.verify().await;
        assert_eq!((run.walk().faults(), run.walk().purged()), (&faults[..], 4));
        let up_to = trail.fixture.number("SELECT purged_up_to FROM core_audit_tree").await;
        assert_eq!(up_to, old[3]);
        // What lies behind goes as before.
        assert_eq!(purge_all(&trail).await, 4 - 1, "the newest stays");
        trail.seal().await;
        assert_eq!(trail.faults().await, faults);
    }

    async fn security_55_the_desk_proves_no_total_that_the_log_does_not_say(fixture) {
        let trail = Trail::new(fixture).await;
        write_old(&trail, 3, LONG_AGO).await;
        write(&trail.store).await;
        trail.seal().await;
        let inflate = async |by: i64| {
            trail.sql(&format!("UPDATE core_audit_tree SET purged = purged + {by}")).await;
        };
        let batch = async || {
            let (key, retention, actor) = (removal_key(), Retention::default(), actor());
            let (task, from, removal_key) =
                (MaintenanceTask::PurgeEvents, TaskBatch::START, Some(&key));
            let batch =
                TaskBatch { task, retention: &retention, from, most: 2, actor: &actor, removal_key };
            trail.store.run_maintenance_batch(batch).await
        };
        let refused = async || {
            let refused = batch().await;
            let Err(StoreError::Refused(why)) = refused else { panic!("{refused:?}") };
            assert!(why.for_admin.contains("nothing is removed"), "{}", why.for_admin);
        };
        inflate(5).await;
        refused().await;
        inflate(-5).await;
        assert_eq!(batch().await.expect("purged").done, 2);
        inflate(5).await;
        refused().await;
        inflate(-5).await;
        assert_eq!(batch().await.expect("purged").done, 1);
        trail.seal().await;
        assert_eq!(trail.faults().await, []);
    }

    async fn security_55_a_log_of_this_version_has_no_announcement_without_a_proof(fixture) {
        let trail = Trail::new(fixture).await;
        let gone = write_old(&trail, 3, 0).await[0];
        trail.seal().await;
        forge_purge(&trail, gone, 1).await;
        trail.seal().await;
        let forged = *trail.events().await.last().expect("the newest");
        assert_eq!(trail.faults().await, [Fault::NotTheDesks { event: forged, index: 3 }]);
    }

    async fn maintenance_has_what_it_purged_sealed(fixture) {
        let trail = Trail::new(fixture).await;
        write_old(&trail, 3, LONG_AGO).await;
        write(&trail.store).await;
        trail.seal().await;
        let mut run = MaintenanceRun::default();
        while trail.desk.run_maintenance(&mut run).await.expect("done").is_some() {}
        assert_eq!(run.totals().of(MaintenanceTask::PurgeEvents), 3);
        trail.desk.finish_maintenance(run.totals(), None).await.expect("told");
        trail.intact(6).await;
    }
}
