//! `session`: lists, shows, checks and ends the sessions of verified customers.

use crate::cli::args::Sessions;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::SessionLine;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::cli::{moment, prompt};
use crate::domain::outcome::Outcome;
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::service::api::DeskClient;
use crate::service::messages;
use crate::service::ports::SessionFilter;
use crate::service::verification::calls::{
    EndSession, ListSessions, ReadSession, ServeFor, TouchSession,
};
use crate::service::verification::session::ServedFor;

pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    command: Sessions,
) -> Result<Exit, Failure> {
    match command {
        Sessions::List { all, limit, .. } => list(desk, output, all, limit).await,
        Sessions::Show(named) => {
            let session = desk
                .call(ReadSession { session: parse(&named.session)? })
                .await?
                .ok_or_else(missing)?;
            show(output, state(&session), &session)?;
            Ok(Exit::DONE)
        }
        Sessions::End(named) => {
            let id = parse(&named.session)?;
            let end = EndSession { session: id, how: SessionEnd::Revoked };
            let ended = desk.call(end).await?;
            show(output, "ended", &ended.ok_or_else(missing)?)?;
            Ok(Exit::DONE)
        }
        Sessions::Check(_) => check(desk, output).await,
        Sessions::Serve(arguments) => serve(desk, output, arguments.purpose).await,
    }
}

async fn check(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let token = prompt::session_token(output, "Token of the session:").await?;
    let session = desk.call(TouchSession { token }).await?.ok_or_else(missing)?;
    if session.ended.is_none() {
        show(output, "alive", &session)?;
        return Ok(Exit::DONE);
    }
    let message = messages::session(&session, &moment::short);
    output.note(&message);
    if output.json() {
        output.object(&SessionLine::new(Outcome::Expired.word(), message, &session))?;
    }
    Ok(Outcome::Expired.into())
}

/// Lets a session serve for another purpose.
async fn serve(desk: &DeskClient, output: &mut Output, purpose: String) -> Result<Exit, Failure> {
    let token = prompt::session_token(output, "Token of the session:").await?;
    match desk.call(ServeFor { token, purpose }).await? {
        ServedFor::Served(session) => {
            show(output, "served", &session)?;
            Ok(Exit::DONE)
        }
        ServedFor::Missing(session, missing) => {
            let message = format!("This is still to be proven: {}.", messages::missing(missing));
            output.note(&message);
            if output.json() {
                output.object(&SessionLine::new("missing", message, &session))?;
            }
            Ok(Exit::WAITS)
        }
        ServedFor::SessionOver => {
            let message = "The session is over. Verify the customer again.";
            Err(Failure::outcome(Outcome::Expired, message))
        }
        ServedFor::NoSuchPurpose(refusal) => Err(Failure::outcome(refusal.outcome, refusal.reason)),
    }
}

async fn list(
    desk: &DeskClient,
    output: &mut Output,
    all: bool,
    limit: u32,
) -> Result<Exit, Failure> {
    let filter = if all { SessionFilter::All } else { SessionFilter::Alive };
    let sessions = desk.call(ListSessions { filter, limit }).await?;
    if output.json() {
        for session in &sessions {
            let message = messages::session(session, &moment::short);
            output.object(&SessionLine::new(state(session), message, session))?;
        }
        return Ok(Exit::DONE);
    }
    if sessions.is_empty() {
        output.note("No customer is being served.");
        return Ok(Exit::DONE);
    }
    let mut table = Table::new(["SESSION", "SINCE", "UNTIL", "CUSTOMER", "FOR", "BY", "STATE"]);
    for session in &sessions {
        table.row([
            session.id.to_string(),
            moment::long(session.created_at),
            moment::short(session.ended.map_or_else(|| session.ends_at(), |(at, _)| at)),
            format!("{} {}", session.account_no, session.customer_name),
            session.purpose.clone(),
            format!("{} at {}", session.clerk, session.counter),
            session.ended.map_or("alive", |(_, how)| how.word()).to_owned(),
        ]);
    }
    table.print(output)?;
    Ok(Exit::DONE)
}

fn show(output: &mut Output, word: &'static str, session: &Session) -> Result<(), Failure> {
    let message = messages::session(session, &moment::short);
    if output.json() {
        return Ok(output.object(&SessionLine::new(word, message, session))?);
    }
    let request = session.request.as_ref().map_or(String::new(), |it| format!(", request {it}"));
    Ok(output.lines(&format!(
        "{message}\nSession {} · {} · {}: {}\nOpened {} by {} at {}{request}",
        session.id,
        session.purpose,
        session.level.label(),
        messages::factors_in_words(&session.factors),
        moment::long(session.created_at),
        session.clerk,
        session.counter,
    ))?)
}

const fn state(session: &Session) -> &'static str {
    if session.ended.is_some() { "ended" } else { "alive" }
}

fn parse(session: &str) -> Result<SessionId, Failure> {
    session.parse().map_err(|_| missing())
}

fn missing() -> Failure {
    Failure::not_found(messages::NO_SUCH_SESSION)
}
