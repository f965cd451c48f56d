//! `request`, `resend`, `status` and `cancel`: a code asked for, and what
//! becomes of it.

use std::time::Duration;

use crate::cli::args::RequestArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::Reply;
use crate::cli::moment;
use crate::cli::output::Output;
use crate::domain::contact::ContactKind;
use crate::domain::customer::Customer;
use crate::domain::delivery::{DeliveryState, TRAY};
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, RequestId, Status};
use crate::domain::text;
use crate::service::api::DeskClient;
use crate::service::customers::calls::{IdentifyCustomer, ReadCustomer};
use crate::service::customers::lookup::ExactMatch;
use crate::service::delivery::calls::DeliverCode;
use crate::service::upkeep::calls::ReadClock;
use crate::service::verification::calls::{
    AskForCode, CancelRequest, ReadArchivedRequest, ReadRequest, ResendCode,
};
use crate::service::verification::request::{CodeRequest, CodeRequestOutcome, Refusal};
use crate::service::{DeskError, messages};

/// A send that takes longer is worth a word.
const PROGRESS_DELAY: Duration = Duration::from_secs(1);

/// How long a command keeps trying to hand a message over. What still waits then
/// is tried by the office's other terminals.
const MAX_ELAPSED: Duration = Duration::from_secs(10);

/// `request`
pub async fn ask(
    desk: &DeskClient,
    output: &mut Output,
    arguments: RequestArgs,
) -> Result<Exit, Failure> {
    let customer = identify(desk, &arguments.customer).await?;
    let purpose = match arguments.purpose {
        Some(purpose) => purpose,
        None => desk.profile().purposes.first().cloned().unwrap_or_default(),
    };
    let ask = CodeRequest {
        customer: customer.id,
        channel: arguments.channel,
        purpose,
        idempotency: desk.idempotency_key(),
    };
    let asked = desk.call(AskForCode(ask)).await?;
    let frame = Reply::default().with_channel(arguments.channel).with_customer(&customer);
    settle(desk, output, asked, &customer, frame).await
}

/// `resend`
pub async fn resend(
    desk: &DeskClient,
    output: &mut Output,
    request: &str,
) -> Result<Exit, Failure> {
    let id = parse(request)?;
    let (before, customer) = existing(desk, &id).await?;
    let asked = desk
        .call(ResendCode { request: id, after: before.generation })
        .await?
        .ok_or_else(missing)?;
    let frame = Reply::default().with_customer(&customer).with_request(&before);
    settle(desk, output, asked, &customer, frame).await
}

/// `status`
pub async fn status(
    desk: &DeskClient,
    output: &mut Output,
    request: &str,
) -> Result<Exit, Failure> {
    let id = parse(request)?;
    let (request, archived) = match desk.call(ReadRequest { request: id.clone() }).await? {
        Some(request) => (request, false),
        None => (desk.call(ReadArchivedRequest { request: id }).await?.ok_or_else(missing)?, true),
    };
    let customer = customer_of(desk, &request).await?.ok_or_else(missing)?;
    let message = messages::status(&request, &moment::short);
    let delivery = said_of_delivery(&request);
    let stands = if went_nowhere(&request) { String::new() } else { format!("\n{message}") };
    let lines = format!(
        "{} for {} ({}): {}\n{delivery}{stands}",
        request.id, customer.name, customer.account_no, request.purpose,
    );
    let reply = Reply::of(request.status.word(), message).with_customer(&customer);
    let reply = if archived { reply.with_archived(&request) } else { reply.with_request(&request) };
    output.answer(&reply, &lines)?;
    Ok(Exit::DONE)
}

/// `cancel`
pub async fn cancel(
    desk: &DeskClient,
    output: &mut Output,
    request: &str,
) -> Result<Exit, Failure> {
    let id = parse(request)?;
    let request = desk.call(CancelRequest { request: id }).await?.ok_or_else(missing)?;
    // What was done is told, whoever it was for.
    let customer = customer_of(desk, &request).await.unwrap_or_default();
    let message = match request.status {
        Status::Cancelled => {
            format!("The request {} was cancelled; its code no longer works.", request.id)
        }
        _ => messages::status(&request, &moment::short),
    };
    let (word, exit) = match (request.status, request.status.refusal()) {
        (Status::Cancelled, _) | (_, None) => ("cancelled", Exit::DONE),
        (_, Some(outcome)) => (outcome.word(), outcome.into()),
    };
    let mut reply = Reply::of(word, message.clone()).with_request(&request);
    if let Some(customer) = &customer {
        reply = reply.with_customer(customer);
    }
    refuse_or_answer(output, &reply, &message, exit)
}

/// An answer that is a refusal is told as one: people read it on the error stream.
pub fn refuse_or_answer(
    output: &mut Output,
    reply: &Reply,
    lines: &str,
    exit: Exit,
) -> Result<Exit, Failure> {
    if exit == Exit::DONE {
        output.answer(reply, lines)?;
        return Ok(exit);
    }
    output.note(lines);
    if output.json() {
        output.object(reply)?;
    }
    Ok(exit)
}

/// The customer that a name means, or the failure that it means none.
pub async fn identify(desk: &DeskClient, name: &str) -> Result<Customer, Failure> {
    let identified = desk.call(IdentifyCustomer { name: text::clean(name) }).await?;
    let sentence = messages::identified(&identified);
    match identified {
        ExactMatch::One(customer) => Ok(customer),
        ExactMatch::Nobody | ExactMatch::Several(_) => {
            Err(Failure::outcome(Outcome::UnknownCustomer, sentence.unwrap_or_default()))
        }
    }
}

/// Reads a request's name.
pub fn parse(request: &str) -> Result<RequestId, Failure> {
    request.parse().map_err(|error| Failure::not_found(format!("{error}.")))
}

/// There is no such request.
pub fn missing() -> Failure {
    Failure::not_found(messages::NO_SUCH_REQUEST)
}

/// A request with its customer.
pub async fn existing(desk: &DeskClient, id: &RequestId) -> Result<(Request, Customer), Failure> {
    let request = desk.call(ReadRequest { request: id.clone() }).await?.ok_or_else(missing)?;
    let customer = customer_of(desk, &request).await?.ok_or_else(missing)?;
    Ok((request, customer))
}

async fn customer_of(desk: &DeskClient, request: &Request) -> Result<Option<Customer>, DeskError> {
    desk.call(ReadCustomer { customer: request.customer }).await
}

async fn settle(
    desk: &DeskClient,
    output: &mut Output,
    asked: CodeRequestOutcome,
    customer: &Customer,
    frame: Reply,
) -> Result<Exit, Failure> {
    match asked {
        CodeRequestOutcome::Ready(request) => {
            let (request, unknown) = deliver(desk, output, request).await;
            sent(output, &request, customer, unknown.as_ref())
        }
        CodeRequestOutcome::Already(request) => sent(output, &request, customer, None),
        CodeRequestOutcome::Refused(refusal) => {
            refused(desk, output, &refusal, customer, frame).await
        }
    }
}

/// Sends, and gives the request with what came of it; with why that is not known,
/// where it is not. That the code was asked for is told in any case.
async fn deliver(
    desk: &DeskClient,
    output: &mut Output,
    mut request: Request,
) -> (Request, Option<DeskError>) {
    let sent = {
        let deliver = DeliverCode { delivery: request.delivery.id, max_elapsed: MAX_ELAPSED };
        let mut sending = std::pin::pin!(desk.call(deliver));
        tokio::select! {
            sent = &mut sending => sent,
            () = tokio::time::sleep(PROGRESS_DELAY) => {
                output.progress(&format!("Sending to {} …", request.contact));
                let sent = sending.await;
                output.progress("");
                sent
            }
        }
    };
    match (sent, desk.call(ReadRequest { request: request.id.clone() }).await) {
        (Ok(_), Ok(found)) => (found.unwrap_or(request), None),
        (Ok(Some(report)), Err(_)) => {
            request.delivery.state = report.state;
            request.delivery.detail = report.detail;
            (request, None)
        }
        (Err(error), Ok(found)) => {
            let request = found.unwrap_or(request);
            let is_open = request.delivery.state == DeliveryState::Queued;
            (request, is_open.then_some(error))
        }
        (Ok(None), Err(error)) | (Err(error), Err(_)) => (request, Some(error)),
    }
}

/// Whether the request ended before its message was handed over.
fn went_nowhere(request: &Request) -> bool {
    request.delivery.state == DeliveryState::Queued && request.status != Status::Open
}

/// What became of the message; where it went nowhere, how the request stands too, since
/// that is why.
fn said_of_delivery(request: &Request) -> String {
    let delivery = &request.delivery;
    if went_nowhere(request) {
        let status = messages::status(request, &moment::short);
        return format!("No message went to {}. {status}", request.contact);
    }
    if delivery.state == DeliveryState::Sent && delivery.provider == TRAY {
        let (label, to) = (request.channel.label(), &request.contact);
        return format!("{label} to {to} is in the tray, and went nowhere.");
    }
    messages::delivery(
        delivery.state,
        request.channel,
        &request.contact,
        delivery.detail.as_ref().map(|it| &*it.for_admin),
    )
}

/// What became of the message; none where a provider has it or is being given it.
fn sent_outcome(request: &Request) -> Option<Outcome> {
    let delivery = &request.delivery;
    match (delivery.state, request.status) {
        // What waits after all the tries has not been sent.
        (DeliveryState::Queued, Status::Open) => {
            delivery.detail.is_some().then_some(Outcome::Unavailable)
        }
        // It was closed before anybody began to send it.
        (DeliveryState::Queued, status) => status.refusal(),
        (state, _) => messages::delivery_outcome(state),
    }
}

fn sent(
    output: &mut Output,
    request: &Request,
    customer: &Customer,
    unknown: Option<&DeskError>,
) -> Result<Exit, Failure> {
    let status = output.command(&["status", request.id.as_str()]);
    let (message, outcome) = match unknown {
        None => (said_of_delivery(request), sent_outcome(request)),
        Some(error) => {
            let message = format!(
                "The code was asked for, as request {}, but it is not known whether its message \
                 was sent ({error}). Before you ask again, look: {status}",
                request.id
            );
            (message, Some(Outcome::Unavailable))
        }
    };
    let word = outcome.map_or("sent", Outcome::word);
    let reply = Reply::of(word, message.clone()).with_customer(customer).with_request(request);
    let next = match request.delivery.state {
        _ if unknown.is_some() => format!("Next: {status}"),
        DeliveryState::Undeliverable | DeliveryState::Failed => {
            format!("Send again: {}", output.command(&["resend", request.id.as_str()]))
        }
        _ => format!("Next: {}", output.command(&["verify", request.id.as_str()])),
    };
    let lines = format!(
        "{message}\n{} ({}): {}\nReference {} · works until {} · {} of {} tries left\n{next}",
        customer.name,
        customer.account_no,
        request.purpose,
        request.reference,
        moment::short(request.expires_at),
        request.attempts_left(),
        request.max_attempts,
    );
    refuse_or_answer(output, &reply, &lines, outcome.map_or(Exit::DONE, Exit::from))
}

async fn refused(
    desk: &DeskClient,
    output: &mut Output,
    refusal: &Refusal,
    customer: &Customer,
    frame: Reply,
) -> Result<Exit, Failure> {
    let now = desk.call(ReadClock).await.map_or_else(|_| moment::own(), |it| it.store);
    let message = messages::refusal(refusal, now, &moment::short);
    let mut reply = frame;
    reply.outcome = refusal.outcome.word();
    reply.message.clone_from(&message);
    reply.retry_at = refusal.retry_at;
    if let Some(request) = &refusal.request {
        reply = reply.with_request(request);
    }
    let next = match (refusal.outcome, &refusal.request) {
        _ if output.json() => None,
        (Outcome::Limited, None) => {
            refusal.quarantine.as_ref().map(|it| confirm(output, customer, it.quarantine.kind))
        }
        (Outcome::Locked, None) => Some(unlock(output, customer)),
        (
            Outcome::Locked | Outcome::Expired | Outcome::Superseded | Outcome::Used,
            Some(request),
        ) => Some(new_code(desk, output, request, customer)),
        _ => None,
    };
    let lines = [Some(message), next].into_iter().flatten().collect::<Vec<_>>().join("\n");
    refuse_or_answer(output, &reply, &lines, refusal.outcome.into())
}

/// How to begin anew after a request that takes no code any more.
pub fn new_code(
    desk: &DeskClient,
    output: &Output,
    request: &Request,
    customer: &Customer,
) -> String {
    let channel = request.channel.word();
    let mut words = vec!["request", customer.account_no.as_str(), "--channel", channel];
    if desk.profile().purposes.first() != Some(&request.purpose) {
        words.extend(["--purpose", &request.purpose]);
    }
    format!("Next: {}", output.command(&words))
}

/// How a changed contact is made proof enough.
fn confirm(output: &Output, customer: &Customer, kind: ContactKind) -> String {
    let which = format!("--{}", kind.word());
    let confirm = output.command(&["customers", "confirm", &customer.account_no, &which]);
    format!("An admin confirms it: {confirm} --reason \"…\"")
}

/// How a customer's lock is lifted.
pub fn unlock(output: &Output, customer: &Customer) -> String {
    let unlock = output.command(&["customers", "unlock", &customer.account_no]);
    format!("An admin lifts it: {unlock} --reason \"…\"")
}
