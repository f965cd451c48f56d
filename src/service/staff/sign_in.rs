//! Signing in by name and password, where many share an account of the host.
//!
//! An attempt is counted before anything is compared. Whatever is wrong (the name, the
//! password, the code of the authenticator, too many attempts) gets the same answer, after
//! the same time, with the same work done (security requirement 18).

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::domain::event::{Actor, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::seal::Nonce;
use crate::domain::sign_in::TypedSecret;
use crate::domain::sign_in::credentials::{Credentials, SignInProof, SignedCredentials};
use crate::domain::sign_in::password::{Password, PasswordFault};
use crate::domain::sign_in::policy::SignInMode;
use crate::domain::sign_in::setup_code::SetupCode;
use crate::domain::sign_in::sitting::{SignInMethod, SittingTicket};
use crate::domain::staff::{AccountName, StaffMember};
use crate::domain::totp::{Bound, Seed, TotpOffer};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::sign_in::{CredentialsChange, JudgedCredentials};
use crate::service::ports::{EarlierSignIns, StoreError, StoredCredentials};
use crate::service::profile::DeskProfile;
use crate::service::staff::calls::SignIn;
use crate::service::staff::sittings::{OpenSitting, Visitor};
use crate::service::{Desk, DeskError};

/// When a refusal is answered, counted from the attempt.
const REFUSAL: Duration = Duration::from_secs(1);

/// What came of an attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInOutcome {
    /// They sit here now.
    SignedIn(Box<SignedIn>),
    /// Something was wrong, or there were too many attempts; nobody is told what.
    Refused,
    /// The password is right; the code of the authenticator is asked for.
    TotpNeeded,
    /// An authenticator has to be enrolled: the same again with a code of it.
    Enrol(TotpOffer),
    /// The set-up code is right: the same again with a new password.
    ChoosePassword,
    /// The new password cannot be one.
    PasswordRefused(PasswordFault),
    /// Here nobody signs in: the account of the host is enough.
    NotNeeded,
}

/// What a terminal learns when somebody has signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The desk, and who sits here.
    pub profile: DeskProfile,
    /// When they signed in before, and what went wrong since.
    pub earlier: EarlierSignIns,
    /// To go on after the connection broke.
    pub ticket: SittingTicket,
}

/// Somebody of the staff whose credentials are judged.
struct Known {
    member: StaffMember,
    stored: StoredCredentials,
}

/// A code of the authenticator that was taken, or what is asked for instead.
enum SecondFactor {
    NotNeeded,
    Taken(u64),
    Enrolled(Seed, u64),
    Wrong,
    Asked(SignInOutcome),
}

impl Desk {
    /// Judges an attempt to sign in. Who may sit down is given beside the answer.
    pub async fn sign_in(
        &self,
        visitor: &Visitor,
        attempt: &SignIn,
    ) -> Result<(SignInOutcome, Option<OpenSitting>), DeskError> {
        if self.sign_in.policy.mode != SignInMode::Password {
            return Ok((SignInOutcome::NotNeeded, None));
        }
        let since = Instant::now();
        let judged = self.judge(visitor, attempt).await;
        if !matches!(&judged, Ok((outcome, _)) if *outcome != SignInOutcome::Refused) {
            tokio::time::sleep(REFUSAL.saturating_sub(since.elapsed())).await;
        }
        judged
    }

    async fn judge(
        &self,
        visitor: &Visitor,
        attempt: &SignIn,
    ) -> Result<(SignInOutcome, Option<OpenSitting>), DeskError> {
        const REFUSED: (SignInOutcome, Option<OpenSitting>) = (SignInOutcome::Refused, None);
        let known = self.known(&attempt.name).await?;
        let counted = match &known {
            Some(known) => self.store.count_sign_in(&known.member.account).await?,
            None => None,
        };
        let proof = known.as_ref().map(|it| &it.stored.record.credentials.proof);
        let hash = match (counted, proof) {
            (Some(_), Some(SignInProof::Password(hash))) => Some(hash.clone()),
            _ => None,
        };
        // The work is the same whoever it is.
        let is_password = self.sign_in.hashing.matches(hash, attempt.secret.clone()).await?;
        let (Some(known), Some(counted)) = (known, counted) else {
            self.note_unjudged(visitor, &attempt.name).await;
            return Ok(REFUSED);
        };
        let is_right = match &known.stored.record.credentials.proof {
            SignInProof::None => false,
            SignInProof::Password(_) => is_password,
            SignInProof::SetUp { digest, .. } => {
                self.is_setup_code(&known, digest, &attempt.secret)
            }
        };
        if !is_right {
            self.note_failure(visitor, &known, "a wrong password or set-up code").await?;
            return Ok(REFUSED);
        }
        let seated = match known.stored.record.credentials.proof {
            SignInProof::SetUp { .. } => self.set_up(visitor, attempt, &known).await?,
            _ => self.enter(visitor, attempt, &known).await?,
        };
        if seated.1.is_none() && seated.0 != SignInOutcome::Refused {
            // Right so far: something more is asked for.
            self.store.uncount_sign_in(&known.member.account, counted).await?;
        }
        Ok(seated)
    }

    /// Who may sign in under this name.
    async fn known(&self, name: &str) -> Result<Option<Known>, DeskError> {
        let Ok(account) = name.trim().parse::<AccountName>() else { return Ok(None) };
        let Some(member) = self.staff_member(&account).await? else { return Ok(None) };
        let Some(stored) = self.genuine_credentials(&account).await? else { return Ok(None) };
        Ok(Some(Known { member, stored }))
    }

    /// The credentials of an account, if the desk wrote them.
    pub(super) async fn genuine_credentials(
        &self,
        account: &AccountName,
    ) -> Result<Option<StoredCredentials>, DeskError> {
        let stored = self.reading(|| self.store.credentials(account)).await?;
        let Some(stored) = stored else { return Ok(None) };
        let keyring = self.keyring_with(stored.record.key_id.as_str());
        if stored.record.is_genuine(&keyring) {
            return Ok(Some(stored));
        }
        tracing::error!(account = account.as_str(), "credentials were not written here");
        Ok(None)
    }

    fn is_setup_code(&self, known: &Known, digest: &str, typed: &TypedSecret) -> bool {
        let keyring = self.keyring();
        let Ok(key) = keyring.get(known.stored.record.key_id.as_str()) else { return false };
        let code = SetupCode::parse(&typed.0);
        let matches = code.is_some_and(|it| it.matches(digest, &known.member.account, key));
        matches && !known.stored.has_expired
    }

    /// After the right set-up code: a password, and an authenticator where the role has one.
    async fn set_up(
        &self,
        visitor: &Visitor,
        attempt: &SignIn,
        known: &Known,
    ) -> Result<(SignInOutcome, Option<OpenSitting>), DeskError> {
        let Some(typed) = &attempt.new_password else {
            return Ok((SignInOutcome::ChoosePassword, None));
        };
        let names = [self.office.name.as_str(), known.member.account.as_str()];
        let password = match Password::new(typed, &names) {
            Ok(password) => password,
            Err(fault) => return Ok((SignInOutcome::PasswordRefused(fault), None)),
        };
        let factor = match self.second_factor(attempt, known).await? {
            SecondFactor::Asked(asked) => return Ok((asked, None)),
            factor => factor,
        };
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.random.secret()?[..16]);
        let hash = self.sign_in.hashing.hash(password, salt).await?;
        let credentials = Credentials {
            proof: SignInProof::Password(hash),
            ..known.stored.record.credentials.clone()
        };
        self.write_and_sit(visitor, known, credentials, factor, "set a password").await
    }

    /// After the right password.
    async fn enter(
        &self,
        visitor: &Visitor,
        attempt: &SignIn,
        known: &Known,
    ) -> Result<(SignInOutcome, Option<OpenSitting>), DeskError> {
        let credentials = known.stored.record.credentials.clone();
        let version = known.stored.record.version;
        let step = match self.second_factor(attempt, known).await? {
            SecondFactor::Asked(asked) => return Ok((asked, None)),
            SecondFactor::Wrong => {
                self.note_failure(visitor, known, "a wrong code of the authenticator").await?;
                return Ok((SignInOutcome::Refused, None));
            }
            factor @ SecondFactor::Enrolled(..) => {
                return self.write_and_sit(visitor, known, credentials, factor, "signed in").await;
            }
            SecondFactor::Taken(step) => Some(step),
            SecondFactor::NotNeeded => None,
        };
        let seated = self.sit(visitor, known, JudgedCredentials { version, step }).await?;
        if seated.1.is_none() {
            self.note_failure(visitor, known, "a code of the authenticator for the second time")
                .await?;
        }
        Ok(seated)
    }

    /// Judges the code of the authenticator, if one is asked for.
    async fn second_factor(
        &self,
        attempt: &SignIn,
        known: &Known,
    ) -> Result<SecondFactor, DeskError> {
        let record = &known.stored.record;
        let account = &known.member.account;
        let keyring = self.keyring();
        let key = keyring.get(record.key_id.as_str()).map_err(StoreError::from)?;
        let is_set_up = matches!(record.credentials.proof, SignInProof::SetUp { .. });
        if let (Some(sealed), false) = (&record.credentials.totp, is_set_up) {
            let Some(typed) = &attempt.totp else {
                return Ok(SecondFactor::Asked(SignInOutcome::TotpNeeded));
            };
            let seed = Seed::open(sealed, Bound::Account(account), key);
            let seed = seed.map_err(|error| StoreError::Failed(error.to_string()))?;
            let step = seed.step_of(typed, self.now().await?);
            return Ok(step.map_or(SecondFactor::Wrong, SecondFactor::Taken));
        }
        if !self.sign_in.policy.wants_totp(known.member.role) {
            return Ok(SecondFactor::NotNeeded);
        }
        let bound = Bound::Enrolment(account, record.version);
        let offered = attempt.offer.as_ref().and_then(|it| Seed::open(it, bound, key).ok());
        let seed = match offered {
            Some(seed) => seed,
            None => Seed::new(&self.random.secret()?),
        };
        if let Some(typed) = &attempt.totp
            && let Some(step) = seed.step_of(typed, self.now().await?)
            && attempt.offer.is_some()
        {
            return Ok(SecondFactor::Enrolled(seed, step));
        }
        let nonce = Nonce::from(self.random.secret()?);
        let sealed = seed.seal(bound, key, nonce);
        let offer = seed.offer(seed.uri(&self.office.name, account.as_str()), sealed);
        Ok(SecondFactor::Asked(SignInOutcome::Enrol(offer)))
    }

    /// Writes new credentials, and begins a sitting with them.
    async fn write_and_sit(
        &self,
        visitor: &Visitor,
        known: &Known,
        credentials: Credentials,
        factor: SecondFactor,
        what: &str,
    ) -> Result<(SignInOutcome, Option<OpenSitting>), DeskError> {
        let (keyring, account) = (self.keyring(), &known.member.account);
        let (mut credentials, mut step) = (credentials, None);
        let mut detail = format!("{account} {what}");
        if let SecondFactor::Enrolled(seed, taken) = &factor {
            let nonce = Nonce::from(self.random.secret()?);
            credentials.totp = Some(seed.seal(Bound::Account(account), keyring.current().1, nonce));
            step = Some(*taken);
            detail += " and enrolled an authenticator";
        }
        let version = known.stored.record.version + 1;
        let uses_setup_code =
            matches!(known.stored.record.credentials.proof, SignInProof::SetUp { .. });
        let record = SignedCredentials::signed(credentials, version, &keyring);
        let actor = visitor.actor(account);
        let written = self
            .store
            .write_credentials(CredentialsChange {
                record: &record,
                kind: EventKind::SignInSetUp,
                detail: &detail,
                actor: &actor,
                uses_setup_code,
                step,
                is_reset: false,
            })
            .await?;
        if !written {
            // Another terminal was first.
            return Ok((SignInOutcome::Refused, None));
        }
        let known = Known {
            member: known.member.clone(),
            stored: StoredCredentials { record, ..known.stored.clone() },
        };
        self.sit(visitor, &known, JudgedCredentials { version, step: None }).await
    }

    /// Begins the sitting.
    async fn sit(
        &self,
        visitor: &Visitor,
        known: &Known,
        judged: JudgedCredentials,
    ) -> Result<(SignInOutcome, Option<OpenSitting>), DeskError> {
        let has_totp = known.stored.record.credentials.totp.is_some();
        let method = if has_totp { SignInMethod::PasswordTotp } else { SignInMethod::Password };
        let Some(seat) = self.begin(visitor, &known.member, method, Some(judged)).await? else {
            return Ok((SignInOutcome::Refused, None));
        };
        let signed_in = SignedIn {
            profile: self.profile(&seat.caller)?,
            earlier: known.stored.earlier.clone(),
            ticket: self.ticket(visitor, &seat),
        };
        Ok((SignInOutcome::SignedIn(Box::new(signed_in)), Some(seat)))
    }

    async fn note_failure(
        &self,
        visitor: &Visitor,
        known: &Known,
        what: &str,
    ) -> Result<(), DeskError> {
        let account = &known.member.account;
        let actor = visitor.actor(account);
        Ok(self.store.note_failed_sign_in(account, what, &actor).await?)
    }

    /// An attempt that was not judged, since nobody has the name or it is blocked, is in the
    /// log once a minute. What was typed as a name may be a password: a name that nobody has
    /// is not written down.
    async fn note_unjudged(&self, visitor: &Visitor, name: &str) {
        let account = name.trim().parse::<AccountName>().ok();
        let known = match account {
            Some(account) => self.staff_member(&account).await.ok().flatten(),
            None => None,
        };
        let (actor, what) = if let Some(member) = known {
            (visitor.actor(&member.account), "blocked after too many attempts")
        } else {
            let actor = Actor { clerk: visitor.peer.clone(), counter: visitor.counter.clone() };
            (actor, "under a name that nobody has")
        };
        let Some(count) = self.refusals.due(&actor.clerk, "SignIn", Instant::now()) else { return };
        let times = if count == 1 { String::new() } else { format!(", {count} times") };
        let detail = format!("{what}{times}");
        let event = NewEvent::of_office(EventKind::SignInFailed, detail, &actor);
        let event = NewEvent { outcome: Some(Outcome::Forbidden), ..event };
        if let Err(error) = self.record(event).await {
            tracing::warn!(%error, "a refused sign-in is not in the log");
        }
    }
}
