//! `deliveries`: delivery stats and provider health, for admins.

use std::time::Duration;

use crate::cli::args::DeliveriesArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::DeliveriesReply;
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::domain::circuit_breaker::ProviderHealth;
use crate::domain::delivery_stats::DeliveryStats;
use crate::service::api::DeskClient;
use crate::service::delivery::calls::{ReadBreakers, ReadDeliveryStats};
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::messages;

pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &DeliveriesArgs,
) -> Result<Exit, Failure> {
    let within = Duration::from_hours(u64::from(arguments.hours));
    let stats = desk.call(ReadDeliveryStats { within }).await?;
    let breakers = desk.call(ReadBreakers).await?;
    if output.json() {
        output.object(&DeliveriesReply::new(arguments.hours, &stats, &breakers))?;
        return Ok(Exit::DONE);
    }
    write_stats(output, &stats, &breakers)?;
    Ok(Exit::DONE)
}

fn write_stats(
    output: &mut Output,
    stats: &DeliveryStats,
    breakers: &BreakerSnapshot,
) -> Result<(), Failure> {
    let queue = stats.queue;
    let oldest =
        queue.oldest.map_or(String::new(), |it| format!(", the oldest for {}", messages::span(it)));
    output.line(&format!("Waiting: {}{oldest}", queue.length))?;
    if let Some(why) = messages::elsewhere(stats.elsewhere) {
        output.line(&format!("         {why}"))?;
    }
    output.line(&format!("Sent: {}", messages::spread(stats.accepted)))?;
    output.line(&format!("Delivered: {}", messages::spread(stats.delivered)))?;
    for health in &breakers.all {
        let word = health.at(breakers.read_at).word();
        let is_ok = health.at(breakers.read_at) == ProviderHealth::Ok;
        let detail = health.detail.as_ref().map(|it| &it.for_admin).filter(|_| !is_ok);
        let said = detail.map_or(String::new(), |it| format!(": {it}"));
        output.line(&format!("{}: {word}{said}", health.slot))?;
    }
    if stats.messages == 0 {
        output.line("No message was asked for.")?;
        return Ok(());
    }
    output.line("")?;
    let mut table = Table::new(["PROVIDER", "STATE", "MESSAGES"]);
    for share in &stats.shares {
        let stands_in = if share.fallback { " (fallback)" } else { "" };
        table.row([
            format!("{}{stands_in}", share.provider),
            messages::state(share.state).to_owned(),
            share.count.to_string(),
        ]);
    }
    table.print(output)?;
    output.line("")?;
    let mut table = Table::new(["HOUR", "ASKED FOR", "SENT", "WENT WRONG"]);
    for hour in &stats.hours {
        table.row([
            moment::long(hour.began_at),
            hour.asked.to_string(),
            hour.accepted.to_string(),
            hour.failed.to_string(),
        ]);
    }
    table.print(output)?;
    if stats.more {
        output.note(&format!("Only the newest {} were looked at.", stats.messages));
    }
    Ok(())
}
