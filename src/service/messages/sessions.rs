//! Sentences about sessions, and what a verification proved.

use crate::domain::channel::Factor;
use crate::domain::session::{Session, SessionEnd};
use crate::service::messages::Clock;

/// No session has this name.
pub const NO_SUCH_SESSION: &str = "There is no such session. Check its name.";

/// The state of a session.
pub fn session(session: &Session, clock: Clock<'_>) -> String {
    match session.ended {
        // Whoever asks may be the one who ended it.
        Some((at, SessionEnd::Revoked)) => format!("The session was ended at {}.", clock(at)),
        Some((at, how)) => format!("{} at {}.", session_end(how), clock(at)),
        None => session_open(session, clock),
    }
}

pub(super) fn session_open(session: &Session, clock: Clock<'_>) -> String {
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

/// What a factor proves.
pub const fn factor(factor: Factor) -> &'static str {
    match factor {
        Factor::ContactConfirmed => "reads the email address on file",
        Factor::Sms => "holds the phone on file",
        Factor::Whatsapp => "reads the WhatsApp of the phone number on file",
        Factor::Totp => "has the authenticator that was enrolled",
        Factor::BackupCode => "has a backup code that was never used",
    }
}
