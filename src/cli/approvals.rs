//! `approvals` and `approve`: acts that need the approval of a second admin.

use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{ApprovalLine, ApproveReply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::domain::approval::ApprovalId;
use crate::domain::outcome::Outcome;
use crate::service::api::DeskClient;
use crate::service::approvals::ApprovalOutcome;
use crate::service::approvals::calls::{ApproveAct, ListApprovals};

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
    let mut table = Table::new(["APPROVAL", "UNTIL", "BY", "WHAT", "WHY"]);
    for it in waiting {
        table.row([
            it.id.to_string(),
            moment::short(it.expires_at),
            it.asked_by.clerk,
            it.target,
            it.reason,
        ]);
    }
    table.print(output)?;
    Ok(Exit::DONE)
}

pub async fn approve(desk: &DeskClient, output: &mut Output, typed: &str) -> Result<Exit, Failure> {
    let approval: ApprovalId = typed.parse().map_err(|_| missing(typed))?;
    let forbidden = |text: String| Err(Failure::outcome(Outcome::Forbidden, text));
    let (approval, changed) = match desk.call(ApproveAct { approval }).await? {
        ApprovalOutcome::CarriedOut { approval, changed } => (approval, changed),
        ApprovalOutcome::NotFound => return Err(missing(typed)),
        ApprovalOutcome::Expired(it) => {
            return Err(Failure::outcome(
                Outcome::Expired,
                format!(
                    "{} could be approved until {}. Have it asked for again.",
                    it.id,
                    moment::short(it.expires_at)
                ),
            ));
        }
        ApprovalOutcome::Yourself(it) => {
            return forbidden(format!(
                "You asked for {} yourself. Another admin approves it.",
                it.id
            ));
        }
        ApprovalOutcome::ByAnother(it) => {
            let by = it.approved_by.unwrap_or_default();
            return Err(Failure::outcome(
                Outcome::Used,
                format!("{by} approved {} before.", it.id),
            ));
        }
        ApprovalOutcome::AskerMayNot(it) => {
            let asker = it.asked_by.clerk;
            return forbidden(format!("{asker}, who asked for {}, is no admin any more.", it.id));
        }
    };
    let (word, done) = if changed {
        ("carried_out", "It is done.")
    } else {
        ("nothing_to_do", "There was nothing to do any more.")
    };
    let message = format!("{}, as {} asked. {done}", approval.target, approval.asked_by.clerk);
    if output.json() {
        let approval = ApprovalLine::new(&approval);
        output.object(&ApproveReply { outcome: word, message: &message, approval })?;
    } else {
        output.line(&message)?;
    }
    Ok(Exit::DONE)
}

fn missing(typed: &str) -> Failure {
    Failure::not_found(format!(
        "No act of the name {} waits for a second admin. `approvals` lists those that do.",
        crate::domain::text::clean(typed)
    ))
}
