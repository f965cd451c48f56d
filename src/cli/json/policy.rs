//! The shapes of `policy`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::time::Timestamp;

/// A policy.
#[derive(Debug, Serialize)]
pub struct PolicyReply<'a> {
    /// `shown`
    pub outcome: &'static str,
    /// Its version.
    pub version: &'a str,
    /// When it was first seen.
    pub since: Timestamp,
    /// Its keys, with their values as the configuration writes them.
    pub values: BTreeMap<&'a str, &'a str>,
}

/// What another policy would have refused.
#[derive(Debug, Serialize)]
pub struct PolicyPreviewReply<'a> {
    /// `previewed`
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: String,
    /// Whether the whole week was looked at.
    pub whole: bool,
    /// Messages that were looked at.
    pub messages: u64,
    /// Entered codes that were looked at.
    pub codes: u64,
    /// How many each key would have refused.
    pub refused: &'a BTreeMap<&'static str, u64>,
}
