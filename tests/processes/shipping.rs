//! Processes that ship the log and are killed (SIGKILL) at any moment, to a collector that dies
//! as well: the collector has every entry in the end, in order.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::ledger::{count, rows};
use crate::office::Office;
use crate::races::on_each_store;
use crate::seeded::Chance;

/// Both are to die so often at least.
const KILLED: usize = 4;

/// Longer than anything takes.
const SHIPPING_TIMEOUT: Duration = Duration::from_mins(1);

/// What the collector has written down, in the order of arrival, and how often it died.
#[derive(Default)]
struct Collected {
    records: Vec<Value>,
    deaths: usize,
}

/// A server that takes JSON lines, as long as it lives.
struct Collector {
    listener: TcpListener,
    collected: Mutex<Collected>,
    came: Condvar,
    is_over: AtomicBool,
}

impl Collector {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        Self {
            listener,
            collected: Mutex::default(),
            came: Condvar::new(),
            is_over: AtomicBool::new(false),
        }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().expect("an address").port()
    }

    fn records(&self) -> Vec<Value> {
        self.collected.lock().expect("unpoisoned").records.clone()
    }

    fn deaths(&self) -> usize {
        self.collected.lock().expect("unpoisoned").deaths
    }

    /// Serves; it dies at one request of three, before it has read it, before it has written it
    /// down, or before it has answered.
    fn serve(&self, mut chance: Chance) {
        for stream in self.listener.incoming() {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            self.take(stream.expect("a connection"), chance.below(9));
        }
    }

    fn take(&self, mut stream: TcpStream, fate: usize) {
        let mut collected = self.collected.lock().expect("unpoisoned");
        collected.deaths += usize::from(fate < 3);
        if fate == 0 {
            return;
        }
        let Some(body) = body(&mut stream) else { return };
        if fate == 1 {
            return;
        }
        for line in body.lines() {
            collected.records.push(serde_json::from_str(line).expect("a record"));
        }
        self.came.notify_all();
        if fate == 2 {
            return;
        }
        let _ = stream.write_all(
            b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    }

    /// No more is taken.
    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(("127.0.0.1", self.port())));
    }
}

/// The body of a request; none where whoever sent it died.
fn body(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>())
            });
            if body.len() >= length?.ok()? {
                return Some(body.to_owned());
            }
        }
        let mut chunk = [0; 16 * 1024];
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            more => bytes.extend_from_slice(&chunk[..more]),
        }
    }
}

/// The lease of a process that was killed is over: as a minute later.
fn a_minute_later(office: &Office) {
    rows(office, "UPDATE core_audit_shipping SET lease_until = 0");
}

/// Ships until nothing is left, whatever the collector does.
fn ship_all(office: &Office) {
    let begun = Instant::now();
    loop {
        let mut command = office.within(env!("CARGO_BIN_EXE_countersign"));
        let ran = command.args(["audit", "ship"]).stdin(Stdio::null()).output().expect("it runs");
        if ran.status.success() {
            return;
        }
        assert!(begun.elapsed() < SHIPPING_TIMEOUT, "{:?}: it never ends well", office.kind);
    }
}

on_each_store! {
    fn security_66_shipping_goes_on_where_it_was_after_both_ends_were_killed(kind) {
        let (mut chance, seed) = Chance::new();
        println!("{kind:?}: COUNTERSIGN_TEST_SEED={seed}");
        let collector = &Collector::new();
        let settings = format!(
            "[audit.ship]\nto = \"https\"\nurl = \"http://127.0.0.1:{}/audit\"\n\
             [serve]\nsocket = \"desk.sock\"", collector.port()
        );
        let office = &Office::open(kind, 1, &format!("per_customer = 100000\n{settings}"));
        let fates = Chance::of(seed ^ 1);
        thread::scope(|scope| {
            scope.spawn(|| collector.serve(fates));
            let (mut killed, mut is_killed) = (0, false);
            while killed < KILLED || collector.deaths() < KILLED {
                office.request(0, "pay a bill");
                office.run(&["audit", "seal"]);
                let mut command = office.within(env!("CARGO_BIN_EXE_countersign"));
                let ship = command.args(["audit", "ship"]).stdin(Stdio::null());
                let mut shipper = ship.spawn().expect("it starts");
                // Every second one comes to its end, so that the collector dies as well.
                is_killed = !is_killed;
                if is_killed {
                    let patience = u64::try_from(chance.below(600)).expect("small");
                    thread::sleep(Duration::from_millis(patience));
                    if shipper.try_wait().expect("it is known").is_none() {
                        shipper.kill().expect("killed");
                        killed += 1;
                    }
                }
                shipper.wait().expect("gone");
                a_minute_later(office);
            }
            ship_all(office);
            println!("{kind:?}: {killed} killed, the collector died {} times", collector.deaths());
            collector.end();
        });

        let records = collector.records();
        let mut next = 0;
        for record in &records {
            let sequence = record["sequence"].as_u64().expect("a number");
            assert!(sequence <= next, "{kind:?}: {sequence} came where {next} was missing");
            next = next.max(sequence + 1);
        }
        let sealed = u64::try_from(count(office, "core_audit_leaf")).expect("a number");
        assert_eq!(next, sealed, "{kind:?}");
        let said: Value = serde_json::from_str(&office.run(&["audit", "ship", "--status", "--json"])).expect("JSON");
        assert_eq!((&said["outcome"], &said["waiting"]), (&"shipped".into(), &0.into()), "{said}");
        // What the collector has shows that nothing was cut off.
        let note = records[records.len() - 1]["checkpoint"].as_str().expect("a note");
        fs::write(office.path("kept.txt"), note).expect("written");
        office.run(&["audit", "verify", "--checkpoint", "kept.txt"]);
    }
}
