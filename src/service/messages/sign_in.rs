//! Sentences about signing in.

use crate::domain::sign_in::password::PasswordFault;
use crate::service::messages::Clock;
use crate::service::ports::EarlierSignIns;

/// Whatever was wrong.
pub const SIGN_IN_REFUSED: &str = "That did not work: the name, the password or the code is wrong, or there were too many \
     attempts. After five wrong ones each further attempt has to wait, up to 15 minutes. An admin \
     can give a new set-up code.";

/// After a wrong code while an authenticator is enrolled.
pub const WRONG_FIRST_CODE: &str = "That is not the code it shows now. Wait for its next one, and look that the clock of the \
     authenticator is right.";

/// The two writings of a new password differ.
pub const PASSWORDS_DIFFER: &str = "The two are not the same. Type the new password twice.";

/// Why a new password cannot be one, and what helps.
pub fn password_fault(fault: PasswordFault) -> String {
    let help = match fault {
        PasswordFault::TooShort | PasswordFault::TooLong => "Any characters will do.",
        PasswordFault::Common | PasswordFault::Guessable => "Some words in a row make a good one.",
    };
    format!("This cannot be the password: {fault}. {help}")
}

/// What somebody is told who signs in: when they did before, and what went wrong since.
pub fn earlier_sign_ins(earlier: &EarlierSignIns, clock: Clock<'_>) -> String {
    let last = match (earlier.signed_in_at, &earlier.counter) {
        (Some(at), Some(counter)) => format!("Last sign-in: {} at {counter}.", clock(at)),
        (Some(at), None) => format!("Last sign-in: {}.", clock(at)),
        (None, _) => "This is your first sign-in.".into(),
    };
    let failed = match (earlier.failures, earlier.failed_at) {
        (0, _) => return last,
        (1, Some(at)) => format!("One attempt failed since, {}.", clock(at)),
        (many, Some(at)) => format!("{many} attempts failed since, the last {}.", clock(at)),
        (many, None) => format!("{many} attempts failed since."),
    };
    format!("{last} {failed} If that was not you, tell an admin.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn security_32_whoever_signs_in_is_told_of_the_failures_since() {
        let clock = |at: Timestamp| at.to_utc().format("%H:%M").to_string();
        let at = |minute: i64| Some(Timestamp::from_millis(minute * 60_000));
        let mut earlier = EarlierSignIns::default();
        assert_eq!(earlier_sign_ins(&earlier, &clock), "This is your first sign-in.");
        earlier.signed_in_at = at(600);
        earlier.counter = Some("front desk pts/3".into());
        let sentence = earlier_sign_ins(&earlier, &clock);
        assert_eq!(sentence, "Last sign-in: 10:00 at front desk pts/3.");
        earlier.failures = 3;
        earlier.failed_at = at(610);
        let sentence = earlier_sign_ins(&earlier, &clock);
        assert!(
            sentence.ends_with(
                "3 attempts failed since, the last 10:10. If that was not you, tell an admin."
            ),
            "{sentence}"
        );
    }
}
