//! Pads: a keypad or terminal of the customer's, paired with the counter of a clerk.
//!
//! A clerk is shown a number, which is typed at the pad; the clerk sees which pad asks, and
//! confirms. From then on the pad has a token, by which the desk knows it, and nothing it sends
//! names a request, a customer or a counter.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::code::{Code, CodeFormatError};
use crate::domain::event::Actor;
use crate::domain::key::{Key, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::public_id::public_id;
use crate::domain::request::RequestId;
use crate::domain::session::SessionToken;
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// How long a pairing number can be typed.
pub const NUMBER_TIME: Duration = Duration::from_mins(2);

/// How long the clerk has to confirm a pad that asks.
pub const CONFIRM_TIME: Duration = Duration::from_mins(1);

/// How long a pairing lasts at most: a working day.
pub const PAIRING_TIME: Duration = Duration::from_hours(12);

/// How long a pairing lasts of which the pad, or the counter, is not heard.
pub const PAIRING_LEASE: Duration = Duration::from_secs(90);

/// How often both are heard at least.
pub const PAIRING_KEEP_INTERVAL: Duration = Duration::from_secs(30);

const _: () = assert!(
    PAIRING_KEEP_INTERVAL.as_secs() * 2 < PAIRING_LEASE.as_secs(),
    "a pairing ends of which one renewal was lost"
);

/// The shortest time between two reports of how many digits are typed at a pad.
pub const TYPED_FLOOR: Duration = Duration::from_millis(100);

/// Digits of a pairing number.
pub const NUMBER_LENGTH: u8 = 6;

public_id!(
    /// A pairing's public id, in the same alphabet as request ids.
    PairingId
);

/// The secret by which the desk knows a pad. Only its digest is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PadToken(SessionToken);

impl PadToken {
    /// The token of a pad that asks under an idempotency key: asked again, it is the same, and
    /// nobody without the desk's key can compute it.
    pub fn derived(key: &Key, act: &str) -> Self {
        Self(SessionToken::new(*key.derive(&["pad token", act]).secret()))
    }

    /// The stored form.
    pub fn digest(&self) -> String {
        self.0.digest()
    }
}

/// The number that is typed at a pad; zeroised when dropped and never printed by `Debug`.
#[derive(Clone, Debug)]
pub struct PairingNumber(Code);

impl PairingNumber {
    /// How many there are.
    pub const fn space() -> u64 {
        Code::space(NUMBER_LENGTH)
    }

    /// The number drawn evenly from `0..space()`.
    pub fn from_number(number: u64) -> Self {
        Self(Code::from_number(number, NUMBER_LENGTH))
    }

    /// Reads a typed number; spaces and dashes are removed, and nothing else is repaired.
    pub fn parse(typed: &str) -> Result<Self, CodeFormatError> {
        Code::parse(typed, NUMBER_LENGTH).map(Self)
    }

    /// The digits, for the clerk's screen alone.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The keyed digest that is stored, bound to the pairing and the counter it is for.
    pub fn digest(&self, id: &PairingId, of: &Actor, key: &Key) -> String {
        self.tag(id, of, key).to_hex()
    }

    fn tag(&self, id: &PairingId, of: &Actor, key: &Key) -> MacTag {
        let parts = [id.as_str(), &of.clerk, &of.counter, self.reveal()];
        MacTag::of(key, "pairing number", parts.map(str::as_bytes))
    }

    /// Whether a stored digest is of this number; compared in constant time. One whose key is
    /// not here is of no number.
    pub fn matches(&self, offer: &OfferedNumber, keyring: &Keyring) -> bool {
        let Ok(key) = keyring.get(&offer.key_id) else { return false };
        self.tag(&offer.id, &offer.of, key).is_hex(&offer.digest)
    }
}

/// A number that can be typed now, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedNumber {
    pub id: PairingId,
    /// The clerk, and the counter at which the number is shown.
    pub of: Actor,
    /// The id of the key of the digest.
    pub key_id: String,
    pub digest: String,
}

/// How a pairing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum PairingEnd {
    /// The clerk ended it.
    Unpaired,
    /// The clerk did not want the pad that asked.
    Refused,
    /// The pad's program ended.
    PadLeft,
    /// The pad was not heard of.
    PadLost,
    /// The counter was not heard of.
    CounterLost,
    /// The clerk's sitting ended.
    SittingEnded,
    /// The clerk's role was changed, and verifies nobody.
    RoleChanged,
    /// Another pad, or another number, took its place.
    Replaced,
    /// Its time was over.
    TimedOut,
}

words!(PairingEnd, "an end of a pairing");

impl PairingEnd {
    /// A phrase for the log.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unpaired => "ended by the clerk",
            Self::Refused => "refused by the clerk",
            Self::PadLeft => "the pad was closed",
            Self::PadLost => "the pad was not heard of any more",
            Self::CounterLost => "the counter was not heard of any more",
            Self::SittingEnded => "the clerk's sitting ended",
            Self::RoleChanged => "the clerk's role was changed",
            Self::Replaced => "another one took its place",
            Self::TimedOut => "its time was over",
        }
    }
}

/// How far a pairing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PairingState {
    /// The number is shown, and can be typed.
    Offered,
    /// A pad asks; the clerk has not confirmed it.
    Asking,
    Paired,
    Ended(PairingEnd),
}

/// What the state of a pairing follows from.
#[derive(Clone, Copy, Debug)]
pub struct PairingTimes {
    pub has_pad: bool,
    pub is_confirmed: bool,
    /// The end of the number, of the time to confirm, or of the pairing.
    pub expires_at: Timestamp,
    /// Until when the pad counts as there, once it is paired.
    pub pad_until: Timestamp,
    /// The same for the counter.
    pub counter_until: Timestamp,
    pub ended: Option<PairingEnd>,
}

impl PairingTimes {
    /// The state at a moment of the store's clock.
    pub fn state(self, now: Timestamp) -> PairingState {
        let over = match self.ended {
            Some(how) => Some(how),
            None if self.expires_at <= now => Some(PairingEnd::TimedOut),
            None if self.is_confirmed && self.pad_until <= now => Some(PairingEnd::PadLost),
            None if self.is_confirmed && self.counter_until <= now => Some(PairingEnd::CounterLost),
            None => None,
        };
        match over {
            Some(how) => PairingState::Ended(how),
            None if self.is_confirmed => PairingState::Paired,
            None if self.has_pad => PairingState::Asking,
            None => PairingState::Offered,
        }
    }
}

/// A pairing that a clerk confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedPairing {
    pub id: PairingId,
    /// The clerk and the counter.
    pub of: Actor,
    /// The pad's account, and where it stands.
    pub pad: Actor,
    /// The digest of the pad's token.
    pub token_digest: String,
    pub expires_at: Timestamp,
}

/// The proof that the desk confirmed a pairing: write access to the store alone is not enough
/// to give another terminal the place of a pad, or a pad another counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingProof {
    /// The id of its key.
    pub key_id: String,
    /// The message authentication code in hexadecimal.
    pub mac: String,
}

impl PairingProof {
    /// Signs a pairing with the current key.
    pub fn of(pairing: &ConfirmedPairing, keyring: &Keyring) -> Self {
        let (key_id, key) = keyring.current();
        Self { key_id: key_id.as_str().to_owned(), mac: pairing.mac(key).to_hex() }
    }

    /// Whether it is of this pairing.
    pub fn is_of(&self, pairing: &ConfirmedPairing, keyring: &Keyring) -> bool {
        keyring.get(&self.key_id).is_ok_and(|key| pairing.mac(key).is_hex(&self.mac))
    }
}

impl ConfirmedPairing {
    fn mac(&self, key: &Key) -> MacTag {
        let expires_at = self.expires_at.millis().to_string();
        let fields = [
            self.id.as_str(),
            &self.of.clerk,
            &self.of.counter,
            &self.pad.clerk,
            &self.pad.counter,
            &self.token_digest,
            &expires_at,
        ];
        MacTag::of(key, "pairing", fields.map(str::as_bytes))
    }
}

/// How many wrong numbers may be typed, by whom, in [`WRONG_NUMBER_WINDOW`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongNumberScope {
    /// The account of a pad.
    Pad,
    /// All pads of the office together.
    Office,
}

/// The time over which wrong numbers count, from the first of them.
pub const WRONG_NUMBER_WINDOW: Duration = Duration::from_mins(10);

impl WrongNumberScope {
    /// The most wrong numbers. The office's are enough for staff who mistype at several pads,
    /// and leave a guess at the numbers of twenty counters a chance of 1 in 2,500.
    pub const fn most(self) -> u32 {
        match self {
            Self::Pad => 5,
            Self::Office => 20,
        }
    }
}

/// The wrong numbers of a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrongNumbers {
    pub count: u32,
    /// When the first of them was typed.
    pub since: Timestamp,
}

impl WrongNumbers {
    fn is_over(self, now: Timestamp) -> bool {
        self.since.plus(WRONG_NUMBER_WINDOW) <= now
    }

    /// Until when no number is looked at; none where one may be typed.
    pub fn waits_until(self, scope: WrongNumberScope, now: Timestamp) -> Option<Timestamp> {
        let waits = self.count >= scope.most() && !self.is_over(now);
        waits.then(|| self.since.plus(WRONG_NUMBER_WINDOW))
    }

    /// With one more.
    #[must_use]
    pub fn counted(self, now: Timestamp) -> Self {
        if self.is_over(now) {
            return Self { count: 1, since: now };
        }
        Self { count: self.count.saturating_add(1), ..self }
    }
}

/// What a pad shows: the request, and which of its codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PadMark {
    pub request: RequestId,
    pub generation: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::KeyId;

    fn ring(secret: u8) -> Keyring {
        Keyring::new(KeyId::new("k1").expect("a name"), Key::new([secret; 32]))
    }

    fn actor(clerk: &str, counter: &str) -> Actor {
        Actor { clerk: clerk.into(), counter: counter.into() }
    }

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_pairing_number_is_bound_to_its_pairing_its_counter_and_the_key() {
        let (id, of) = (PairingId::from_bits(1), actor("amira", "3"));
        let number = PairingNumber::from_number(42);
        assert_eq!(number.reveal(), "000042");
        let digest = number.digest(&id, &of, ring(7).current().1);
        assert!(!digest.contains("000042"));
        let offer = OfferedNumber { id, of, key_id: "k1".into(), digest };
        assert!(PairingNumber::parse(" 000-042 ").is_ok_and(|it| it.matches(&offer, &ring(7))));
        assert!(!number.matches(&offer, &ring(8)), "another key");
        assert!(!PairingNumber::from_number(43).matches(&offer, &ring(7)));
        for other in [
            OfferedNumber { id: PairingId::from_bits(2), ..offer.clone() },
            OfferedNumber { of: actor("bo", "3"), ..offer.clone() },
            OfferedNumber { of: actor("amira", "4"), ..offer.clone() },
            OfferedNumber { key_id: "k2".into(), ..offer.clone() },
            OfferedNumber { digest: String::new(), ..offer },
        ] {
            assert!(!number.matches(&other, &ring(7)), "{other:?}");
        }
        assert_eq!(format!("{number:?}"), "PairingNumber(Code(…))");
        assert!(["", "42", "1234567", "12345a"].iter().all(|it| PairingNumber::parse(it).is_err()));
    }

    #[test]
    fn security_54_a_pairing_that_the_desk_did_not_confirm_is_not_genuine() {
        let token = PadToken::derived(&Key::new([7; 32]), "an act");
        assert_eq!(format!("{token:?}"), "PadToken(SessionToken(…))");
        let pairing = ConfirmedPairing {
            id: PairingId::from_bits(1),
            of: actor("amira", "3"),
            pad: actor("pad1", "front desk pts/5"),
            token_digest: token.digest(),
            expires_at: at(100),
        };
        let proof = PairingProof::of(&pairing, &ring(7));
        assert!(proof.is_of(&pairing, &ring(7)));
        assert!(!proof.is_of(&pairing, &ring(8)), "another key");
        for forged in [
            ConfirmedPairing { id: PairingId::from_bits(2), ..pairing.clone() },
            ConfirmedPairing { of: actor("bo", "3"), ..pairing.clone() },
            ConfirmedPairing { of: actor("amira", "4"), ..pairing.clone() },
            ConfirmedPairing { pad: actor("pad2", "front desk pts/5"), ..pairing.clone() },
            ConfirmedPairing { pad: actor("pad1", "front desk pts/6"), ..pairing.clone() },
            ConfirmedPairing { token_digest: "another".into(), ..pairing.clone() },
            ConfirmedPairing { expires_at: at(101), ..pairing.clone() },
        ] {
            assert!(!proof.is_of(&forged, &ring(7)), "{forged:?}");
        }
        let none = PairingProof { mac: String::new(), ..proof };
        assert!(!none.is_of(&pairing, &ring(7)));
    }

    #[test]
    fn a_pairing_ends_by_time_and_by_silence_of_either_side() {
        let offered = PairingTimes {
            has_pad: false,
            is_confirmed: false,
            expires_at: at(120),
            pad_until: at(0),
            counter_until: at(0),
            ended: None,
        };
        let asking = PairingTimes { has_pad: true, ..offered };
        let paired = PairingTimes {
            is_confirmed: true,
            expires_at: at(1_000),
            pad_until: at(90),
            counter_until: at(95),
            ..asking
        };
        let ended = |how| PairingState::Ended(how);
        for (times, now, state) in [
            (offered, 119, PairingState::Offered),
            (offered, 120, ended(PairingEnd::TimedOut)),
            (asking, 119, PairingState::Asking),
            (asking, 120, ended(PairingEnd::TimedOut)),
            (paired, 89, PairingState::Paired),
            (paired, 90, ended(PairingEnd::PadLost)),
            (PairingTimes { pad_until: at(200), ..paired }, 95, ended(PairingEnd::CounterLost)),
            (PairingTimes { expires_at: at(50), ..paired }, 50, ended(PairingEnd::TimedOut)),
            (
                PairingTimes { ended: Some(PairingEnd::Unpaired), ..paired },
                1,
                ended(PairingEnd::Unpaired),
            ),
        ] {
            assert_eq!(times.state(at(now)), state, "{times:?} at {now}");
        }
    }

    #[test]
    fn wrong_numbers_are_bounded_for_a_pad_and_for_the_office() {
        for (scope, most) in [(WrongNumberScope::Pad, 5), (WrongNumberScope::Office, 20)] {
            let mut wrong = WrongNumbers::default();
            for _ in 0..most {
                assert_eq!(wrong.waits_until(scope, at(1_000)), None);
                wrong = wrong.counted(at(1_000));
            }
            let until = at(1_000).plus(WRONG_NUMBER_WINDOW);
            assert_eq!(wrong.waits_until(scope, at(1_001)), Some(until));
            assert_eq!(wrong.waits_until(scope, until), None, "another window");
            assert_eq!(wrong.counted(until), WrongNumbers { count: 1, since: until });
        }
    }

    #[test]
    fn words_read_back() {
        for end in PairingEnd::ALL {
            assert_eq!(end.word().parse(), Ok(end));
        }
    }
}
