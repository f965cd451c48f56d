//! `request`, `resend`, `status` and `cancel`.

use std::time::Duration;

use crate::cli::args::RequestArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::Reply;
use crate::cli::moment;
use crate::cli::output::{Output, PROGRESS_DELAY};
use crate::domain::contact::ContactKind;
use crate::domain::customer::Customer;
use crate::domain::delivery::{DeliveryState, TRAY};
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, RequestId, Status};
use crate::domain::session::Session;
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

/// How long a command retries a send. After that the outbox workers of the office go on with it.
const MAX_ELAPSED: Duration = Duration::from_secs(10);

/// Runs `request`.
pub async fn ask(
    desk: &DeskClient,
    output: &mut Output,
    arguments: RequestArgs,
) -> Result<Exit, Failure> {
    let purpose = purpose_of(desk, arguments.purpose)?;
    let customer = identify(desk, &arguments.customer).await?;
    let idempotency = desk.idempotency_key();
    let representative = arguments.representative;
    let ask = CodeRequest {
        customer: customer.id,
        channel: arguments.channel,
        purpose,
        representative,
        idempotency,
    };
    ask_for(desk, output, &customer, ask).await
}

/// Asks for a code for a customer, and has it sent.
pub async fn ask_for(
    desk: &DeskClient,
    output: &mut Output,
    customer: &Customer,
    ask: CodeRequest,
) -> Result<Exit, Failure> {
    let channel = ask.channel;
    let asked = desk.call(AskForCode(ask)).await?;
    let frame = Reply::default().with_channel(channel).with_customer(customer);
    settle(desk, output, asked, customer, frame).await
}

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

pub async fn cancel(
    desk: &DeskClient,
    output: &mut Output,
    request: &str,
) -> Result<Exit, Failure> {
    let id = parse(request)?;
    let request = desk.call(CancelRequest { request: id }).await?.ok_or_else(missing)?;
    // The cancellation is reported even if the customer cannot be read.
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

/// Prints a reply. A refusal is a failure, which people read on standard error.
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

/// Resolves an account number or name to exactly one customer, or fails.
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

/// The purpose that is offered first.
pub fn first_purpose(desk: &DeskClient) -> String {
    desk.profile().purposes.first().map(|it| it.name.clone()).unwrap_or_default()
}

/// The purpose that is named, or the one that is offered first. One that the office does not have
/// is wrong usage.
pub fn purpose_of(desk: &DeskClient, named: Option<String>) -> Result<String, Failure> {
    let Some(named) = named else { return Ok(first_purpose(desk)) };
    let purposes = &desk.profile().purposes;
    let known = purposes.iter().find(|it| it.name.eq_ignore_ascii_case(named.trim()));
    if let Some(known) = known {
        return Ok(known.name.clone());
    }
    let listed: Vec<_> = purposes.iter().map(|it| it.name.as_str()).collect();
    let listed = listed.join(", ");
    let text = format!("There is no purpose \"{named}\". The office verifies for: {listed}.");
    Err(Failure::usage(text))
}

/// What follows a right code: the session, or what is still to be proven.
pub fn after_proof(desk: &DeskClient, output: &Output, session: &Session) -> String {
    let show = output.command(&["session", "show", session.id.as_str()]);
    let purpose = desk.profile().purposes.iter().find(|it| it.name == session.purpose);
    match purpose.and_then(|it| session.missing_for(it)) {
        Some(missing) => format!(
            "Missing: {}. Add it with --further and the token, which --json tells.\nThe session: {show}",
            messages::missing(missing)
        ),
        None => format!("Next: {show}"),
    }
}

/// With what a command ends after a right code.
pub const fn proof_exit(session: &Session) -> Exit {
    if session.is_reached { Exit::DONE } else { Exit::WAITS }
}

/// Parses a request's id.
pub fn parse(request: &str) -> Result<RequestId, Failure> {
    request.parse().map_err(|error| Failure::not_found(format!("{error}.")))
}

/// The failure for an unknown request.
pub fn missing() -> Failure {
    Failure::not_found(messages::NO_SUCH_REQUEST)
}

/// Reads a request and its customer.
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

/// Sends the message; returns the request with its delivery state, and the error if that state is
/// unknown. The request itself was made in any case.
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

/// Whether the request ended before its message was sent.
fn went_nowhere(request: &Request) -> bool {
    request.delivery.state == DeliveryState::Queued && request.status != Status::Open
}

/// Sentence on the delivery. If no message was sent because the request ended, it says how the
/// request ended.
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

/// The outcome of the delivery; `None` while a provider has the message or is being given it.
fn sent_outcome(request: &Request) -> Option<Outcome> {
    let delivery = &request.delivery;
    match (delivery.state, request.status) {
        // Still queued with an error after all retries: not sent.
        (DeliveryState::Queued, Status::Open) => {
            delivery.detail.is_some().then_some(Outcome::Unavailable)
        }
        // The request was closed before a send began.
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

/// The command that asks for a new code after a request that accepts no code any more.
pub fn new_code(
    desk: &DeskClient,
    output: &Output,
    request: &Request,
    customer: &Customer,
) -> String {
    let channel = request.channel.word();
    let mut words = vec!["request", customer.account_no.as_str(), "--channel", channel];
    if first_purpose(desk) != request.purpose {
        words.extend(["--purpose", &request.purpose]);
    }
    format!("Next: {}", output.command(&words))
}

/// The command by which an admin confirms a changed contact.
fn confirm(output: &Output, customer: &Customer, kind: ContactKind) -> String {
    let which = format!("--{}", kind.word());
    let confirm = output.command(&["customers", "confirm", &customer.account_no, &which]);
    format!("An admin confirms it: {confirm} --reason \"…\"")
}

/// The command by which an admin lifts a customer's lockout.
pub fn unlock(output: &Output, customer: &Customer) -> String {
    let unlock = output.command(&["customers", "unlock", &customer.account_no]);
    format!("An admin lifts it: {unlock} --reason \"…\"")
}
