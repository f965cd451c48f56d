//! `amount-due`: what is due on an account, where nothing has to be proven for that.

use crate::cli::args::AmountDueArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::AmountDueReply;
use crate::cli::output::Output;
use crate::domain::outcome::Outcome;
use crate::service::api::DeskClient;
use crate::service::messages;
use crate::service::verification::amount_due::AmountDue;
use crate::service::verification::calls::ReadAmountDue;

/// `amount-due`
pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: AmountDueArgs,
) -> Result<Exit, Failure> {
    let AmountDueArgs { account, purpose, .. } = arguments;
    let due = desk.call(ReadAmountDue { account_no: account.clone(), purpose }).await?;
    let message = messages::amount_due(&account, &due);
    let due = match due {
        AmountDue::Due(due) => due,
        AmountDue::NoSuchAccount => {
            return Err(Failure::outcome(Outcome::UnknownCustomer, message));
        }
        AmountDue::TakesProof(_) => return Err(Failure::outcome(Outcome::Forbidden, message)),
        AmountDue::NoSuchPurpose(_) => return Err(Failure::outcome(Outcome::Malformed, message)),
    };
    if output.json() {
        output.object(&AmountDueReply { outcome: "due", message: &message, due: due.as_ref() })?;
    } else {
        output.line(&message)?;
    }
    Ok(Exit::DONE)
}
