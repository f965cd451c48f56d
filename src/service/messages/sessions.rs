//! Sentences about sessions, and what a verification proved.

use crate::domain::channel::Factor;
use crate::domain::level::FactorSet;
use crate::domain::purpose::Missing;
use crate::domain::session::{Session, SessionEnd};
use crate::service::messages::Clock;
use crate::service::verification::amount_due::AmountDue;

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
    let (holder, account_no) = (&session.customer_name, &session.account_no);
    let name = &match &session.representative {
        None => holder.clone(),
        Some(it) => format!("{}, who represents {holder}", it.name),
    };
    let until = format!("The session lasts until {}{idle}.", clock(session.expires_at));
    if session.is_reached {
        return format!("{name} ({account_no}) is verified. {until}");
    }
    let proven = factors_in_words(&session.factors);
    let purpose = &session.purpose;
    format!(
        "{name} ({account_no}) is not verified for \"{purpose}\" yet: it takes more than what was \
         proven ({proven}). {until}"
    )
}

/// What was proven, in a clerk's words.
pub fn factors_in_words(factors: &FactorSet) -> String {
    let words: Vec<_> = factors.iter().map(factor_label).collect();
    if words.is_empty() { "nothing".into() } else { words.join(", ") }
}

/// A factor among other words.
pub const fn factor_label(factor: Factor) -> &'static str {
    match factor {
        Factor::ContactConfirmed => "email",
        Factor::Sms => "SMS",
        Factor::Whatsapp => "WhatsApp",
        Factor::Totp => "authenticator",
        Factor::BackupCode => "backup code",
        Factor::Document => "document",
        Factor::SecondPerson => "second person",
    }
}

/// What is still to be proven.
pub const fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::Code => "a code",
        Missing::Strong => "an SMS, an authenticator or a backup code",
        Missing::OtherKind => "a proof of another kind",
        Missing::OtherStrong => "an SMS, an authenticator or a backup code as well",
        Missing::Document => "a document",
        Missing::SecondPerson => "a second clerk who has seen the document",
    }
}

/// The amount that is due on an account.
pub fn amount_due(account_no: &str, due: &AmountDue) -> String {
    match due {
        AmountDue::Due(Some(due)) if due.cents > 0 => format!("Due on {account_no}: {due}."),
        AmountDue::Due(Some(_)) => format!("Nothing is due on {account_no}."),
        AmountDue::Due(None) => format!("What is due on {account_no} is not known here."),
        AmountDue::NoSuchAccount => format!("There is no account {account_no}."),
        AmountDue::TakesProof(level) => {
            format!("That takes a proof ({}): verify the customer.", level.label())
        }
        AmountDue::NoSuchPurpose(refusal) => refusal.reason.clone(),
    }
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
        Factor::Document => "showed a document",
        Factor::SecondPerson => "was approved by a second person",
    }
}
