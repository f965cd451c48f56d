//! `customers representatives`: adding, listing and ending who may act for a customer.

use crate::cli::args::{RepresentativeCommand, RepresentativesArgs};
use crate::cli::customers::reason;
use crate::cli::exit::{Exit, Failure};
use crate::cli::flags::stretch;
use crate::cli::json::{Reply, RepresentativeLine};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::request::identify;
use crate::cli::table::Table;
use crate::domain::customer::Customer;
use crate::domain::representative::RepresentativeId;
use crate::service::api::DeskClient;
use crate::service::customers::calls::{AddRepresentative, EndRepresentative, ListRepresentatives};

pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: RepresentativesArgs,
) -> Result<Exit, Failure> {
    let customer = identify(desk, &arguments.customer).await?;
    match arguments.command {
        RepresentativeCommand::List(_) => list(desk, output, &customer).await,
        RepresentativeCommand::Add(it) => {
            let from = match it.from {
                Some(from) => Some(stretch(desk, from).await?.from),
                None => None,
            };
            let until = match it.until {
                Some(until) => Some(stretch(desk, until).await?.before),
                None => None,
            };
            let added = desk.call(AddRepresentative {
                customer: customer.id,
                name: it.name,
                email: it.email,
                phone: it.phone,
                scope: it.purpose,
                from,
                until,
                document: it.document,
                reason: reason(&it.reason)?,
                key: desk.idempotency_key(),
            });
            let added = added.await?;
            let message = format!("{} may act for {} as {}.", added.name, customer.name, added.id);
            let reply = Reply::of("added", message.clone()).with_customer(&customer);
            output.answer(&reply, &message)?;
            Ok(Exit::DONE)
        }
        RepresentativeCommand::End(it) => {
            let id: RepresentativeId = it.representative.parse().map_err(|_| missing())?;
            let (reason, key) = (reason(&it.reason)?, desk.idempotency_key());
            let call = EndRepresentative { customer: customer.id, representative: id, reason, key };
            if !desk.call(call).await? {
                return Err(missing());
            }
            let message =
                format!("{} may not act for {} any more.", it.representative, customer.name);
            let reply = Reply::of("ended", message.clone()).with_customer(&customer);
            output.answer(&reply, &message)?;
            Ok(Exit::DONE)
        }
    }
}

fn missing() -> Failure {
    Failure::not_found("Nobody of this name may act for the customer. List those who may.")
}

async fn list(
    desk: &DeskClient,
    output: &mut Output,
    customer: &Customer,
) -> Result<Exit, Failure> {
    let all = desk.call(ListRepresentatives { customer: customer.id }).await?;
    if output.json() {
        for it in &all {
            output.object(&RepresentativeLine::new(&customer.account_no, it))?;
        }
        return Ok(Exit::DONE);
    }
    if all.is_empty() {
        output.note("Nobody may act for this customer.");
        return Ok(Exit::DONE);
    }
    let mut table =
        Table::new(["ID", "NAME", "EMAIL", "PHONE", "FROM", "UNTIL", "FOR", "APPROVED"]);
    for it in all {
        table.row([
            it.id.to_string(),
            it.name,
            it.email.unwrap_or_else(|| "-".into()),
            it.phone.unwrap_or_else(|| "-".into()),
            moment::long(it.from),
            it.until.map_or_else(|| "-".to_owned(), moment::end),
            it.scope.join(", "),
            it.approved_by,
        ]);
    }
    table.print(output)?;
    Ok(Exit::DONE)
}
