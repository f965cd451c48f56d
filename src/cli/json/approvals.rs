//! The shapes of `approvals`, `approve` and `refuse`.

use serde::Serialize;

use crate::domain::approval::Approval;
use crate::domain::time::Timestamp;

/// An act that waits for a second admin.
#[derive(Debug, Serialize)]
pub struct ApprovalLine<'a> {
    /// Its name.
    pub approval: &'a str,
    /// unlock, confirm or purge.
    pub act: &'static str,
    /// What is to be done to whom.
    pub target: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Who asked for it.
    pub clerk: &'a str,
    /// At which counter.
    pub counter: &'a str,
    /// When.
    pub asked_at: Timestamp,
    /// Until when it can be approved.
    pub expires_at: Timestamp,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<&'a str>,
}

/// What came of an approval.
#[derive(Debug, Serialize)]
pub struct ApproveReply<'a> {
    /// `carried_out`, `nothing_to_do` or `refused`.
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: &'a str,
    #[serde(flatten)]
    pub approval: ApprovalLine<'a>,
}

impl<'a> ApprovalLine<'a> {
    /// The line of an act.
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
