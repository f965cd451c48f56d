//! Sentences for people about what the desk did, in one place, so that the interface and
//! the command line say the same.
//!
//! Each failure says what happened and what helps. The functions are pure: the store's time
//! is given as `now`, and `clock` formats a moment as the reader's wall clock shows it
//! (`10:42`). They name no key of the interface, since the command line uses them too.

mod acts;
pub(super) mod deliveries;
mod factors;
mod pads;
mod sessions;
mod shipping;
mod sign_in;
mod store_errors;
mod waits;

pub use crate::service::delivery::outcome::delivery_outcome;
pub use crate::service::messages::acts::{
    INCIDENT_FILED, NOTHING_TO_DISOWN, approval, confirmed, contact_verified, disowned,
    disowned_verification, flag, flag_lifted, flag_set, no_contact, refused_approval, unlocked,
};
pub use crate::service::messages::deliveries::{
    ASK_FIRST, delivery, elsewhere, shared_contact, span, spread, state,
};
pub use crate::service::messages::factors::{
    BACKUP_CODES_ONCE, TOTP_ENROLLED, TOTP_REMOVED, backup_codes_sheet, codes_left, document_fault,
    document_seen, factor_refusal, factor_verification, factors, wrong_first_code,
};
pub use crate::service::messages::pads::{PAD_LIMITED, entered_at_pad};
pub use crate::service::messages::sessions::{
    NO_SUCH_SESSION, amount_due, factor, factor_label, factors_in_words, missing, session,
    session_end,
};
pub use crate::service::messages::shipping::{
    ShippingState, shipping, shipping_lag, shipping_state,
};
pub use crate::service::messages::sign_in::{
    PASSWORDS_DIFFER, SIGN_IN_REFUSED, WRONG_FIRST_CODE, earlier_sign_ins, password_fault,
};
pub use crate::service::messages::store_errors::{desk_error, error_outcome, lost, store_error};
pub use crate::service::messages::waits::{contact_waits, wait};
pub use crate::service::verification::lockout::CUSTOMER_LOCKED;

use crate::domain::code::CodeFormatError;
use crate::domain::event::Actor;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, Status};
use crate::domain::time::Timestamp;
use crate::service::customers::lookup::ExactMatch;
use crate::service::messages::sessions::session_open;
use crate::service::messages::waits::quarantined;
use crate::service::ports::NoCustomers;
use crate::service::verification::request::Refusal;
use crate::service::verification::verify::{RefusedCode, Verification};

/// Formats a moment as the reader's wall clock shows it.
pub type Clock<'a> = &'a dyn Fn(Timestamp) -> String;

/// Why no code was sent, and when it may be tried again.
pub fn refusal(refusal: &Refusal, now: Timestamp, clock: Clock<'_>) -> String {
    if let Some(waiting) = &refusal.quarantine {
        return quarantined(waiting, now, clock);
    }
    let help = match (refusal.outcome, refusal.retry_at) {
        (_, Some(at)) => format!("Try again {}.", wait(at, now, clock)),
        (Outcome::NoContact, None) => {
            format!("Choose another channel, or correct the customer's record first. {CORRECTED}")
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

/// That a customer is being verified elsewhere, and that going on is possible.
pub fn verified_elsewhere(open: &Request, clock: Clock<'_>) -> String {
    let Actor { clerk, counter } = &open.asked_by;
    format!(
        "{clerk} at counter {counter} is verifying this customer: a code was sent at {}. A new one \
         ends it; the log says who did.",
        clock(open.sent_at)
    )
}

/// Where a customer's record is corrected.
pub const CORRECTED: &str =
    "Records are corrected in the office's billing program, or with countersign customers import.";

/// What helps where the customer is locked.
pub const CUSTOMER_LOCKED_HELP: &str = "It holds at every counter until an admin lifts it.";

/// Why a code was not accepted, and what helps.
pub fn refused_code(refused: &RefusedCode, clock: Clock<'_>) -> String {
    let request = &refused.request;
    if let Some(until) = refused.clerk_waits_until {
        return format!(
            "You have entered all the wrong codes that a clerk may enter in an hour. This code was \
             not looked at. Try again at {}, or let another clerk enter it.",
            clock(until)
        );
    }
    match (refused.outcome, &refused.superseded) {
        (outcome, _) if refused.customer_locked => {
            let wrong = if outcome == Outcome::Locked { "" } else { "That code is wrong. " };
            format!("{wrong}{CUSTOMER_LOCKED} {CUSTOMER_LOCKED_HELP}")
        }
        (Outcome::Superseded, Some(superseded)) => format!(
            "That is an older code (reference {}, sent {}). Ask for the one with reference {}. {}",
            superseded.reference,
            clock(superseded.sent_at),
            request.reference,
            tries_left(request.attempts_left()),
        ),
        (outcome, _) => closed_code(outcome, request, clock),
    }
}

fn closed_code(outcome: Outcome, request: &Request, clock: Clock<'_>) -> String {
    match outcome {
        Outcome::Superseded if request.status == Status::Cancelled => {
            "This code was cancelled by a clerk, or because the customer's contact was changed; the \
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

/// Why a text cannot be a code.
pub fn malformed(malformed: CodeFormatError) -> String {
    match malformed {
        CodeFormatError::NotDigits => "A code has digits only. No try was counted.".into(),
        CodeFormatError::Length { expected, found } => {
            format!("A code has {expected} digits, this has {found}. No try was counted.")
        }
    }
}

/// What came of entering a code.
pub fn verification(verification: &Verification, clock: Clock<'_>) -> String {
    match verification {
        Verification::Verified(verified) => session_open(&verified.session, clock),
        Verification::ContactVerified(request) => contact_verified(request.channel.contact_kind()),
        Verification::Refused(refused) => refused_code(refused, clock),
        Verification::Malformed(reason) => malformed(*reason),
        Verification::NoSuchRequest => NO_SUCH_REQUEST.into(),
    }
}

/// Why nobody can be found, and what helps.
pub const fn no_customers(why: NoCustomers) -> &'static str {
    match why {
        NoCustomers::EmptyStore => {
            "No customers yet: import them with `countersign customers import FILE`."
        }
        NoCustomers::EmptyTable => {
            "No customers yet: the office's own table has none. Fill it, or import them with \
             `countersign customers import FILE`."
        }
    }
}

/// No request has this name.
pub const NO_SUCH_REQUEST: &str =
    "There is no such request. Check its name, or ask for a new code.";

/// `4 tries are left.`
pub fn tries_left(left: u32) -> String {
    match left {
        0 => "No tries are left.".into(),
        1 => "1 try is left.".into(),
        left => format!("{left} tries are left."),
    }
}

/// The status of a request.
pub fn status(request: &Request, clock: Clock<'_>) -> String {
    match request.status {
        Status::Open => format!(
            "Waiting for the code until {}. {}",
            clock(request.expires_at),
            tries_left(request.attempts_left()),
        ),
        Status::Verified => "The customer was verified with this request.".into(),
        Status::Superseded => "A later request replaced it.".into(),
        Status::Expired => format!("Its time was over at {}.", clock(request.expires_at)),
        Status::Locked => "It is locked after too many wrong codes.".into(),
        Status::Cancelled => "It was cancelled; the log says by whom, or why.".into(),
    }
}

/// Why a key does not mean one customer; `None` where it does.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::channel::Channel;
    use crate::domain::contact::ContactKind;
    use crate::domain::customer::CustomerId;
    use crate::domain::delivery::{Delivery, DeliveryId, DeliveryState};
    use crate::domain::event::Actor;
    use crate::domain::request::{Reference, RequestId};
    use crate::service::ports::contact_binding::Quarantine;
    use crate::service::ports::verification::SupersededCode;
    use crate::service::verification::request::QuarantinedContact;

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
            representative: None,
            asked_by: Actor { clerk: "amira".into(), counter: "3".into() },
        }
    }

    fn refused(outcome: Outcome, status: Status, attempts: u32) -> RefusedCode {
        let request = request(status, attempts);
        RefusedCode {
            outcome,
            request,
            superseded: None,
            customer_locked: false,
            clerk_waits_until: None,
        }
    }

    #[test]
    fn each_refused_code_says_what_happened_and_what_helps() {
        let said = |refused: &RefusedCode| refused_code(refused, &clock);
        let wrong = refused(Outcome::Wrong, Status::Open, 1);
        assert_eq!(said(&wrong), "That code is wrong. 4 tries are left.");
        let last = refused(Outcome::Wrong, Status::Open, 4);
        assert_eq!(said(&last), "That code is wrong. 1 try is left.");
        let superseded =
            SupersededCode { reference: Reference::from_store("K7Q"), sent_at: at(641) };
        let older = RefusedCode {
            superseded: Some(superseded),
            ..refused(Outcome::Superseded, Status::Open, 1)
        };
        assert_eq!(
            said(&older),
            "That is an older code (reference K7Q, sent 10:41). \
             Ask for the one with reference M3T. 4 tries are left."
        );
        let expired = refused(Outcome::Expired, Status::Expired, 0);
        assert_eq!(said(&expired), "This code worked until 10:47. Send a new one.");
        let cancelled = refused(Outcome::Superseded, Status::Cancelled, 0);
        assert!(said(&cancelled).starts_with("This code was cancelled by a clerk, or because"));
        let locked = refused(Outcome::Locked, Status::Locked, 5);
        assert!(said(&locked).contains("this request is locked"));
        let customer = RefusedCode { customer_locked: true, ..locked };
        assert!(said(&customer).contains("This customer is locked"));
        assert!(said(&refused(Outcome::Used, Status::Verified, 1)).contains("works once"));
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
            let refused = Refusal {
                outcome: Outcome::Limited,
                reason: "The log says this.".into(),
                request: None,
                retry_at: Some(quarantine.until),
                quarantine: Some(QuarantinedContact { quarantine, instead: instead.to_vec() }),
            };
            refusal(&refused, at(now), &clock)
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
