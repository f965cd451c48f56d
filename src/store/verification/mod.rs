//! Requests, attempts and sessions, with the rate limits and the lockout that guard them.

pub(super) mod attempt;
pub(super) mod keys_in_use;
pub(super) mod lockout;
mod port;
pub(super) mod rate_limits;
pub(super) mod request;
pub(super) mod session;
