//! The shapes of `staff`.

use serde::Serialize;

use crate::domain::sign_in::sitting::Sitting;
use crate::domain::staff::StaffMember;
use crate::domain::time::Timestamp;

/// Somebody of the staff.
#[derive(Debug, Serialize)]
pub struct StaffLine<'a> {
    /// The account of the host.
    pub account: &'a str,
    /// What they may do.
    pub role: &'static str,
    /// Whether they may work now.
    pub enabled: bool,
    /// Whether the desk wrote the row; one that it did not write counts for nothing.
    pub genuine: bool,
}

/// What came of a change.
#[derive(Debug, Serialize)]
pub struct StaffReply<'a> {
    /// changed or unchanged.
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: &'a str,
    /// Who it is about, as they are now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffLine<'a>>,
    /// With what they sign in for the first time; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_code: Option<&'a str>,
}

/// Who sits where.
#[derive(Debug, Serialize)]
pub struct SittingLine<'a> {
    /// The sitting.
    pub sitting: &'a str,
    /// The account.
    pub account: &'a str,
    /// The counter.
    pub counter: &'a str,
    /// os-user, password or password-totp.
    pub method: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// When they did something last, to about half a minute.
    pub active_at: Timestamp,
}

impl<'a> SittingLine<'a> {
    /// The line of a sitting.
    pub fn new(sitting: &'a Sitting) -> Self {
        Self {
            sitting: sitting.id.as_str(),
            account: &sitting.clerk,
            counter: &sitting.counter,
            method: sitting.method.word(),
            since: sitting.since,
            active_at: sitting.active_at,
        }
    }
}

/// Who may make a call.
#[derive(Debug, Serialize)]
pub struct PermissionLine {
    /// The call.
    pub call: &'static str,
    /// What it takes.
    pub permission: &'static str,
    /// The roles that may.
    pub roles: Vec<&'static str>,
}

impl<'a> StaffLine<'a> {
    /// The line of a member.
    pub fn new(member: &'a StaffMember, genuine: bool) -> Self {
        let StaffMember { account, role, enabled } = member;
        Self { account: account.as_str(), role: role.word(), enabled: *enabled, genuine }
    }
}
