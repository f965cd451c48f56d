//! JSON of `policy`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::time::Timestamp;

/// `policy show`.
#[derive(Debug, Serialize)]
pub struct PolicyReply<'a> {
    /// `shown`.
    pub outcome: &'static str,
    pub version: &'a str,
    /// When this version was first seen.
    pub since: Timestamp,
    /// The policy's keys with their values, written as in the configuration.
    pub values: BTreeMap<&'a str, &'a str>,
}

/// `policy preview`: what another policy would have refused.
#[derive(Debug, Serialize)]
pub struct PolicyPreviewReply<'a> {
    /// `previewed`.
    pub outcome: &'static str,
    pub message: String,
    /// Whether the preview covers the whole week; `false` if it was cut off.
    pub whole: bool,
    /// Number of past messages replayed.
    pub messages: u64,
    /// Number of entered codes replayed.
    pub codes: u64,
    /// For each key, how many messages or codes it would have refused.
    pub refused: &'a BTreeMap<&'static str, u64>,
}
