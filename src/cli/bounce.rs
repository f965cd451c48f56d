//! `bounce`: takes one mail from a mail server that came back to the sender's address.

use std::io::{self, Read as _};

use crate::cli::args::Json;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::Reply;
use crate::cli::output::Output;
use crate::domain::bounce::{BOUNCE_MAX, Bounce};
use crate::service::api::DeskClient;
use crate::service::delivery::bounces::BounceRecorded;
use crate::service::delivery::calls::RecordBounce;

const RECORDED: &str = "The message is marked as undeliverable.";
const KNOWN: &str = "What became of the message was known; nothing was changed.";
const NOT_OURS: &str = "\
    The notification is about no message of this office that is still kept; nothing was changed.";

/// `bounce`
pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    _arguments: &Json,
) -> Result<Exit, Failure> {
    let mail = tokio::task::spawn_blocking(mail).await;
    let mail = mail.map_err(|error| Failure::internal(error.to_string()))?;
    let mail = mail.map_err(|why| Failure::internal(format!("The mail cannot be read: {why}.")))?;
    let bounce = Bounce::parse(&mail)
        .map_err(|why| Failure::no_bounce(format!("{why}; nothing was changed.")))?;
    let Bounce { message_ids, status } = bounce;
    let (word, message) = match desk.call(RecordBounce { message_ids, status }).await? {
        BounceRecorded::Recorded => ("recorded", RECORDED),
        BounceRecorded::Known => ("known", KNOWN),
        BounceRecorded::NotOurs => return Err(Failure::no_bounce(NOT_OURS)),
    };
    output.answer(&Reply::of(word, message), message)?;
    Ok(Exit::DONE)
}

/// Standard input up to the bound. The rest is read and dropped, so that the mail server is not
/// told that it could not be written.
fn mail() -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    let mut input = io::stdin().lock();
    let most = u64::try_from(BOUNCE_MAX).unwrap_or(u64::MAX);
    input.by_ref().take(most).read_to_end(&mut mail)?;
    io::copy(&mut input, &mut io::sink())?;
    Ok(mail)
}
