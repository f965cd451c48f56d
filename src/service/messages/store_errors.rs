//! Why the desk failed, for clerk and admin: the store, the keys, the random source, the
//! role.

use crate::domain::approval::APPROVAL_TIME;
use crate::domain::explanation::Explanation;
use crate::domain::flag::FlagRefusal;
use crate::domain::outcome::Outcome;
use crate::domain::text::shell_word;
use crate::service::DeskError;
use crate::service::api::Role;
use crate::service::ports::error::StoreError;
use crate::service::ports::trail::TrailError;

/// Why the desk failed, and what helps.
pub fn desk_error(error: &DeskError) -> Explanation {
    match error {
        DeskError::Store(error) => store_error(error),
        DeskError::Random(error) => format!("No code can be drawn: {error}.").into(),
        DeskError::Keys(error) => {
            let for_admin = format!("The keys cannot be used: {error}.");
            let explained = Explanation::with_advice("The keys cannot be used.", "", None);
            Explanation { for_admin, ..explained }.about("keys.file")
        }
        DeskError::Tray(error) => {
            format!("{error}. The messages on the screen may not be the newest.").into()
        }
        DeskError::Trail(error) => trail_error(error),
        DeskError::SignInNeeded => {
            "Nobody has signed in at this terminal, or it was locked. Sign in first.".into()
        }
        DeskError::Forbidden { role, permission } => {
            let roles: Vec<_> = permission.roles().map(Role::word).collect();
            let text = format!(
                "Your role ({}) may not {}. Ask someone who may: {}.",
                role.word(),
                permission.allows(),
                roles.join(", "),
            );
            text.into()
        }
        DeskError::NotVerified => {
            "The customer is not verified for this, or the session is over. Verify the customer \
             first."
                .into()
        }
        DeskError::NoSecondPerson => {
            "For this purpose a colleague's approval proves nothing.".into()
        }
        DeskError::NotRepresented(why) => {
            format!("Nothing was done: {why}. Serve the holder, or add what was agreed.").into()
        }
        DeskError::NoReason => "Say why: it goes into the log.".into(),
        DeskError::AwaitsApproval(approval) => {
            let what = format!(
                "Nothing was done yet: {} waits for a second admin, for {} minutes. Another admin \
                 than you approves it",
                approval.target,
                APPROVAL_TIME.as_secs() / 60,
            );
            let for_admin = format!("{what}: countersign approve {}", approval.id);
            Explanation { for_admin, ..format!("{what}.").into() }
        }
        DeskError::TooManyLookups { minutes } => {
            let explained = "You have looked up as many customers as a clerk may in an hour.";
            let when = match minutes {
                0 | 1 => "in a minute".to_owned(),
                minutes => format!("in {minutes} minutes"),
            };
            Explanation::with_advice(
                &format!("{explained} Try again {when}."),
                "If the work needs more, raise limits.lookups_per_clerk.",
                None,
            )
            .about("limits.lookups_per_clerk")
        }
        DeskError::WrongAnswer => {
            "The desk answered something else than was asked. Update countersign on both sides."
                .into()
        }
    }
}

/// That a flag of the customer refuses something, and who may lift it.
fn flagged(FlagRefusal { flag: it, account_no, .. }: &FlagRefusal) -> Explanation {
    let what = format!(
        "Nothing was done: the customer is marked \"{}\" ({}; set by {}). {}",
        it.flag.label(),
        it.reason.trim_end_matches('.'),
        it.set_by.clerk,
        it.flag.effect(),
    );
    let account_no = shell_word(account_no.as_deref().unwrap_or("…"));
    let advice = format!(
        "An admin lifts it: countersign customers unflag {account_no} {} --reason \"…\"",
        it.flag
    );
    let for_admin = format!("{what} {advice}");
    Explanation { for_admin, ..format!("{what} An admin may lift it.").into() }
}

/// Why the audit trail cannot be extended or read, and what helps.
fn trail_error(error: &TrailError) -> Explanation {
    let advice = match error {
        TrailError::NoKey => {
            "It is where the log is sealed: on the host of the desk service, beside the key file. \
             To verify elsewhere, name the public key (--key)."
        }
        TrailError::Checkpoint(_) => {
            "Another desk seals this log with another key: copy its key of the trail here, or let \
             it alone seal. Nothing is sealed here until then."
        }
        TrailError::Broken => {
            "Somebody changed the trail in the store. Nothing is sealed until an admin has looked: \
             countersign audit verify."
        }
        TrailError::Unsealed => {
            "The desk service seals within seconds; without one: countersign audit seal."
        }
        TrailError::NoEntry => "It was purged, or the number, request or reference is another one.",
        TrailError::NotOlder => "Verify the trail: countersign audit verify --checkpoint FILE.",
        TrailError::Kept(_) => "Compare it with the public key of this log.",
        TrailError::Keys(_) | TrailError::Random(_) => "",
    };
    let what = format!("The audit trail: {error}.");
    Explanation::with_advice(&what, advice, None)
}

/// Why the store failed, and what helps.
pub fn store_error(error: &StoreError) -> Explanation {
    let explained = |what: String, advice: &str| Explanation::with_advice(&what, advice, None);
    match error {
        StoreError::Unreachable(why) => {
            format!("The store cannot be reached: {why}. Try again in a moment.").into()
        }
        StoreError::Unknown(why) => format!(
            "The connection to the store broke ({why}), and it is not known whether this was \
             done. Look at the log before you try again."
        )
        .into(),
        StoreError::Busy(why) => explained(
            format!(
                "Another counter is busy in the store: {why}. Nothing was done here; try again in \
                 a moment."
            ),
            "If it lasts, look for a counter or a program that was stopped in the middle of its \
             work, and end it.",
        ),
        StoreError::Full(why) => explained(
            format!("The disk of the store is full: {why}. Nothing was done."),
            "Make room on that disk, then try again.",
        ),
        StoreError::NoPermission(why) => explained(
            format!(
                "This account of the machine may not use the files of the store, which belong to \
                 another account or are closed: {why}."
            ),
            "Run countersign as the account that owns them, or let accounts share a store on a \
             database server (store.url).",
        )
        .about("store.url"),
        StoreError::Replaced(why) => explained(
            format!(
                "The file of the store was moved or replaced while it was in use: {why}. Nothing \
                 was done."
            ),
            "End this countersign and start it again, when the right file is in its place.",
        ),
        StoreError::NotMigrated(why) => {
            let advice = "An admin makes it so with: countersign migrate";
            let for_admin = format!("The store is not ready: {why}. {advice}");
            Explanation { for_admin, ..explained("The store is not ready.".into(), advice) }
        }
        StoreError::Conflict(_) => {
            "Other counters were writing at the same moment, and nothing was done. Try again."
                .into()
        }
        StoreError::Refused(why) => why.clone(),
        StoreError::Denied(why) => explained(
            format!("The store does not let this account do that: {why}."),
            "Check that it has the rights that assets/grants gives, or let the owner's account do \
             it.",
        ),
        StoreError::ReadOnly => {
            let what = "Customers are only read here, and nothing was written: change them where \
                        the office keeps them";
            let for_admin = format!("{what}, or set customers.read_only = false.");
            Explanation { for_admin, ..format!("{what}.").into() }.about("customers.read_only")
        }
        StoreError::Flagged(refusal) => flagged(refusal),
        StoreError::MissingKey(missing) => format!(
            "This code cannot be checked at this terminal: {missing}. \
             Send a new code, and tell an admin about the key."
        )
        .into(),
        StoreError::Taken(why) | StoreError::Failed(why) => {
            let what = format!("The store failed: {why}. Nobody was verified");
            let for_admin = format!("{what}; countersign doctor says more.");
            Explanation { for_admin, ..explained(format!("{what}."), "") }
        }
    }
}

/// Why the store cannot be used, for somebody whose work waits for it.
pub fn lost(error: &StoreError) -> String {
    match error {
        StoreError::Unreachable(why) | StoreError::Unknown(why) => format!(
            "The store cannot be reached: {why}. It is tried again until it answers; what was \
             typed stays."
        ),
        StoreError::Busy(why) => format!(
            "Another counter is busy in the store: {why}. This waits for its turn; what was typed \
             stays. If it lasts, tell an admin."
        ),
        StoreError::Full(why) => format!(
            "The disk of the store is full: {why}. This is done as soon as there is room; what was \
             typed stays. Tell an admin."
        ),
        error => store_error(error).for_clerk,
    }
}

/// The outcome that scripts and logs see where the desk failed; `None` where the program
/// itself is at fault.
pub const fn error_outcome(error: &DeskError) -> Option<Outcome> {
    match error {
        DeskError::TooManyLookups { .. } => Some(Outcome::Limited),
        DeskError::NoReason
        | DeskError::NotVerified
        | DeskError::NoSecondPerson
        | DeskError::NotRepresented(_)
        | DeskError::AwaitsApproval(_)
        | DeskError::Store(StoreError::ReadOnly | StoreError::Flagged(_))
        | DeskError::Forbidden { .. }
        | DeskError::SignInNeeded => Some(Outcome::Forbidden),
        DeskError::Store(_) => Some(Outcome::Unavailable),
        DeskError::Random(_)
        | DeskError::Keys(_)
        | DeskError::Tray(_)
        | DeskError::Trail(_)
        | DeskError::WrongAnswer => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_of_the_store_tells_a_clerk_what_only_an_admin_can_do() {
        let why = || "disk I/O error".to_owned();
        for error in [
            StoreError::Unreachable(why()),
            StoreError::Unknown(why()),
            StoreError::Busy(why()),
            StoreError::Full(why()),
            StoreError::NoPermission(why()),
            StoreError::Replaced(why()),
            StoreError::NotMigrated("run \"countersign migrate\"".into()),
            StoreError::misconfigured("store.url", "Set store.url to a file."),
            StoreError::Denied(why()),
            StoreError::Conflict(why()),
            StoreError::Taken(why()),
            StoreError::ReadOnly,
            StoreError::Failed(why()),
        ] {
            for explained in [store_error(&error).for_clerk, lost(&error)] {
                for of_admins in ["store.", "customers.", "countersign ", "assets/", "["] {
                    assert!(!explained.contains(of_admins), "{of_admins}: {explained}");
                }
            }
        }
    }
}
