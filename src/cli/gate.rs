//! `gate`: whether a customer is verified now, for the billing program.

use crate::cli::args::GateArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::GateReply;
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::request::purpose_of;
use crate::domain::outcome::Outcome;
use crate::service::api::DeskClient;
use crate::service::messages;
use crate::service::verification::calls::AskGate;

/// `gate`
pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &GateArgs,
) -> Result<Exit, Failure> {
    let purpose = purpose_of(desk, Some(arguments.purpose.clone()))?;
    let ask = AskGate { account_no: arguments.customer.clone(), purpose };
    let Some(verified) = desk.call(ask).await? else {
        let (customer, purpose) = (&arguments.customer, &arguments.purpose);
        let message = format!("{customer} is not verified now for \"{purpose}\".");
        return Err(Failure::outcome(Outcome::Forbidden, message));
    };
    let message = format!(
        "{} is verified for \"{}\" ({}) by {} at counter {} until {}.",
        verified.account_no,
        verified.purpose,
        messages::factors_in_words(&verified.factors),
        verified.clerk,
        verified.counter,
        moment::short(verified.until),
    );
    if output.json() {
        output.object(&GateReply {
            outcome: "verified",
            message: &message,
            verified: &verified,
        })?;
    } else {
        output.line(&message)?;
    }
    Ok(Exit::DONE)
}
