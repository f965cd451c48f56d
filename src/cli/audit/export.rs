//! `audit export`: writes the sealed entries as JSON lines, CSV or OCSF, page by page.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Instant;

use crate::cli::args::{ExportArgs, ExportFormat};
use crate::cli::audit::ocsf::OcsfEvent;
use crate::cli::exit::{Exit, Failure};
use crate::cli::log;
use crate::cli::output::{Output, PROGRESS_DELAY, json_line};
use crate::domain::audit::export::{ExportedEntry, ExportedLeaf};
use crate::domain::audit::leaf::{Personal, SealedEntry};
use crate::service::api::DeskClient;
use crate::service::audit::calls::{BeginExport, ReadExport};
use crate::service::audit::export::ExportRange;
use crate::service::csv_record::csv_record;

/// The CSV columns, in order.
const COLUMNS: [&str; 16] = [
    "index", "event", "at", "kind", "outcome", "request", "customer", "channel", "contact",
    "clerk", "counter", "detail", "leaf", "purpose", "provider", "asked_at",
];

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::internal(format!("The export cannot be written: {error}."))
}

/// Creates a new file with mode 0600, since the export may contain personal data. An existing file
/// is an error.
fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file
        .map_err(|error| Failure::usage(format!("{} cannot be made: {error}.", path.display())))?;
    Ok(BufWriter::new(file))
}

pub(super) async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ExportArgs,
) -> Result<Exit, Failure> {
    let (since, until) = log::time_range(desk, arguments.since, arguments.until).await?;
    let file = arguments.output.as_deref().map(create).transpose()?;
    let written = write(desk, output, arguments, ExportRange { since, until }, file).await;
    if let (Err(_), Some(path)) = (&written, &arguments.output) {
        // Remove a partial export: it must not be mistaken for a whole one.
        let _ = std::fs::remove_file(path);
    }
    let count = written?;
    output.progress("");
    let many = if count == 1 { "entry" } else { "entries" };
    output.note(&format!("{count} {many} exported."));
    Ok(Exit::DONE)
}

async fn write(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ExportArgs,
    range: ExportRange,
    file: Option<BufWriter<File>>,
) -> Result<u64, Failure> {
    let (personal, key) = (arguments.personal.clone(), desk.idempotency_key());
    let export = desk.call(BeginExport { range, personal, key }).await?;
    let (from, to) = (export.header.from, export.header.to);
    let mut target = Target { file, output };
    let (began, mut at) = (Instant::now(), from);
    match arguments.format {
        ExportFormat::Jsonl => target.line(&json_line(&export.header)?)?,
        ExportFormat::Csv => target.line(&COLUMNS.join(","))?,
        ExportFormat::Ocsf => {}
    }
    while at < to {
        let read = ReadExport { from: at, to, personal: arguments.personal.is_some() };
        let page = desk.call(read).await?;
        if page.is_empty() {
            return Err(Failure::internal("The trail ends before its checkpoint."));
        }
        for entry in &page {
            at += 1;
            if let Some(line) = written(entry, arguments.format, &export.header.origin)? {
                target.line(&line)?;
            }
        }
        if target.file.is_some() && began.elapsed() > PROGRESS_DELAY {
            target.output.progress(&format!("{} of {} entries exported", at - from, to - from));
        }
    }
    if arguments.format == ExportFormat::Jsonl {
        target.line(&json_line(&export.end)?)?;
    }
    target.end()?;
    Ok(to - from)
}

/// The destination: a file, or else standard output.
struct Target<'a> {
    file: Option<BufWriter<File>>,
    output: &'a mut Output,
}

impl Target<'_> {
    fn line(&mut self, line: &str) -> Result<(), Failure> {
        match &mut self.file {
            Some(file) => writeln!(file, "{line}").map_err(|error| unwritten(&error)),
            None => Ok(self.output.own(format!("{line}\n").as_bytes())?),
        }
    }

    fn end(self) -> Result<(), Failure> {
        let Some(mut file) = self.file else { return Ok(()) };
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(|error| unwritten(&error))
    }
}

/// Formats an entry as one line; `None` if the format has no line for this kind of leaf.
fn written(
    entry: &ExportedEntry,
    format: ExportFormat,
    origin: &str,
) -> Result<Option<String>, Failure> {
    let line = match (format, &entry.entry) {
        (ExportFormat::Jsonl, _) => json_line(entry)?,
        (ExportFormat::Csv, leaf) => csv_record(cells(leaf))?,
        (ExportFormat::Ocsf, ExportedLeaf::Entry(it)) => json_line(&OcsfEvent::new(it, origin))?,
        (ExportFormat::Ocsf, ExportedLeaf::Purged(_)) => return Ok(None),
    };
    Ok(Some(line))
}

/// The CSV cells of an entry, in the order of [`COLUMNS`].
fn cells(leaf: &ExportedLeaf) -> [String; COLUMNS.len()] {
    let entry = match leaf {
        ExportedLeaf::Entry(entry) => entry,
        ExportedLeaf::Purged(gone) => {
            let mut cells = COLUMNS.map(|_| String::new());
            cells[0] = gone.index.to_string();
            cells[1] = gone.event.to_string();
            cells[3].push_str(if gone.purged { "(purged)" } else { "(deleted)" });
            cells[12] = gone.leaf.to_string();
            return cells;
        }
    };
    let word = |text: &Option<String>| text.clone().unwrap_or_default();
    let personal = |it: &Option<Personal>| {
        it.as_ref().and_then(Personal::value).unwrap_or_default().to_owned()
    };
    let SealedEntry { index, event, at, kind, outcome, request, .. } = &**entry;
    [
        index.to_string(),
        event.to_string(),
        at.to_string(),
        kind.clone(),
        word(outcome),
        word(request),
        personal(&entry.customer),
        word(&entry.channel),
        personal(&entry.contact),
        entry.clerk.clone(),
        entry.counter.clone(),
        personal(&entry.detail),
        entry.leaf.to_string(),
        word(&entry.purpose),
        word(&entry.provider),
        entry.asked_at.map(|it| it.to_string()).unwrap_or_default(),
    ]
}
