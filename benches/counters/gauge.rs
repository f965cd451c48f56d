//! Measures the processes and the server: memory, processor time, statements.

use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::ledger::rows;
use crate::office::{Kind, Office};

/// What one process uses.
struct Usage {
    /// Resident KiB, with the pages of the program file that all its processes share.
    resident: u64,
    /// Proportional KiB: a shared page counts for each process by its share.
    proportional: u64,
    /// Processor time in hundredths of a second.
    computed: u64,
}

impl Usage {
    fn of(pid: i32) -> Self {
        Self {
            resident: kib(pid, "status", "VmRSS:"),
            proportional: kib(pid, "smaps_rollup", "Pss:"),
            computed: computed(pid),
        }
    }
}

/// The figures at one time.
struct Moment {
    at: Instant,
    processes: Vec<Usage>,
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
        let processes = self.pids.iter().map(|&pid| Usage::of(pid)).collect();
        let moment = Moment { at: Instant::now(), processes, statements: statements(office) };
        self.moments.lock().expect("whole").push(moment);
    }

    pub(crate) fn report(&self) {
        let moments = self.moments.lock().expect("whole");
        for moment in moments.iter() {
            let (resident, most) = mean_and_most(moment.processes.iter().map(|it| it.resident));
            let (proportional, _) =
                mean_and_most(moment.processes.iter().map(|it| it.proportional));
            println!(
                "memory        resident mean {resident} KiB  most {most} KiB, proportional mean \
                 {proportional} KiB of a process"
            );
        }
        let [first, .., last] = moments.as_slice() else { return };
        let span = last.at.duration_since(first.at).as_secs_f64();
        let computed = |moment: &Moment| moment.processes.iter().map(|it| it.computed).sum::<u64>();
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

fn mean_and_most(values: impl Iterator<Item = u64> + Clone) -> (u64, u64) {
    let count = u64::try_from(values.clone().count()).expect("a count");
    (values.clone().sum::<u64>() / count, values.max().unwrap_or(0))
}

/// A figure in KiB that `/proc/PID/FILE` names; 0 if the process has ended.
fn kib(pid: i32, file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|it| it.strip_prefix(name));
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
