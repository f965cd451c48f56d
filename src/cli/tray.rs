//! `tray`: prints the messages that went to the tray instead of a provider, for developers.

use std::time::Duration;

use crate::cli::args::TrayArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::TrayLine;
use crate::cli::moment;
use crate::cli::output::Output;
use crate::config::settings::Environment;
use crate::domain::outcome::Outcome;
use crate::service::api::DeskClient;
use crate::service::delivery::calls::ReadTray;
use crate::service::ports::TrayMessage;

/// How many messages are shown at first; a tray that was never emptied may hold many.
const SHOWN_MESSAGES: u32 = 100;

/// Polling interval of `--follow`.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

pub async fn run(
    desk: &DeskClient,
    environment: Environment,
    output: &mut Output,
    arguments: &TrayArgs,
) -> Result<Exit, Failure> {
    match (environment, desk.profile().has_tray) {
        (Environment::Development | Environment::Rehearsal, true) => {}
        (Environment::Production, _) => return Err(forbidden("The tray is for development only.")),
        (Environment::Development | Environment::Rehearsal, false) => {
            return Err(forbidden("No message goes into the tray here."));
        }
    }
    let mut messages = desk.call(ReadTray { after: 0, limit: SHOWN_MESSAGES }).await?;
    if messages.is_empty() && !arguments.follow {
        let request = output.command(&["request"]);
        output.note(&format!("The tray is empty. Send a code: {request} …"));
    }
    let mut last = 0;
    loop {
        for message in &messages {
            last = last.max(message.number);
            show(output, message)?;
        }
        if !arguments.follow {
            return Ok(Exit::DONE);
        }
        output.flush()?;
        tokio::time::sleep(POLL_INTERVAL).await;
        messages = desk.call(ReadTray { after: last, limit: u32::MAX }).await?;
    }
}

fn forbidden(reason: &str) -> Failure {
    let message = format!("{reason} The messages go to the providers of the configuration.");
    Failure::outcome(Outcome::Forbidden, message)
}

fn show(output: &mut Output, message: &TrayMessage) -> Result<(), Failure> {
    if output.json() {
        return Ok(output.object(&TrayLine::new(message))?);
    }
    let head =
        format!("{}  {} to {}", moment::long(message.at), message.channel.label(), message.to);
    output.line(&head)?;
    if let Some(subject) = &message.subject {
        output.line(subject)?;
    }
    output.lines(&message.text)?;
    Ok(output.line("")?)
}
