//! The outbox and what surrounds it: leases, send claims, rate limits, circuit breakers, notices,
//! delivery states and stats.

pub(super) mod bounces;
pub(super) mod circuit_breaker;
pub(super) mod completion;
pub(super) mod contact_notices;
pub(super) mod contact_state;
pub(super) mod cooldown_and_rate_limits;
pub(super) mod lease;
pub(super) mod outbox;
mod port;
pub(super) mod send_claim;
pub(super) mod state;
pub(super) mod stats;
pub(super) mod test_message;
