//! `verify`: a code entered at a shell.

use super::exit::{Exit, Failure};
use super::json::Reply;
use super::output::Output;
use super::request::{existing, missing, parse, refuse_or_answer};
use super::{moment, prompt};
use crate::domain::outcome::Outcome;
use crate::domain::request::Status;
use crate::service::verify::Verification;
use crate::service::{Desk, wording};

/// `verify`
pub async fn verify(desk: &Desk, output: &mut Output, request: &str) -> Result<Exit, Failure> {
    let id = parse(request)?;
    let (before, customer) = existing(desk, &id).await?;
    let question = if before.status == Status::Open {
        format!("Code of the message with reference {}:", before.reference)
    } else {
        "Code:".to_owned()
    };
    let typed = prompt::secret(output, &question).await?;
    let verification = desk.verify(&id, &typed).await?;
    let message = wording::verification(&verification, &moment::short);
    let outcome = |outcome: Outcome| Reply::outcome(outcome, message.clone());
    let (reply, exit) = match &verification {
        Verification::Verified(verified) => {
            let reply = outcome(Outcome::Verified);
            let mut reply = reply.with_request(&verified.request).with_session(&verified.session);
            if output.json() {
                reply.session_token = Some(verified.token.reveal().to_string());
            }
            (reply, Exit::DONE)
        }
        Verification::Refused(refused) => {
            (outcome(refused.outcome).with_request(&refused.request), refused.outcome.into())
        }
        Verification::Malformed(_) => {
            (outcome(Outcome::Malformed).with_request(&before), Outcome::Malformed.into())
        }
        Verification::NoSuchRequest => return Err(missing()),
    };
    let lines = match &verification {
        Verification::Verified(verified) => {
            format!("{message}\nNext: countersign session show {}", verified.session.id)
        }
        _ => message.clone(),
    };
    refuse_or_answer(output, &reply.with_customer(&customer), &lines, exit)
}
