//! Sentences about why the desk failed: the store, the keys, the random source, the role.

use crate::domain::outcome::Outcome;
use crate::service::DeskError;
use crate::service::api::Role;
use crate::service::ports::error::StoreError;

/// Why the desk failed, and what helps.
pub fn desk_error(error: &DeskError) -> String {
    match error {
        DeskError::Store(error) => store_error(error),
        DeskError::Random(error) => format!("No code can be drawn: {error}."),
        DeskError::Keys(error) => format!("The keys cannot be used: {error}."),
        DeskError::Tray(error) => {
            format!("{error}. The messages on the screen may not be the newest.")
        }
        DeskError::Forbidden { role, permission } => {
            let roles: Vec<_> = permission.roles().map(Role::word).collect();
            format!(
                "Your role ({}) may not {}. Ask someone who may: {}.",
                role.word(),
                permission.allows(),
                roles.join(", "),
            )
        }
        DeskError::WrongAnswer => {
            "The desk answered something else than was asked. Update countersign on both sides."
                .into()
        }
    }
}

/// Why the store failed, and what helps.
pub fn store_error(error: &StoreError) -> String {
    match error {
        StoreError::Unreachable(why) => {
            format!("The store cannot be reached: {why}. Try again in a moment.")
        }
        StoreError::Unknown(why) => format!(
            "The connection to the store broke ({why}), and it is not known whether this was \
             done. Look at the log before you try again."
        ),
        StoreError::Busy(why) => format!(
            "Another counter is busy in the store: {why}. Nothing was done here; try again in a \
             moment. If it lasts, look for a counter or a program that was stopped in the middle \
             of its work, and end it."
        ),
        StoreError::Full(why) => format!(
            "The disk of the store is full: {why}. Nothing was done. Make room on that disk, then \
             try again."
        ),
        StoreError::NoPermission(why) => format!(
            "This account of the machine may not use the files of the store, which belong to \
             another account or are closed: {why}. Run countersign as the account that owns them, \
             or let accounts share a store on a database server (store.url)."
        ),
        StoreError::Replaced(why) => format!(
            "The file of the store was moved or replaced while it was in use: {why}. Nothing was \
             done. End this countersign and start it again, when the right file is in its place."
        ),
        StoreError::NotMigrated(why) => {
            format!("The store is not ready: {why}. An admin makes it so with: countersign migrate")
        }
        StoreError::Conflict(_) => {
            "Other counters were writing at the same moment, and nothing was done. Try again."
                .into()
        }
        StoreError::Refused(why) => why.clone(),
        StoreError::Denied(why) => format!(
            "The store does not let this account do that: {why}. Check that it has the rights \
             that assets/grants gives, or let the owner's account do it."
        ),
        StoreError::ReadOnly => {
            "Customers are only read here, and nothing was written: change them \
             where the office keeps them, or set customers.read_only = false."
                .into()
        }
        StoreError::MissingKey(missing) => format!(
            "This code cannot be checked at this terminal: {missing}. \
             Send a new code, and tell an admin about the key."
        ),
        StoreError::Taken(why) | StoreError::Failed(why) => {
            format!("The store failed: {why}. Nobody was verified; countersign doctor says more.")
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
        error => store_error(error),
    }
}

/// The outcome that scripts and logs see where the desk failed; `None` where the program
/// itself is at fault.
pub const fn error_outcome(error: &DeskError) -> Option<Outcome> {
    match error {
        DeskError::Store(StoreError::ReadOnly) | DeskError::Forbidden { .. } => {
            Some(Outcome::Forbidden)
        }
        DeskError::Store(_) => Some(Outcome::Unavailable),
        DeskError::Random(_) | DeskError::Keys(_) | DeskError::Tray(_) | DeskError::WrongAnswer => {
            None
        }
    }
}
