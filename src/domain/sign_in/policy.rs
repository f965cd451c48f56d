//! The office's sign-in policy.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::staff::Role;

/// How the service identifies a clerk.
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
    /// By the connecting account of the host: each clerk has one.
    OsUser,
    /// By name and password: clerks share an account of the host.
    Password,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInPolicy {
    pub mode: SignInMode,
    /// The roles that need TOTP as a second factor.
    pub totp: Vec<Role>,
    /// Idle time after which a terminal is locked.
    pub idle_lock: Duration,
}

impl SignInPolicy {
    /// Default of `totp`.
    pub const TOTP: &[Role] = &[Role::Admin];

    /// Default of `idle_lock`.
    pub const IDLE_LOCK: Duration = Duration::from_mins(5);

    /// Whether a role needs TOTP.
    pub fn wants_totp(&self, role: Role) -> bool {
        self.totp.contains(&role)
    }
}

impl Default for SignInPolicy {
    fn default() -> Self {
        Self { mode: SignInMode::OsUser, totp: Self::TOTP.to_vec(), idle_lock: Self::IDLE_LOCK }
    }
}

/// The first delay after failed sign-ins, and its upper bound; it doubles in between.
const WAITS: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(15));

/// Consecutive failed sign-ins before the first delay.
const FREE_FAILURES: u32 = 5;

/// The delay after this many consecutive failed sign-ins.
pub fn wait_after(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(FREE_FAILURES) else { return Duration::ZERO };
    let (first, most) = WAITS;
    first.saturating_mul(2_u32.saturating_pow(doublings)).min(most)
}
