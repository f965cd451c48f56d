//! What came of an act that takes a reason or a second admin.

use crate::domain::approval::GuardedAct;
use crate::domain::contact::ContactKind;
use crate::domain::flag::{CustomerFlag, Flag};
use crate::domain::outcome::Outcome;
use crate::service::approvals::{ApprovalOutcome, RefusalOutcome};
use crate::service::customers::disown::{Disowned, DisownedVerification};
use crate::service::messages::{Clock, factors_in_words};

/// What came of lifting a customer's lockout.
pub fn unlocked(name: &str, was_locked: bool) -> String {
    if was_locked {
        format!("{name} may be sent a new code.")
    } else {
        format!("{name} has no wrong codes to forgive.")
    }
}

/// What came of confirming a changed contact.
pub fn confirmed(name: &str, kind: ContactKind, waited: bool) -> String {
    let label = kind.label();
    if waited {
        format!("Codes can go to the {label} of {name} from now on.")
    } else {
        format!("No changed {label} of {name} waits to be confirmed.")
    }
}

/// That a contact was verified at a sign-up.
pub fn contact_verified(kind: ContactKind) -> String {
    format!("The {} is verified. No session was opened.", kind.label())
}

/// That a flag was set, and what it does; `until` where it ends by itself.
pub fn flag_set(name: &str, flag: Flag, until: Option<&str>) -> String {
    let until = until.map_or_else(String::new, |it| format!(" until {it}"));
    format!("{name} is marked \"{}\"{until}. {}", flag.label(), flag.effect())
}

/// What came of lifting a flag.
pub fn flag_lifted(name: &str, flag: Flag, was_set: bool) -> String {
    if was_set {
        format!("{name} is not marked \"{}\" any more.", flag.label())
    } else {
        format!("{name} was not marked \"{}\".", flag.label())
    }
}

/// What came of disowning a verification: what was ended.
pub fn disowned(it: &Disowned) -> String {
    let of = format!("{} ({})", it.name, it.account_no);
    if it.is_repeated {
        return format!("{of} is on hold for this already, and nothing was left to end.");
    }
    let (sessions, codes) = (it.sessions.len(), it.codes);
    format!(
        "{of} is on hold. Sessions ended: {sessions}; codes cancelled: {codes}. The incident is in \
         the log."
    )
}

/// What a verification was that was disowned.
pub fn disowned_verification(it: &DisownedVerification, clock: Clock<'_>) -> String {
    let (Some(by), Some(at)) = (&it.by, it.at) else {
        return format!("Nobody was verified by it, for \"{}\".", it.purpose);
    };
    let proven = it.factors.as_ref().map(factors_in_words).unwrap_or_default();
    let who = it.representative.as_ref();
    let who = who.map_or_else(String::new, |it| format!(" {it}, a representative,"));
    format!(
        "{} at counter {} verified{who} for \"{}\" ({proven}) at {}.",
        by.clerk,
        by.counter,
        it.purpose,
        clock(at)
    )
}

/// The entry's request is gone.
pub const NOTHING_TO_DISOWN: &str = "There is no such verification any more.";

/// An incident was filed.
pub const INCIDENT_FILED: &str = "The incident is in the log, with your name and the customer in view. It stops nothing by \
     itself: call an admin if something has to be stopped.";

/// A flag of a customer as screens show it; `until` says until when it holds.
pub fn flag(it: &CustomerFlag, clock: Clock<'_>) -> String {
    let until = it.until.map_or_else(String::new, |at| format!(", until {}", clock(at)));
    let (label, by) = (it.flag.label(), &it.set_by.clerk);
    format!("{label}: {} ({by}{until}). {}", it.reason, it.flag.effect())
}

/// That a customer's record lacks a contact.
pub fn no_contact(name: &str, kind: ContactKind) -> String {
    format!("{name} has no {} on file.", kind.label())
}

/// What came of an approval; of one that did not come about, how it ended too. None where
/// there is no such act.
pub fn approval(outcome: &ApprovalOutcome, clock: Clock<'_>) -> Option<(Option<Outcome>, String)> {
    Some(match outcome {
        ApprovalOutcome::NotFound => return None,
        ApprovalOutcome::CarriedOut { approval, changed } => {
            let done = if approval.act == GuardedAct::Vouch {
                "The counter that asked goes on with it, if it still waits."
            } else if *changed {
                "It is done."
            } else {
                "There was nothing to do any more."
            };
            let text = format!("{}, as {} asked. {done}", approval.target, approval.asked_by.clerk);
            (None, text)
        }
        ApprovalOutcome::Expired(it) => {
            let until = clock(it.expires_at);
            let text =
                format!("{} could be approved until {until}. Have it asked for again.", it.id);
            (Some(Outcome::Expired), text)
        }
        ApprovalOutcome::Yourself(it) => {
            let text = format!("You asked for {} yourself. Another admin approves it.", it.id);
            (Some(Outcome::Forbidden), text)
        }
        ApprovalOutcome::ByAnother(it) => {
            let by = it.approved_by.as_deref().unwrap_or_default();
            (Some(Outcome::Used), format!("{by} approved {} before.", it.id))
        }
        ApprovalOutcome::AskerMayNot(it) => {
            let asker = &it.asked_by.clerk;
            let text = format!("{asker}, who asked for {}, may not any more.", it.id);
            (Some(Outcome::Forbidden), text)
        }
    })
}

/// What came of refusing an act that waits; none where there is no such act.
pub fn refused_approval(outcome: &RefusalOutcome) -> Option<(Option<Outcome>, String)> {
    Some(match outcome {
        RefusalOutcome::NotFound => return None,
        RefusalOutcome::Refused(it) => {
            (None, format!("{}, as {} asked, is not done.", it.target, it.asked_by.clerk))
        }
        RefusalOutcome::Approved(it) => {
            let by = it.approved_by.as_deref().unwrap_or_default();
            (Some(Outcome::Used), format!("{by} approved {} before.", it.id))
        }
    })
}
