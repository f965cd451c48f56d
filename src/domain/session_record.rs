//! A session row with the proof that the desk opened it.
//!
//! Write access to the store alone is not enough to forge a session, move one to another customer
//! or extend it (security requirement 54). The message authentication code covers everything but
//! `idle_at`, which each act updates and which never exceeds the end. Ending a session erases the
//! code, so that resetting the end does not reopen it.

use crate::domain::key::{Key, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::request::RequestId;
use crate::domain::session::Session;

/// A row of the table of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    pub session: Session,
    /// The digest of its token.
    pub token_digest: String,
    /// The proof; `None` if the row has none.
    pub proof: Option<SessionProof>,
    /// Whether it was opened before the store kept proofs, and ends soon enough to be one of those
    /// sessions.
    pub is_older_than_proofs: bool,
    /// Whether it was written when a session had one factor: its proof knows of no more.
    pub has_one_factor: bool,
}

/// The message authentication code of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionProof {
    /// The id of its key.
    pub key_id: String,
    /// The code in hexadecimal.
    pub mac: String,
}

impl SessionProof {
    /// Signs a session with the current key.
    pub fn of(session: &Session, token_digest: &str, keyring: &Keyring) -> Self {
        let (key_id, key) = keyring.current();
        let mac = mac(session, token_digest, key).to_hex();
        Self { key_id: key_id.as_str().to_owned(), mac }
    }
}

impl SessionRecord {
    /// Verifies the proof. An ended session is accepted as it is, since it grants nothing.
    pub fn is_genuine(&self, keyring: &Keyring) -> bool {
        if self.session.ended.is_some() {
            return true;
        }
        let Some(proof) = &self.proof else { return self.is_older_than_proofs };
        let Ok(key) = keyring.get(&proof.key_id) else { return false };
        let (session, digest) = (&self.session, &self.token_digest);
        if self.has_one_factor {
            // What that proof does not cover was empty then.
            let is_plain = session.also_for.is_empty()
                && !session.shared_contact
                && session.representative.is_none();
            return is_plain && first_mac(session, digest, key).is_hex(&proof.mac);
        }
        mac(session, digest, key).is_hex(&proof.mac)
    }
}

fn mac(session: &Session, token_digest: &str, key: &Key) -> MacTag {
    let mut fields = first_fields(session, token_digest);
    let flag = |it: bool| vec![u8::from(it)];
    fields.push(session.factors.to_string().into());
    fields.push(session.level.word().into());
    fields.extend([flag(session.is_reached), flag(session.shared_contact)]);
    fields.extend(session.also_for.iter().map(|it| it.as_bytes().to_vec()));
    let Some(representative) = &session.representative else {
        return MacTag::of(key, "session row of factors", fields.iter().map(Vec::as_slice));
    };
    fields.insert(0, representative.id.as_str().into());
    MacTag::of(key, "session row of a representative", fields.iter().map(Vec::as_slice))
}

/// The proof of a session that was written when it had one factor.
fn first_mac(session: &Session, token_digest: &str, key: &Key) -> MacTag {
    let fields = first_fields(session, token_digest);
    MacTag::of(key, "session row", fields.iter().map(Vec::as_slice))
}

fn first_fields(session: &Session, token_digest: &str) -> Vec<Vec<u8>> {
    [
        session.id.as_str().as_bytes(),
        token_digest.as_bytes(),
        &session.customer.0.to_be_bytes(),
        session.account_no.trim().as_bytes(),
        session.request.as_ref().map_or("", RequestId::as_str).as_bytes(),
        session.factor.word().as_bytes(),
        session.purpose.as_bytes(),
        session.clerk.as_bytes(),
        session.counter.as_bytes(),
        &session.created_at.millis().to_be_bytes(),
        &session.expires_at.millis().to_be_bytes(),
    ]
    .map(<[u8]>::to_vec)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::Factor;
    use crate::domain::customer::CustomerId;
    use crate::domain::key::KeyId;
    use crate::domain::level::Level;
    use crate::domain::representative::{RepresentativeId, StandsHere};
    use crate::domain::session::{SessionEnd, SessionId};
    use crate::domain::time::Timestamp;

    fn ring(secret: u8) -> Keyring {
        let Some(id) = KeyId::new("k1") else { panic!("a well formed name") };
        Keyring::new(id, Key::new([secret; 32]))
    }

    fn session() -> Session {
        let at = Timestamp::from_millis;
        Session {
            id: SessionId::from_bits(1),
            customer: CustomerId(17),
            account_no: "WB-004217".into(),
            customer_name: "Dana Rivera".into(),
            request: Some(RequestId::from_bits(1)),
            factor: Factor::Sms,
            factors: [Factor::Sms].into_iter().collect(),
            level: Level::Nist,
            purpose: "pay bill".into(),
            is_reached: true,
            also_for: Vec::new(),
            shared_contact: false,
            representative: None,
            clerk: "amira".into(),
            counter: "3".into(),
            created_at: at(1_000),
            expires_at: at(901_000),
            idle_at: at(301_000),
            ended: None,
        }
    }

    fn anna(bits: u64) -> StandsHere {
        StandsHere { id: RepresentativeId::from_bits(bits), name: "Anna Rivera".into() }
    }

    fn record(session: Session, proof: &SessionProof) -> SessionRecord {
        SessionRecord {
            session,
            token_digest: "digest".into(),
            proof: Some(proof.clone()),
            is_older_than_proofs: false,
            has_one_factor: false,
        }
    }

    #[test]
    fn security_54_a_session_that_the_desk_did_not_open_is_not_genuine() {
        let at = Timestamp::from_millis;
        let proof = SessionProof::of(&session(), "digest", &ring(7));
        let genuine = record(session(), &proof);
        assert!(genuine.is_genuine(&ring(7)));
        assert!(!genuine.is_genuine(&ring(8)), "another key");
        let moved = Session { idle_at: at(302_000), ..session() };
        assert!(record(moved, &proof).is_genuine(&ring(7)), "it was touched");
        let changed = [
            Session { id: SessionId::from_bits(2), ..session() },
            Session { customer: CustomerId(18), ..session() },
            Session { account_no: "WB-004218".into(), ..session() },
            Session { request: Some(RequestId::from_bits(2)), ..session() },
            Session { request: None, ..session() },
            Session { factor: Factor::ContactConfirmed, ..session() },
            Session { factors: [Factor::Totp].into_iter().collect(), ..session() },
            Session { level: Level::Two, ..session() },
            Session { is_reached: false, ..session() },
            Session { also_for: vec!["other".into()], ..session() },
            Session { shared_contact: true, ..session() },
            Session { representative: Some(anna(1)), ..session() },
            Session { purpose: "other".into(), ..session() },
            Session { clerk: "bruno".into(), ..session() },
            Session { counter: "4".into(), ..session() },
            Session { created_at: at(1_001), ..session() },
            Session { expires_at: at(901_001), ..session() },
        ];
        for forged in changed {
            assert!(!record(forged.clone(), &proof).is_genuine(&ring(7)), "{forged:?}");
        }
        let other_token = SessionRecord { token_digest: "other".into(), ..genuine.clone() };
        let without = SessionRecord { proof: None, ..genuine.clone() };
        let erased = SessionProof { mac: String::new(), ..proof.clone() };
        let no_hex = SessionProof { mac: "zz".into(), ..proof };
        for forged in [other_token, without, record(session(), &erased), record(session(), &no_hex)]
        {
            assert!(!forged.is_genuine(&ring(7)), "{forged:?}");
        }
        let old = SessionRecord { proof: None, is_older_than_proofs: true, ..genuine.clone() };
        assert!(old.is_genuine(&ring(7)));
        let cut = SessionRecord { has_one_factor: true, ..genuine };
        assert!(!cut.is_genuine(&ring(7)), "its proof is not one of those");
    }

    #[test]
    fn security_54_a_session_of_a_representative_is_nobody_elses() {
        let of = |representative| Session { representative, ..session() };
        let proof = SessionProof::of(&of(Some(anna(1))), "digest", &ring(7));
        assert!(record(of(Some(anna(1))), &proof).is_genuine(&ring(7)));
        for other in [None, Some(anna(2))] {
            assert!(!record(of(other.clone()), &proof).is_genuine(&ring(7)), "{other:?}");
        }
    }

    #[test]
    fn an_ended_session_is_history() {
        let proof = SessionProof { key_id: "gone".into(), mac: String::new() };
        let ended = Some((Timestamp::from_millis(2_000), SessionEnd::Logout));
        assert!(record(Session { ended, ..session() }, &proof).is_genuine(&ring(7)));
    }
}
