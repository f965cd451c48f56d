//! A simulated clerk: serves customer after customer and makes the usual mistakes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::desk_service::counter_config;
use crate::office::{Message, Office, account, email, name, other_than};
use crate::seeded::Chance;
use crate::terminal::{PtySession, TEST_TIMEOUT, countersign};

/// Texts that no screen may show while nothing fails.
const TROUBLE: [&str; 8] = [
    "store down",
    "cannot be reached",
    "The store",
    "Other counters were writing",
    "failed",
    "is not known",
    "not sent",
    "Try again",
];

/// How many counters have the log open.
const WITH_LOG: usize = 4;

/// Starts the interface of a counter.
pub(crate) fn sit(office: &Office, counter: &str, columns: u16, rows: u16) -> PtySession {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let mut command = countersign(&folder, &[]);
    if counter_config(office).exists() {
        command.env("COUNTERSIGN_CONFIG", counter_config(office));
    } else {
        command.env("COUNTERSIGN_CONFIG", office.path("config.toml"));
        command.env("COUNTERSIGN__OFFICE__COUNTER", counter);
        command.env("COUNTERSIGN__TRAY__FILE", office.path(&tray(counter)));
    }
    command.env("COUNTERSIGN__LOG__FILE", office.path(&format!("{counter}.log")));
    let session = PtySession::run(command, folder);
    session.resize(columns, rows);
    session.wait_for_text("Riverside Billing");
    session
}

fn tray(counter: &str) -> String {
    format!("{counter}.jsonl")
}

/// The counts of a clerk's work.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) customers: usize,
    pub(crate) verified: usize,
    pub(crate) wrong: usize,
    pub(crate) resent: usize,
    pub(crate) cancelled: usize,
}

pub(crate) struct Clerk {
    session: PtySession,
    tray: String,
    chance: Chance,
    work: Work,
}

impl Clerk {
    pub(crate) fn sit(office: &Office, at: usize, chance: Chance) -> Self {
        let counter = format!("desk {at}");
        let (columns, rows) = if at < WITH_LOG { (130, 40) } else { (80, 24) };
        let mut session = sit(office, &counter, columns, rows);
        if at < WITH_LOG {
            // F2 opens the log, Esc returns the focus to the work.
            session.press("\x1bOQ").wait_for_text("newest first");
            session.press("\x1b");
        }
        let is_served = counter_config(office).exists();
        let tray = if is_served { "tray.jsonl".into() } else { tray(&counter) };
        Self { session, tray, chance, work: Work::default() }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.session.pid().as_raw_nonzero().get()
    }

    /// Serves customers until the end of the run.
    pub(crate) fn work(mut self, office: &Office, next: &AtomicUsize, end: Instant) -> Work {
        while Instant::now() < end {
            let customer = next.fetch_add(1, Ordering::Relaxed);
            self.serve(office, customer);
            self.work.customers += 1;
            self.think(1_000, 3_000);
            // Drop the output so far, which the next customer does not need.
            self.session.seen().bytes.clear();
        }
        self.session.leave();
        assert_eq!(self.session.end(), 0, "it ends in order");
        self.work
    }

    fn serve(&mut self, office: &Office, customer: usize) {
        self.type_and_see(&account(customer), &name(customer));
        self.type_and_see("\r", "Purpose");
        self.type_and_see("\r", "Time left");
        let mut code = self.message(office, customer, 1);
        self.think(200, 1_500);
        match self.chance.below(100) {
            0..15 => {
                self.type_and_see(other_than(&code), "4 tries are left");
                self.work.wrong += 1;
            }
            15..25 => {
                self.type_and_see("\x12", "Time left");
                code = self.message(office, customer, 2);
                self.work.resent += 1;
                self.see("in the tray");
            }
            25..33 => {
                self.type_and_see("\x18", "Enter");
                self.type_and_see("y", "cannot be used any more");
                self.type_and_see("\x1b", "Find");
                self.type_and_see("\x1b", "Find");
                self.work.cancelled += 1;
                return;
            }
            _ => {}
        }
        self.type_and_see(&code, "log out");
        self.work.verified += 1;
        self.think(200, 1_500);
        self.type_and_see("\x18", "is logged out");
    }

    fn type_and_see(&mut self, keys: &str, text: &str) {
        self.session.press(keys);
        self.see(text);
        // A clerk reads the screen before acting.
        self.think(200, 400);
    }

    fn see(&self, text: &str) {
        self.session.wait_for(&format!("{text:?}"), |seen| {
            let screen = seen.text();
            let trouble = TROUBLE.iter().find(|it| screen.contains(**it));
            assert_eq!(trouble, None, "on a screen:\n{screen}");
            screen.contains(text).then_some(())
        });
    }

    /// Reads the code from the customer's message number `number`.
    fn message(&self, office: &Office, customer: usize, number: usize) -> String {
        let begun = Instant::now();
        let to = email(customer);
        loop {
            let messages: Vec<Message> = office.messages_in(&self.tray);
            let mut to_them = messages.into_iter().filter(|it| it.to == to);
            if let Some(message) = to_them.nth(number - 1) {
                return message.code;
            }
            assert!(begun.elapsed() < TEST_TIMEOUT, "no message {number} for {to}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn think(&mut self, least: usize, most: usize) {
        let millis = least + self.chance.below(most - least);
        thread::sleep(Duration::from_millis(u64::try_from(millis).expect("a time")));
    }
}
