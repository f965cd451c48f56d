//! Requests, attempts and sessions, with the lockout and the contact bindings that guard them.

pub(super) mod attempt;
pub(super) mod clerk_guard;
pub(super) mod contact_binding;
pub(super) mod contact_changes;
pub(super) mod contacts_on_file;
pub(super) mod customer_guard;
pub(super) mod disown;
pub(super) mod expiry;
pub(super) mod flags;
pub(super) mod keys_in_use;
pub(super) mod lockout;
mod port;
pub(super) mod representatives;
pub(super) mod request;
pub(super) mod session;
pub(super) mod superseded_code;
pub(super) mod told_afterwards;
