//! How the staff of an office signs in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::staff::Role;

/// By what the service knows who somebody is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum SignInMode {
    /// By the account of the host that connects: each clerk has one.
    OsUser,
    /// By a name and a password: many clerks share an account of the host.
    Password,
}

/// How the staff signs in, and for how long without a key pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInPolicy {
    /// By what.
    pub mode: SignInMode,
    /// The roles that also give a code of an authenticator.
    pub totp: Vec<Role>,
    /// How long a terminal may be left alone before it is locked.
    pub idle_lock: Duration,
}

impl SignInPolicy {
    /// The roles that give a code of an authenticator where nobody says otherwise.
    pub const TOTP: &[Role] = &[Role::Admin];

    /// After how long a terminal is locked where nobody says otherwise.
    pub const IDLE_LOCK: Duration = Duration::from_mins(5);

    /// Whether a role gives a code of an authenticator.
    pub fn wants_totp(&self, role: Role) -> bool {
        self.totp.contains(&role)
    }
}

impl Default for SignInPolicy {
    fn default() -> Self {
        Self { mode: SignInMode::OsUser, totp: Self::TOTP.to_vec(), idle_lock: Self::IDLE_LOCK }
    }
}

/// The first wait after wrong sign-ins in a row, and the longest that it doubles to.
const WAITS: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(15));

/// Wrong sign-ins in a row after which each further one waits.
const FREE_FAILURES: u32 = 5;

/// How long an account is blocked after so many wrong sign-ins in a row.
pub fn wait_after(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(FREE_FAILURES) else { return Duration::ZERO };
    let (first, most) = WAITS;
    first.saturating_mul(2_u32.saturating_pow(doublings)).min(most)
}
