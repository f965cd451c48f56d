//! What a customer has enrolled.

use serde::Serialize;

use crate::domain::customer::Customer;
use crate::domain::customer_factor::CustomerFactors;
use crate::domain::time::Timestamp;
use crate::domain::totp::TotpOffer;
use crate::service::factors::NumberedCode;
use crate::service::messages;

/// The answer of `factor show`.
#[derive(Debug, Serialize)]
pub struct FactorsReply<'a> {
    /// `factors`
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: String,
    customer: &'a str,
    name: &'a str,
    /// Whether an authenticator is enrolled.
    totp: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    totp_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_codes_made_at: Option<Timestamp>,
    /// The numbers of the backup codes that are left.
    backup_codes_left: &'a [u8],
}

impl<'a> FactorsReply<'a> {
    /// What a customer has.
    pub fn new(customer: &'a Customer, factors: &'a CustomerFactors, message: String) -> Self {
        let codes = factors.backup_codes.as_ref();
        Self {
            outcome: "factors",
            message,
            customer: &customer.account_no,
            name: &customer.name,
            totp: factors.totp_since.is_some(),
            totp_since: factors.totp_since,
            backup_codes_made_at: codes.map(|it| it.made_at),
            backup_codes_left: codes.map_or(&[], |it| &it.left),
        }
    }
}

/// The first line of `factor enrol`, before the code is asked for.
#[derive(Debug, Serialize)]
pub struct OfferLine<'a> {
    /// `offered`
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: &'static str,
    /// What the QR code holds.
    uri: &'a str,
}

impl<'a> OfferLine<'a> {
    /// An authenticator to be enrolled.
    pub fn new(offer: &'a TotpOffer) -> Self {
        let message = "Let the authenticator read this as a QR code, and give its first code.";
        Self { outcome: "offered", message, uri: &offer.uri.0 }
    }
}

/// The answer of `factor codes` where they are not printed.
#[derive(Debug, Serialize)]
pub struct BackupCodesReply<'a> {
    /// `made`
    pub outcome: &'static str,
    /// The sentence for people.
    pub message: &'static str,
    customer: &'a str,
    backup_codes: Vec<BackupCodeLine<'a>>,
}

#[derive(Debug, Serialize)]
struct BackupCodeLine<'a> {
    number: u8,
    code: &'a str,
}

impl<'a> BackupCodesReply<'a> {
    /// Codes that were made.
    pub fn new(account_no: &'a str, codes: &'a [NumberedCode]) -> Self {
        let line = |it: &'a NumberedCode| BackupCodeLine { number: it.number, code: &it.code.0 };
        Self {
            outcome: "made",
            message: messages::BACKUP_CODES_ONCE,
            customer: account_no,
            backup_codes: codes.iter().map(line).collect(),
        }
    }
}
