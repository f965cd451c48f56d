//! What whoever can write to the database may do to a sealed log, and that it is named.

use countersign::domain::audit::leaf::SealedEntry;
use countersign::domain::audit::walk::Fault;
use countersign::domain::event::EventId;
use countersign::service::ports::TrailStore;

use super::{Trail, size, write};
use crate::support::on_each_store;

const ENTRIES: usize = 9;

/// The first, one in the middle and the last.
fn places(events: &[i64]) -> [(u64, i64); 3] {
    [0, ENTRIES / 2, ENTRIES - 1].map(|at| (at as u64, events[at]))
}

/// Columns of an event, and what is put there.
const EDITS: [(&str, &str); 10] = [
    ("at", "at + 1"),
    ("kind", "'unlocked'"),
    ("outcome", "'verified'"),
    ("request", "NULL"),
    ("customer_id", "18"),
    ("channel", "'email'"),
    ("contact", "'+4*******13'"),
    ("clerk", "'bob'"),
    ("counter", "'4'"),
    ("detail", "'nothing of note'"),
];

/// Keeps a copy of the log and of its trail, to be brought back.
async fn keep(trail: &Trail, tables: &[&str]) {
    for table in tables {
        trail.sql(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
    }
}

async fn bring_back(trail: &Trail, tables: &[&str]) {
    for table in tables {
        trail.sql(&format!("DELETE FROM {table}")).await;
        trail.sql(&format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
    }
}

const TRAIL: [&str; 4] =
    ["core_audit_leaf", "core_audit_node", "core_audit_checkpoint", "core_audit_tree"];

/// Changes an event together with its leaf, as somebody would who knows how leaves are made.
async fn forge(trail: &Trail, index: u64) {
    let leaf = trail.store.leaves(index, 1).await.expect("read").remove(0);
    let number = leaf.event.0;
    trail.sql(&format!("UPDATE core_event SET clerk = 'bob' WHERE id = {number}")).await;
    let event = trail.store.stored_events_of(&[EventId(number)]).await.expect("read").remove(0);
    let forged = SealedEntry::proven(index, event, &leaf.proving);
    let hash = forged.leaf;
    trail
        .sql(&format!("UPDATE core_audit_leaf SET hash = '{hash}' WHERE event_id = {number}"))
        .await;
}

on_each_store! {
    async fn security_35_an_entry_that_was_edited_is_named(fixture) {
        let trail = Trail::sealed(fixture, ENTRIES).await;
        trail.intact(ENTRIES as u64).await;
        keep(&trail, &["core_event"]).await;
        for (index, event) in places(&trail.events().await) {
            for (column, value) in EDITS {
                trail.sql(&format!("UPDATE core_event SET {column} = {value} WHERE id = {event}")).await;
                let faults = trail.faults().await;
                assert_eq!(faults, [Fault::Changed { event, index }], "{column}");
                trail.sql(&format!("DELETE FROM core_event WHERE id = {event}")).await;
                trail.sql(&format!(
                    "INSERT INTO core_event SELECT * FROM kept_core_event WHERE id = {event}"
                )).await;
            }
        }
        trail.intact(ENTRIES as u64).await;
    }

    async fn security_35_an_entry_that_was_deleted_is_named(fixture) {
        let trail = Trail::sealed(fixture, ENTRIES).await;
        keep(&trail, &["core_event"]).await;
        for (index, event) in places(&trail.events().await) {
            trail.sql(&format!("DELETE FROM core_event WHERE id = {event}")).await;
            assert_eq!(trail.faults().await, [Fault::Deleted { event, index }]);
            trail.sql(&format!(
                "INSERT INTO core_event SELECT * FROM kept_core_event WHERE id = {event}"
            )).await;
        }
        let [first, second, ..] = trail.events().await[..] else { panic!("entries") };
        trail.sql(&format!("DELETE FROM core_event WHERE id <= {second}")).await;
        let deleted = |event, index| Fault::Deleted { event, index };
        assert_eq!(trail.faults().await, [deleted(first, 0), deleted(second, 1)]);
    }

    async fn security_35_an_entry_that_was_put_in_is_named(fixture) {
        let trail = Trail::new(fixture).await;
        // A log with a gap, of a number that was rolled back long ago.
        for id in [1_i64, 2, 3, 10, 11] {
            trail.sql(&format!(
                "INSERT INTO core_event (id, at, kind, clerk, counter) \
                 VALUES ({id}, {} - 100000, 'attempt', 'amira', '3')",
                trail.fixture.now()
            )).await;
        }
        trail.seal().await;
        trail.intact(5).await;
        for id in [-4, 5, 9] {
            trail.sql(&format!(
                "INSERT INTO core_event (id, at, kind, clerk, counter) \
                 VALUES ({id}, {}, 'attempt', 'amira', '3')",
                trail.fixture.now()
            )).await;
            trail.seal().await;
            assert_eq!(trail.faults().await, [Fault::Inserted { event: id }]);
            trail.sql(&format!("DELETE FROM core_event WHERE id = {id}")).await;
        }
        trail.intact(5).await;
    }

    async fn security_35_entries_that_changed_places_are_named(fixture) {
        let trail = Trail::sealed(fixture, ENTRIES).await;
        let events = trail.events().await;
        let (one, other) = (events[2], events[6]);
        let swap = |table: &str, column: &str, one: i64, other: i64| {
            format!(
                "UPDATE {table} SET {column} = -9 WHERE {column} = {one}; \
                 UPDATE {table} SET {column} = {one} WHERE {column} = {other}; \
                 UPDATE {table} SET {column} = {other} WHERE {column} = -9"
            )
        };
        trail.sql(&swap("core_event", "id", one, other)).await;
        let changed = |event, index| Fault::Changed { event, index };
        assert_eq!(trail.faults().await, [changed(one, 2), changed(other, 6)]);
        trail.sql(&swap("core_event", "id", one, other)).await;
        trail.intact(ENTRIES as u64).await;

        // The leaves as well: then it is the tree that is another one.
        trail.sql(&swap("core_audit_leaf", "leaf_index", 2, 6)).await;
        let faults = trail.faults().await;
        let [Fault::Rewritten { suspect, .. }] = faults.as_slice() else { panic!("{faults:?}") };
        assert_eq!(*suspect, Some(events[3]));
    }

    async fn security_63_what_was_changed_together_with_its_leaf_lies_between_two_checkpoints(fixture) {
        let trail = Trail::sealed(fixture, 70).await;
        for _ in 0..70 {
            write(&trail.store).await;
        }
        trail.seal().await;
        let events = trail.events().await;
        trail.intact(140).await;
        keep(&trail, &["core_event", "core_audit_leaf"]).await;
        for (index, from, to) in [(0, 0, 70), (69, 0, 70), (70, 70, 140), (139, 70, 140)] {
            forge(&trail, index).await;
            let at = |index: u64| Some(events[usize::try_from(index).expect("small")]);
            let (first_event, last_event) = (at(from), at(to - 1));
            let named = Fault::Rewritten { from, to, first_event, last_event, suspect: None };
            assert_eq!(trail.faults().await, [named], "the leaf in place {index}");
            bring_back(&trail, &["core_event", "core_audit_leaf"]).await;
        }
        trail.intact(140).await;
    }

    async fn security_63_a_leaf_that_was_taken_out_or_put_in_is_found(fixture) {
        let trail = Trail::sealed(fixture, ENTRIES).await;
        keep(&trail, &["core_event", "core_audit_leaf"]).await;
        let events = trail.events().await;
        trail.sql("DELETE FROM core_audit_leaf WHERE leaf_index = 4").await;
        assert_eq!(trail.faults().await, [Fault::LeavesMissing { index: 4 }]);
        // With its event, and the others moved up, so that nothing seems to be missing.
        trail.sql(&format!("DELETE FROM core_event WHERE id = {}", events[4])).await;
        for index in 5..ENTRIES {
            trail.sql(&format!(
                "UPDATE core_audit_leaf SET leaf_index = {} WHERE leaf_index = {index}", index - 1
            )).await;
        }
        assert_eq!(trail.faults().await, [Fault::LeavesMissing { index: 8 }]);
        bring_back(&trail, &["core_event", "core_audit_leaf"]).await;
        trail.intact(ENTRIES as u64).await;
    }

    async fn security_63_a_tail_that_was_cut_off_is_found_by_a_checkpoint_that_was_kept(fixture) {
        let trail = Trail::sealed(fixture, 5).await;
        let early = trail.checkpoint().await;
        keep(&trail, &TRAIL).await;
        for _ in 0..4 {
            write(&trail.store).await;
        }
        trail.seal().await;
        let kept = trail.checkpoint().await;
        let events = trail.events().await;
        // Back to how it was, by somebody who kept a copy: everything fits together.
        bring_back(&trail, &TRAIL).await;
        trail.sql(&format!("DELETE FROM core_event WHERE id > {}", events[4])).await;
        trail.intact(5).await;
        let cut = trail.verify_against(std::slice::from_ref(&kept)).await;
        assert_eq!(cut.walk().faults(), [Fault::CutOff { size: 5, kept: 9 }]);
        let fine = trail.verify_against(std::slice::from_ref(&early)).await;
        assert_eq!(fine.walk().faults(), []);
        assert_eq!((size(&early), size(&kept)), (5, 9));
        // Where the tail only is cut, without its trail, nothing need be kept.
        let trail = Trail::sealed(crate::support::TestStore::new(trail.fixture.kind()), ENTRIES).await;
        let last = *trail.events().await.last().expect("entries");
        trail.sql(&format!("DELETE FROM core_event WHERE id = {last}")).await;
        assert_eq!(trail.faults().await, [Fault::Deleted { event: last, index: 8 }]);
    }

    async fn security_63_a_trail_that_was_made_anew_is_found_by_a_checkpoint_that_was_kept(fixture) {
        let trail = Trail::sealed(fixture, 5).await;
        let kept = trail.checkpoint().await;
        // Everything is taken away, and a sealer begins again at the first entry.
        for table in &TRAIL[..3] {
            trail.sql(&format!("DELETE FROM {table}")).await;
        }
        trail.sql("UPDATE core_audit_tree SET size = 0, edge = '[]', last_event = 0, settled = 0, \
                   note = NULL").await;
        let first = trail.events().await[0];
        trail.sql(&format!("UPDATE core_event SET clerk = 'bob' WHERE id = {first}")).await;
        write(&trail.store).await;
        trail.seal().await;
        trail.intact(6).await;
        let anew = trail.verify_against(&[kept]).await;
        assert_eq!(anew.walk().faults(), [Fault::Replaced { size: 5 }]);
    }
}
