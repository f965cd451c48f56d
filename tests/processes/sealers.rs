//! Sealers that are processes, and killed (SIGKILL) at any moment of their lives, while
//! others write the log.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::ledger::{count, rows};
use crate::office::{Kind, Office};
use crate::races::on_each_store;
use crate::seeded::Chance;

const WRITERS: usize = 3;
const EACH: usize = 8;

/// At least so many are to be killed.
const KILLED: usize = 6;

on_each_store! {
    fn security_62_sealing_processes_that_are_killed_leave_every_event_sealed_once(kind) {
        let (mut chance, seed) = Chance::new();
        println!("{kind:?}: COUNTERSIGN_TEST_SEED={seed}");
        let office = Office::open(kind, WRITERS, "per_customer = 100000");
        office.run(&["audit", "seal"]);
        let writing = AtomicBool::new(true);
        let (mut killed, mut ended) = (0, 0);
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|number| {
                    let office = &office;
                    scope.spawn(move || {
                        for _ in 0..EACH {
                            office.request(number, "pay a bill");
                        }
                    })
                })
                .collect();
            let writing = &writing;
            scope.spawn(move || {
                for writer in writers {
                    writer.join().expect("written");
                }
                writing.store(false, Ordering::Relaxed);
            });
            while writing.load(Ordering::Relaxed) || killed < KILLED || ended == 0 {
                let mut sealers: Vec<_> = (0..2)
                    .map(|_| {
                        let mut command = office.within(env!("CARGO_BIN_EXE_countersign"));
                        let seal = command.args(["audit", "seal"]).stdin(Stdio::null());
                        seal.spawn().expect("it starts")
                    })
                    .collect();
                let patience = u64::try_from(chance.below(500)).expect("small");
                thread::sleep(Duration::from_millis(patience));
                for sealer in &mut sealers {
                    if sealer.try_wait().expect("it is known").is_some() {
                        ended += 1;
                    } else {
                        sealer.kill().expect("killed");
                        sealer.wait().expect("gone");
                        killed += 1;
                    }
                }
            }
        });
        println!("{kind:?}: {killed} killed, {ended} ended by themselves");
        office.run(&["audit", "seal"]);
        let told: Value = serde_json::from_str(&office.run(&["audit", "verify", "--json"])).expect("JSON");
        let events = count(&office, "core_event");
        assert!(events >= WRITERS * EACH * 2, "{events}");
        assert_eq!((&told["outcome"], &told["entries"]), (&"intact".into(), &events.into()), "{told}");
        assert_eq!(count(&office, "core_audit_leaf"), events);
        counted_once(&office);
        let order = "core_audit_leaf l JOIN core_audit_leaf m ON m.leaf_index = l.leaf_index + 1 \
                     WHERE m.event_id < l.event_id";
        // Late ones apart, which are sealed after those that came before them.
        assert!(count(&office, order) <= events / 10);
    }
}

/// The stats are what a count of the sealed events comes to, which no code of the program made.
fn counted_once(office: &Office) {
    let quarter = match office.kind {
        Kind::MariaDb => "e.at DIV 900000",
        Kind::Sqlite | Kind::Postgres => "e.at / 900000",
    };
    let of_event = |it: &str| format!("COALESCE(e.{it}, '')");
    let names = ["counter", "clerk", "channel", "provider", "purpose", "kind", "outcome"];
    let key = names.map(of_event).join(", '|', ");
    let key = format!("CONCAT({quarter}, '|', {key})");
    let recounted = rows(
        office,
        &format!(
            "SELECT CONCAT({key}, ' ', COUNT(*)) FROM core_event e \
             JOIN core_audit_leaf l ON l.event_id = e.id GROUP BY {key} ORDER BY 1"
        ),
    );
    let names = names.map(|it| format!("d.{it}")).join(", '|', ");
    let counted = rows(
        office,
        &format!(
            "SELECT CONCAT(s.quarter, '|', {names}, ' ', s.events) FROM core_stats s \
             JOIN core_stats_series d ON d.id = s.series ORDER BY 1"
        ),
    );
    assert!(counted.len() > 3, "{counted:?}");
    assert_eq!(counted, recounted);
}
