//! JSON of `approvals`, `approve` and `refuse`.

use serde::Serialize;

use crate::domain::approval::Approval;
use crate::domain::time::Timestamp;

/// An act that waits for the approval of a second admin.
#[derive(Debug, Serialize)]
pub struct ApprovalLine<'a> {
    /// The approval's id.
    pub approval: &'a str,
    /// `unlock`, `confirm` or `purge`.
    pub act: &'static str,
    /// The customer, account or other object that the act is about.
    pub target: &'a str,
    pub reason: &'a str,
    /// The staff member who asked for the act.
    pub clerk: &'a str,
    /// The counter at which it was asked for.
    pub counter: &'a str,
    pub asked_at: Timestamp,
    /// The end of the time in which it can be approved.
    pub expires_at: Timestamp,
    /// The admin who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<&'a str>,
}

/// The result of `approve`.
#[derive(Debug, Serialize)]
pub struct ApproveReply<'a> {
    /// `carried_out`, `nothing_to_do` or `refused`.
    pub outcome: &'static str,
    pub message: &'a str,
    #[serde(flatten)]
    pub approval: ApprovalLine<'a>,
}

impl<'a> ApprovalLine<'a> {
    pub fn new(approval: &'a Approval) -> Self {
        Self {
            approval: approval.id.as_str(),
            act: approval.act.word(),
            target: &approval.target,
            reason: &approval.reason,
            clerk: &approval.asked_by.clerk,
            counter: &approval.asked_by.counter,
            asked_at: approval.asked_at,
            expires_at: approval.expires_at,
            approved_by: approval.approved_by.as_deref(),
        }
    }
}
