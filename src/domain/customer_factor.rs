//! What a customer can prove who they are with, beside a code to a contact.

use serde::{Deserialize, Serialize};

use crate::domain::backup_code::{BackupCode, SetKey, SetOf};
use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::key::{Key, Keyring, MissingKey};
use crate::domain::seal::{Nonce, SealBroken};
use crate::domain::sign_in::TypedSecret;
use crate::domain::time::Timestamp;
use crate::domain::totp::{Bound, Seed, WrongClock};
use crate::domain::word::words;

/// What a customer has enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum FactorKind {
    /// An authenticator.
    Totp,
    /// A set of backup codes.
    BackupCodes,
}

words!(FactorKind, "a factor; use totp or backup-codes");

impl FactorKind {
    /// Its name among other words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Totp => "authenticator",
            Self::BackupCodes => "backup codes",
        }
    }

    /// What it proves.
    pub const fn factor(self) -> Factor {
        match self {
            Self::Totp => Factor::Totp,
            Self::BackupCodes => Factor::BackupCode,
        }
    }
}

/// What a customer has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerFactors {
    /// Since when an authenticator is enrolled; none where none is.
    pub totp_since: Option<Timestamp>,
    /// The backup codes; none where no set was made.
    pub backup_codes: Option<BackupCodesLeft>,
}

/// A set of backup codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupCodesLeft {
    /// When it was made.
    pub made_at: Timestamp,
    /// The numbers of those that were not used.
    pub left: Vec<u8>,
}

impl CustomerFactors {
    /// Whether the customer has one of this kind that can be used.
    pub fn has(&self, kind: FactorKind) -> bool {
        match kind {
            FactorKind::Totp => self.totp_since.is_some(),
            FactorKind::BackupCodes => {
                self.backup_codes.as_ref().is_some_and(|it| !it.left.is_empty())
            }
        }
    }

    /// The kinds that can be used.
    pub fn usable(&self) -> impl Iterator<Item = FactorKind> {
        FactorKind::ALL.into_iter().filter(|kind| self.has(*kind))
    }
}

/// What a customer has of one kind, as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFactor {
    /// Whose it is.
    pub customer: CustomerId,
    /// The account number, as it is now.
    pub account_no: String,
    /// Of which kind.
    pub kind: FactorKind,
    /// How often the row was written, from 1.
    pub generation: u32,
    /// The sealed seed, or the sealed key of the set; none where it was removed.
    pub sealed: Option<String>,
    /// The name of the key of the seal.
    pub key_id: String,
    /// The last step of the authenticator that was taken.
    pub last_step: u64,
    /// A step of which somebody was told that it is yet to come, which is not taken then.
    pub early_step: u64,
}

/// Why what is stored cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Its key is not there.
    #[error(transparent)]
    MissingKey(#[from] MissingKey),
    /// It was changed, or belongs to another row.
    #[error(transparent)]
    Broken(#[from] SealBroken),
    /// There is none.
    #[error("there is none")]
    Removed,
}

impl StoredFactor {
    const fn set(&self) -> SetOf<'_> {
        let Self { customer, account_no, generation, .. } = self;
        SetOf { customer: *customer, account_no: account_no.as_str(), generation: *generation }
    }

    const fn bound(&self) -> Bound<'_> {
        Bound::Customer(self.customer, self.account_no.as_str(), self.generation)
    }

    fn opened<'a>(&'a self, keyring: &'a Keyring) -> Result<(&'a str, &'a Key), Unusable> {
        let sealed = self.sealed.as_deref().ok_or(Unusable::Removed)?;
        Ok((sealed, keyring.get(&self.key_id)?))
    }

    /// The seed of an authenticator.
    pub fn seed(&self, keyring: &Keyring) -> Result<Seed, Unusable> {
        let (sealed, key) = self.opened(keyring)?;
        Ok(Seed::open(sealed, self.bound(), key)?)
    }

    fn set_key(&self, keyring: &Keyring) -> Result<SetKey, Unusable> {
        let (sealed, key) = self.opened(keyring)?;
        Ok(SetKey::open(sealed, self.set(), key)?)
    }

    /// What is sealed, sealed anew under the current key.
    pub fn resealed(&self, keyring: &Keyring, nonce: Nonce) -> Result<String, Unusable> {
        let key = keyring.current().1;
        Ok(match self.kind {
            FactorKind::Totp => self.seed(keyring)?.seal(self.bound(), key, nonce),
            FactorKind::BackupCodes => self.set_key(keyring)?.seal(self.set(), key, nonce),
        })
    }
}

/// What was typed to prove who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedFactor {
    /// Of which kind.
    pub kind: FactorKind,
    /// The code.
    pub typed: TypedSecret,
}

/// What a typed factor is, with all that it takes to judge it. The store asks it inside the
/// transaction that counted the attempt.
#[derive(Clone, Debug)]
pub enum FactorGuess {
    /// A code of an authenticator.
    Totp(TypedSecret),
    /// A backup code.
    BackupCode(BackupCode),
}

/// What a guess is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The code of this step, which must be taken for the first time.
    Step(u64),
    /// The digest of the code of this number, which must be there.
    Number(u8),
    /// The code of an authenticator whose clock is wrong.
    WrongClock(WrongClock),
    /// Not the code.
    Wrong,
}

impl FactorGuess {
    /// Reads what was typed; none where it cannot be one. No attempt is counted for that.
    pub fn parse(typed: &TypedFactor) -> Option<Self> {
        match typed.kind {
            FactorKind::Totp => {
                crate::domain::totp::is_code(&typed.typed).then(|| Self::Totp(typed.typed.clone()))
            }
            FactorKind::BackupCodes => BackupCode::parse(&typed.typed.0).map(Self::BackupCode),
        }
    }

    /// Of which kind it is.
    pub const fn kind(&self) -> FactorKind {
        match self {
            Self::Totp(_) => FactorKind::Totp,
            Self::BackupCode(_) => FactorKind::BackupCodes,
        }
    }

    /// Judges it against what is stored; `digest` is that of the backup code of its number.
    pub fn judge(
        &self,
        stored: &StoredFactor,
        digest: Option<&str>,
        now: Timestamp,
        keyring: &Keyring,
    ) -> Result<Judgement, Unusable> {
        match self {
            Self::Totp(typed) => {
                let seed = stored.seed(keyring)?;
                if let Some(step) = seed.step_of(typed, now) {
                    return Ok(Judgement::Step(step));
                }
                let wrong_clock = seed.wrong_clock(typed, now);
                Ok(wrong_clock.map_or(Judgement::Wrong, Judgement::WrongClock))
            }
            Self::BackupCode(code) => {
                let key = stored.set_key(keyring)?;
                let is_code = digest.is_some_and(|it| code.matches(it, stored.set(), &key));
                Ok(if is_code { Judgement::Number(code.number()) } else { Judgement::Wrong })
            }
        }
    }
}

/// The digests of a new set, with its sealed key.
pub fn new_set(
    codes: &[BackupCode],
    of: SetOf<'_>,
    key: &Key,
    random: [u8; 32],
    nonce: Nonce,
) -> (String, Vec<(u8, String)>) {
    let set = SetKey::new(random);
    let digests = codes.iter().map(|it| (it.number(), it.digest(of, &set))).collect();
    (set.seal(of, key, nonce), digests)
}
