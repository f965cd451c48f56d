//! `customers import`: a file of any length, in batches, in flat memory. One
//! thread reads and checks while the store writes.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::exit::{Exit, Failure};
use super::house::House;
use super::json::{ImportReply, LineProblem, ReplacedContact};
use super::output::Output;
use crate::config::Config;
use crate::config::settings::StoreSettings;
use crate::domain::customer::NewCustomer;
use crate::domain::outcome::Outcome;
use crate::service::import::BATCH;
use crate::service::ports::{ImportCount, Imported, StoreError};
use crate::service::roster::{self, Roster, RosterError};
use crate::service::{Desk, DeskError};

/// Bad lines, and contacts that took another one's place, that are named; the others
/// are counted.
const NAMED: usize = 100;

/// Without a terminal, progress is told this often.
const STRIDE: u64 = 100_000;

/// `customers import`
pub async fn run(
    desk: &Desk,
    country: &str,
    output: &mut Output,
    path: &Path,
) -> Result<Exit, Failure> {
    let mut sums = Sums::new(desk.contact_quarantine(), false);
    if let Err(failure) = work_through(Some(desk), country, output, path, &mut sums).await {
        if sums.written == ImportCount::default() {
            return Err(failure);
        }
        // What was written is in the log all the same, where it can be.
        let _ = desk.import_done(sums.written).await;
        output.progress("");
        return Err(failure.after(&format!(
            "The import ended before its end; written by then: {} Import the file again: what is \
             on file already stays.",
            sums.message()
        )));
    }
    if let Err(error) = desk.import_done(sums.written).await {
        output.note(&format!("The log does not name this import: {error}."));
    }
    sums.finish(output)
}

/// `customers import --dry-run`: compared with the store, where there is one.
pub async fn dry_run(
    house: &dyn House,
    config: &Config,
    output: &mut Output,
    path: &Path,
) -> Result<Exit, Failure> {
    let desk = match &config.store {
        StoreSettings::Sqlite { file } if !file.exists() => None,
        _ => match house.desk(config).await {
            Ok(desk) => Some(desk),
            Err(Failure::Told(told)) => {
                output.note(&format!(
                    "Only the file is checked, not what is on file: {}",
                    told.message
                ));
                None
            }
            Err(failure) => return Err(failure),
        },
    };
    let quarantine = desk.as_ref().map_or(Duration::ZERO, Desk::contact_quarantine);
    let mut sums = Sums::new(quarantine, true);
    sums.is_compared = desk.is_some();
    work_through(desk.as_ref(), &config.phones.default_country, output, path, &mut sums).await?;
    sums.finish(output)
}

/// Reads the file to its end, and has the desk write it or count what it would write.
async fn work_through(
    desk: Option<&Desk>,
    country: &str,
    output: &mut Output,
    path: &Path,
    sums: &mut Sums,
) -> Result<(), Failure> {
    let mut roster = open(path, country)?;
    sums.ignored_columns = roster.unknown_columns().to_vec();
    if !sums.ignored_columns.is_empty() {
        output.note(&format!(
            "These columns are not known and not read: {}.",
            sums.ignored_columns
                .iter()
                .map(|column| asked_back(column))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    let lacking: Vec<_> = roster.lacking_columns().collect();
    if !lacking.is_empty() {
        let columns = lacking.join(", ");
        output.note(&format!("The file has no column {columns}: what is on file of it stays."));
    }
    let (sender, mut batches) = mpsc::channel(2);
    let reader = tokio::task::spawn_blocking(move || read(&mut roster, &sender));
    while let Some(batch) = batches.recv().await {
        sums.take(output, &batch);
        if let Some(desk) = desk {
            let done = desk.import_batch(&batch.customers, sums.is_dry).await.map_err(may_not)?;
            sums.add(output, done);
        }
        sums.progress(output);
    }
    output.progress("");
    reader
        .await
        .map_err(|error| Failure::internal(error.to_string()))?
        .map_err(|error| Failure::usage(format!("The file cannot be read on: {error}.")))
}

/// Why an import ended. Counters' accounts have no right to write customers, and
/// are not meant to have it.
fn may_not(error: DeskError) -> Failure {
    let DeskError::Store(StoreError::Denied(why)) = error else { return error.into() };
    let message = format!(
        "This account may not write customers, and nothing was written: {why}. Import with the \
         account that owns the store's tables; a counter's account only verifies customers."
    );
    Failure::outcome(Outcome::Forbidden, message)
}

type Source = Box<dyn BufRead + Send>;

fn open(path: &Path, country: &str) -> Result<Roster<Source>, Failure> {
    let source: Source = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let file = File::open(path).map_err(|error| {
            Failure::usage(format!("{} cannot be opened: {error}.", path.display()))
        })?;
        Box::new(BufReader::with_capacity(64 * 1024, file))
    };
    Roster::open(source, country).map_err(|error| match error {
        RosterError::Io(_) => Failure::usage(format!("{}: {error}.", path.display())),
        error => Failure::outcome(Outcome::Malformed, format!("{}: {error}.", path.display())),
    })
}

/// Some lines of the file.
#[derive(Default)]
struct Batch {
    /// The customers, each account once: the last of its lines.
    customers: Vec<NewCustomer>,
    good: u64,
    /// What there is to say about lines, in the order of the file.
    remarks: Vec<Remark>,
}

/// Something to say about a line.
enum Remark {
    /// It is bad, and left out.
    Bad(LineProblem),
    /// Its account stands on an earlier line too.
    Repeated(u64),
}

/// Reads to the end, or until nobody takes the batches any more.
fn read(roster: &mut Roster<Source>, batches: &mpsc::Sender<Batch>) -> io::Result<()> {
    // Account numbers seen, as 64 random bits each: a million cost 18 MB at
    // most, and two that fall together cost one wrong note.
    let mut seen: HashSet<u64> = HashSet::new();
    let hasher = RandomState::new();
    let mut batch = Batch::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    while let Some(line) = roster.next_line()? {
        match line.customer {
            Err(reason) => {
                let problem = LineProblem { line: line.number, reason: reason.to_string() };
                batch.remarks.push(Remark::Bad(problem));
            }
            Ok(customer) => {
                let account = customer.account_no.to_lowercase();
                batch.good += 1;
                if !seen.insert(hasher.hash_one(&account)) {
                    batch.remarks.push(Remark::Repeated(line.number));
                }
                if let Some(place) = places.get(&account) {
                    batch.customers[*place] = customer;
                } else {
                    places.insert(account, batch.customers.len());
                    batch.customers.push(customer);
                }
            }
        }
        if batch.customers.len() >= BATCH || batch.remarks.len() >= BATCH {
            places.clear();
            if batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
    }
    // Nobody waits for it only where the store has failed, and that is told.
    let _ = batches.blocking_send(batch);
    Ok(())
}

struct Sums {
    /// Nothing is written.
    is_dry: bool,
    /// What is in the file was compared with what is on file.
    is_compared: bool,
    began: Instant,
    good: u64,
    bad: u64,
    repeated: u64,
    told: u64,
    problems: Vec<LineProblem>,
    ignored_columns: Vec<String>,
    /// The first contacts that took another one's place, or would.
    replaced: Vec<ReplacedContact>,
    /// What was written, or would be.
    written: ImportCount,
    /// How long a contact waits that took another one's place.
    quarantine: Duration,
}

impl Sums {
    fn new(quarantine: Duration, is_dry: bool) -> Self {
        Self {
            is_dry,
            is_compared: true,
            quarantine,
            began: Instant::now(),
            good: 0,
            bad: 0,
            repeated: 0,
            told: 0,
            problems: Vec::new(),
            ignored_columns: Vec::new(),
            replaced: Vec::new(),
            written: ImportCount::default(),
        }
    }

    fn take(&mut self, output: &mut Output, batch: &Batch) {
        self.good += batch.good;
        for remark in &batch.remarks {
            let said = match remark {
                Remark::Bad(problem) => {
                    self.bad += 1;
                    if self.problems.len() >= NAMED {
                        continue;
                    }
                    self.problems.push(problem.clone());
                    format!("line {}: {}", problem.line, problem.reason)
                }
                Remark::Repeated(line) => {
                    self.repeated += 1;
                    if self.repeated > NAMED as u64 {
                        continue;
                    }
                    format!(
                        "line {line}: its account stands on an earlier line too; this line wins"
                    )
                }
            };
            output.progress("");
            output.note(&said);
        }
    }

    fn add(&mut self, output: &mut Output, done: Imported) {
        self.written = self.written.and(done.count);
        for it in done.replaced.into_iter().take(NAMED.saturating_sub(self.replaced.len())) {
            if !self.quarantine.is_zero() {
                let verb = if self.is_dry { "would be" } else { "is" };
                output.progress("");
                output.note(&format!(
                    "{}: the {} {verb} another one",
                    it.account_no,
                    it.kind.label()
                ));
            }
            self.replaced.push(ReplacedContact::from(it));
        }
    }

    fn progress(&mut self, output: &mut Output) {
        let lines = self.good + self.bad;
        // Whole lines a second are exact enough to look at.
        let rate = u128::from(lines) * 1_000 / self.began.elapsed().as_millis().max(1);
        let said = format!("{lines} lines, {rate} a second");
        if output.watched() {
            output.progress(&said);
        } else if lines / STRIDE > self.told {
            self.told = lines / STRIDE;
            output.note(&said);
        }
    }

    /// What there is to say in one sentence or two.
    fn message(&self) -> String {
        let ImportCount { added, changed, unchanged, replaced } = self.written;
        let mut message = match (self.is_dry, self.is_compared) {
            (true, false) => {
                let accounts = customers(self.good - self.repeated);
                format!("Nothing was written. {accounts} would be written.")
            }
            (true, true) => format!(
                "Nothing was written. {} would be added, {changed} changed, {unchanged} are as \
                 before.",
                customers(added)
            ),
            (false, _) => {
                format!("{} added, {changed} changed, {unchanged} as before.", customers(added))
            }
        };
        if replaced > 0 && !self.quarantine.is_zero() {
            message = format!("{message} {}", took_a_place(replaced, self.is_dry));
        }
        if self.bad > 0 {
            let lines = if self.bad == 1 { "line was" } else { "lines were" };
            message = format!("{message} {} bad {lines} left out.", self.bad);
        }
        message
    }

    fn finish(self, output: &mut Output) -> Result<Exit, Failure> {
        let hidden = self.bad.saturating_sub(self.problems.len() as u64);
        if hidden > 0 {
            output.note(&format!("… and {hidden} more bad lines."));
        }
        let message = self.message();
        let (outcome, exit) = if self.bad > 0 {
            (Outcome::Malformed.word(), Outcome::Malformed.into())
        } else {
            ("imported", Exit::DONE)
        };
        if !output.json() {
            output.line(&message)?;
            return Ok(exit);
        }
        output.object(&ImportReply {
            outcome,
            message,
            dry_run: self.is_dry,
            compared: self.is_compared,
            lines: self.good + self.bad,
            good: self.good,
            bad: self.bad,
            repeated: self.repeated,
            customers: self.good - self.repeated,
            added: self.is_compared.then_some(self.written.added),
            changed: self.is_compared.then_some(self.written.changed),
            unchanged: self.is_compared.then_some(self.written.unchanged),
            replaced: self.is_compared.then_some(self.written.replaced),
            replacements: self.replaced,
            problems: self.problems,
            ignored_columns: self.ignored_columns,
        })?;
        Ok(exit)
    }
}

/// `e-mail (did you mean email?)`
fn asked_back(column: &str) -> String {
    match roster::meant(column) {
        Some(known) => format!("{column} (did you mean {known}?)"),
        None => column.to_owned(),
    }
}

/// What became of contacts that are not those of before.
fn took_a_place(replaced: u64, is_dry: bool) -> String {
    let [contacts, get, confirmed] = if replaced == 1 {
        ["contact", "It gets", "it is confirmed"]
    } else {
        ["contacts", "They get", "they are confirmed"]
    };
    let (took, named) =
        if is_dry { ("would take", "") } else { ("took", " The log names all of them.") };
    format!(
        "{replaced} {contacts} {took} another one's place. {get} no code for the hours of \
         otp.contact_quarantine_hours, or until {confirmed}: countersign customers confirm.{named}"
    )
}

fn customers(count: u64) -> String {
    format!("{count} customer{}", if count == 1 { "" } else { "s" })
}
