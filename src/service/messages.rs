//! What is said to people, in one place, so that the interface and the command
//! line say the same.
//!
//! Each failure says what happened and what helps. The functions are pure: the
//! store's time comes in as `now`, and a `clock` writes a moment as the reader's
//! wall clock shows it (`10:42`). No key of the interface is named here, since
//! both front ends say these sentences.

pub(super) mod deliveries;

use std::time::Duration;

use crate::service::api::Role;
pub use crate::service::messages::deliveries::{
    ASK_FIRST, delivery, delivery_outcome, for_clerks, span, spread, state,
};

use crate::domain::channel::Factor;
use crate::domain::code::CodeFormatError;
use crate::domain::contact::ContactKind;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, Status};
use crate::domain::session::{Session, SessionEnd};
use crate::domain::time::Timestamp;
use crate::service::DeskError;
use crate::service::customers::lookup::ExactMatch;
use crate::service::ports::contact_binding::Quarantine;
use crate::service::ports::error::StoreError;
use crate::service::verification::request::{QuarantinedContact, Refusal};
use crate::service::verification::verify::{RefusedCode, Verification};

/// Writes a moment as the reader's wall clock shows it.
pub type Clock<'a> = &'a dyn Fn(Timestamp) -> String;

/// Under this span a wait is told in seconds, since a clock of minutes would
/// send the reader back too early.
const SOON: Duration = Duration::from_mins(2);

/// Why no code was sent, and when it may be tried again.
pub fn refusal(refusal: &Refusal, now: Timestamp, clock: Clock<'_>) -> String {
    if let Some(waiting) = &refusal.quarantine {
        return quarantined(waiting, now, clock);
    }
    let help = match (refusal.outcome, refusal.retry_at) {
        (_, Some(at)) => format!("Try again {}.", wait(at, now, clock)),
        (Outcome::NoContact, None) => {
            "Choose another channel, or correct the customer's record first.".into()
        }
        (Outcome::Locked, None) if refusal.request.is_none() => CUSTOMER_LOCKED_HELP.into(),
        (Outcome::Locked | Outcome::Expired | Outcome::Superseded | Outcome::Used, None) => {
            "Ask for a new code.".into()
        }
        (Outcome::Forbidden, None) => "Choose another channel.".into(),
        _ => return refusal.reason.clone(),
    };
    format!("{} {help}", refusal.reason)
}

/// Why a changed contact gets no code, until when, and what else there is.
fn quarantined(waiting: &QuarantinedContact, now: Timestamp, clock: Clock<'_>) -> String {
    let Quarantine { kind, changed_at, until, other_until } = waiting.quarantine;
    let label = kind.label();
    if other_until.map_or(until, |it| it.min(until)) <= now {
        return format!("The wait after the change of the {label} is over. Try again now.");
    }
    let minutes = now.since(changed_at).as_secs() / 60;
    let changed = match minutes {
        0 => "just now".into(),
        minutes => format!("{} ago, at {}", rough(minutes, u64::div_euclid), clock(changed_at)),
    };
    let till = |until: Timestamp| until_then(until, now, clock);
    if let Some(other_until) = other_until {
        return format!(
            "This {label} was changed {changed}, and the {} was changed too. Neither gets a code \
             until {}: ask an admin.",
            kind.other().label(),
            till(until.min(other_until))
        );
    }
    let instead: Vec<_> = waiting.instead.iter().map(|it| it.label()).collect();
    let help = if instead.is_empty() {
        "ask an admin".to_owned()
    } else {
        format!("use {}, or ask an admin", instead.join(" or "))
    };
    format!("This {label} was changed {changed}. It gets no code until {}: {help}.", till(until))
}

/// Why a changed contact is not offered like the others.
pub fn contact_waits(
    kind: ContactKind,
    until: Timestamp,
    now: Option<Timestamp>,
    clock: Clock<'_>,
) -> String {
    let until = now.map_or_else(|| clock(until), |now| until_then(until, now, clock));
    format!("This {} was changed a short while ago. It gets no code until {until}.", kind.label())
}

/// `14:05, in 3 hours`
fn until_then(until: Timestamp, now: Timestamp, clock: Clock<'_>) -> String {
    let left = rough(until.since(now).as_secs().div_ceil(60), u64::div_ceil);
    format!("{}, in {left}", clock(until))
}

/// `3 hours`: what is past rounded down and what is left rounded up, so that a
/// wait is never told too short.
fn rough(minutes: u64, divided: fn(u64, u64) -> u64) -> String {
    let (count, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2_880 => (divided(minutes, 60), "hour"),
        _ => (divided(minutes, 1_440), "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// What happened where it is the customer who is locked.
pub const CUSTOMER_LOCKED: &str = "This customer is locked after too many wrong codes.";

/// What helps then.
pub const CUSTOMER_LOCKED_HELP: &str = "It holds at every counter until an admin lifts it.";

/// Why a code was not accepted, and what helps.
pub fn refused_code(refused: &RefusedCode, clock: Clock<'_>) -> String {
    let request = &refused.request;
    match (refused.outcome, &refused.retired) {
        (outcome, _) if refused.customer_locked => {
            let wrong = if outcome == Outcome::Locked { "" } else { "That code is wrong. " };
            format!("{wrong}{CUSTOMER_LOCKED} {CUSTOMER_LOCKED_HELP}")
        }
        (Outcome::Superseded, Some(retired)) => format!(
            "That is an older code (reference {}, sent {}). Ask for the one with reference {}. {}",
            retired.reference,
            clock(retired.sent_at),
            request.reference,
            tries_left(request.attempts_left()),
        ),
        (outcome, _) => closed_code(outcome, request, clock),
    }
}

fn closed_code(outcome: Outcome, request: &Request, clock: Clock<'_>) -> String {
    match outcome {
        Outcome::Superseded if request.status == Status::Cancelled => {
            "This code was withdrawn by a clerk, or because the customer's contact was changed; the \
             log says which. Ask for a new code."
                .into()
        }
        Outcome::Superseded => {
            "This request was replaced by a later one. Enter the code there, or ask for a new one."
                .into()
        }
        Outcome::Expired => {
            format!("This code worked until {}. Send a new one.", clock(request.expires_at))
        }
        Outcome::Locked => {
            "Too many wrong codes: this request is locked. Start again with a new code.".into()
        }
        Outcome::Used => {
            "This request was verified before; a code works once. Start again with a new code."
                .into()
        }
        _ => format!("That code is wrong. {}", tries_left(request.attempts_left())),
    }
}

/// Why what was typed cannot be a code.
pub fn malformed(malformed: CodeFormatError) -> String {
    match malformed {
        CodeFormatError::NotDigits => "A code has digits only. No try was counted.".into(),
        CodeFormatError::Length { expected, found } => {
            format!("A code has {expected} digits, this has {found}. No try was counted.")
        }
    }
}

/// What came of entering a code; nothing but "verified" where it was right.
pub fn verification(verification: &Verification, clock: Clock<'_>) -> String {
    match verification {
        Verification::Verified(verified) => session_open(&verified.session, clock),
        Verification::Refused(refused) => refused_code(refused, clock),
        Verification::Malformed(reason) => malformed(*reason),
        Verification::NoSuchRequest => NO_SUCH_REQUEST.into(),
    }
}

/// There is no request of this name.
pub const NO_SUCH_REQUEST: &str =
    "There is no such request. Check its name, or ask for a new code.";

/// There is no session of this name.
pub const NO_SUCH_SESSION: &str = "There is no such session. Check its name.";

/// `4 tries are left.`
pub fn tries_left(left: u32) -> String {
    match left {
        0 => "No tries are left.".into(),
        1 => "1 try is left.".into(),
        left => format!("{left} tries are left."),
    }
}

/// How a request stands.
pub fn status(request: &Request, clock: Clock<'_>) -> String {
    match request.status {
        Status::Open => format!(
            "Waiting for the code until {}. {}",
            clock(request.expires_at),
            tries_left(request.attempts_left()),
        ),
        Status::Verified => "The customer was verified with this request.".into(),
        Status::Superseded => "A later request took this one's place.".into(),
        Status::Expired => format!("Its time was over at {}.", clock(request.expires_at)),
        Status::Locked => "It is locked after too many wrong codes.".into(),
        Status::Cancelled => "It was withdrawn; the log says by whom, or why.".into(),
    }
}

/// How a session stands.
pub fn session(session: &Session, clock: Clock<'_>) -> String {
    match session.ended {
        // Whoever asks by name may be the one who ended it.
        Some((at, SessionEnd::Revoked)) => format!("The session was ended at {}.", clock(at)),
        Some((at, how)) => format!("{} at {}.", session_end(how), clock(at)),
        None => session_open(session, clock),
    }
}

fn session_open(session: &Session, clock: Clock<'_>) -> String {
    let idle = if session.idle_at < session.expires_at {
        format!("; unused, until {}", clock(session.idle_at))
    } else {
        String::new()
    };
    format!(
        "{} ({}) is verified. The session lasts until {}{idle}.",
        session.customer_name,
        session.account_no,
        clock(session.expires_at),
    )
}

/// How a session ended.
pub const fn session_end(how: SessionEnd) -> &'static str {
    match how {
        SessionEnd::Logout => "The customer was logged out",
        SessionEnd::Revoked => "The session was ended from elsewhere",
        SessionEnd::TimedOut => "The session's time was over",
        SessionEnd::Idle => "The session ended since nobody used it",
    }
}

/// What was proven.
pub const fn factor(factor: Factor) -> &'static str {
    match factor {
        Factor::ContactConfirmed => "reads the email address on file",
        Factor::Sms => "holds the phone on file",
        Factor::Whatsapp => "reads the WhatsApp of the phone number on file",
    }
}

/// Why a name does not mean one customer; none where it does.
pub fn identified(identified: &ExactMatch) -> Option<String> {
    match identified {
        ExactMatch::One(_) => None,
        ExactMatch::Nobody => Some(
            "No customer has this account number, email address or phone number. \
             Search by a part of the name to find them."
                .into(),
        ),
        ExactMatch::Several(customers) => Some(format!(
            "{} customers share this contact: {}. Give the account number.",
            customers.len(),
            customers
                .iter()
                .take(5)
                .map(|customer| customer.account_no.as_str())
                .chain((customers.len() > 5).then_some("…"))
                .collect::<Vec<_>>()
                .join(", "),
        )),
    }
}

/// Why the desk could not act at all, and what helps.
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

/// Why the store could not act, and what helps.
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

/// Why the store is lost, to somebody whose work waits for it.
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

/// The outcome that scripts and logs see where the desk could not act; none
/// where the program itself is at fault.
pub const fn error_outcome(error: &DeskError) -> Option<Outcome> {
    match error {
        DeskError::Store(StoreError::ReadOnly) => Some(Outcome::Forbidden),
        DeskError::Store(_) => Some(Outcome::Unavailable),
        DeskError::Forbidden { .. } => Some(Outcome::Forbidden),
        DeskError::Random(_) | DeskError::Keys(_) | DeskError::Tray(_) | DeskError::WrongAnswer => {
            None
        }
    }
}

/// `in 23 seconds`, or `at 10:42` where it takes longer.
pub fn wait(until: Timestamp, now: Timestamp, clock: Clock<'_>) -> String {
    let left = until.since(now);
    if left >= SOON {
        return format!("at {}", clock(until));
    }
    // Rounded up: told "in 1 second", nobody comes back half a second early.
    match left.as_millis().div_ceil(1_000) {
        0 => "now".into(),
        1 => "in 1 second".into(),
        seconds => format!("in {seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::Channel;
    use crate::domain::customer::CustomerId;
    use crate::domain::delivery::{Delivery, DeliveryId, DeliveryState};
    use crate::domain::request::{Reference, RequestId};
    use crate::service::ports::verification::SupersededCode;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn clock(moment: Timestamp) -> String {
        moment.to_utc().format("%H:%M").to_string()
    }

    fn request(status: Status, attempts: u32) -> Request {
        Request {
            id: RequestId::from_bits(1),
            customer: CustomerId(1),
            purpose: "pay bill".into(),
            channel: Channel::Sms,
            contact: "+4**********12".into(),
            reference: Reference::from_store("M3T"),
            generation: 1,
            status,
            created_at: at(642),
            sent_at: at(642),
            expires_at: at(647),
            resend_at: at(643),
            attempts,
            max_attempts: 5,
            delivery: Delivery {
                id: DeliveryId(1),
                provider: "tray".into(),
                by_fallback: false,
                state: DeliveryState::Sent,
                provider_id: None,
                detail: None,
                updated_at: at(642),
            },
        }
    }

    fn refused(outcome: Outcome, status: Status, attempts: u32) -> RefusedCode {
        let request = request(status, attempts);
        RefusedCode { outcome, request, retired: None, customer_locked: false }
    }

    #[test]
    fn each_refused_code_says_what_happened_and_what_helps() {
        let said = |refused: &RefusedCode| refused_code(refused, &clock);
        let wrong = refused(Outcome::Wrong, Status::Open, 1);
        assert_eq!(said(&wrong), "That code is wrong. 4 tries are left.");
        let last = refused(Outcome::Wrong, Status::Open, 4);
        assert_eq!(said(&last), "That code is wrong. 1 try is left.");
        let retired = SupersededCode { reference: Reference::from_store("K7Q"), sent_at: at(641) };
        let older =
            RefusedCode { retired: Some(retired), ..refused(Outcome::Superseded, Status::Open, 1) };
        assert_eq!(
            said(&older),
            "That is an older code (reference K7Q, sent 10:41). \
             Ask for the one with reference M3T. 4 tries are left."
        );
        let expired = refused(Outcome::Expired, Status::Expired, 0);
        assert_eq!(said(&expired), "This code worked until 10:47. Send a new one.");
        let cancelled = refused(Outcome::Superseded, Status::Cancelled, 0);
        assert!(said(&cancelled).starts_with("This code was withdrawn by a clerk, or because"));
        let locked = refused(Outcome::Locked, Status::Locked, 5);
        assert!(said(&locked).contains("this request is locked"));
        let customer = RefusedCode { customer_locked: true, ..locked };
        assert!(said(&customer).contains("This customer is locked"));
        assert!(said(&refused(Outcome::Used, Status::Verified, 1)).contains("works once"));
    }

    #[test]
    fn a_short_wait_is_told_in_seconds_and_a_long_one_by_the_clock() {
        let now = at(600);
        assert_eq!(wait(now.plus(Duration::from_millis(22_100)), now, &clock), "in 23 seconds");
        assert_eq!(wait(now.plus(Duration::from_millis(10)), now, &clock), "in 1 second");
        assert_eq!(wait(now, now, &clock), "now");
        assert_eq!(wait(at(642), now, &clock), "at 10:42");
    }

    #[test]
    fn a_limit_says_when_to_try_again() {
        let limited = Refusal {
            outcome: Outcome::Limited,
            reason: "A code was sent to this contact a moment ago.".into(),
            request: None,
            retry_at: Some(at(600).plus(Duration::from_secs(30))),
            quarantine: None,
        };
        assert_eq!(
            refusal(&limited, at(600), &clock),
            "A code was sent to this contact a moment ago. Try again in 30 seconds."
        );
    }

    #[test]
    fn a_changed_contact_says_until_when_and_what_else_there_is() {
        let quarantine = Quarantine {
            kind: ContactKind::Email,
            changed_at: at(600),
            until: at(600 + 1_440),
            other_until: None,
        };
        let said = |quarantine: Quarantine, instead: &[Channel], now: i64| {
            let told = Refusal {
                outcome: Outcome::Limited,
                reason: "The log says this.".into(),
                request: None,
                retry_at: Some(quarantine.until),
                quarantine: Some(QuarantinedContact { quarantine, instead: instead.to_vec() }),
            };
            refusal(&told, at(now), &clock)
        };
        assert_eq!(
            said(quarantine, &[Channel::Sms, Channel::Whatsapp], 600 + 180),
            "This email address was changed 3 hours ago, at 10:00. It gets no code until 10:00, in \
             21 hours: use SMS or WhatsApp, or ask an admin."
        );
        let alone = said(quarantine, &[], 600 + 1);
        assert!(
            alone.contains("1 minute ago") && alone.ends_with("hours: ask an admin."),
            "{alone}"
        );
        assert_eq!(
            said(quarantine, &[], 600 + 1_440),
            "The wait after the change of the email address is over. Try again now."
        );
        let both = Quarantine { other_until: Some(at(600 + 60)), ..quarantine };
        assert_eq!(
            said(both, &[], 600 + 30),
            "This email address was changed 30 minutes ago, at 10:00, and the phone number was \
             changed too. Neither gets a code until 11:00, in 30 minutes: ask an admin."
        );
    }
}
