//! Why something failed, worded twice: for the clerk, with a customer at the counter, and for the
//! admin, who can change the configuration.

use serde::{Deserialize, Serialize};

/// Ends a clerk's sentence if only an admin can help.
const TELL_AN_ADMIN: &str = "Tell an admin.";

/// Why something failed, in one or two sentences for each reader. Both are for screens: they
/// contain no code, no password and no unmasked contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// What happened and what a clerk can do about it. It names no configuration key.
    pub for_clerk: String,
    /// The same, with what only an admin can do about it.
    pub for_admin: String,
    /// The path of the configuration key that it is about, such as `email.host`. For logs and
    /// programs; the store does not keep it.
    pub key: Option<String>,
}

impl Explanation {
    /// The same text for both.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { for_clerk: text.clone(), for_admin: text, key: None }
    }

    /// What happened, for both, with advice for the admin. `quoted` is the peer's reply, masked,
    /// for both.
    pub fn with_advice(what: &str, advice: &str, quoted: Option<&str>) -> Self {
        let quoted = quoted.map(|said| format!("({said})"));
        let quoted = quoted.as_deref().unwrap_or_default();
        Self {
            for_clerk: joined([what, quoted, TELL_AN_ADMIN]),
            for_admin: joined([what, advice, quoted]),
            key: None,
        }
    }

    /// Restores a stored explanation. Rows of older versions have only one text, which may be meant
    /// for an admin, so the clerk gets a general sentence.
    pub fn stored(for_admin: Option<String>, for_clerk: Option<String>) -> Option<Self> {
        let for_admin = for_admin?;
        let for_clerk = for_clerk.unwrap_or_else(|| WRITTEN_BY_AN_OLDER_VERSION.to_owned());
        Some(Self { for_clerk, for_admin, key: None })
    }

    /// Sets the configuration key.
    #[must_use]
    pub fn about(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

/// The clerk's sentence for a row that has only the admin's text.
const WRITTEN_BY_AN_OLDER_VERSION: &str = "The log says why.";

impl From<&str> for Explanation {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}

impl From<String> for Explanation {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

fn joined<const COUNT: usize>(parts: [&str; COUNT]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clerk_is_spared_what_only_an_admin_can_do() {
        let explained = Explanation::with_advice(
            "The mail server refused the login.",
            "Check username and password in [email].",
            Some("535 5.7.8 user@host: no [AUTH]. Sorry"),
        );
        assert_eq!(
            explained.for_clerk,
            "The mail server refused the login. (535 5.7.8 user@host: no [AUTH]. Sorry) Tell an \
             admin."
        );
        assert_eq!(
            explained.for_admin,
            "The mail server refused the login. Check username and password in [email]. (535 \
             5.7.8 user@host: no [AUTH]. Sorry)"
        );
    }

    #[test]
    fn what_an_older_version_wrote_is_for_admins() {
        let old = Explanation::stored(Some("Set username in [email].".into()), None);
        let old = old.expect("an explanation");
        assert_eq!(old.for_clerk, WRITTEN_BY_AN_OLDER_VERSION);
        assert_eq!(old.for_admin, "Set username in [email].");
        assert_eq!(Explanation::stored(None, Some("x".into())), None);
    }
}
