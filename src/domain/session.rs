//! Sessions of verified customers.

use std::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::level::{FactorSet, Level};
use crate::domain::public_id::public_id;
use crate::domain::purpose::{Missing, Proven, Purpose};
use crate::domain::representative::StandsHere;
use crate::domain::request::RequestId;
use crate::domain::time::Timestamp;
use crate::domain::word::words;

public_id!(
    /// A session's public id, in the same alphabet as request ids.
    SessionId
);

/// A session's secret token: 256 random bits, new for each verification (ASVS 7.2.3), never printed
/// by `Debug` and never stored.
#[derive(Clone)]
pub struct SessionToken(Zeroizing<[u8; 32]>);

impl SessionToken {
    /// Wraps random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// Parses the output of [`Self::reveal`].
    pub fn parse(typed: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(typed.trim(), bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    /// The stored form: SHA-256 in hexadecimal. A random token of this length needs no key or salt
    /// (ASVS 7.2.4).
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_slice()))
    }

    /// The token in hexadecimal, for the program that asked for it.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum SessionEnd {
    /// The clerk ended it.
    Logout,
    /// Ended by its id, perhaps from another terminal.
    Revoked,
    /// Its maximum duration was over.
    TimedOut,
    /// The idle timeout was reached.
    Idle,
}

words!(SessionEnd, "an end of a session");

/// A session as read from the store, without its token.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub customer: CustomerId,
    pub account_no: String,
    pub customer_name: String,
    /// The request whose code opened it; none where another factor did.
    pub request: Option<RequestId>,
    /// The factor that opened it.
    pub factor: Factor,
    /// All that was proven in it.
    pub factors: FactorSet,
    /// The highest level that was reached in it; it never sinks.
    pub level: Level,
    /// What it is for.
    pub purpose: String,
    /// Whether what was proven is enough for that.
    pub is_reached: bool,
    /// What it was for before, with enough proven.
    pub also_for: Vec<String>,
    /// Whether a contact that several customers share was among what was proven.
    pub shared_contact: bool,
    /// Who stands at the counter in the place of the holder.
    #[serde(default)]
    pub representative: Option<StandsHere>,
    pub clerk: String,
    pub counter: String,
    pub created_at: Timestamp,
    /// The end of its maximum duration.
    pub expires_at: Timestamp,
    /// The end of the idle timeout.
    pub idle_at: Timestamp,
    /// When and how it ended, by the store's clock at the time of reading; `None` while it lasts.
    pub ended: Option<(Timestamp, SessionEnd)>,
}

impl Session {
    /// When it ends by itself.
    pub fn ends_at(&self) -> Timestamp {
        self.expires_at.min(self.idle_at)
    }

    /// Whether it serves for this purpose.
    pub fn serves(&self, purpose: &str) -> bool {
        (self.is_reached && self.purpose == purpose) || self.also_for.iter().any(|it| it == purpose)
    }

    /// Whether it serves for anything.
    pub fn is_verified(&self) -> bool {
        self.is_reached || !self.also_for.is_empty()
    }

    /// What counts for a purpose. A colleague's word is for the purpose for which it was given.
    fn counted_for(&self, purpose: &Purpose) -> FactorSet {
        let is_same = self.purpose == purpose.name;
        self.factors.only(|it| is_same || it != Factor::SecondPerson)
    }

    /// What is still to be proven for a purpose; none where nothing is.
    pub fn missing_for(&self, purpose: &Purpose) -> Option<Missing> {
        if self.serves(&purpose.name) {
            return None;
        }
        let factors = &self.counted_for(purpose);
        purpose.missing(Proven { factors, shared_contact: self.shared_contact })
    }

    /// Whether this factor, by a contact that is shared or not, brings it closer to a purpose.
    pub fn is_helped_by(&self, purpose: &Purpose, factor: Factor, is_shared: bool) -> bool {
        let factors = &self.counted_for(purpose);
        let proven = Proven { factors, shared_contact: self.shared_contact };
        !self.serves(&purpose.name) && purpose.is_helped_by(factor, is_shared, proven)
    }

    /// The session for a purpose, after another factor was proven or none. It never serves for
    /// less than before, and never for longer: the shorter time holds.
    #[must_use]
    pub fn raised(
        &self,
        purpose: &Purpose,
        proven: Option<(Factor, bool)>,
        now: Timestamp,
    ) -> Self {
        let mut session = self.clone();
        let mut counted = self.counted_for(purpose);
        if let Some((factor, is_shared)) = proven {
            counted = counted.with(factor);
            session.factors = session.factors.with(factor);
            session.shared_contact |= is_shared;
            session.level = session.level.max(session.factors.level());
        }
        let shared_contact = session.shared_contact;
        let is_reached = self.serves(&purpose.name)
            || purpose.is_served_by(Proven { factors: &counted, shared_contact });
        if session.is_reached && !is_reached {
            // It goes on for what it was for, with one factor more.
            return session;
        }
        if session.purpose != purpose.name {
            if session.is_reached {
                session.also_for.push(session.purpose.clone());
            }
            session.also_for.retain(|it| *it != purpose.name);
            session.purpose.clone_from(&purpose.name);
            session.factors = counted;
        }
        session.is_reached = is_reached;
        if is_reached {
            session.level = session.level.max(purpose.level);
        }
        if let Some(time) = purpose.session {
            session.expires_at = session.expires_at.min(now.plus(time));
            session.idle_at = session.idle_at.min(session.expires_at);
        }
        session
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_29_a_token_is_256_bits_and_stored_hashed() {
        let token = SessionToken::new([7; 32]);
        assert_eq!(token.reveal().len(), 64);
        assert_eq!(token.digest().len(), 64);
        assert_ne!(token.digest(), *token.reveal());
        assert_eq!(format!("{token:?}"), "SessionToken(…)");
        let read = SessionToken::parse(&format!(" {}\n", token.reveal().as_str()));
        assert_eq!(read.map(|it| it.digest()), Some(token.digest()));
        for bad in ["", "07", &"g".repeat(64), &"é".repeat(32), &"+7".repeat(32)] {
            assert!(SessionToken::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn ends_read_back() {
        for end in SessionEnd::ALL {
            assert_eq!(end.word().parse(), Ok(end));
        }
    }
}
