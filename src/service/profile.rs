//! What a terminal shows of the desk it works at, and of who sits there.

use serde::{Deserialize, Serialize};

use crate::domain::channel::Channel;
use crate::domain::event::Actor;
use crate::domain::purpose::Purpose;
use crate::service::caller::{Authentication, Caller, Role};
use crate::service::{Desk, DeskError};

/// What a terminal shows of the desk it works at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskProfile {
    /// The office's name.
    pub office: String,
    /// Who works here, and at which counter.
    pub actor: Actor,
    /// What they may do.
    pub role: Role,
    /// What a verification can be for; the first is offered first.
    pub purposes: Vec<Purpose>,
    /// The kinds of documents that clerks look at.
    pub documents: Vec<String>,
    /// Digits of a code.
    pub code_length: u8,
    /// The country of numbers without one, in two letters (ISO 3166-1).
    pub country: String,
    /// How long a changed contact waits, in seconds.
    pub quarantine_seconds: u64,
    /// The channels that the office has.
    pub channels: Vec<Channel>,
    /// Whether messages go into the tray of a development set-up.
    pub has_tray: bool,
    /// Whether somebody has to sign in by name and password, and has.
    pub sign_in: SignInState,
    /// How long this terminal may be left alone before it is locked, in seconds.
    pub idle_lock_seconds: u64,
    /// Random, and new with each client: idempotency keys begin with it.
    pub key_prefix: String,
}

/// Whether somebody has signed in at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInState {
    /// The account of the host is enough.
    NotNeeded,
    /// Nobody has; the role and the name of the profile count for nothing.
    Needed,
    /// Whoever the profile names.
    SignedIn,
}

impl Desk {
    /// What a caller's terminal shows of this desk.
    pub fn profile(&self, caller: &Caller) -> Result<DeskProfile, DeskError> {
        let has = |channel: &Channel| self.sender(*channel).is_some();
        Ok(DeskProfile {
            office: self.office.name.clone(),
            actor: caller.actor.clone(),
            role: caller.role,
            purposes: self.office.purposes.clone(),
            documents: self.office.documents.clone(),
            code_length: self.office.otp.length,
            country: self.office.phones.default_country.clone(),
            quarantine_seconds: self.office.otp.contact_quarantine.as_secs(),
            channels: Channel::ALL.into_iter().filter(has).collect(),
            has_tray: self.tray.is_some(),
            sign_in: match caller.authentication {
                Authentication::Password => SignInState::SignedIn,
                _ => SignInState::NotNeeded,
            },
            idle_lock_seconds: self.sign_in.policy.idle_lock.as_secs(),
            key_prefix: self.new_idempotency_key()?,
        })
    }
}
