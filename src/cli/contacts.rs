//! `customers contacts --bad`: the office's list of contacts to mend.

use crate::cli::args::ContactsArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::BadContactLine;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::service::api::DeskClient;
use crate::service::csv_record::csv_record;
use crate::service::customers::calls::ListBadContacts;

const NONE: &str = "No contact on file has failed for good with its last message.";

pub async fn bad(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ContactsArgs,
) -> Result<Exit, Failure> {
    if arguments.csv {
        output.line(&csv_record(BadContactLine::COLUMNS)?)?;
    }
    let (mut after, mut table, mut count) = (None, Table::new(HEADINGS), 0_u64);
    loop {
        let page = desk.call(ListBadContacts { after }).await?;
        for contact in page.contacts {
            count += 1;
            let line = BadContactLine::from(contact);
            if output.json() {
                output.object(&line)?;
            } else if arguments.csv {
                output.line(&csv_record(line.cells())?)?;
            } else {
                table.row(line.columns());
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if !output.json() && !arguments.csv && count > 0 {
        table.print(output)?;
    }
    if count == 0 {
        output.note(NONE);
    }
    Ok(Exit::DONE)
}

const HEADINGS: [&str; 7] = ["ACCOUNT", "NAME", "CHANNEL", "CONTACT", "SINCE", "WHY", "CUSTOMERS"];
