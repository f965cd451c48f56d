//! JSON of `customers disown`.

use serde::Serialize;

use crate::domain::level::FactorSet;
use crate::domain::session::{Session, SessionId};
use crate::domain::time::Timestamp;
use crate::service::customers::disown::Disowned;

/// `customers disown`
#[derive(Debug, Serialize)]
pub struct DisownReply<'a> {
    /// `disowned`, or `already_disowned`.
    outcome: &'static str,
    message: &'a str,
    customer: &'a str,
    name: &'a str,
    verification: VerificationFacts<'a>,
    /// The sessions that were ended.
    sessions: Vec<EndedSession<'a>>,
    /// How many codes were cancelled.
    codes_cancelled: u64,
}

/// What was disowned.
#[derive(Debug, Serialize)]
struct VerificationFacts<'a> {
    /// The request or the session.
    named: &'a str,
    purpose: &'a str,
    /// What was proven; none where nobody was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    factors: Option<&'a FactorSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clerk: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_at: Option<Timestamp>,
    /// Who stood there in the place of the holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct EndedSession<'a> {
    session: &'a SessionId,
    purpose: &'a str,
    factors: &'a FactorSet,
    clerk: &'a str,
    counter: &'a str,
    created_at: Timestamp,
}

impl<'a> From<&'a Session> for EndedSession<'a> {
    fn from(it: &'a Session) -> Self {
        Self {
            session: &it.id,
            purpose: &it.purpose,
            factors: &it.factors,
            clerk: &it.clerk,
            counter: &it.counter,
            created_at: it.created_at,
        }
    }
}

impl<'a> DisownReply<'a> {
    pub fn new(message: &'a str, it: &'a Disowned) -> Self {
        let by = it.what.by.as_ref();
        Self {
            outcome: if it.is_repeated { "already_disowned" } else { "disowned" },
            message,
            customer: &it.account_no,
            name: &it.name,
            verification: VerificationFacts {
                named: &it.named,
                purpose: &it.what.purpose,
                factors: it.what.factors.as_ref(),
                clerk: by.map(|it| it.clerk.as_str()),
                counter: by.map(|it| it.counter.as_str()),
                verified_at: it.what.at,
                representative: it.what.representative.as_deref(),
            },
            sessions: it.sessions.iter().map(EndedSession::from).collect(),
            codes_cancelled: it.codes,
        }
    }
}
