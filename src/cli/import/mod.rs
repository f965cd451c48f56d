//! `customers import`: imports a CSV file of any length in batches, in constant memory. One thread
//! reads and validates while the store writes.

mod sums;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use crate::cli::import::sums::Sums;
use tokio::sync::mpsc;

use crate::cli::app_context::AppContext;
use crate::cli::args::ImportArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::LineProblem;
use crate::cli::output::Output;
use crate::config::Config;
use crate::config::settings::StoreSettings;
use crate::domain::customer::NewCustomer;
use crate::domain::outcome::Outcome;
use crate::service::DeskError;
use crate::service::api::DeskClient;
use crate::service::customers::calls::{FinishImport, ImportCustomers};
use crate::service::customers::csv_import::{
    self, BadCell, ColumnNames, CsvError, CsvReader, CsvRow, Encoding, Reading,
};
use crate::service::customers::import::IMPORT_BATCH;
use crate::service::ports::{ImportCount, StoreError};

/// Runs `customers import`.
pub async fn run(
    desk: &DeskClient,
    country: &str,
    output: &mut Output,
    arguments: &ImportArgs,
) -> Result<Exit, Failure> {
    let mut sums = Sums::new(quarantine(desk), false);
    if let Err(failure) = work_through(Some(desk), country, output, arguments, &mut sums).await {
        if sums.written == ImportCount::default() {
            return Err(failure);
        }
        // Record what was written before the failure; the log is best effort here.
        let _ = desk.call(FinishImport { count: sums.written }).await;
        output.progress("");
        return Err(failure.after(&format!(
            "The import ended before its end; written by then: {} Import the file again: what is \
             on file already stays.",
            sums.message()
        )));
    }
    if let Err(error) = desk.call(FinishImport { count: sums.written }).await {
        output.note(&format!("The log does not name this import: {error}."));
    }
    sums.finish(output)
}

/// Runs `customers import --dry-run`: compares the file with the store if there is one.
pub async fn dry_run(
    context: &dyn AppContext,
    config: &Config,
    output: &mut Output,
    arguments: &ImportArgs,
) -> Result<Exit, Failure> {
    let desk = match &config.store {
        StoreSettings::Sqlite { file } if !file.exists() => None,
        _ => match context.desk(config).await {
            Ok(desk) => Some(desk),
            Err(Failure::Report(report)) => {
                output.note(&format!(
                    "Only the file is checked, not what is on file: {}",
                    report.message
                ));
                None
            }
            Err(failure) => return Err(failure),
        },
    };
    let quarantine = desk.as_ref().map_or(Duration::ZERO, quarantine);
    let mut sums = Sums::new(quarantine, true);
    sums.is_compared = desk.is_some();
    let country = &config.phones.default_country;
    work_through(desk.as_ref(), country, output, arguments, &mut sums).await?;
    sums.finish(output)
}

/// Quarantine of a contact that replaces another one.
fn quarantine(desk: &DeskClient) -> Duration {
    Duration::from_secs(desk.profile().quarantine_seconds)
}

/// Reads the whole file; the desk writes each batch, or counts what it would write.
async fn work_through(
    desk: Option<&DeskClient>,
    country: &str,
    output: &mut Output,
    arguments: &ImportArgs,
    sums: &mut Sums,
) -> Result<(), Failure> {
    let mut reader = open(&arguments.file, &reading(country, arguments)?)?;
    tell_header(&reader, output, sums);
    let report = arguments.encoding.is_some();
    let (sender, mut batches) = mpsc::channel(2);
    let reader = tokio::task::spawn_blocking(move || read(&mut reader, report, &sender));
    while let Some(batch) = batches.recv().await {
        sums.take(output, &batch);
        if let Some(desk) = desk {
            let import = ImportCustomers { batch: batch.customers, dry_run: sums.is_dry };
            let done = desk.call(import).await.map_err(may_not)?;
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

/// Reports unknown columns of the header.
fn tell_header(reader: &CsvReader<Source>, output: &mut Output, sums: &mut Sums) {
    sums.ignored_columns = reader.unknown_columns().to_vec();
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
    if reader.title_lines() > 0 {
        output.note(&format!(
            "The columns are named on line {}; what stands above is not read.",
            reader.title_lines() + 1
        ));
    }
    if reader.lacks_currency() {
        output.note("The file has balances and no column currency: balances are not read.");
    }
    let lacking: Vec<_> = reader.lacking_columns().collect();
    if !lacking.is_empty() {
        let columns = lacking.join(", ");
        output.note(&format!("The file has no column {columns}: what is on file of it stays."));
    }
}

/// Builds the reader's options from the arguments.
fn reading(country: &str, arguments: &ImportArgs) -> Result<Reading, Failure> {
    let columns = ColumnNames::parse(arguments.columns.iter().map(String::as_str))
        .map_err(|error| Failure::usage(format!("{error}.")))?;
    let encoding = arguments.encoding.as_deref().map(|name| {
        Encoding::named(name).ok_or_else(|| {
            Failure::usage(format!(
                "There is no encoding {name}. Some are utf-8, utf-16le, windows-1252, \
                 windows-1250, macintosh, cp850 and shift_jis."
            ))
        })
    });
    Ok(Reading { country: country.to_owned(), encoding: encoding.transpose()?, columns })
}

/// Converts the error that ended an import. `Denied` gets a sentence of its own: the database
/// accounts of counters are not meant to have the right to write customers.
fn may_not(error: DeskError) -> Failure {
    let DeskError::Store(StoreError::Denied(why)) = error else { return error.into() };
    let message = format!(
        "This account may not write customers, and nothing was written: {why}. Import with the \
         account that owns the store's tables; a counter's account only verifies customers."
    );
    Failure::outcome(Outcome::Forbidden, message)
}

type Source = Box<dyn BufRead + Send>;

fn open(path: &Path, reading: &Reading) -> Result<CsvReader<Source>, Failure> {
    let source: Source = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let file = File::open(path).map_err(|error| {
            Failure::usage(format!("{} cannot be opened: {error}.", path.display()))
        })?;
        Box::new(BufReader::with_capacity(64 * 1024, file))
    };
    CsvReader::open(source, reading).map_err(|error| match error {
        CsvError::Io(_) => Failure::usage(format!("{}: {error}.", path.display())),
        error => Failure::outcome(Outcome::Malformed, format!("{}: {error}.", path.display())),
    })
}

/// Lines that go to the store together, and the remarks on them.
#[derive(Default)]
struct Batch {
    /// The customers, each account once: the last of its lines wins.
    customers: Vec<NewCustomer>,
    good: u64,
    /// How many of the good lines lack a cell that is bad.
    incomplete: u64,
    /// Remarks on lines, in the order of the file.
    remarks: Vec<Remark>,
}

/// A remark on a line of the file.
enum Remark {
    /// The encoding of the file.
    Encoding(&'static str),
    /// The line is bad and was skipped.
    Bad(LineProblem),
    /// A cell of the line is bad and was skipped.
    Cell(LineProblem),
    /// The account of this line is on an earlier line too.
    Repeated(u64),
}

impl Batch {
    /// Records the remarks on a line; returns its customer unless the line is bad.
    fn remark(&mut self, line: CsvRow) -> Option<NewCustomer> {
        let CsvRow { number, account_no, customer, bad_cells } = line;
        let problem = |column, value, reason| LineProblem {
            line: number,
            customer: account_no.clone(),
            column,
            value,
            reason,
        };
        let customer = match customer {
            Ok(customer) => customer,
            Err(reason) => {
                self.remarks.push(Remark::Bad(problem(None, None, reason.to_string())));
                return None;
            }
        };
        self.good += 1;
        self.incomplete += u64::from(!bad_cells.is_empty());
        for BadCell { column, value, reason } in bad_cells {
            self.remarks.push(Remark::Cell(problem(Some(column), Some(value), reason)));
        }
        Some(customer)
    }
}

/// Reads to the end of the file, or until the receiver of the batches is gone.
fn read(
    reader: &mut CsvReader<Source>,
    is_told: bool,
    batches: &mpsc::Sender<Batch>,
) -> io::Result<()> {
    // A 64-bit hash of each account number seen: at most 18 MB for a million. A collision costs one
    // wrong remark.
    let mut seen: HashSet<u64> = HashSet::new();
    let hasher = RandomState::new();
    let mut batch = Batch::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut encoding = None;
    loop {
        let line = reader.next_line()?;
        if encoding.is_none() {
            encoding = reader.encoding();
            batch.remarks.extend(encoding.filter(|_| !is_told).map(Remark::Encoding));
        }
        let Some(line) = line else { break };
        let number = line.number;
        if let Some(customer) = batch.remark(line) {
            let account = customer.account_no.to_lowercase();
            if !seen.insert(hasher.hash_one(&account)) {
                batch.remarks.push(Remark::Repeated(number));
            }
            if let Some(place) = places.get(&account) {
                batch.customers[*place] = customer;
            } else {
                places.insert(account, batch.customers.len());
                batch.customers.push(customer);
            }
        }
        if batch.customers.len() >= IMPORT_BATCH || batch.remarks.len() >= IMPORT_BATCH {
            places.clear();
            if batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
    }
    // The receiver is gone only if the store failed, which is reported there.
    let _ = batches.blocking_send(batch);
    Ok(())
}

/// Names an unknown column with a suggestion, such as `e-mail (did you mean email?)`.
fn asked_back(column: &str) -> String {
    match csv_import::meant(column) {
        Some(known) => format!("{column} (did you mean {known}?)"),
        None => column.to_owned(),
    }
}
