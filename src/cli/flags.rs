//! `customers flag`, `customers unflag`, `customers flags` and `customers incident`.

use chrono::Local;

use crate::cli::args::{FlagArgs, IncidentArgs, UnflagArgs};
use crate::cli::customers::reason;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{FlagLine, Reply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::request::identify;
use crate::cli::table::Table;
use crate::domain::customer::Customer;
use crate::domain::text;
use crate::domain::time_range::{TimeExpression, TimeRange};
use crate::service::api::DeskClient;
use crate::service::customers::calls::{FileIncident, FlagCustomer, ListFlags, UnflagCustomer};
use crate::service::messages;
use crate::service::upkeep::calls::ReadClock;

pub async fn flag(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &FlagArgs,
) -> Result<Exit, Failure> {
    let reason = reason(&arguments.reason)?;
    let until = match arguments.until {
        Some(until) => Some(stretch(desk, until).await?.before),
        None => None,
    };
    let customer = identify(desk, &arguments.customer).await?;
    let (flag, key) = (arguments.flag, desk.idempotency_key());
    let call = FlagCustomer { customer: customer.id, flag, reason, until, key };
    if !desk.call(call).await? {
        return Err(Failure::usage("That time is over already: --until names one to come."));
    }
    let message = messages::flag_set(&customer.name, flag, until.map(moment::end).as_deref());
    output.answer(&Reply::of("flagged", message.clone()).with_customer(&customer), &message)?;
    Ok(Exit::DONE)
}

/// A time that is to come, by the store's clock.
pub(super) async fn stretch(
    desk: &DeskClient,
    typed: TimeExpression,
) -> Result<TimeRange, Failure> {
    let now = desk.call(ReadClock).await?.store;
    let here = now.to_utc().with_timezone(&Local);
    typed
        .stretch_after(now, &here)
        .map_err(|error| Failure::usage(format!("No clock shows that time; {error}.")))
}

pub async fn unflag(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &UnflagArgs,
) -> Result<Exit, Failure> {
    let reason = reason(&arguments.reason)?;
    let customer = identify(desk, &arguments.customer).await?;
    let (flag, key) = (arguments.flag, desk.idempotency_key());
    let was_set = desk.call(UnflagCustomer { customer: customer.id, flag, reason, key }).await?;
    let word = if was_set { "unflagged" } else { "not_flagged" };
    let message = messages::flag_lifted(&customer.name, flag, was_set);
    output.answer(&Reply::of(word, message.clone()).with_customer(&customer), &message)?;
    Ok(Exit::DONE)
}

pub async fn list(desk: &DeskClient, output: &mut Output, limit: u32) -> Result<Exit, Failure> {
    let flagged = desk.call(ListFlags { limit }).await?;
    if output.json() {
        for it in &flagged {
            output.object(&FlagLine::from(it))?;
        }
        return Ok(Exit::DONE);
    }
    if flagged.is_empty() {
        output.note("No customer has a flag.");
        return Ok(Exit::DONE);
    }
    let mut table = Table::new(["ACCOUNT", "NAME", "FLAG", "SINCE", "UNTIL", "BY", "REASON"]);
    for it in flagged {
        table.row([
            it.account_no,
            it.name,
            it.flag.flag.word().to_owned(),
            moment::long(it.flag.set_at),
            it.flag.until.map_or_else(|| "-".to_owned(), moment::end),
            it.flag.set_by.clerk,
            it.flag.reason,
        ]);
    }
    table.print(output)?;
    Ok(Exit::DONE)
}

pub async fn incident(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &IncidentArgs,
) -> Result<Exit, Failure> {
    let seen = text::clean_optional(&arguments.seen)
        .ok_or_else(|| Failure::usage("Say with --seen what was seen; it goes into the log."))?;
    let customer: Option<Customer> = match &arguments.customer {
        Some(name) => Some(identify(desk, name).await?),
        None => None,
    };
    let (kind, key) = (arguments.kind, desk.idempotency_key());
    desk.call(FileIncident { customer: customer.as_ref().map(|it| it.id), kind, seen, key })
        .await?;
    let message = messages::INCIDENT_FILED;
    let reply = Reply::of("filed", message);
    let reply = match &customer {
        Some(customer) => reply.with_customer(customer),
        None => reply,
    };
    output.answer(&reply, message)?;
    Ok(Exit::DONE)
}
