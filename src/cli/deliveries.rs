//! `deliveries`: how messages fare, for admins.

use std::time::Duration;

use super::args::DeliveriesArgs;
use super::exit::{Exit, Failure};
use super::json::DeliveriesReply;
use super::moment;
use super::output::Output;
use super::table::Table;
use crate::domain::figures::{Figures, Spread};
use crate::domain::line::Condition;
use crate::service::Desk;
use crate::service::providers::Lines;

/// `deliveries`
pub async fn run(
    desk: &Desk,
    output: &mut Output,
    arguments: &DeliveriesArgs,
) -> Result<Exit, Failure> {
    let within = Duration::from_hours(u64::from(arguments.hours));
    let figures = desk.figures(within).await?;
    let lines = desk.lines().await?;
    if output.json() {
        output.object(&DeliveriesReply::new(arguments.hours, &figures, &lines))?;
        return Ok(Exit::DONE);
    }
    told(output, &figures, &lines)?;
    Ok(Exit::DONE)
}

fn told(output: &mut Output, figures: &Figures, lines: &Lines) -> Result<(), Failure> {
    let queue = figures.queue;
    let oldest = queue.oldest.map_or(String::new(), |it| format!(", the oldest for {}", span(it)));
    output.line(&format!("Waiting: {}{oldest}", queue.length))?;
    output.line(&format!("Accepted: {}", spread(figures.accepted)))?;
    output.line(&format!("Arrived: {}", spread(figures.delivered)))?;
    for health in &lines.all {
        let word = health.at(lines.read_at).word();
        let is_ok = health.at(lines.read_at) == Condition::Ok;
        let detail = health.detail.as_ref().filter(|_| !is_ok);
        let said = detail.map_or(String::new(), |it| format!(": {it}"));
        output.line(&format!("{}: {word}{said}", health.line))?;
    }
    if figures.messages == 0 {
        output.line("No message was asked for.")?;
        return Ok(());
    }
    output.line("")?;
    let mut table = Table::new(["PROVIDER", "STATE", "MESSAGES"]);
    for share in &figures.shares {
        let stands_in = if share.fallback { " (fallback)" } else { "" };
        table.row([
            format!("{}{stands_in}", share.provider),
            share.state.word().to_owned(),
            share.count.to_string(),
        ]);
    }
    table.print(output)?;
    output.line("")?;
    let mut table = Table::new(["HOUR", "ASKED FOR", "ACCEPTED", "FAILED"]);
    for hour in &figures.hours {
        table.row([
            moment::long(hour.began_at),
            hour.asked.to_string(),
            hour.accepted.to_string(),
            hour.failed.to_string(),
        ]);
    }
    table.print(output)?;
    if figures.more {
        output.note(&format!("Only the newest {} were looked at.", figures.messages));
    }
    Ok(())
}

fn spread(spread: Option<Spread>) -> String {
    let Some(Spread { count, p50, p95 }) = spread else { return "nothing is known".into() };
    format!("half within {}, 95 of 100 within {} (of {count})", span(p50), span(p95))
}

fn span(span: Duration) -> String {
    if span < Duration::from_millis(100) {
        "under 0.1 s".into()
    } else if span.as_secs() < 120 {
        format!("{:.1} s", span.as_secs_f64())
    } else {
        format!("{} min", span.as_secs() / 60)
    }
}
