//! `staff`: resets, blocks and sittings.

use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{Reply, SittingLine, StaffReply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::domain::outcome::Outcome;
use crate::domain::sign_in::TypedSecret;
use crate::domain::sign_in::sitting::SittingId;
use crate::domain::staff::AccountName;
use crate::domain::time::Timestamp;
use crate::service::api::DeskClient;
use crate::service::staff::calls::{EndSitting, LiftSignInBlock, ListSittings};
use crate::service::staff::reset::ResetOutcome;

/// Prints the result of a reset.
pub(super) fn tell(
    output: &mut Output,
    account: &AccountName,
    outcome: ResetOutcome,
) -> Result<Exit, Failure> {
    let forbidden = |text: String| Err(Failure::outcome(Outcome::Forbidden, text));
    let (word, message, code) = match outcome {
        ResetOutcome::Given { code, expires_at, .. } => {
            ("given", given(account, &code, expires_at), Some(code))
        }
        ResetOutcome::Asked(_) => ("asked", asked(output, account), None),
        ResetOutcome::NoSuchAccount => {
            return Err(Failure::not_found(format!(
                "Nobody of the account {account} may work here. `staff list` shows who may."
            )));
        }
        ResetOutcome::Yourself => {
            return forbidden("Nobody resets themselves. Ask another admin.".into());
        }
        ResetOutcome::NothingAsked => {
            return forbidden(format!(
                "Nobody asked for a new set-up code of {account} within the last 24 hours: one \
                 admin asks (staff reset), another one approves."
            ));
        }
        ResetOutcome::SameAdmin => {
            return forbidden(format!(
                "You asked for the new set-up code of {account} yourself: another admin has to \
                 approve it."
            ));
        }
        ResetOutcome::NotUsed => {
            return Err(Failure::usage(
                "Here the account of the host is enough to sign in (staff.sign_in = \"os-user\"): \
                 there are no passwords.",
            ));
        }
    };
    if output.json() {
        let setup_code = code.as_ref().map(|it| it.0.as_str());
        let reply = StaffReply { outcome: word, message: &message, staff: None, setup_code };
        output.object(&reply)?;
    } else {
        output.line(&message)?;
    }
    Ok(Exit::DONE)
}

/// Sentence with the set-up code, for the admin to hand on.
pub(super) fn given(account: &AccountName, code: &TypedSecret, expires_at: Timestamp) -> String {
    format!(
        "The set-up code of {account} is {}. It works once, until {}: {account} gives it instead \
         of a password and sets one. It is shown this once.",
        code.0.as_str(),
        moment::long(expires_at)
    )
}

/// Sentence for a reset that needs the approval of a second admin.
pub(super) fn asked(output: &Output, account: &AccountName) -> String {
    format!(
        "The set-up code of an admin takes two: within 24 hours another admin runs `{}`, and gets \
         the code. The service's owner can do it alone (staff reset, with the service's \
         configuration).",
        output.command(&["staff", "approve", account.as_str()])
    )
}

pub(super) async fn unblock(
    desk: &DeskClient,
    output: &mut Output,
    account: AccountName,
) -> Result<Exit, Failure> {
    if !desk.call(LiftSignInBlock { account: account.clone() }).await? {
        return Err(Failure::not_found(format!("{account} has no password here.")));
    }
    let message = format!("{account} may try to sign in again at once.");
    output.answer(&Reply::of("unblocked", message.clone()), &message)?;
    Ok(Exit::DONE)
}

pub(super) async fn sittings(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let sittings = desk.call(ListSittings).await?;
    if output.json() {
        for sitting in &sittings {
            output.object(&SittingLine::new(sitting))?;
        }
        return Ok(Exit::DONE);
    }
    if sittings.is_empty() {
        output.note("Nobody sits at a terminal of a desk service.");
        return Ok(Exit::DONE);
    }
    let mut table =
        Table::new(["SITTING", "ACCOUNT", "COUNTER", "SIGNED IN BY", "SINCE", "ACTIVE"]);
    for sitting in &sittings {
        table.row([
            sitting.id.to_string(),
            sitting.clerk.clone(),
            sitting.counter.clone(),
            sitting.method.word().to_owned(),
            moment::long(sitting.since),
            moment::short(sitting.active_at),
        ]);
    }
    table.print(output)?;
    Ok(Exit::DONE)
}

/// Runs `staff end-sitting`.
pub(super) async fn end(
    desk: &DeskClient,
    output: &mut Output,
    sitting: SittingId,
) -> Result<Exit, Failure> {
    let Some(ended) = desk.call(EndSitting { sitting: sitting.clone() }).await? else {
        return Err(Failure::not_found(format!(
            "No sitting {sitting} goes on. `staff sittings` lists those that do."
        )));
    };
    let message = format!("{} sits at {} no more.", ended.clerk, ended.counter);
    output.answer(&Reply::of("ended", message.clone()), &message)?;
    Ok(Exit::DONE)
}
