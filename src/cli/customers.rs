//! `customers find`, `customers unlock`, `customers confirm` and `customers reveal`.

use crate::cli::args::{ConfirmArgs, RevealArgs, UnlockArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{CustomerLine, Reply, RevealedLine};
use crate::cli::output::Output;
use crate::cli::request::identify;
use crate::cli::table::Table;
use crate::domain::channel::Channel;
use crate::domain::outcome::Outcome;
use crate::domain::text;
use crate::service::api::DeskClient;
use crate::service::customers::calls::{
    ChannelChoices, ConfirmContact, FindCustomers, RevealContact, UnlockCustomer,
};
use crate::service::messages;

const NOBODY: &str = "No customer matches. Try a part of the name, the account number, or the last \
                      digits of the phone.";

pub async fn find(
    desk: &DeskClient,
    output: &mut Output,
    query: &str,
    limit: u32,
) -> Result<Exit, Failure> {
    let found = desk.call(FindCustomers { typed: query.to_owned(), limit }).await?;
    if found.customers.is_empty() {
        let text = found.nobody.map_or(NOBODY, messages::no_customers);
        return Err(Failure::outcome(Outcome::UnknownCustomer, text));
    }
    if output.json() {
        let all = desk
            .call(ChannelChoices { customers: found.customers.iter().map(|it| it.id).collect() })
            .await?;
        for (customer, channels) in found.customers.iter().zip(all) {
            output.object(&CustomerLine::new(customer, channels))?;
        }
    } else {
        let mut table = Table::new(["ACCOUNT", "NAME", "EMAIL", "PHONE", "ADDRESS", "FLAGS"]);
        for customer in &found.customers {
            table.row([
                customer.account_no.clone(),
                customer.name.clone(),
                customer.masked(Channel::Email).unwrap_or_else(|| "-".into()),
                customer.masked(Channel::Sms).unwrap_or_else(|| "-".into()),
                customer.address.clone().unwrap_or_default(),
                customer.flags.labels(),
            ]);
        }
        table.print(output)?;
    }
    if found.more {
        output.note("There are more. Type more of the name, or raise --limit.");
    }
    Ok(Exit::DONE)
}

pub async fn unlock(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &UnlockArgs,
) -> Result<Exit, Failure> {
    let reason = reason(&arguments.reason)?;
    let customer = identify(desk, &arguments.customer).await?;
    let key = desk.idempotency_key();
    let unlock = UnlockCustomer { customer: customer.id, reason, key };
    let was_locked = desk.call(unlock).await?;
    let word = if was_locked { "unlocked" } else { "not_locked" };
    let message = messages::unlocked(&customer.name, was_locked);
    output.answer(&Reply::of(word, message.clone()).with_customer(&customer), &message)?;
    Ok(Exit::DONE)
}

pub async fn confirm(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ConfirmArgs,
) -> Result<Exit, Failure> {
    let reason = reason(&arguments.reason)?;
    let kind = arguments.which.kind();
    let customer = identify(desk, &arguments.customer).await?;
    let key = desk.idempotency_key();
    let confirm = ConfirmContact { customer: customer.id, kind, reason, key };
    let waited = desk.call(confirm).await?;
    let word = if waited { "confirmed" } else { "not_waiting" };
    let message = messages::confirmed(&customer.name, kind, waited);
    output.answer(&Reply::of(word, message.clone()).with_customer(&customer), &message)?;
    Ok(Exit::DONE)
}

pub async fn reveal(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &RevealArgs,
) -> Result<Exit, Failure> {
    let reason = reason(&arguments.reason)?;
    let kind = arguments.which.kind();
    let customer = identify(desk, &arguments.customer).await?;
    let Some(revealed) = desk.call(RevealContact { customer: customer.id, kind, reason }).await?
    else {
        let text = messages::no_contact(&customer.name, kind);
        return Err(Failure::outcome(Outcome::NoContact, text));
    };
    let contact = text::clean(&revealed.contact);
    if output.json() {
        let (customer, kind) = (&*customer.account_no, kind.word());
        output.object(&RevealedLine { outcome: "revealed", customer, kind, contact })?;
    } else {
        output.line(&contact)?;
    }
    Ok(Exit::DONE)
}

pub(super) fn reason(typed: &str) -> Result<String, Failure> {
    text::clean_optional(typed)
        .ok_or_else(|| Failure::usage("Say why with --reason; it goes into the log."))
}
