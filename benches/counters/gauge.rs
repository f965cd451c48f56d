//! Measures the processes and the server: memory, processor time, statements.

use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::ledger::rows;
use crate::office::{Kind, Office};

/// The figures at one time.
struct Moment {
    at: Instant,
    /// Resident KiB and processor time in hundredths of a second of each process.
    processes: Vec<(u64, u64)>,
    statements: Option<u64>,
}

pub(crate) struct Gauge {
    pids: Vec<i32>,
    moments: Mutex<Vec<Moment>>,
}

impl Gauge {
    pub(crate) fn new(pids: Vec<i32>) -> Self {
        Self { pids, moments: Mutex::default() }
    }

    /// Reads the figures every minute and shortly before the end.
    pub(crate) fn watch(&self, office: &Office, end: Instant) {
        let minute = Duration::from_mins(1);
        let last = end.checked_sub(Duration::from_secs(5)).expect("a day of some seconds");
        let mut next = Instant::now() + minute;
        while next < last {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            self.read(office);
            next += minute;
        }
        thread::sleep(last.saturating_duration_since(Instant::now()));
        self.read(office);
    }

    fn read(&self, office: &Office) {
        let processes = self.pids.iter().map(|&pid| (memory(pid), computed(pid))).collect();
        let moment = Moment { at: Instant::now(), processes, statements: statements(office) };
        self.moments.lock().expect("whole").push(moment);
    }

    pub(crate) fn report(&self) {
        let moments = self.moments.lock().expect("whole");
        for moment in moments.iter() {
            let memory = moment.processes.iter().map(|it| it.0);
            let count = u64::try_from(moment.processes.len()).expect("a count");
            let mean = memory.clone().sum::<u64>() / count;
            let most = memory.max().unwrap_or(0);
            println!("memory        mean {mean} KiB  most {most} KiB of a process");
        }
        let [first, .., last] = moments.as_slice() else { return };
        let span = last.at.duration_since(first.at).as_secs_f64();
        let computed = |moment: &Moment| moment.processes.iter().map(|it| it.1).sum::<u64>();
        let share = per(computed(last) - computed(first), span) / per_process(self.pids.len());
        println!("computing     {share:.2} % of a processor for a process");
        if let (Some(before), Some(after)) = (first.statements, last.statements) {
            println!("server        {:.0} a second", per(after - before, span));
        }
    }
}

fn per(count: u64, seconds: f64) -> f64 {
    f64::from(u32::try_from(count).expect("a count")) / seconds
}

fn per_process(processes: usize) -> f64 {
    f64::from(u32::try_from(processes).expect("a count"))
}

/// Resident KiB of a process; 0 if it has ended.
fn memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    line.and_then(|it| it.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Processor time of a process in hundredths of a second.
fn computed(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |it| it.1);
    // Fields 14 and 15 of proc(5): user and kernel time.
    fields.split(' ').skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum()
}

/// Statements that MariaDB executed, or transactions that PostgreSQL ended (a single statement is
/// one).
fn statements(office: &Office) -> Option<u64> {
    let question = match office.kind {
        Kind::Sqlite => return None,
        Kind::Postgres => {
            "SELECT CAST(xact_commit + xact_rollback AS CHAR(20)) FROM pg_stat_database \
             WHERE datname = current_database()"
        }
        Kind::MariaDb => {
            "SELECT CAST(variable_value AS CHAR(20)) FROM information_schema.global_status \
             WHERE variable_name = 'QUESTIONS'"
        }
    };
    rows(office, question)[0][0].trim().parse().ok()
}
