//! JSON of `signup`.

use serde::Serialize;

use crate::domain::channel::Channel;
use crate::domain::contact::ContactKind;
use crate::domain::time::Timestamp;
use crate::service::customers::sign_up::{SignUp, SignUpContact};

/// `signup` without a channel.
#[derive(Debug, Serialize)]
pub struct SignUpReply<'a> {
    /// `read`.
    outcome: &'static str,
    /// The account number.
    customer: &'a str,
    name: &'a str,
    contacts: Vec<SignUpLine<'a>>,
}

/// A contact, masked.
#[derive(Debug, Serialize)]
struct SignUpLine<'a> {
    kind: ContactKind,
    contact: &'a str,
    /// The domain that was probably meant, where the address looks mistyped.
    #[serde(skip_serializing_if = "Option::is_none")]
    probably_meant: Option<&'a str>,
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_at: Option<Timestamp>,
    /// The channel over which it was verified, or a code can go.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Channel>,
    /// Why no code can go there.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> From<&'a SignUp> for SignUpReply<'a> {
    fn from(sign_up: &'a SignUp) -> Self {
        let line = |it: &'a SignUpContact| SignUpLine {
            kind: it.kind,
            contact: &it.contact,
            probably_meant: it.probably_meant.as_deref(),
            verified: it.verified.is_some(),
            verified_at: it.verified.map(|(at, _)| at),
            channel: it.verified.map(|(_, channel)| channel).or_else(|| it.usable()),
            reason: it.refusal(),
        };
        Self {
            outcome: "read",
            customer: &sign_up.customer.account_no,
            name: &sign_up.customer.name,
            contacts: sign_up.contacts.iter().map(line).collect(),
        }
    }
}
