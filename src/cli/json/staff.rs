//! The shapes of `staff`.

use serde::Serialize;

use crate::domain::staff::StaffMember;

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
