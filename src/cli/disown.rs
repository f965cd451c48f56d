//! `customers disown`: the customer says that a verification was not them.

use crate::cli::args::DisownArgs;
use crate::cli::customers::reason;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::DisownReply;
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::request::identify;
use crate::domain::request::{Reference, Request};
use crate::domain::session::Session;
use crate::service::api::DeskClient;
use crate::service::customers::calls::DisownVerification;
use crate::service::customers::disown::{DisownOutcome, Disowned};
use crate::service::messages;

/// What is said where a word comes without its customer.
const WHOSE: &str = "Words of messages repeat: say with --customer whose it is. The customer who \
                     calls knows the account.";

pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &DisownArgs,
) -> Result<Exit, Failure> {
    let reason = reason(&arguments.reason)?;
    let is_word = Reference::typed(&arguments.reference).is_some();
    let customer = match &arguments.customer {
        Some(name) => Some(identify(desk, name).await?.id),
        None if is_word => return Err(Failure::usage(WHOSE)),
        None => None,
    };
    let (reference, key) = (arguments.reference.clone(), desk.idempotency_key());
    match desk.call(DisownVerification { reference, customer, reason, key }).await? {
        DisownOutcome::Disowned(it) => {
            let was = messages::disowned_verification(&it.what, &moment::long);
            let message = format!("{} {was}", messages::disowned(&it));
            let reply = DisownReply::new(&message, &it);
            if output.json() {
                output.object(&reply)?;
            } else {
                output.lines(&lines(&message, &it))?;
            }
            Ok(Exit::DONE)
        }
        DisownOutcome::Several(all) => Err(Failure::usage(several(&arguments.reference, &all))),
        DisownOutcome::NoSuch => Err(Failure::not_found(format!(
            "Nothing {}is named {}. Name a request or a session such as 7K3M9QX2TB, or the word \
             of a message of the last 30 days, such as K7Q.",
            if arguments.customer.is_some() { "of this customer " } else { "" },
            arguments.reference
        ))),
    }
}

fn lines(message: &str, it: &Disowned) -> String {
    let ended = it.sessions.iter().map(line);
    [message.to_owned()].into_iter().chain(ended).collect::<Vec<_>>().join("\n")
}

fn line(it: &Session) -> String {
    format!(
        "Ended: session {} for {}, by {}, of {} at counter {} since {}.",
        it.id,
        it.purpose,
        it.factors,
        it.clerk,
        it.counter,
        moment::long(it.created_at)
    )
}

/// The requests that have the same word.
fn several(reference: &str, all: &[Request]) -> String {
    let of = |it: &Request| {
        format!("{} ({}, {}, {})", it.id, it.purpose, it.contact, moment::long(it.created_at))
    };
    let all: Vec<String> = all.iter().map(of).collect();
    format!("Several requests are named {reference}. Name the one: {}.", all.join("; "))
}
