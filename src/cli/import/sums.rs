//! Counts of an import, and the report on it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::cli::exit::{Exit, Failure};
use crate::cli::import::{Batch, Remark};
use crate::cli::json::{ImportReply, LineProblem, ReplacedContact};
use crate::cli::output::Output;
use crate::domain::outcome::Outcome;
use crate::service::ports::{ImportCount, Imported};

/// How many bad lines, bad cells and replaced contacts are listed; further ones are counted only.
const NAMED_MAX: usize = 100;

/// Lines between progress notes when no terminal is attached.
const PROGRESS_INTERVAL: u64 = 100_000;

/// Bounds for the note on a reason that all lines share: how many different reasons are counted,
/// and the fewest lines for which the note is given.
const REASONS_MAX: usize = 100;
const SHARED_REASON_MIN: u64 = 3;

pub(super) struct Sums {
    /// Dry run: nothing is written.
    pub(super) is_dry: bool,
    /// The file was compared with the customers in the store.
    pub(super) is_compared: bool,
    began: Instant,
    good: u64,
    bad: u64,
    /// Lines imported without a bad cell.
    incomplete: u64,
    /// Bad lines and bad cells.
    faults: u64,
    /// For each reason, the number of lines that have it; at most `REASONS_MAX` reasons.
    reasons: HashMap<String, u64>,
    repeated: u64,
    reported: u64,
    problems: Vec<LineProblem>,
    pub(super) ignored_columns: Vec<String>,
    pub(super) encoding: &'static str,
    /// The first contacts that were replaced, or would be in a dry run.
    replaced: Vec<ReplacedContact>,
    /// What was written, or would be in a dry run.
    pub(super) written: ImportCount,
    /// Quarantine of a contact that replaces another one.
    quarantine: Duration,
}

impl Sums {
    pub(super) fn new(quarantine: Duration, is_dry: bool) -> Self {
        Self {
            is_dry,
            is_compared: true,
            quarantine,
            began: Instant::now(),
            good: 0,
            bad: 0,
            incomplete: 0,
            faults: 0,
            reasons: HashMap::new(),
            repeated: 0,
            reported: 0,
            problems: Vec::new(),
            ignored_columns: Vec::new(),
            encoding: "UTF-8",
            replaced: Vec::new(),
            written: ImportCount::default(),
        }
    }

    pub(super) fn take(&mut self, output: &mut Output, batch: &Batch) {
        self.good += batch.good;
        self.incomplete += batch.incomplete;
        for remark in &batch.remarks {
            let said = match remark {
                Remark::Encoding(name) => {
                    self.encoding = name;
                    Some(format!(
                        "The file is not in UTF-8; it is read as {name}. Where names look wrong, \
                         name its encoding: --encoding."
                    ))
                }
                Remark::Bad(problem) => {
                    self.bad += 1;
                    self.fault(problem)
                }
                Remark::Cell(problem) => self.fault(problem),
                Remark::Repeated(line) => {
                    self.repeated += 1;
                    (self.repeated <= NAMED_MAX as u64).then(|| {
                        format!(
                            "line {line}: its account stands on an earlier line too; this line wins"
                        )
                    })
                }
            };
            if let Some(said) = said {
                output.progress("");
                output.note(&said);
            }
        }
    }

    /// Counts a fault; returns the note on it until `NAMED_MAX` faults were listed.
    fn fault(&mut self, problem: &LineProblem) -> Option<String> {
        self.faults += 1;
        if self.reasons.len() < REASONS_MAX || self.reasons.contains_key(&problem.reason) {
            *self.reasons.entry(problem.reason.clone()).or_default() += 1;
        }
        if self.problems.len() >= NAMED_MAX {
            return None;
        }
        self.problems.push(problem.clone());
        let LineProblem { line, customer, value, reason, .. } = problem;
        let account = customer.as_ref().map(|it| format!(", {it}")).unwrap_or_default();
        let value = value.as_ref().map(|it| format!(": \"{it}\"")).unwrap_or_default();
        Some(format!("line {line}{account}: {reason}{value}"))
    }

    pub(super) fn add(&mut self, output: &mut Output, done: Imported) {
        self.written = self.written.and(done.count);
        for it in done.replaced.into_iter().take(NAMED_MAX.saturating_sub(self.replaced.len())) {
            if !self.quarantine.is_zero() {
                let verb = if self.is_dry { "would be" } else { "is" };
                let what = if it.is_added { "one more contact" } else { "another one" };
                let (account_no, label) = (&it.account_no, it.kind.label());
                output.progress("");
                output.note(&format!("{account_no}: the {label} {verb} {what}"));
            }
            self.replaced.push(ReplacedContact::from(it));
        }
    }

    pub(super) fn progress(&mut self, output: &mut Output) {
        let lines = self.good + self.bad;
        // Whole lines a second are precise enough for a progress line.
        let rate = u128::from(lines) * 1_000 / self.began.elapsed().as_millis().max(1);
        let said = format!("{lines} lines, {rate} a second");
        if output.watched() {
            output.progress(&said);
        } else if lines / PROGRESS_INTERVAL > self.reported {
            self.reported = lines / PROGRESS_INTERVAL;
            output.note(&said);
        }
    }

    /// The summary for people, in one or two sentences.
    pub(super) fn message(&self) -> String {
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
        if self.incomplete > 0 {
            let lines = if self.incomplete == 1 { "line was" } else { "lines were" };
            message =
                format!("{message} {} {lines} taken without a cell that is bad.", self.incomplete);
        }
        if self.good + self.bad == 0 {
            message =
                "The file has no line with a customer below its header; nothing was imported."
                    .into();
        }
        message
    }

    /// A reason that every line shares has one cause, so it is repeated at the end.
    fn fault_of_all(&self) -> Option<String> {
        let lines = self.good + self.bad;
        let (reason, _) =
            self.reasons.iter().find(|it| lines >= SHARED_REASON_MIN && *it.1 == lines)?;
        Some(format!("This is so in each of the {lines} lines: {reason}."))
    }

    pub(super) fn finish(self, output: &mut Output) -> Result<Exit, Failure> {
        let hidden = self.faults.saturating_sub(self.problems.len() as u64);
        if hidden > 0 {
            output.note(&format!("… and {hidden} more bad lines or cells."));
        }
        if let Some(said) = self.fault_of_all() {
            output.note(&said);
        }
        let message = self.message();
        let (outcome, exit) = if self.faults > 0 || self.good == 0 {
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
            incomplete: self.incomplete,
            repeated: self.repeated,
            customers: self.good - self.repeated,
            added: self.is_compared.then_some(self.written.added),
            changed: self.is_compared.then_some(self.written.changed),
            unchanged: self.is_compared.then_some(self.written.unchanged),
            replaced: self.is_compared.then_some(self.written.replaced),
            replacements: self.replaced,
            problems: self.problems,
            ignored_columns: self.ignored_columns,
            encoding: self.encoding,
        })?;
        Ok(exit)
    }
}

/// Sentence on contacts that replaced another one and their quarantine.
fn took_a_place(replaced: u64, is_dry: bool) -> String {
    let [contacts, get, confirmed] = if replaced == 1 {
        ["contact", "It gets", "it is confirmed"]
    } else {
        ["contacts", "They get", "they are confirmed"]
    };
    let (took, added, named) = if is_dry {
        ("would take", "be added", "")
    } else {
        ("took", "came in addition", " The log names all of them.")
    };
    format!(
        "{replaced} {contacts} {took} another one's place or {added}. {get} no code for the hours of \
         otp.contact_quarantine_hours, or until {confirmed}: countersign customers confirm.{named}"
    )
}

fn customers(count: u64) -> String {
    format!("{count} customer{}", if count == 1 { "" } else { "s" })
}
