//! Verifying a contact at sign-up: a code goes to it, and whoever reads it out has shown that it
//! reaches them. Such a code proves nothing else: its purpose is one that no session serves for,
//! and the code is bound to it.

use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::customer::CustomerId;
use crate::domain::purpose::Purpose;
use crate::domain::time::Timestamp;

/// The purpose of the codes of a sign-up, as it stands in the message. No purpose of the office's
/// can have this name.
pub const SIGN_UP: &str = "check of your contact";

/// Whether a purpose is that of a sign-up.
pub fn is_sign_up(purpose: &str) -> bool {
    purpose.trim().eq_ignore_ascii_case(SIGN_UP)
}

/// The purpose of a sign-up.
pub fn sign_up() -> Purpose {
    Purpose::from(SIGN_UP)
}

/// That a contact was never verified, where the policy takes verified ones alone.
pub fn never_verified(kind: ContactKind) -> String {
    let kind = kind.label();
    format!("The {kind} never was verified, and this office takes verified contacts alone.")
}

/// Which contacts may prove who the customer is.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum VerifiedContacts {
    /// Any on file.
    #[default]
    Any,
    /// Those alone that were verified at a sign-up.
    Required,
}

impl VerifiedContacts {
    /// Whether a code may go to a contact that was verified, or was not, for a purpose.
    pub fn allows(self, is_verified: bool, purpose: &str) -> bool {
        self == Self::Any || is_verified || is_sign_up(purpose)
    }
}

/// A contact that was verified at a sign-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedContact {
    pub customer: CustomerId,
    pub contact: Contact,
    pub at: Timestamp,
    /// How its code went.
    pub channel: Channel,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_16_a_contact_that_never_was_verified_proves_nothing_where_the_policy_says_so() {
        for (policy, is_verified, purpose, allowed) in [
            (VerifiedContacts::Any, false, "pay a bill", true),
            (VerifiedContacts::Any, true, "pay a bill", true),
            (VerifiedContacts::Required, false, "pay a bill", false),
            (VerifiedContacts::Required, true, "pay a bill", true),
            (VerifiedContacts::Required, false, SIGN_UP, true),
            (VerifiedContacts::Required, false, "CHECK of your contact ", true),
        ] {
            let found = policy.allows(is_verified, purpose);
            assert_eq!(found, allowed, "{policy:?} {is_verified} {purpose}");
        }
        assert!(SIGN_UP.chars().count() <= 40, "a message has room for it");
    }
}
