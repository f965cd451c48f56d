//! The outbox worker: routing, send claims, retries, and what came of each message.

pub mod bounces;
pub mod calls;
pub(super) mod claim_batch;
pub mod contact_notices;
pub mod fingerprints;
pub mod outcome;
pub mod provider_status;
pub(super) mod routing;
pub mod send;
pub(super) mod send_claim;
pub mod test_message;
pub(super) mod work_queue;
pub mod worker;
