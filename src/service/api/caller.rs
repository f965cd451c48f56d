//! Who asks, and what they may do.

use serde::{Deserialize, Serialize};

use crate::domain::event::Actor;

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

/// What somebody is at the office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Verifies customers.
    Clerk,
    /// Also lifts locks, imports customers and cares for the store.
    Admin,
    /// Reads the log, and changes nothing.
    Auditor,
    /// A program that sends what waits and tidies up.
    Worker,
}

/// How it is known who a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// The desk runs in the caller's own process: the name is the operating
    /// system's, and the process holds everything the desk holds.
    OwnProcess,
}

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Nothing that everybody who may connect does not know.
    Anyone,
    /// Look customers up, and verify them.
    Verify,
    /// Read the log and the figures.
    Audit,
    /// Send what waits, tidy up.
    Work,
    /// Lift locks, import customers, send test messages.
    Administer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Clerk, Self::Admin, Self::Auditor, Self::Worker];

    /// The role's name in JSON and in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Worker => "worker",
        }
    }

    /// Whether the role carries a permission: the whole table. A clerk reads the
    /// log as well, since the log panel is a part of the counter.
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Anyone => true,
            Permission::Verify => matches!(self, Self::Clerk | Self::Admin),
            Permission::Audit => matches!(self, Self::Clerk | Self::Admin | Self::Auditor),
            Permission::Work => matches!(self, Self::Clerk | Self::Admin | Self::Worker),
            Permission::Administer => matches!(self, Self::Admin),
        }
    }
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 5] =
        [Self::Anyone, Self::Verify, Self::Audit, Self::Work, Self::Administer];

    /// What it allows, after "may": "… may verify customers".
    pub const fn allows(self) -> &'static str {
        match self {
            Self::Anyone => "connect",
            Self::Verify => "verify customers",
            Self::Audit => "read the log",
            Self::Work => "send messages that wait",
            Self::Administer => "administer the office",
        }
    }

    /// The roles that carry it, to be named in a refusal.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| role.may(self))
    }
}
