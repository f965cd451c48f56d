//! Who asks, and what they may do.

use serde::{Deserialize, Serialize};

use crate::domain::event::Actor;

pub use crate::domain::staff::Role;

/// Who asks the desk for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The clerk and the counter, as every entry of the log names them.
    pub actor: Actor,
    /// What they may do.
    pub role: Role,
    /// How it is known who they are.
    pub authentication: Authentication,
}

/// How it is known who a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// The desk runs in the caller's own process: the name is the operating
    /// system's, and the process holds everything the desk holds.
    OwnProcess,
    /// The kernel named the account at the other end of the socket (`SO_PEERCRED`), and
    /// the staff table its role.
    PeerCredentials,
    /// They gave the password of an account of the staff table, at a host account that many
    /// share.
    Password,
}

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Nothing that everybody who may connect does not know.
    Anyone,
    /// Look customers up, and verify them.
    Verify,
    /// Ask whether a customer is verified now.
    Gate,
    /// Enter what a customer types at a pad.
    Pad,
    /// Read the log and the delivery stats.
    Audit,
    /// See what the office's figures say.
    Oversee,
    /// Send what waits, tidy up.
    Work,
    /// Lift locks, import customers, send test messages, change the staff.
    Administer,
    /// Whatever only the owner of the desk may do.
    Own,
}

impl Caller {
    /// Whether the caller may do what takes this permission: the whole table. A clerk reads
    /// the log as well, since the log panel is a part of the counter. What belongs to the
    /// owner of the desk is for no role: only for who runs the desk in their own process, and
    /// not as a pad.
    pub const fn may(&self, permission: Permission) -> bool {
        match permission {
            Permission::Own => {
                matches!(self.authentication, Authentication::OwnProcess)
                    && !matches!(self.role, Role::Pad)
            }
            other => other.is_of(self.role),
        }
    }
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 9] = [
        Self::Anyone,
        Self::Verify,
        Self::Gate,
        Self::Pad,
        Self::Audit,
        Self::Oversee,
        Self::Work,
        Self::Administer,
        Self::Own,
    ];

    /// What it allows, after "may": "… may verify customers".
    pub const fn allows(self) -> &'static str {
        match self {
            Self::Anyone => "connect",
            Self::Verify => "verify customers",
            Self::Gate => "ask who is verified",
            Self::Pad => "be the pad of a counter",
            Self::Audit => "read the log",
            Self::Oversee => "see the office's stats",
            Self::Work => "send messages that wait",
            Self::Administer => "administer the office",
            Self::Own => "do what is for the owner of the desk alone",
        }
    }

    /// Whether a role carries it.
    pub const fn is_of(self, role: Role) -> bool {
        match self {
            Self::Anyone => true,
            Self::Verify => matches!(role, Role::Clerk | Role::Admin),
            Self::Gate => matches!(role, Role::Clerk | Role::Admin | Role::Gate),
            Self::Pad => matches!(role, Role::Pad),
            Self::Audit => matches!(role, Role::Clerk | Role::Admin | Role::Auditor),
            Self::Oversee => matches!(role, Role::Admin | Role::Auditor),
            Self::Work => matches!(role, Role::Clerk | Role::Admin | Role::Worker),
            Self::Administer => matches!(role, Role::Admin),
            Self::Own => false,
        }
    }

    /// The roles that carry it, to be named in a refusal.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.is_of(*role))
    }
}
