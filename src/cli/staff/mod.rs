//! `staff`: manages the staff, their roles and their sign-in.

mod sign_in;

use crate::cli::args::Staff;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{PermissionLine, StaffLine, StaffReply};
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::domain::outcome::Outcome;
use crate::domain::staff::{AccountName, Role, StaffMember};
use crate::service::api::{Call, DeskClient, Permission};
use crate::service::staff::calls::{
    ApproveReset, ChangeStaff, ListStaff, RescueStaff, ResetSignIn,
};
use crate::service::staff::reset::ResetOutcome;
use crate::service::staff::{StaffAct, StaffOutcome};

/// Runs `staff`, except `staff permissions`, which needs no desk.
pub async fn run(desk: &DeskClient, output: &mut Output, command: Staff) -> Result<Exit, Failure> {
    let (account, act) = match command {
        Staff::List(_) => return list(desk, output).await,
        Staff::Permissions(_) => return permissions(output),
        Staff::Rescue(named) => {
            let account = named.account;
            let rescued = desk.call(RescueStaff { account: account.clone() }).await?;
            return tell_of_new(desk, output, &account, rescued).await;
        }
        Staff::Reset(named) => {
            let reset = desk.call(ResetSignIn { account: named.account.clone() }).await?;
            return sign_in::tell(output, &named.account, reset);
        }
        Staff::Approve(named) => {
            let reset = desk.call(ApproveReset { account: named.account.clone() }).await?;
            return sign_in::tell(output, &named.account, reset);
        }
        Staff::Unblock(named) => return sign_in::unblock(desk, output, named.account).await,
        Staff::Sittings(_) => return sign_in::sittings(desk, output).await,
        Staff::EndSitting(named) => return sign_in::end(desk, output, named.sitting).await,
        Staff::Add(add) => (add.account, StaffAct::Add(add.role)),
        Staff::Role(role) => (role.account, StaffAct::SetRole(role.role)),
        Staff::Disable(named) => (named.account, StaffAct::Disable),
        Staff::Enable(named) => (named.account, StaffAct::Enable),
    };
    let changed = desk.call(ChangeStaff { account: account.clone(), act }).await?;
    match act {
        StaffAct::Add(_) => tell_of_new(desk, output, &account, changed).await,
        _ => tell(output, &account, changed, None),
    }
}

/// Reports the change; a new member gets a set-up code if the staff has passwords.
async fn tell_of_new(
    desk: &DeskClient,
    output: &mut Output,
    account: &AccountName,
    outcome: StaffOutcome,
) -> Result<Exit, Failure> {
    let is_new = matches!(outcome, StaffOutcome::Changed(_));
    let reset = if is_new {
        Some(desk.call(ResetSignIn { account: account.clone() }).await?)
    } else {
        None
    };
    tell(output, account, outcome, reset.as_ref())
}

async fn list(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let staff = desk.call(ListStaff).await?;
    if output.json() {
        for entry in &staff {
            output.object(&StaffLine::new(&entry.member, entry.is_genuine))?;
        }
        return Ok(Exit::DONE);
    }
    if staff.is_empty() {
        output.note(&format!(
            "Nobody is on the list yet. Add an admin first: {}",
            output.command(&["staff", "add", "ACCOUNT", "--role", "admin"])
        ));
        return Ok(Exit::DONE);
    }
    let mut table = Table::new(["ACCOUNT", "ROLE", "STATE"]);
    for entry in &staff {
        let StaffMember { account, role, enabled } = &entry.member;
        let state = match (entry.is_genuine, enabled) {
            (false, _) => "NOT GENUINE: changed in the store by hand; counts for nothing",
            (true, true) => "may work",
            (true, false) => "disabled",
        };
        table.row([account.to_string(), role.to_string(), state.to_owned()]);
    }
    table.print(output)?;
    Ok(Exit::DONE)
}

/// Runs `staff permissions`.
pub fn permissions(output: &mut Output) -> Result<Exit, Failure> {
    if output.json() {
        for (call, permission) in Call::TABLE {
            let roles = permission.roles().map(Role::word).collect();
            output.object(&PermissionLine { call, permission: permission.allows(), roles })?;
        }
        return Ok(Exit::DONE);
    }
    let mut table = Table::new(["CALL", "CLERK", "ADMIN", "AUDITOR", "WORKER", "GATE", "PAD"]);
    for (call, permission) in Call::TABLE {
        let mark = |role| if permission.is_of(role) { "yes" } else { "-" }.to_owned();
        let [clerk, admin, auditor, worker, gate, pad] = Role::ALL.map(mark);
        table.row([(*call).to_owned(), clerk, admin, auditor, worker, gate, pad]);
    }
    table.print(output)?;
    let own = Call::TABLE.iter().filter(|(_, permission)| *permission == Permission::Own);
    let own: Vec<_> = own.map(|(call, _)| *call).collect();
    output.line(&format!("Only the owner of the service: {}.", own.join(", ")))?;
    Ok(Exit::DONE)
}

fn tell(
    output: &mut Output,
    account: &AccountName,
    outcome: StaffOutcome,
    reset: Option<&ResetOutcome>,
) -> Result<Exit, Failure> {
    let (word, member) = match outcome {
        StaffOutcome::Changed(member) => ("changed", member),
        StaffOutcome::Unchanged(member) => ("unchanged", member),
        StaffOutcome::AlreadyThere(member) => {
            let now = if member.enabled { "" } else { ", disabled" };
            return Err(Failure::usage(format!(
                "{account} is on the list already, as {}{now}. Use `staff role` or `staff enable`.",
                member.role
            )));
        }
        StaffOutcome::NoSuchAccount => {
            return Err(Failure::not_found(format!(
                "Nobody of the account {account} is on the list. `staff list` shows who is."
            )));
        }
        StaffOutcome::LastAdmin => {
            return Err(Failure::outcome(
                Outcome::Forbidden,
                format!("{account} is the last admin. Make somebody else an admin first."),
            ));
        }
        StaffOutcome::Yourself => {
            return Err(Failure::outcome(
                Outcome::Forbidden,
                "Nobody changes what they themselves may do. Ask another admin; where there is none, \
                 the owner of the service has `staff rescue`.",
            ));
        }
        StaffOutcome::NeedsSecondAdmin => {
            return Err(Failure::outcome(
                Outcome::Forbidden,
                format!(
                    "You gave out the set-up code of {account}: another admin has to make them an \
                     admin."
                ),
            ));
        }
    };
    let state = if member.enabled { "may work" } else { "may not work" };
    let mut message = format!("{account} is {} and {state}.", member.role);
    let setup_code = match reset {
        Some(ResetOutcome::Given { code, expires_at, .. }) => {
            message = format!("{message} {}", sign_in::given(account, code, *expires_at));
            Some(code.0.as_str())
        }
        Some(ResetOutcome::Asked(_)) => {
            message = format!("{message} {}", sign_in::asked(output, account));
            None
        }
        _ => None,
    };
    if output.json() {
        let staff = Some(StaffLine::new(&member, true));
        output.object(&StaffReply { outcome: word, message: &message, staff, setup_code })?;
    } else {
        output.line(&message)?;
    }
    Ok(Exit::DONE)
}
