//! What a command takes of a role. What the role of whoever sits here does not allow is not
//! offered; the desk refuses it in any case.

use crate::service::api::Permission;
use crate::service::{DeskError, messages};
use crate::tui::machine::keymap::Command;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;

/// What a command takes.
pub const fn needed(command: Command) -> Permission {
    match command {
        Command::ToggleTray
        | Command::Reveal
        | Command::FileIncident
        | Command::TogglePad
        | Command::PairPad
        | Command::UnpairPad
        | Command::NewPairingNumber => Permission::Verify,
        Command::ToggleLog | Command::ToggleDeliveryStats => Permission::Audit,
        Command::ToggleDashboard => Permission::Oversee,
        Command::Lift
        | Command::ToggleApprovals
        | Command::Approve
        | Command::Refuse
        | Command::Acknowledge => Permission::Administer,
        _ => Permission::Anyone,
    }
}

/// Whether whoever sits here may give a command.
pub const fn may(shared: &Shared, command: Command) -> bool {
    shared.place.may(needed(command))
}

/// Says who may do what the role of whoever sits here does not allow.
pub(in crate::tui) fn say_forbidden(step: &mut Step<'_>, permission: Permission) {
    let text = forbidden(step.shared, permission);
    step.hint(Tone::Warning, text);
}

/// That a role does not allow something, and who may do it.
pub fn forbidden(shared: &Shared, permission: Permission) -> String {
    let role = shared.place.role;
    messages::desk_error(&DeskError::Forbidden { role, permission }).for_clerk
}
