//! A simulated watcher of the log: measures when each event appears.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;

use crate::clerk::sit;
use crate::ledger::rows;
use crate::office::Office;
use crate::terminal::PtySession;

/// The key that goes to the newest entry.
const HOME: &str = "\x1b[H";

/// Enough for all events of a second.
const ROWS: u16 = 120;

/// How often the screen is read.
const LOOK: Duration = Duration::from_millis(5);

/// How often the watcher presses a key: a counter that nobody uses is covered after five minutes.
const AT_WORK: Duration = Duration::from_mins(1);

pub(crate) struct Watcher {
    session: PtySession,
}

/// When each customer first appeared, in milliseconds since the epoch.
pub(crate) type Seen = BTreeMap<String, i64>;

impl Watcher {
    pub(crate) fn sit(office: &Office, at: usize) -> Self {
        let mut session = sit(office, &format!("watch {at}"), 100, ROWS);
        session.press("\x1bOQ").wait_for_text("newest first");
        Self { session }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.session.pid().as_raw_nonzero().get()
    }

    /// Watches until the last clerk has ended.
    pub(crate) fn watch(mut self, over: &AtomicBool) -> Seen {
        let mut seen = Seen::new();
        let mut pressed = Instant::now();
        while !over.load(Ordering::Relaxed) {
            let changed = {
                let mut now = self.session.seen();
                let changed = !now.bytes.is_empty();
                now.bytes.clear();
                changed.then(|| now.text())
            };
            if let Some(screen) = changed {
                let now = now();
                for name in names(&screen) {
                    seen.entry(name).or_insert(now);
                }
            }
            if pressed.elapsed() > AT_WORK {
                self.session.press(HOME);
                pressed = Instant::now();
            }
            thread::sleep(LOOK);
        }
        self.session.leave();
        assert_eq!(self.session.end(), 0, "it ends in order");
        seen
    }
}

/// The customers on a screen, such as `Rivera 0042`.
fn names(screen: &str) -> impl Iterator<Item = String> {
    screen.split("Rivera ").skip(1).filter_map(|behind| {
        let number = behind.get(..4).filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()));
        number.map(|number| format!("Rivera {number}"))
    })
}

#[expect(clippy::disallowed_methods, reason = "the servers of this machine have the same clock")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    i64::try_from(since.as_millis()).expect("a time")
}

/// The latency from a customer's first event (store clock) until the watchers saw it.
pub(crate) fn report(office: &Office, watched: &[Seen]) {
    let first = rows(
        office,
        "SELECT c.name, CAST(MIN(e.at) AS CHAR(20)) FROM core_event e \
         JOIN core_customer c ON c.id = e.customer_id GROUP BY c.name",
    );
    let first: HashMap<String, i64> = first
        .into_iter()
        .map(|row| (row[0].clone(), row[1].trim().parse().expect("a time")))
        .collect();
    let mut late = Histogram::<u64>::new(3).expect("bounds in order");
    let mut missed = 0;
    for seen in watched {
        missed += first.len() - seen.keys().filter(|it| first.contains_key(*it)).count();
        for (name, at) in seen {
            if let Some(happened) = first.get(name) {
                late.saturating_record(u64::try_from(at - happened).unwrap_or(0));
            }
        }
    }
    println!(
        "live log      p50 {} ms  p99 {} ms  most {} ms  of {} seen by {} watchers, {missed} not seen",
        late.value_at_quantile(0.5),
        late.value_at_quantile(0.99),
        late.max(),
        late.len(),
        watched.len(),
    );
}
