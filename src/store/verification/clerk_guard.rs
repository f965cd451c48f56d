//! The clerk's guard: the row in which a clerk's wrong codes are counted. Every attempt locks
//! it after the customer's guard, so that attempts made at the same moment are counted one
//! after the other. The count begins anew an hour after the first wrong code.

use std::time::Duration;

use crate::domain::event::Actor;
use crate::domain::policy::RateLimits;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::error::StoreError;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Tx, args};
use crate::store::database::statement::statements;

/// The time over which wrong codes count.
pub(in crate::store) const WINDOW: Duration = Duration::from_hours(1);

/// The detail of the event where the clerk may enter no code for a while.
pub(in crate::store) const LIMITED_DETAIL: &str =
    "the clerk has entered all the wrong codes of an hour";

statements! {
    CREATE {
        "INSERT INTO core_clerk_guard (clerk, failures, since) VALUES ($1, 0, 0)"
        (or_leave "clerk")
    }
    READ { "SELECT failures, since, " now " AS read_at FROM core_clerk_guard WHERE clerk = $1" }
    /// MySQL sets the columns from left to right, so that the count is set first.
    COUNT {
        "UPDATE core_clerk_guard SET \
         failures = CASE WHEN since <= " now " - $2 THEN 1 ELSE failures + 1 END, \
         since = CASE WHEN since <= " now " - $2 THEN " now " ELSE since END WHERE clerk = $1"
    }
}

/// Whether a clerk may enter a code.
pub(in crate::store) enum ClerkState {
    /// There was no row for the clerk; there is one now.
    New,
    /// They may.
    Free,
    /// They entered too many wrong codes, and may enter one again then.
    WaitsUntil(Timestamp),
}

/// The write that counts a wrong code against the clerk, whose row is locked.
pub(in crate::store) fn count(actor: &Actor) -> Write<'_> {
    Write { sql: &COUNT, args: args![&actor.clerk, millis_of(WINDOW)].to_vec() }
}

/// Whether a clerk may enter a code; creates the row where it is missing.
pub(in crate::store) async fn state(
    tx: &mut Tx,
    actor: &Actor,
    limits: &RateLimits,
) -> Result<ClerkState, StoreError> {
    let Some(row) = tx.maybe(&READ, args![&actor.clerk]).await? else {
        tx.write(&CREATE, args![&actor.clerk]).await?;
        return Ok(ClerkState::New);
    };
    let until = row.time("since")?.plus(WINDOW);
    let is_over = row.count("failures")? >= limits.wrong_codes_per_clerk;
    let waits = is_over && until > row.time("read_at")?;
    Ok(if waits { ClerkState::WaitsUntil(until) } else { ClerkState::Free })
}
