//! Why something did not work, said twice: to the clerk, with a customer at the counter, and
//! to the admin, who can change the configuration.

use serde::{Deserialize, Serialize};

/// What stands behind a clerk's sentence where only an admin can help.
const TELL_AN_ADMIN: &str = "Tell an admin.";

/// Why something did not work, in one sentence or two for each reader. Both are for the
/// screen: they hold no code, no password and no contact in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// What happened, and what a clerk can do about it. It names no part of the
    /// configuration.
    pub for_clerk: String,
    /// The same, with what only an admin can do about it.
    pub for_admin: String,
    /// The path of the configuration key that it is about, `email.host`, where it is about
    /// one. It is for logs and programs; the store does not keep it.
    pub key: Option<String>,
}

impl Explanation {
    /// The same for both.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { for_clerk: text.clone(), for_admin: text, key: None }
    }

    /// What happened, for both, and what an admin can do about it. `quoted` is what the
    /// other side said, for both too.
    pub fn with_advice(what: &str, advice: &str, quoted: Option<&str>) -> Self {
        let quoted = quoted.map(|said| format!("({said})"));
        let quoted = quoted.as_deref().unwrap_or_default();
        Self {
            for_clerk: joined([what, quoted, TELL_AN_ADMIN]),
            for_admin: joined([what, advice, quoted]),
            key: None,
        }
    }

    /// As the store keeps it: the text for the admin, and the one for the clerk, which rows
    /// of older versions do not have. What those wrote may be for an admin only.
    pub fn stored(for_admin: Option<String>, for_clerk: Option<String>) -> Option<Self> {
        let for_admin = for_admin?;
        let for_clerk = for_clerk.unwrap_or_else(|| WRITTEN_BY_AN_OLDER_VERSION.to_owned());
        Some(Self { for_clerk, for_admin, key: None })
    }

    /// The same about a configuration key.
    #[must_use]
    pub fn about(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

/// For the clerk, where a row has only the admin's text.
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
