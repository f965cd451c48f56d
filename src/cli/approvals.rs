//! `approvals`, `approve` and `refuse`: acts that need the approval of a second admin.

use crate::cli::args::ApproveArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{ApprovalLine, ApproveReply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::domain::approval::{Approval, ApprovalId};
use crate::domain::outcome::Outcome;
use crate::service::api::DeskClient;
use crate::service::approvals::calls::{ApproveAct, ListApprovals, RefuseAct};
use crate::service::approvals::{ApprovalOutcome, RefusalOutcome};
use crate::service::messages;

pub async fn list(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let waiting = desk.call(ListApprovals).await?;
    if output.json() {
        for approval in &waiting {
            output.object(&ApprovalLine::new(approval))?;
        }
        return Ok(Exit::DONE);
    }
    if waiting.is_empty() {
        output.note("No act waits for a second admin.");
        return Ok(Exit::DONE);
    }
    let mut table = Table::new(["APPROVAL", "UNTIL", "BY", "COUNTER", "WHAT", "WHY"]);
    for it in waiting {
        table.row([
            it.id.to_string(),
            moment::short(it.expires_at),
            it.asked_by.clerk,
            it.asked_by.counter,
            it.target,
            it.reason,
        ]);
    }
    table.print(output)?;
    Ok(Exit::DONE)
}

pub async fn approve(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ApproveArgs,
) -> Result<Exit, Failure> {
    let typed = &arguments.approval;
    let approval: ApprovalId = typed.parse().map_err(|_| missing(typed))?;
    if arguments.show {
        return show(desk, output, &approval).await;
    }
    let outcome = desk.call(ApproveAct { approval }).await?;
    let told = messages::approval(&outcome, &moment::short);
    let message = message(told, typed)?;
    let ApprovalOutcome::CarriedOut { approval, changed } = outcome else {
        return Err(missing(typed));
    };
    let word = if changed { "carried_out" } else { "nothing_to_do" };
    reply(output, word, &message, &approval)
}

/// Says what an act is; nothing is decided.
async fn show(desk: &DeskClient, output: &mut Output, id: &ApprovalId) -> Result<Exit, Failure> {
    let waiting = desk.call(ListApprovals).await?;
    let approval = waiting.iter().find(|it| it.id == *id).ok_or_else(|| missing(id.as_str()))?;
    if output.json() {
        output.object(&ApprovalLine::new(approval))?;
    } else {
        output.lines(&about(approval))?;
    }
    Ok(Exit::DONE)
}

/// What an act is, in lines: to whom, why, who asked and where, and until when.
fn about(it: &Approval) -> String {
    format!(
        "What: {}\nWhy: {}\nAsked by {} at counter {}, {}\nCan be approved until {}",
        it.target,
        it.reason,
        it.asked_by.clerk,
        it.asked_by.counter,
        moment::short(it.asked_at),
        moment::short(it.expires_at)
    )
}

pub async fn refuse(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ApproveArgs,
) -> Result<Exit, Failure> {
    let typed = &arguments.approval;
    let approval: ApprovalId = typed.parse().map_err(|_| missing(typed))?;
    if arguments.show {
        return show(desk, output, &approval).await;
    }
    let outcome = desk.call(RefuseAct { approval }).await?;
    let message = message(messages::refused_approval(&outcome), typed)?;
    let RefusalOutcome::Refused(approval) = outcome else { return Err(missing(typed)) };
    reply(output, "refused", &message, &approval)
}

/// The sentence about what was done; a failure where it was not.
fn message(told: Option<(Option<Outcome>, String)>, typed: &str) -> Result<String, Failure> {
    match told {
        None => Err(missing(typed)),
        Some((None, message)) => Ok(message),
        Some((Some(outcome), message)) => Err(Failure::outcome(outcome, message)),
    }
}

fn reply(
    output: &mut Output,
    outcome: &'static str,
    message: &str,
    approval: &Approval,
) -> Result<Exit, Failure> {
    if output.json() {
        output.object(&ApproveReply { outcome, message, approval: ApprovalLine::new(approval) })?;
    } else {
        output.lines(&format!("{message}\n{}", about(approval)))?;
    }
    Ok(Exit::DONE)
}

fn missing(typed: &str) -> Failure {
    Failure::not_found(format!(
        "No act of the name {} waits for a second admin. `approvals` lists those that do.",
        crate::domain::text::clean(typed)
    ))
}
