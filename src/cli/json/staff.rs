//! JSON of `staff`.

use serde::Serialize;

use crate::domain::sign_in::sitting::Sitting;
use crate::domain::staff::StaffMember;
use crate::domain::time::Timestamp;

/// A staff member.
#[derive(Debug, Serialize)]
pub struct StaffLine<'a> {
    /// The operating system account, or the name of a sign-in.
    pub account: &'a str,
    pub role: &'static str,
    /// Whether the member may work now.
    pub enabled: bool,
    /// Whether the desk wrote the row; a row without a valid proof grants nothing.
    pub genuine: bool,
}

/// The result of a change.
#[derive(Debug, Serialize)]
pub struct StaffReply<'a> {
    /// `changed` or `unchanged`.
    pub outcome: &'static str,
    pub message: &'a str,
    /// The staff member after the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffLine<'a>>,
    /// The set-up code for the first sign-in; shown only once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_code: Option<&'a str>,
}

/// A signed-in clerk at a counter.
#[derive(Debug, Serialize)]
pub struct SittingLine<'a> {
    /// The sitting's id.
    pub sitting: &'a str,
    pub account: &'a str,
    pub counter: &'a str,
    /// `os-user`, `password` or `password-totp`.
    pub method: &'static str,
    pub since: Timestamp,
    /// Time of the last activity, to about half a minute.
    pub active_at: Timestamp,
}

impl<'a> SittingLine<'a> {
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
    /// The call's name.
    pub call: &'static str,
    /// The permission it needs.
    pub permission: &'static str,
    /// The roles that have the permission.
    pub roles: Vec<&'static str>,
}

impl<'a> StaffLine<'a> {
    pub fn new(member: &'a StaffMember, genuine: bool) -> Self {
        let StaffMember { account, role, enabled } = member;
        Self { account: account.as_str(), role: role.word(), enabled: *enabled, genuine }
    }
}
