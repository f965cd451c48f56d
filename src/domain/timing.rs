//! The durations on which "no code is sent twice" rests, and their required order, which is
//! asserted at compile time.
//!
//! One attempt in the order of time: a message is claimed ([`CLAIM_LEASE`]), waits in the worker's
//! queue ([`MAX_QUEUE_TIME`]), connects to the provider ([`CONNECT_LEASE`], extended every
//! [`LEASE_EXTENSION_INTERVAL`]), claims the send ([`CLAIM_TIMEOUT`]), and is sent
//! ([`SEND_TIMEOUT`], under [`SEND_LEASE`]). If no outcome is written, another terminal takes the
//! message over ([`TAKEOVER_GRACE`] after the lease) and polls the provider about it; only after
//! [`SETTLE_DELAY`] is the answer "never had it" believed, and the message sent again.
//!
//! All leases are counted by the store's clock, all timeouts by the terminal's own.

use std::time::Duration;

use crate::domain::backoff::Backoff;

/// The lease of the terminal that asked for the code, or that claimed the message.
pub const CLAIM_LEASE: Duration = Duration::from_secs(10);

/// How long a claimed message may wait in a worker's queue; after that it is released to
/// other terminals.
pub const MAX_QUEUE_TIME: Duration = Duration::from_secs(5);

/// How often the lease is extended while a sender connects.
pub const LEASE_EXTENSION_INTERVAL: Duration = Duration::from_secs(4);

/// The lease after each extension. Connecting may take longer than this, with a login of
/// its own, for as long as the terminal goes on extending.
pub const CONNECT_LEASE: Duration = Duration::from_secs(30);

/// How long the store has to grant the send claim, while the provider waits. A claim that is
/// granted later, to a terminal that was suspended, is not used: by then another terminal
/// may have found out what became of the message.
pub const CLAIM_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a provider has for one step: to connect, to answer a command.
pub const SEND_STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a provider has for all steps. A customer stands at the counter: after some
/// seconds the clerk is better told than kept waiting.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// The lease that comes with the send claim. A terminal that has written no outcome by its
/// end counts as dead.
pub const SEND_LEASE: Duration = Duration::from_mins(1);

/// How long after the end of a lease other terminals may claim the message. Until then it
/// is left to the last owner, which may have the connection still.
pub const TAKEOVER_GRACE: Duration = Duration::from_secs(2);

/// How long after the send claim a provider's answer "never had it" is believed. Before, the
/// message may still be on its way: a stalled proxy or a router that restarts can hold what
/// was written to a connection for minutes and then let it through, long after the sender
/// gave up.
pub const SETTLE_DELAY: Duration = Duration::from_mins(3);

/// How long after the send claim a provider is asked about a message at all. Every code has
/// expired by then.
pub const FOLLOW_DURATION: Duration = Duration::from_mins(20);

/// The delay before a provider is first polled about a message, and the shortest polling interval.
pub const FIRST_STATUS_DELAY: Duration = Duration::from_secs(1);

/// A code that is valid for less than this is not sent any more: the customer could hardly
/// enter it in time.
pub const MIN_USEFUL_VALIDITY: Duration = Duration::from_secs(30);

/// The delays between the attempts to send a code.
pub const SEND_BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(2), max: Duration::from_secs(30) };

/// The delays between the attempts to write an outcome that the store did not accept, and their
/// number.
pub const OUTCOME_BACKOFF: Backoff =
    Backoff { first: Duration::from_millis(100), max: Duration::from_millis(12_800) };
pub const OUTCOME_RETRIES: u32 = 8;

/// How long a worker pauses after an error of the store.
pub const WORKER_PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How long an open circuit breaker stays open.
pub const BREAKER_BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(15), max: Duration::from_mins(4) };

/// How long the probe of a half-open circuit breaker has before another message may probe.
pub const PROBE_LEASE: Duration = Duration::from_secs(30);

/// The lease of a notice to a replaced contact, which may be sent twice.
pub const NOTICE_LEASE: Duration = Duration::from_mins(2);

/// The lease of whoever ships the log to a collector. A process that has not moved the cursor
/// by its end counts as dead.
pub const SHIPPING_LEASE: Duration = Duration::from_mins(1);

/// How long a collector has to take one batch.
pub const SHIPPING_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a collector has for one step: to connect, to answer.
pub const SHIPPING_STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// The waits between the attempts to ship a batch.
pub const SHIPPING_BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(1), max: Duration::from_mins(5) };

/// How long a stopping desk service waits for sends in progress.
pub const SERVICE_END_TIMEOUT: Duration = Duration::from_secs(20);

/// The same for an interface, which must not show an empty screen for the whole send timeout. An
/// unfinished send is settled after its lease.
pub const INTERFACE_END_TIMEOUT: Duration = Duration::from_secs(5);

const fn is_shorter(one: Duration, other: Duration) -> bool {
    one.as_nanos() < other.as_nanos()
}

// A message is started, and its lease extended, before the lease of its claim ends.
const _: () = assert!(
    is_shorter(MAX_QUEUE_TIME.saturating_add(LEASE_EXTENSION_INTERVAL), CLAIM_LEASE),
    "the lease of a claimed message ends before it is extended"
);

// A collector is given up on, and the cursor moved, before another process may ship.
const _: () = assert!(
    is_shorter(SHIPPING_STEP_TIMEOUT, SHIPPING_TIMEOUT)
        && is_shorter(SHIPPING_TIMEOUT.saturating_add(SHIPPING_STEP_TIMEOUT), SHIPPING_LEASE),
    "another process may ship before this one has given up"
);

// One extension may fail, and the send claim still comes within the lease.
const _: () = assert!(
    is_shorter(
        LEASE_EXTENSION_INTERVAL.saturating_mul(2).saturating_add(CLAIM_TIMEOUT),
        CONNECT_LEASE
    ),
    "the lease ends while a sender connects and claims the send"
);

// A sender that had to wait for its send claim has time left to write the message.
const _: () = assert!(
    is_shorter(CLAIM_TIMEOUT, SEND_STEP_TIMEOUT) && is_shorter(SEND_STEP_TIMEOUT, SEND_TIMEOUT),
    "the claim time-out must be shorter than a step, and a step shorter than the send time-out"
);

// The owner of a send claim has given up before another terminal takes the message over,
// and has had the time to write the outcome to a store that refused it for a while.
const _: () = assert!(
    is_shorter(
        CLAIM_TIMEOUT
            .saturating_add(SEND_TIMEOUT)
            .saturating_add(OUTCOME_BACKOFF.total(OUTCOME_RETRIES)),
        SEND_LEASE
    ),
    "the send lease ends before its owner has given up"
);

// "Never had it" is believed only after the owner of the send claim counts as dead.
const _: () = assert!(
    is_shorter(SEND_LEASE.saturating_add(TAKEOVER_GRACE), SETTLE_DELAY),
    "a message could be sent again while its first sender is still at work"
);

// There is time for "never had it" to be believed.
const _: () = assert!(is_shorter(SETTLE_DELAY, FOLLOW_DURATION), "no message is ever settled");

// What is sent at the last moment is still of use when it was handed over.
const _: () =
    assert!(is_shorter(SEND_TIMEOUT, MIN_USEFUL_VALIDITY), "a code could expire while it is sent");

// A probe has failed, and a notice was given up, before the next one starts.
const _: () = assert!(
    is_shorter(SEND_TIMEOUT, PROBE_LEASE) && is_shorter(SEND_TIMEOUT, NOTICE_LEASE),
    "a probe or a notice loses its lease while it is sent"
);

// A desk service that ends lets its sends end; an interface gets the answer to its claim.
const _: () = assert!(
    !is_shorter(SERVICE_END_TIMEOUT, SEND_TIMEOUT)
        && !is_shorter(INTERFACE_END_TIMEOUT, CLAIM_TIMEOUT),
    "a program ends before what it waits for"
);
