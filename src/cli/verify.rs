//! `verify`: enters a code.

use crate::cli::exit::{Exit, Failure};
use crate::cli::json::Reply;
use crate::cli::output::Output;
use crate::cli::request::{
    after_proof, existing, missing, new_code, parse, proof_exit, refuse_or_answer, unlock,
};
use crate::cli::{moment, prompt};
use crate::domain::code::TypedCode;
use crate::domain::customer::Customer;
use crate::domain::outcome::Outcome;
use crate::domain::request::Status;
use crate::service::api::DeskClient;
use crate::service::messages;
use crate::service::verification::calls::VerifyCode;
use crate::service::verification::verify::{RefusedCode, Verification};

pub async fn verify(
    desk: &DeskClient,
    output: &mut Output,
    request: &str,
    further: bool,
) -> Result<Exit, Failure> {
    let id = parse(request)?;
    let (before, customer) = existing(desk, &id).await?;
    let question = if before.status == Status::Open {
        format!("Code of the message with reference {}:", before.reference)
    } else {
        "Code:".to_owned()
    };
    let typed = prompt::secret(output, &question).await?;
    let code = TypedCode(typed);
    let session = if further {
        Some(prompt::session_token(output, "Token of the customer's session:").await?)
    } else {
        None
    };
    let key = desk.idempotency_key();
    let verification = desk.call(VerifyCode { request: id, code, key, session }).await?;
    let message = messages::verification(&verification, &moment::short);
    let outcome = |outcome: Outcome| Reply::outcome(outcome, message.clone());
    let (reply, exit) = match &verification {
        Verification::Verified(verified) => {
            let reply = outcome(Outcome::Verified);
            let mut reply = reply.with_request(&verified.request).with_session(&verified.session);
            if output.json() {
                reply.session_token = Some(verified.token.reveal().to_string());
            }
            (reply, proof_exit(&verified.session))
        }
        Verification::ContactVerified(request) => {
            (Reply::of("contact_verified", message.clone()).with_request(request), Exit::DONE)
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
            format!("{message}\n{}", after_proof(desk, output, &verified.session))
        }
        Verification::Refused(refused) if !output.json() => {
            let next = after(desk, output, refused, &customer);
            [Some(message), next].into_iter().flatten().collect::<Vec<_>>().join("\n")
        }
        _ => message,
    };
    refuse_or_answer(output, &reply.with_customer(&customer), &lines, exit)
}

/// The command to type after a refused code; `None` if the same request accepts another code.
fn after(
    desk: &DeskClient,
    output: &Output,
    refused: &RefusedCode,
    customer: &Customer,
) -> Option<String> {
    let request = &refused.request;
    if refused.customer_locked {
        return Some(unlock(output, customer));
    }
    if request.status != Status::Open {
        return Some(new_code(desk, output, request, customer));
    }
    let older = refused.outcome == Outcome::Superseded;
    older.then(|| format!("Next: {}", output.command(&["verify", request.id.as_str()])))
}
