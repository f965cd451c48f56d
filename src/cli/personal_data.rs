//! `customers report`, `customers erase`, `customers hold` and `customers release`.

use chrono::DateTime;

use crate::cli::args::ReasonedArgs;
use crate::cli::customers::reason;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::Reply;
use crate::cli::json::{ErasureReply, ReportReply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::request::identify;
use crate::domain::outcome::Outcome;
use crate::domain::time::Timestamp;
use crate::service::api::DeskClient;
use crate::service::customers::calls::{EraseCustomer, HoldCustomer, ReportCustomer};
use crate::service::ports::{DataSection, ErasureOutcome};

pub async fn report(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ReasonedArgs,
) -> Result<Exit, Failure> {
    let reason = reason(&arguments.reason)?;
    let customer = identify(desk, &arguments.customer).await?;
    let report = ReportCustomer { customer: customer.id, reason, key: desk.idempotency_key() };
    let report = desk.call(report).await?;
    if output.json() {
        let sections = &report.sections;
        output.object(&ReportReply {
            outcome: "reported",
            customer: &customer.account_no,
            sections,
        })?;
        return Ok(Exit::DONE);
    }
    output.line(&format!("What is held of {} ({})", customer.name, customer.account_no))?;
    for section in &report.sections {
        write_section(output, section)?;
    }
    Ok(Exit::DONE)
}

fn write_section(output: &mut Output, section: &DataSection) -> Result<(), Failure> {
    output.line("")?;
    let heading = capitalised(&in_words(&section.name));
    if section.entries.is_empty() {
        output.line(&format!("{heading}: nothing"))?;
        return Ok(());
    }
    output.line(&format!("{heading} ({})", section.entries.len()))?;
    for entry in &section.entries {
        let fields = entry.as_object().into_iter().flatten();
        let fields = fields.filter(|(_, value)| !value.is_null());
        for (at, (name, value)) in fields.enumerate() {
            let mark = if at == 0 { "-" } else { " " };
            let label = format!("{}:", in_words(name.trim_end_matches("_at")));
            output.line(&format!("  {mark} {label:<15} {}", shown(value)))?;
        }
    }
    if section.more {
        output.line("  and more; the first are told")?;
    }
    Ok(())
}

/// A value for people: a moment by the clock on the wall, a word without its underscores.
fn shown(value: &serde_json::Value) -> String {
    let Some(text) = value.as_str() else { return value.to_string() };
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return moment::long(Timestamp::from_millis(at.timestamp_millis()));
    }
    let is_word = text.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
    if is_word { in_words(text) } else { text.to_owned() }
}

fn in_words(name: &str) -> String {
    name.replace('_', " ")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |it| it.to_uppercase().chain(chars).collect())
}

pub async fn erase(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ReasonedArgs,
) -> Result<Exit, Failure> {
    let reason = reason(&arguments.reason)?;
    let customer = identify(desk, &arguments.customer).await?;
    let account = &customer.account_no;
    let erase = EraseCustomer { customer: customer.id, reason, key: desk.idempotency_key() };
    let (entries, in_external_table) = match desk.call(erase).await? {
        ErasureOutcome::Erased { entries, in_external_table } => (entries, in_external_table),
        ErasureOutcome::Held { reason, clerk, since } => {
            let since = moment::long(since);
            return Err(Failure::outcome(
                Outcome::Forbidden,
                format!(
                    "Nothing was erased: {account} is under a legal hold, set by {clerk} on \
                     {since} ({reason}). It ends with: {}.",
                    output.command(&["customers", "release", account, "--reason", "…"])
                ),
            ));
        }
        ErasureOutcome::Busy => {
            return Err(Failure::outcome(
                Outcome::Limited,
                format!(
                    "Nothing was erased: a code is open for {account}, or a message is still to \
                     be sent. Cancel it, or try again in some minutes."
                ),
            ));
        }
    };
    let log = match entries {
        0 => "No sealed entry of the log was about this customer".to_owned(),
        1 => "Of 1 sealed entry of the log what is personal is erased".to_owned(),
        many => format!("Of {many} sealed entries of the log what is personal is erased"),
    };
    let external = if in_external_table {
        " The row in the office's own table of customers is not countersign's to erase: until it \
         is gone there, a search finds it again."
    } else {
        ""
    };
    let message =
        format!("{account} is erased. {log}; the audit trail verifies as before.{external}");
    if output.json() {
        let (outcome, message) = ("erased", &message);
        output.object(&ErasureReply { outcome, message, entries, in_external_table })?;
    } else {
        output.line(&message)?;
    }
    Ok(Exit::DONE)
}

/// Runs `customers hold` and `customers release`.
pub async fn hold(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ReasonedArgs,
    hold: bool,
) -> Result<Exit, Failure> {
    let reason = reason(&arguments.reason)?;
    let customer = identify(desk, &arguments.customer).await?;
    let key = desk.idempotency_key();
    let changed = desk.call(HoldCustomer { customer: customer.id, hold, reason, key }).await?;
    let name = &customer.name;
    let (word, message) = match (hold, changed) {
        (true, true) => ("held", format!("{name} is under a legal hold: nothing is erased.")),
        (true, false) => ("held_already", format!("{name} is under a legal hold already.")),
        (false, true) => ("released", format!("The legal hold of {name} is over.")),
        (false, false) => ("not_held", format!("{name} is under no legal hold.")),
    };
    output.answer(&Reply::of(word, message.clone()).with_customer(&customer), &message)?;
    Ok(Exit::DONE)
}
