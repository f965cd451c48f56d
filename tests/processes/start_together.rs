//! Processes that begin at one moment. A shell stands where each of them will
//! be, says that it is there, waits for a word and becomes the program.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::office::Office;
use crate::seeded::Chance;

/// As many as the security requirements speak of.
pub(crate) const CROWD: usize = 50;

/// What one process does: a command, and what is typed where it asks.
#[derive(Clone)]
pub(crate) struct Act {
    arguments: Vec<String>,
    typed: Option<String>,
}

impl Act {
    pub(crate) fn verify(request: &str, code: &str) -> Self {
        Self { arguments: words(&["verify", request]), typed: Some(format!("{code}\n")) }
    }

    pub(crate) fn resend(request: &str) -> Self {
        Self { arguments: words(&["resend", request]), typed: None }
    }

    pub(crate) fn request(account: &str) -> Self {
        Self { arguments: words(&["request", account, "--channel", "email"]), typed: None }
    }
}

fn words(arguments: &[&str]) -> Vec<String> {
    arguments.iter().chain(&["--json"]).map(|&it| it.to_owned()).collect()
}

/// How a process ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// The command's first word.
    pub(crate) command: String,
    /// The outcome it told; none where it was killed before it could.
    pub(crate) outcome: Option<String>,
    pub(crate) killed: bool,
}

/// How a crowd ended.
pub(crate) struct Done {
    pub(crate) all: Vec<Ended>,
    /// From the word to the last one's end.
    pub(crate) took: Duration,
}

impl Done {
    /// How many told this outcome of this command.
    pub(crate) fn told(&self, command: &str, outcome: &str) -> usize {
        let told = |it: &&Ended| it.command == command && it.outcome.as_deref() == Some(outcome);
        self.all.iter().filter(told).count()
    }

    /// How many of this command ended without a word.
    pub(crate) fn unknown(&self, command: &str) -> usize {
        self.all.iter().filter(|it| it.command == command && it.outcome.is_none()).count()
    }

    pub(crate) fn killed(&self) -> usize {
        self.all.iter().filter(|it| it.killed).count()
    }
}

struct Process {
    act: Act,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    killed: bool,
}

/// Processes that wait for the word.
pub(crate) struct Crowd(Vec<Process>);

impl Crowd {
    /// Starts a shell for each act, and waits until all are there.
    pub(crate) fn gather(office: &Office, acts: impl IntoIterator<Item = Act>) -> Self {
        let mut all: Vec<Process> = acts.into_iter().map(|act| start(office, act)).collect();
        for process in &mut all {
            let mut line = String::new();
            process.output.read_line(&mut line).expect("a shell");
            assert_eq!(line, "there\n");
        }
        Self(all)
    }

    /// Lets all of them go. Where each will ask for a code, they get it when all
    /// of them ask: their acts then begin within a millisecond.
    pub(crate) fn go(mut self) -> Done {
        let begun = self.begin();
        self.end(begun)
    }

    /// Lets all of them go and kills some: each at a moment drawn from the time
    /// in which the others end, whatever the machine makes of it.
    pub(crate) fn go_and_die(mut self, kills: usize, chance: &mut Chance) -> Done {
        let all = self.0.len();
        let mut marks: Vec<usize> = (0..kills).map(|_| chance.below(all - kills)).collect();
        marks.sort_unstable();
        let begun = self.begin();
        for mark in marks {
            let pause = u64::try_from(chance.below(20_000)).expect("a number");
            while self.0.iter_mut().filter_map(Process::alive).count() + mark > all {
                thread::sleep(Duration::from_micros(200));
            }
            thread::sleep(Duration::from_micros(pause));
            let mut alive: Vec<&mut Process> =
                self.0.iter_mut().filter_map(Process::alive).collect();
            if !alive.is_empty() {
                let victim = chance.below(alive.len());
                alive[victim].killed = true;
                alive[victim].child.kill().expect("killed");
            }
        }
        self.end(begun)
    }

    fn begin(&mut self) -> Instant {
        let asked = self.0.iter().all(|it| it.act.typed.is_some());
        let begun = Instant::now();
        self.say(|_| Some("go\n"));
        if asked {
            self.settle();
        }
        let begun = if asked { Instant::now() } else { begun };
        self.say(|act| act.typed.as_deref());
        begun
    }

    fn say(&mut self, word: impl Fn(&Act) -> Option<&str>) {
        for process in &mut self.0 {
            if let Some(word) = word(&process.act) {
                // Who ended early is judged by how it ended.
                let _ = process.input.write_all(word.as_bytes());
            }
        }
    }

    /// Waits until every process has done what it can do without a code: none
    /// computes any more.
    fn settle(&self) {
        let begun = Instant::now();
        let mut still = 0;
        let mut before = Vec::new();
        while still < 5 {
            thread::sleep(Duration::from_millis(20));
            let now: Vec<String> = self.0.iter().map(|it| work(it.child.id())).collect();
            assert!(begun.elapsed() < Duration::from_mins(1), "they do not come to rest: {now:?}");
            let quiet = now == before && now.iter().all(|it| it.starts_with("(countersign) S"));
            still = if quiet { still + 1 } else { 0 };
            before = now;
        }
    }

    fn end(self, begun: Instant) -> Done {
        let all: Vec<Ended> = self.0.into_iter().map(Process::end).collect();
        Done { all, took: begun.elapsed() }
    }
}

fn start(office: &Office, act: Act) -> Process {
    let mut child = office
        .within("/bin/sh")
        .args(["-c", "echo there; read -r go; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_countersign"))
        .args(&act.arguments)
        .spawn()
        .expect("a shell");
    let input = child.stdin.take().expect("a pipe");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    Process { act, child, input, output, killed: false }
}

/// What a process is, whether it waits, and how long it has computed.
fn work(pid: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.split(' ').collect();
    // Name, state, and time in user and in kernel mode; see proc(5).
    [1, 2, 13, 14].map(|at| fields.get(at).copied().unwrap_or_default()).join(" ")
}

impl Process {
    /// Itself, while it can be killed.
    fn alive(&mut self) -> Option<&mut Self> {
        let runs = !self.killed && matches!(self.child.try_wait(), Ok(None));
        runs.then_some(self)
    }

    fn end(self) -> Ended {
        let Self { act, mut child, input, mut output, killed } = self;
        drop(input);
        let mut said = String::new();
        output.read_to_string(&mut said).expect("text");
        let mut errors = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
        child.wait().expect("it ends");
        let reply: Option<Value> = serde_json::from_str(&said).ok();
        let outcome = reply.as_ref().and_then(|it| it["outcome"].as_str()).map(str::to_owned);
        assert!(killed || outcome.is_some(), "{:?}: {said}{errors}", act.arguments);
        Ended { command: act.arguments[0].clone(), outcome, killed }
    }
}
