//! Sentences about authenticators and backup codes.

use crate::domain::backup_code::FEW;
use crate::domain::customer_factor::{CustomerFactors, FactorKind};
use crate::domain::document::DocumentFault;
use crate::domain::outcome::Outcome;
use crate::service::factors::document::DocumentSeen;
use crate::service::factors::{
    FactorRefusal, FactorVerification, NumberedCode, RefusedFactor, WrongFirstCode,
};
use crate::service::messages::sessions::session_open;
use crate::service::messages::{CUSTOMER_LOCKED, CUSTOMER_LOCKED_HELP, Clock};
use crate::service::ports::factors::ClockFault;

/// An authenticator was enrolled.
pub const TOTP_ENROLLED: &str =
    "The authenticator is enrolled. From its next code on it verifies the customer.";

/// An authenticator was removed.
pub const TOTP_REMOVED: &str = "The authenticator is removed: its codes verify nobody any more.";

/// Before backup codes are handed over.
pub const BACKUP_CODES_ONCE: &str = "These codes are shown this once. Each works once, at the \
     counter only. Give them to the customer on paper.";

/// What a customer has enrolled.
pub fn factors(factors: &CustomerFactors, clock: Clock<'_>) -> String {
    let totp = match factors.totp_since {
        Some(since) => format!("An authenticator is enrolled since {}.", clock(since)),
        None => "No authenticator is enrolled.".into(),
    };
    let codes = match &factors.backup_codes {
        Some(codes) => format!(
            "Backup codes were made {}; {}",
            clock(codes.made_at),
            codes_left(codes.left.len())
                .unwrap_or_else(|| format!("{} are left.", codes.left.len()))
        ),
        None => "There are no backup codes.".into(),
    };
    format!("{totp} {codes}")
}

/// How few backup codes are left; none where there are enough.
pub fn codes_left(left: usize) -> Option<String> {
    match left {
        0 => Some("no backup code is left. Make new ones.".into()),
        1 => Some("1 backup code is left. Make new ones.".into()),
        left if left <= FEW => Some(format!("{left} backup codes are left. Make new ones.")),
        _ => None,
    }
}

/// What came of a code of an authenticator, or of a backup code.
pub fn factor_verification(verification: &FactorVerification, clock: Clock<'_>) -> String {
    match verification {
        FactorVerification::Verified(verified) => {
            let verified_until = session_open(&verified.session, clock);
            match verified.codes_left.and_then(codes_left) {
                Some(few) => format!("{verified_until} Only for the next time: {few}"),
                None => verified_until,
            }
        }
        FactorVerification::Refused(refused) => refused_factor(refused, clock),
        FactorVerification::Malformed(FactorKind::Totp) => {
            "The code of an authenticator has 6 digits; nothing was counted.".into()
        }
        FactorVerification::Malformed(FactorKind::BackupCodes) => {
            "Give the number of the backup code, then its ten letters and digits, such as \
             3 K7Q29-XBM4T; nothing was counted."
                .into()
        }
        FactorVerification::NotEnrolled(FactorKind::Totp) => {
            "This customer has enrolled no authenticator. Send a code instead.".into()
        }
        FactorVerification::NotEnrolled(FactorKind::BackupCodes) => {
            "This customer has no backup codes. Send a code instead.".into()
        }
        FactorVerification::NoSuchPurpose(refusal) => refusal.reason.clone(),
    }
}

fn refused_factor(refused: &RefusedFactor, clock: Clock<'_>) -> String {
    if let Some(until) = refused.clerk_waits_until {
        return format!(
            "You have entered all the wrong codes that a clerk may enter in an hour. This code was \
             not looked at. Try again at {}, or let another clerk enter it.",
            clock(until)
        );
    }
    let wrong = match (refused.kind, refused.outcome, refused.clock) {
        (_, Outcome::Locked, _) => String::new(),
        (_, _, Some(fault)) => format!("That code is not taken. {}", wrong_clock(fault, clock)),
        (FactorKind::Totp, Outcome::Used, _) => {
            "This code was used before. Wait until the authenticator shows its next one.".into()
        }
        (FactorKind::Totp, ..) => {
            "That code is wrong. Enter the one that the authenticator shows now.".into()
        }
        (FactorKind::BackupCodes, Outcome::Used, _) => {
            "This backup code was used before; each works once. Take another one.".into()
        }
        (FactorKind::BackupCodes, ..) => {
            "That is no backup code of this customer. Look whether its number is the right one, \
             and whether newer codes were made since."
                .into()
        }
    };
    if !refused.customer_locked {
        return wrong;
    }
    format!("{wrong} {CUSTOMER_LOCKED} {CUSTOMER_LOCKED_HELP}").trim_start().to_owned()
}

/// The clock of an authenticator, and ours.
fn wrong_clock(fault: ClockFault, clock: Clock<'_>) -> String {
    let minutes = fault.ahead.unsigned_abs().div_ceil(60);
    let by = if minutes == 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
    let way = if fault.ahead > 0 { "fast" } else { "slow" };
    format!(
        "The clock of the phone is about {by} {way}: here it is {}. Let the phone set its time by \
         itself, then take the code that it shows.",
        clock(fault.now)
    )
}

/// Why the first code did not enrol the authenticator.
pub fn wrong_first_code(wrong: &WrongFirstCode, clock: Clock<'_>) -> String {
    match wrong.clock {
        Some(fault) => wrong_clock(fault, clock),
        None => {
            "That is not the code that it shows now. Wait for its next one, and look whether the \
             clock of the phone is right."
                .into()
        }
    }
}

/// Why nothing of a customer's factors was changed.
pub const fn factor_refusal(refusal: FactorRefusal) -> &'static str {
    match refusal {
        FactorRefusal::SessionOver => "The customer's session is over. Verify the customer again.",
        FactorRefusal::TooWeak => {
            "For this the customer has to be verified by SMS, by an authenticator or by a backup \
             code: what is enrolled here proves as much. Log the customer out, and verify again."
        }
        FactorRefusal::Enrolled(FactorKind::Totp) => {
            "An authenticator is enrolled already. Replace it, or remove it."
        }
        FactorRefusal::Enrolled(FactorKind::BackupCodes) => {
            "This customer has backup codes. New ones take their place: those on the customer's \
             paper stop working."
        }
        FactorRefusal::NotEnrolled(FactorKind::Totp) => "No authenticator is enrolled.",
        FactorRefusal::NotEnrolled(FactorKind::BackupCodes) => "There are no backup codes.",
        FactorRefusal::Meanwhile => {
            "Another counter changed this at the same moment. Look how it stands now."
        }
    }
}

/// Why a document proves nothing.
pub fn document_fault(fault: &DocumentFault) -> String {
    let why = fault.to_string();
    let mut letters = why.chars();
    let first = letters.next().map(|it| it.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// What came of saying that a document was seen.
pub fn document_seen(seen: &DocumentSeen, clock: Clock<'_>) -> String {
    match seen {
        DocumentSeen::Seen(it) => session_open(&it.session, clock),
        DocumentSeen::Fault(fault) => document_fault(fault),
        DocumentSeen::NotTaken => "A document proves nothing for this purpose.".into(),
        DocumentSeen::NoSuchCustomer => "There is no such customer any more.".into(),
        DocumentSeen::NoSuchPurpose(refusal) => refusal.reason.clone(),
    }
}

/// Backup codes as they are printed, for paper of 32 columns: plain text.
pub fn backup_codes_sheet(office: &str, account_no: &str, codes: &[NumberedCode]) -> String {
    let line = |it: &NumberedCode| format!("{:>4}  {}\n", it.number, it.code.0.as_str());
    let lines: String = codes.iter().map(line).collect();
    format!(
        "{office}\nBackup codes, account {account_no}\n\n{lines}\nEach works once, only at our\n\
         counter. Keep this paper safe.\nWe never ask for a code by\nphone or email.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn clock(at: Timestamp) -> String {
        at.to_utc().format("%H:%M").to_string()
    }

    #[test]
    fn the_clock_is_named_as_the_reason_with_our_time() {
        let now = Timestamp::from_millis(14 * 3_600_000 + 32 * 60_000);
        let refused = |ahead| RefusedFactor {
            kind: FactorKind::Totp,
            outcome: Outcome::Wrong,
            customer_locked: false,
            clerk_waits_until: None,
            clock: Some(ClockFault { ahead, now }),
        };
        let said = |ahead| refused_factor(&refused(ahead), &clock);
        assert!(said(240).contains("about 4 minutes fast: here it is 14:32."), "{}", said(240));
        assert!(said(-60).contains("about a minute slow: here it is 14:32."), "{}", said(-60));
        let locked = RefusedFactor {
            outcome: Outcome::Locked,
            customer_locked: true,
            clock: None,
            ..refused(0)
        };
        assert!(refused_factor(&locked, &clock).starts_with("This customer is locked"));
    }

    #[test]
    fn security_11_two_left_are_said() {
        assert_eq!(codes_left(3), None);
        assert_eq!(codes_left(2).as_deref(), Some("2 backup codes are left. Make new ones."));
        assert_eq!(codes_left(0).as_deref(), Some("no backup code is left. Make new ones."));
    }
}
